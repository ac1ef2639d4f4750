"""Loads the demo world's directory and releases, once, in as few revisions as is sensible."""

import asyncio
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select

from infra.authority.changes import Operation, put_agency_window, put_visibility
from infra.database import WriteSession
from infra.subgraph_app import Chassis
from svc_consent import demo_world
from svc_consent.agencies.tables import Membership, Mou, Site
from svc_consent.authority import repository
from svc_consent.authority.rules import Touched, agency_key, keys_of
from svc_consent.releases import rules
from svc_consent.releases.repository import provision_row
from svc_consent.releases.rules import ReleaseStatus, Terms
from svc_consent.releases.tables import Release

_RELEASES_PER_REVISION = 10


async def seed(chassis: Chassis, world: Path) -> None:
    """Load what the consent service owns of the demo world; does nothing the second time.

    Args:
        chassis: parts of the service; only its database is used.
        world: JSON file of the demo world.
    """
    document: dict[str, Any] = orjson.loads(await asyncio.to_thread(world.read_bytes))
    async with chassis.database.write() as session:
        if await session.scalar(select(func.count()).select_from(Site)):
            return
        await _directory(session, document)
        await _bindings(session, document)
        await _releases(session, document)


async def _directory(session: WriteSession, document: dict[str, Any]) -> None:
    for _, rows in groupby(demo_world.directory_rows(document), type):
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


async def _bindings(session: WriteSession, document: dict[str, Any]) -> None:
    made = demo_world.bindings(document)
    session.add_all(binding for binding, _ in made)
    touched = [Touched(str(fact.participant_id), fact.holder) for _, fact in made]
    operations = [put_visibility(fact) for _, fact in made]
    await repository.record_change(session, keys_of(touched, {}), operations)


async def _releases(session: WriteSession, document: dict[str, Any]) -> None:
    pairs = [demo_world.release_rows(row) for row in document["releases"]]
    pairs.sort(key=lambda pair: (pair[0].participant_id, pair[0].number))
    for _, versions in groupby((pair[0] for pair in pairs), attrgetter("participant_id")):
        first: UUID | None = None
        for version in versions:
            first = version.series_id = first or version.id
    session.add_all(release for release, _ in pairs)
    await session.flush()
    session.add_all(provision_row(release.id, each) for release, t in pairs for each in t)
    for start in range(0, len(pairs), _RELEASES_PER_REVISION):
        await _in_force(session, pairs[start : start + _RELEASES_PER_REVISION])


async def _in_force(session: WriteSession, pairs: list[tuple[Release, list[Terms]]]) -> None:
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
