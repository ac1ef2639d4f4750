"""Table of letters to a court."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class CourtLetter(Base):
    """One letter, from the draft to the delivery; never deleted."""

    __tablename__ = "court_letter"
    __table_args__ = (
        Index("ix_court_letter_participant_id", "participant_id", "written_at", "id"),
    )

    id: Mapped[UuidKey]
    link_id: Mapped[UUID] = mapped_column(ForeignKey("lead_link.id"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("legal_case.id"))
    participant_id: Mapped[UUID]
    court_id: Mapped[UUID] = mapped_column(ForeignKey("court.id"))
    statement: Mapped[str]
    what_would_help: Mapped[str | None]
    template_version: Mapped[str]
    status: Mapped[str]
    written_by: Mapped[str]
    agency_id: Mapped[str]
    written_on: Mapped[date]
    written_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    delivered_by: Mapped[str | None]
    delivered_at: Mapped[datetime | None]
    recipient_name: Mapped[str | None]
    delivery_method: Mapped[str | None]
    document_sha256: Mapped[str | None]
    version: Mapped[Version]
