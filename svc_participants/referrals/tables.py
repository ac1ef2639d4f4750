"""Tables of referrals, and the site's own settings."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version
from svc_participants.protocols.tables import ProtocolVersionRow

__all__ = ["ProtocolVersionRow", "ReferralEventRow", "ReferralRow", "SiteProgramRow"]
"""With the table that referrals refer to, so that whoever has one has the other."""


def _submitted_at(row: Any) -> datetime:
    submitted_at: datetime = row.get_current_parameters()["submitted_at"]
    return submitted_at


class SiteProgramRow(Base):
    """What a site has settled for this service."""

    __tablename__ = "site_program"

    site_id: Mapped[UuidKey]
    project_agency_id: Mapped[UUID | None]
    caseload_warning: Mapped[int]
    caseload_limit: Mapped[int]
    time_zone: Mapped[str] = mapped_column(default="America/Los_Angeles")
    public_name: Mapped[str | None]
    version: Mapped[Version]


class ReferralRow(Base):
    """One referral form, and how far it has come. Several may point at one person."""

    __tablename__ = "referral"
    __table_args__ = (
        Index("ix_referral_participant", "participant_id", "submitted_at", "id"),
        Index("ix_referral_author", "author_subject", "submitted_at", "id"),
        Index("ix_referral_site", "site_id", "submitted_on"),
        Index("ix_referral_status", "status", "submitted_at", "id"),
        Index("ix_referral_waitlist", "status", "priority_rank", "queued_since", "id"),
    )

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    site_id: Mapped[UUID]
    door: Mapped[str]
    author_subject: Mapped[str]
    author_agency_id: Mapped[UUID]
    submitted_at: Mapped[datetime]
    submitted_on: Mapped[date]
    protocol_version_id: Mapped[UUID] = mapped_column(ForeignKey("protocol_version.id"))
    urgency: Mapped[str]
    intercept_point: Mapped[str]
    counterfactual: Mapped[str]
    person_given_name: Mapped[str | None]
    person_family_name: Mapped[str | None]
    person_alias: Mapped[str | None]
    person_description: Mapped[str | None]
    occurred_at: Mapped[datetime | None]
    place: Mapped[str | None]
    account: Mapped[str]
    needs: Mapped[list[str]] = mapped_column(ARRAY(String))
    safety_concerns: Mapped[str | None]
    preferred_language: Mapped[str | None]
    person_is_aware: Mapped[str]
    person_agreed: Mapped[str] = mapped_column(default="NOT_ASKED")
    referrer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    exclusions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    details: Mapped[dict[str, Any]]
    judgement: Mapped[dict[str, Any]] = mapped_column(default=dict)
    priority_rank: Mapped[int] = mapped_column(default=0)
    queued_since: Mapped[datetime] = mapped_column(default=_submitted_at)
    status: Mapped[str]
    exception_reason: Mapped[str | None]
    decision_reason: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    provider_agency_id: Mapped[UUID | None]
    duplicate_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("referral.id"))
    version: Mapped[Version]


class ReferralEventRow(Base):
    """One step of a referral; appended, never changed."""

    __tablename__ = "referral_event"

    id: Mapped[UuidKey]
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), index=True)
    participant_id: Mapped[UUID]
    from_status: Mapped[str]
    to_status: Mapped[str]
    reason: Mapped[str | None]
    by_subject: Mapped[str]
    happened_at: Mapped[datetime]
