"""Loads the demo world's directory and releases, once, in as few revisions as is sensible."""

import asyncio
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import func, select

from infra.authority.changes import Operation, put_agency_window, put_visibility
from infra.authority.facts import VisibilityFact
from infra.database import WriteSession
from infra.subgraph_app import Chassis
from svc_consent import demo_world
from svc_consent.agencies.tables import AccountBinding, Membership, Mou, Site
from svc_consent.authority import repository
from svc_consent.authority.rules import Touched, agency_key, keys_of
from svc_consent.releases import rules
from svc_consent.releases.repository import provision_row
from svc_consent.releases.rules import ReleaseStatus, Terms
from svc_consent.releases.tables import Release

_RELEASES_AT_ONCE = 10
Version = tuple[Release, list[Terms]]


async def seed(chassis: Chassis, world: Path) -> None:
    """Load what the consent service owns of the demo world; what is there already is left alone.

    In many short transactions: whoever holds the order and falls silent is cut off, and all that
    is to be written is made before. Where it was ended, the next call goes on.

    Args:
        chassis: parts of the service; only its database is used.
        world: JSON file of the demo world.
    """
    document: dict[str, Any] = orjson.loads(await asyncio.to_thread(world.read_bytes))
    directory = list(demo_world.directory_rows(document))
    bindings = demo_world.bindings(document)
    async with chassis.database.write() as session:
        if await session.scalar(select(func.count()).select_from(Site)) == 0:
            await _directory(session, directory)
    async with chassis.database.write() as session:
        if await session.scalar(select(func.count()).select_from(AccountBinding)) == 0:
            await _bindings(session, bindings)
    for versions in _batches(document):
        async with chassis.database.write() as session:
            await _releases(session, versions)


def _batches(document: dict[str, Any]) -> Iterator[list[Version]]:
    """Yield releases some at a time, all versions of one person together."""
    pairs = [demo_world.release_rows(row) for row in document["releases"]]
    pairs.sort(key=lambda pair: (pair[0].participant_id, pair[0].number))
    batch: list[Version] = []
    for _, versions in groupby(pairs, lambda pair: pair[0].participant_id):
        series = list(versions)
        for release, _ in series:
            release.series_id = series[0][0].id
        batch += series
        if len(batch) >= _RELEASES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


async def _directory(session: WriteSession, parents_first: list[object]) -> None:
    for _, rows in groupby(parents_first, type):
        session.add_all(rows)
        await session.flush()
    found = await session.execute(
        select(Mou.id, Membership.agency_id, Membership.site_id, Mou.starts_at, Mou.ends_at).join(
            Membership, Membership.id == Mou.membership_id
        )
    )
    windows = list(found)
    await repository.record_change(
        session,
        {agency_key(row.agency_id) for row in windows},
        [
            put_agency_window(
                row.id, str(row.agency_id), str(row.site_id), row.starts_at, row.ends_at
            )
            for row in windows
        ],
    )


async def _bindings(
    session: WriteSession, made: list[tuple[AccountBinding, VisibilityFact]]
) -> None:
    session.add_all(binding for binding, _ in made)
    touched = [Touched(str(fact.participant_id), fact.holder) for _, fact in made]
    operations = [put_visibility(fact) for _, fact in made]
    await repository.record_change(session, keys_of(touched, {}), operations)


async def _releases(session: WriteSession, versions: list[Version]) -> None:
    wanted = [release.id for release, _ in versions]
    known = set(await session.scalars(select(Release.id).where(Release.id.in_(wanted))))
    new = [(release, terms) for release, terms in versions if release.id not in known]
    session.add_all(release for release, _ in new)
    await session.flush()
    session.add_all(provision_row(release.id, each) for release, terms in new for each in terms)
    await session.flush()
    await _in_force(session, new)


async def _in_force(session: WriteSession, pairs: list[Version]) -> None:
    operations: list[Operation] = []
    touched: list[Touched] = []
    for release, terms in pairs:
        if release.status != ReleaseStatus.ACTIVE.value or release.signed_at is None:
            continue
        facts = rules.grounds(
            release.id, release.participant_id, release.signed_at, release.expires_at, terms,
            release.site_id,
        )  # fmt: skip
        operations += [put_visibility(fact) for fact in facts]
        touched += [Touched(str(fact.participant_id), fact.holder) for fact in facts]
    if operations:
        await repository.record_change(session, keys_of(touched, {}), operations)
