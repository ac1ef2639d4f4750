"""Warm handoffs with their steps, and the rota of those who are called."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class OnCallShiftRow(Base):
    """One stretch of time in which one case manager is called."""

    __tablename__ = "on_call_shift"
    __table_args__ = (Index("ix_on_call_shift_site", "site_id", "ends_at", "id"),)

    id: Mapped[UuidKey]
    site_id: Mapped[UUID]
    agency_id: Mapped[UUID]
    account_id: Mapped[str]
    duty_phone: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    recorded_by: Mapped[str]
    version: Mapped[Version]


class HandoffRow(Base):
    """One call for a case manager to come."""

    __tablename__ = "handoff"
    __table_args__ = (
        Index("ix_handoff_referral", "referral_id", "requested_at", "id"),
        Index("ix_handoff_agency", "provider_agency_id", "requested_at", "id"),
        Index(
            "uq_handoff_open",
            "referral_id",
            unique=True,
            postgresql_where=text("state in ('HANDOFF_REQUESTED', 'HANDOFF_EN_ROUTE')"),
        ),
    )

    id: Mapped[UuidKey]
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"))
    participant_id: Mapped[UUID]
    site_id: Mapped[UUID]
    provider_agency_id: Mapped[UUID]
    on_call_account: Mapped[str]
    duty_phone: Mapped[str]
    requested_by: Mapped[str]
    place: Mapped[str | None]
    state: Mapped[str]
    target_minutes: Mapped[int]
    requested_at: Mapped[datetime]
    en_route_at: Mapped[datetime | None]
    met_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failure_reason: Mapped[str | None]
    version: Mapped[Version]


class HandoffEventRow(Base):
    """One step of a handoff; appended, never changed."""

    __tablename__ = "handoff_event"

    id: Mapped[UuidKey]
    handoff_id: Mapped[UUID] = mapped_column(ForeignKey("handoff.id"), index=True)
    participant_id: Mapped[UUID]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    by_subject: Mapped[str]
