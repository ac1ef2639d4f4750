"""Table of contacts; appended, never changed."""

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from infra.tables import Base
from svc_participants.care.keeping import Kept


class EncounterRow(Kept, Base):
    """One contact."""

    __tablename__ = "encounter"
    __table_args__ = (Index("ix_encounter", "participant_id", "occurred_on", "recorded_at", "id"),)

    mode: Mapped[str]
    outcome: Mapped[str]
    occurred_on: Mapped[date]
    minutes: Mapped[int | None]
    with_whom: Mapped[str | None]
    place: Mapped[str | None]
