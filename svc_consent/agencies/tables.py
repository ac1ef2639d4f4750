"""Tables of the directory: sites, agencies, agreements, accounts and what they are entitled to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column

from infra.tables import Base, UuidKey, Version


class Site(Base):
    """One LEAD initiative. Without a named privacy officer a site shares nothing.

    ``settings`` holds its own values of ``site_settings.toml``; their version counts changes.
    """

    __tablename__ = "site"

    id: Mapped[UuidKey]
    name: Mapped[str]
    county: Mapped[str]
    time_zone: Mapped[str]
    privacy_officer: Mapped[UUID | None]
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    settings_version: Mapped[int] = mapped_column(server_default=text("0"))


class Agency(Base):
    """One organisation. ``part2_status``: PROGRAM, NOT_PROGRAM, UNDETERMINED (42 CFR 2.11)."""

    __tablename__ = "agency"
    __table_args__ = (
        CheckConstraint(
            "part2_status in ('PROGRAM', 'NOT_PROGRAM', 'UNDETERMINED')", name="part2_status"
        ),
    )

    id: Mapped[UuidKey]
    name: Mapped[str]
    type: Mapped[str]
    part2_status: Mapped[str]
    version: Mapped[Version]


class Membership(Base):
    """That an agency takes part in a site: MOU_SIGNED, SUSPENDED or WITHDRAWN."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("agency_id", "site_id"),)

    id: Mapped[UuidKey]
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    status: Mapped[str]
    since_at: Mapped[datetime]
    changed_by: Mapped[UUID | None]
    reason: Mapped[str | None]
    version: Mapped[Version]


class Mou(Base):
    """A memorandum of understanding under a membership, live from start to end.

    Its period, cut short by what became of the membership, is the agency window of the same id.
    """

    __tablename__ = "mou"

    id: Mapped[UuidKey]
    membership_id: Mapped[UUID] = mapped_column(ForeignKey("membership.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    version: Mapped[Version]


class Account(Base):
    """A person who can sign in, known by issuer alias and subject claim.

    Blocked by the platform's administrator, or inactive at the identity provider: either shuts out.
    """

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("issuer", "external_subject"),)

    id: Mapped[UuidKey]
    issuer: Mapped[str]
    external_subject: Mapped[str]
    name: Mapped[str]
    is_blocked: Mapped[bool]
    is_inactive: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime]
    version: Mapped[Version]


def lapse(grant: str) -> str:
    """Return the SQL of when a grant lapses because an open review has not decided about it.

    Null when no review is waiting, and for the platform's administrators: they end when somebody
    closes their review, so that no deadline takes the last one. Who reads whether a grant counts
    takes the earlier of this and its own end (``RoleGrant.counts_until``): nothing has to happen
    at the deadline.

    Args:
        grant: how the statement names the row of ``role_grant``.
    """
    return (
        "(select min(review.deadline_at) from review_campaign review"  # noqa: S608 - constants
        " join review_item waiting on waiting.campaign_id = review.id"
        f" where review.agency_id = {grant}.agency_id and review.closed_at is null"
        f" and waiting.grant_id = {grant}.id and waiting.decision is null"
        f" and {grant}.role <> 'PLA')"
    )


class RoleGrant(Base):
    """That an account holds a role for an agency at a site (none for PAR and REP).

    ``ends_at`` is what was said when it was given; ``counts_until`` also knows of open reviews.
    """

    __tablename__ = "role_grant"
    __table_args__ = (
        Index("ix_role_grant_account", "account_id"),
        Index("ix_role_grant_agency", "agency_id", "id"),
    )

    id: Mapped[UuidKey]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"))
    role: Mapped[str]
    is_liaison: Mapped[bool]
    service_field: Mapped[str | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None] = mapped_column()
    reason: Mapped[str]
    approved_by: Mapped[UUID | None]
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]
    revocation_reason: Mapped[str | None]
    version: Mapped[Version]
    counts_until: Mapped[datetime | None] = column_property(
        func.least(ends_at, literal_column(lapse("role_grant"), DateTime(timezone=True)))
    )


class AccountBinding(Base):
    """That an account speaks for a participant: SELF or REPRESENTATIVE.

    ``authority`` is by which right somebody represents; ``grant_id`` the role that came with it.
    """

    __tablename__ = "account_binding"
    __table_args__ = (CheckConstraint("kind in ('SELF', 'REPRESENTATIVE')", name="kind"),)

    id: Mapped[UuidKey]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    participant_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    authority: Mapped[str | None]
    is_parent: Mapped[bool] = mapped_column(server_default=text("false"))
    grant_id: Mapped[UUID | None]
    ended_by: Mapped[UUID | None]
    version: Mapped[Version] = mapped_column(server_default=text("1"))


class ClaimMeaning(Base):
    """What a role that an issuer's tokens claim means here. It grants nothing.

    ``claimed_agency`` is empty where the role means the same at every agency; without
    ``agency_id`` the claimed agency is ours.
    """

    __tablename__ = "claim_meaning"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    claimed_role: Mapped[str] = mapped_column(primary_key=True)
    claimed_agency: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str]
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime]
    version: Mapped[Version] = mapped_column(server_default=text("1"))


class ClaimMismatch(Base):
    """An alert: an account's tokens claimed a role that the directory does not confirm."""

    __tablename__ = "claim_mismatch"
    __table_args__ = (
        UniqueConstraint("account_id", "issuer", "claimed"),
        Index("ix_claim_mismatch_last_at", "last_at", "id"),
    )

    id: Mapped[UuidKey]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    issuer: Mapped[str]
    claimed: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int]
