"""Statements on releases; every one is narrowed by what the caller may see of the participant."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import Uuid

from infra.authority.predicate import visible
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import AgencyType, Category, Purpose
from svc_consent.agencies.tables import Agency, Membership
from svc_consent.releases.rules import ReleaseKind, ReleaseStatus, Terms
from svc_consent.releases.tables import Provision, Release, Restriction, RevocationOrder

RELEASE_ORDER = Order((Release.recorded_at, Release.id), is_descending=True)


class ReleasesOfParticipants(OwnerPages[Release]):
    """Pages of the releases of participants, newest first."""

    row = Release
    owner = Release.participant_id
    order: ClassVar[Order] = RELEASE_ORDER

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Return the condition that a release must meet for this caller."""
        return _visible(caller, Release.participant_id)


class RestrictionsOfParticipants(BatchLoader[list[Restriction]]):
    """Every restriction of participants, newest first."""

    def statement(self, caller: Caller) -> AnySelect:
        """All of them about people whose releases the caller may see."""
        return (
            select(Restriction)
            .where(Restriction.participant_id == IDS, _visible(caller, Restriction.participant_id))
            .order_by(Restriction.recorded_at.desc(), Restriction.id.desc())
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[Restriction]]:
        """By participant."""
        found: dict[UUID, list[Restriction]] = {}
        for (row,) in rows:
            found.setdefault(row.participant_id, []).append(row)
        return found


def _visible(
    caller: Caller, column: ColumnElement[UUID] | InstrumentedAttribute[UUID]
) -> ColumnElement[bool]:
    return visible(caller, Category.AUDIT, column)


async def may_see(session: AnySession, caller: Caller, participant_id: UUID) -> bool:
    """Return whether the caller may see the releases of a participant."""
    found = await session.scalar(
        select(literal(1)).where(_visible(caller, literal(participant_id, Uuid)))
    )
    return found is not None


async def releases_by_id(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, Release]:
    """Return these versions, as far as the caller may see them."""
    rows = await session.scalars(
        select(Release).where(Release.id.in_(ids), _visible(caller, Release.participant_id))
    )
    return {row.id: row for row in rows}


async def release_for_update(
    session: WriteSession, caller: Caller, release_id: UUID
) -> Release | None:
    """Return a version that the caller may see, locked."""
    row: Release | None = await session.scalar(
        select(Release)
        .where(Release.id == release_id, _visible(caller, Release.participant_id))
        .with_for_update()
    )
    return row


async def provisions_of(
    session: ReadSession | WriteSession, release_ids: Sequence[UUID]
) -> dict[UUID, list[Provision]]:
    """Return the provisions of versions that the caller has been shown already."""
    rows = await session.scalars(
        select(Provision).where(Provision.release_id.in_(release_ids)).order_by(Provision.id)
    )
    found: dict[UUID, list[Provision]] = {}
    for row in rows:
        found.setdefault(row.release_id, []).append(row)
    return found


