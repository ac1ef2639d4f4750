"""Tables of naloxone and overdoses; both appended, never changed."""

from datetime import date

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from infra.tables import Base
from svc_participants.care.keeping import Kept


class NaloxoneRow(Kept, Base):
    """Naloxone that was given."""

    __tablename__ = "naloxone_given"
    __table_args__ = (Index("ix_naloxone_given", "participant_id", "given_on", "id"),)

    given_on: Mapped[date]
    kits: Mapped[int]
    given_to: Mapped[str]
    was_shown: Mapped[str]


class OverdoseRow(Kept, Base):
    """An overdose."""

    __tablename__ = "overdose_event"
    __table_args__ = (Index("ix_overdose_event", "participant_id", "occurred_on", "id"),)

    occurred_on: Mapped[date]
    outcome: Mapped[str]
    naloxone_used: Mapped[str]
    emergency_called: Mapped[str]
    hospital: Mapped[str]
    told_by: Mapped[str]
