"""Table of living situations; appended, never changed, so that the history is the table."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class HousingStatusRow(Base):
    """Where a participant lived as of a day."""

    __tablename__ = "housing_status"
    __table_args__ = (
        Index("ix_housing_status_participant", "participant_id", "as_of", "recorded_at", "id"),
    )

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    agency_id: Mapped[UUID]
    situation: Mapped[str]
    as_of: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]
