"""Table of dated sessions."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column, relationship

from infra.tables import Base, UuidKey, Version
from svc_training.catalogue.tables import Course


class Session(Base):
    """One session of a course. ``number`` is the academy's own, for example ``8020-1``.

    ``zone`` is an IANA name; ``is_zone_assumed`` says that the source gave none. ``raw_*`` are the
    source's own texts. A capacity of None is no limit; ``provider_*`` are the
    provider's own counts. ``set_by_hand`` has the places and deadlines that a training manager
    set, by column, each with the manager's agency.
    """

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_starts_at_id", "starts_at", "id"),)

    id: Mapped[UuidKey]
    number: Mapped[str] = mapped_column(unique=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"), index=True)
    title: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    zone: Mapped[str]
    is_zone_assumed: Mapped[bool]
    hours: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    location_mode: Mapped[str]
    location_platform: Mapped[str | None]
    raw_location: Mapped[str | None]
    status: Mapped[str]
    raw_date: Mapped[str]
    raw_hours: Mapped[str]
    raw_status: Mapped[str | None]
    capacity: Mapped[int | None]
    waitlist_capacity: Mapped[int | None]
    registration_opens_at: Mapped[datetime | None]
    registration_closes_at: Mapped[datetime | None]
    cancel_by_at: Mapped[datetime | None]
    provider_enrolled: Mapped[int | None]
    provider_waitlisted: Mapped[int | None]
    set_by_hand: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[Version]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    course: Mapped[Course] = relationship(lazy="raise")
