"""Clocks of referrals, and when they stood still."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class ClockRow(Base):
    """One clock; ``source_id`` is what it is about: a referral or a handoff of it."""

    __tablename__ = "referral_clock"
    __table_args__ = (
        UniqueConstraint("source_id", "kind"),
        Index("ix_referral_clock_referral", "referral_id", "started_at", "id"),
    )

    id: Mapped[UuidKey]
    source_id: Mapped[UUID]
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    participant_id: Mapped[UUID]
    kind: Mapped[str]
    time_zone: Mapped[str]
    limit_minutes: Mapped[int | None]
    limit_days: Mapped[int | None]
    started_at: Mapped[datetime]
    met_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[Version]


class ClockPauseRow(Base):
    """One stretch of time that does not count."""

    __tablename__ = "referral_clock_pause"

    id: Mapped[UuidKey]
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("referral_clock.id"), index=True)
    participant_id: Mapped[UUID]
    reason: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    recorded_by: Mapped[str]
