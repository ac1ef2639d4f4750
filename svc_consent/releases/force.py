"""Bringing versions into force and taking them out: the rows that decisions read, one revision.

Both return operations and what they touch, so that a command can do several things in one
revision; ``in_one_revision`` gives them their place in the order.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from infra.authority.changes import Operation, delete_visibility, put_visibility
from infra.authority.facts import VisibilityFact, agency_holder
from infra.database import WriteSession
from infra.events import participant_key, publish
from infra.vocabulary import Basis, Category, Purpose
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import Touched, keys_of
from svc_consent.releases import repository, rules
from svc_consent.releases.elements import law
from svc_consent.releases.rules import ReleaseKind, ReleaseStatus, Terms
from svc_consent.releases.tables import Release, Restriction

Effect = tuple[list[Operation], list[Touched]]


def brought_into_force(release: Release, terms: Sequence[Terms], now: datetime) -> Effect:
    """Return what a version in force adds: from its signature on, and never from before it.

    Kinds that open nothing here add no row, whatever they say.
    """
    if not law().kinds[ReleaseKind(release.kind)].opens:
        return [], []
    signed_at = min(release.signed_at or now, now)
    facts = rules.grounds(
        release.id, release.participant_id, signed_at, release.expires_at, terms, release.site_id
    )
    return (
        [put_visibility(fact) for fact in facts],
        [Touched(str(fact.participant_id), fact.holder) for fact in facts],
    )


async def taken_out_of_force(session: WriteSession, release: Release) -> Effect:
    """Return what goes when a version is no longer in force."""
    rows = (await repository.provisions_of(session, [release.id])).get(release.id, [])
    participant = str(release.participant_id)
    operations = [
        delete_visibility(row_id)
        for row_id in rules.row_ids(repository.terms_of(row) for row in rows)
    ]
    holders = {agency_holder(str(row.recipient_agency_id)) for row in rows}
    return operations, [Touched(participant, holder) for holder in sorted(holders)]


async def superseded(
    session: WriteSession, release: Release, successor: UUID, now: datetime
) -> Effect:
    """Mark a version as replaced; return what goes with it.

    Raises:
        RuleError: it is not in force (or a draft) any more.
    """
    was = ReleaseStatus(release.status)
    rules.check_step(was, ReleaseStatus.SUPERSEDED)
    release.status = ReleaseStatus.SUPERSEDED.value
    release.superseded_by = successor
    release.superseded_at = now
    release.version += 1
    tell(session, release)
    return await taken_out_of_force(session, release) if was is ReleaseStatus.ACTIVE else ([], [])


def restricted(restriction: Restriction) -> Effect:
    """Return the denial that a restriction is while it lasts, at every site of the agency."""
    holder = agency_holder(str(restriction.agency_id))
    fact = VisibilityFact(
        id=restriction.id,
        participant_id=restriction.participant_id,
        holder=holder,
        basis=Basis.RELEASE,
        starts_at=restriction.recorded_at,
        is_denial=True,
        category=Category(restriction.category) if restriction.category else None,
        purpose=Purpose(restriction.purpose) if restriction.purpose else None,
        source_id=restriction.id,
    )
    return [put_visibility(fact)], [Touched(str(restriction.participant_id), holder)]


def tell(session: WriteSession, release: Release) -> None:
    """Let streams know that a version came about or changed."""
    publish(session, "releaseChanged", release.id, [participant_key(release.participant_id)])


async def in_one_revision(session: WriteSession, *effects: Effect) -> None:
    """Make several effects true in one revision; without any, nothing is changed."""
    operations = [each for part, _ in effects for each in part]
    touched = [each for _, part in effects for each in part]
    if operations:
        await record_change(session, keys_of(touched, {}), operations)
