"""Table of reminders."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class CourtReminder(Base):
    """That a participant was reminded of a court date; never overwritten."""

    __tablename__ = "court_reminder"
    __table_args__ = (Index("ix_court_reminder_hearing", "hearing_id", "link_id", "reminded_at"),)

    id: Mapped[UuidKey]
    hearing_id: Mapped[UUID] = mapped_column(ForeignKey("hearing.id"))
    link_id: Mapped[UUID] = mapped_column(ForeignKey("lead_link.id"))
    participant_id: Mapped[UUID]
    method: Mapped[str]
    reminded_by: Mapped[str]
    agency_id: Mapped[str]
    reminded_on: Mapped[date]
    reminded_at: Mapped[datetime]
