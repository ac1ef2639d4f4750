"""Table of appointments; their moves are in ``care_move``."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from infra.tables import Base, Version
from svc_participants.care.keeping import Kept


class AppointmentRow(Kept, Base):
    """An appointment; ``on_day`` is its day where it takes place."""

    __tablename__ = "appointment"
    __table_args__ = (Index("ix_appointment", "participant_id", "starts_at", "id"),)

    kind: Mapped[str]
    starts_at: Mapped[datetime]
    on_day: Mapped[date]
    with_whom: Mapped[str | None]
    place: Mapped[str | None]
    remind_by: Mapped[str]
    remind_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    state: Mapped[str]
    version: Mapped[Version]
