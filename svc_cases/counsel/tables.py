"""Table of the counsel of record."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from infra.tables import Base, UuidKey, Version


class Counsel(Base):
    """A defender who is counsel of record of a participant, from a day until it is ended."""

    __tablename__ = "counsel_of_record"
    __table_args__ = (
        Index("ix_counsel_of_record_participant_id", "participant_id", "recorded_at", "id"),
        Index(
            "uq_counsel_of_record_participant_defender",
            "participant_id",
            "defender",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
    )

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID]
    defender: Mapped[str]
    agency_id: Mapped[str]
    starts_on: Mapped[date]
    confirmed_on: Mapped[date]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[Version]
