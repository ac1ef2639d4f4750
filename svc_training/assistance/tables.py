"""Tables of requests for technical assistance."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class AssistanceRequest(Base):
    """What an agency asks the Support Bureau for. Never about a person served."""

    __tablename__ = "assistance_request"
    __table_args__ = (
        Index("ix_assistance_request_agency_id", "agency_id", "requested_at", "id"),
        Index("ix_assistance_request_requested_at", "requested_at", "id"),
    )

    id: Mapped[UuidKey]
    agency_id: Mapped[str]
    site_id: Mapped[str]
    topic: Mapped[str]
    question: Mapped[str]
    status: Mapped[str]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    version: Mapped[Version]


class AssistanceStep(Base):
    """One step of a request; ``version`` is the version that the step made."""

    __tablename__ = "assistance_step"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("assistance_request.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    status: Mapped[str]
    comment: Mapped[str | None]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
