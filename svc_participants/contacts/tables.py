"""Attempts to reach somebody; appended, never changed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class ContactAttemptRow(Base):
    """One attempt, by one agency."""

    __tablename__ = "contact_attempt"
    __table_args__ = (
        Index("ix_contact_attempt_participant", "participant_id", "attempted_at", "id"),
    )

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    agency_id: Mapped[UUID]
    mode: Mapped[str]
    outcome: Mapped[str]
    place: Mapped[str | None]
    attempted_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
