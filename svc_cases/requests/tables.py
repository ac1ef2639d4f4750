"""Table of requests to the prosecuting office."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class CoordinationRequest(Base):
    """One request in a matched case, with the office's answer; never deleted."""

    __tablename__ = "coordination_request"
    __table_args__ = (
        Index("ix_coordination_request_link_id", "link_id", "requested_at", "id"),
        Index("ix_coordination_request_recipient", "recipient_agency_id", "status"),
    )

    id: Mapped[UuidKey]
    link_id: Mapped[UUID] = mapped_column(ForeignKey("lead_link.id"))
    participant_id: Mapped[UUID]
    recipient_agency_id: Mapped[UUID]
    kind: Mapped[str]
    warrant_id: Mapped[UUID | None] = mapped_column(ForeignKey("warrant.id"))
    context: Mapped[str]
    status: Mapped[str]
    requested_by: Mapped[str]
    agency_id: Mapped[str]
    requested_on: Mapped[date]
    requested_at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    version: Mapped[Version]