async def lock_participant(session: WriteSession, participant_id: UUID) -> None:
    """Keep signings for one participant apart until the transaction ends."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"releases\n{participant_id}"},
    )


async def latest_active(
    session: WriteSession, participant_id: UUID, kind: str, disclosing_agency_id: UUID
) -> Release | None:
    """Return the version that a new one of this kind and discloser takes the place of."""
    row: Release | None = await session.scalar(
        select(Release)
        .where(
            Release.participant_id == participant_id,
            Release.kind == kind,
            Release.disclosing_agency_id == disclosing_agency_id,
            Release.status == ReleaseStatus.ACTIVE.value,
        )
        .order_by(Release.recorded_at.desc(), Release.id.desc())
        .limit(1)
        .with_for_update()
    )
    return row


async def active_releases(
    session: WriteSession, participant_id: UUID, kind: ReleaseKind | None, signed_by: datetime
) -> Sequence[Release]:
    """Return versions in force that were signed up to an instant, locked, in a fixed order."""
    rows = select(Release).where(
        Release.participant_id == participant_id,
        Release.status == ReleaseStatus.ACTIVE.value,
        Release.signed_at <= signed_by,
    )
    if kind is not None:
        rows = rows.where(Release.kind == kind.value)
    return (await session.scalars(rows.order_by(Release.id).with_for_update())).all()


async def revocation_order(
    session: WriteSession, participant_id: UUID, kind: ReleaseKind, signed_at: datetime | None
) -> RevocationOrder | None:
    """Return the order that took back what was signed at an instant, if one was given."""
    if signed_at is None:
        return None
    row: RevocationOrder | None = await session.scalar(
        select(RevocationOrder)
        .where(
            RevocationOrder.participant_id == participant_id,
            or_(RevocationOrder.kind.is_(None), RevocationOrder.kind == kind.value),
            RevocationOrder.said_at >= signed_at,
        )
        .order_by(RevocationOrder.said_at.desc())
        .limit(1)
    )
    return row


async def restriction_for_update(
    session: WriteSession, caller: Caller, restriction_id: UUID
) -> Restriction | None:
    """Return a restriction that the caller may see, locked."""
    row: Restriction | None = await session.scalar(
        select(Restriction)
        .where(Restriction.id == restriction_id, _visible(caller, Restriction.participant_id))
        .with_for_update()
    )
    return row


async def restrictions_by_id(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, Restriction]:
    """Return these restrictions, as far as the caller may see them."""
    rows = await session.scalars(
        select(Restriction).where(
            Restriction.id.in_(ids), _visible(caller, Restriction.participant_id)
        )
    )
    return {row.id: row for row in rows}


async def next_number(session: WriteSession, series_id: UUID) -> int:
    """Return the number of the next version in a series."""
    highest = await session.scalar(
        select(func.max(Release.number)).where(Release.series_id == series_id)
    )
    return (highest or 0) + 1


async def agencies_of_site(
    session: WriteSession, site_id: UUID, agency_ids: Sequence[UUID]
) -> dict[UUID, AgencyType]:
    """Return which of these agencies take part in a site, and what they are."""
    rows = await session.execute(
        select(Agency.id, Agency.type)
        .join(Membership, Membership.agency_id == Agency.id)
        .where(Membership.site_id == site_id, Agency.id.in_(agency_ids))
    )
    return {row[0]: AgencyType(row[1]) for row in rows}


async def serving_agency(session: WriteSession, participant_id: UUID) -> tuple[UUID, UUID] | None:
    """Return the case-management agency that serves a participant, and the site that it is at.

    For people who sign for themselves: the holder of the own-agency ground that is in force,
    else the discloser of the last release.
    """
    found = await session.execute(
        text(
            "select a.id, m.site_id from authority_visibility v"
            " join agency a on v.holder = 'agency:' || a.id::text"
            " join membership m on m.agency_id = a.id"
            " where v.participant_id = :participant and v.basis = 'o' and v.effect = 'permit'"
            " and v.starts_at <= statement_timestamp()"
            " and (v.ends_at is null or v.ends_at > statement_timestamp())"
            " order by v.starts_at desc limit 1"
        ),
        {"participant": participant_id},
    )
    row = found.first()
    if row is not None:
        return row[0], row[1]
    last = await session.execute(
        select(Release.disclosing_agency_id, Release.site_id)
        .where(Release.participant_id == participant_id, Release.disclosing_agency_id.is_not(None))
        .order_by(Release.recorded_at.desc())
        .limit(1)
    )
    signed = last.first()
    if signed is None or signed[0] is None:
        return None
    return signed[0], signed[1]


def terms_of(provision: Provision) -> Terms:
    """Return a provision as the rules read it."""
    return Terms(
        id=provision.id,
        recipient_agency_id=provision.recipient_agency_id,
        categories=tuple(Category(code) for code in provision.categories),
        purposes=tuple(Purpose(code) for code in provision.purposes),
        is_denial=provision.effect == "deny",
        data_from=provision.data_from,
        data_to=provision.data_to,
        expires_at=provision.expires_at,
    )


def provision_row(release_id: UUID, terms: Terms) -> Provision:
    """Return the row of one provision."""
    return Provision(
        id=terms.id,
        release_id=release_id,
        recipient_agency_id=terms.recipient_agency_id,
        effect="deny" if terms.is_denial else "permit",
        categories=[category.value for category in terms.categories],
        purposes=[purpose.value for purpose in terms.purposes],
        data_from=terms.data_from,
        data_to=terms.data_to,
        expires_at=terms.expires_at,
    )
