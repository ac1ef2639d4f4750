"""Puts the demo world into the database, and its authority facts into the outbox."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from infra.authority import handover
from infra.authority.changes import Operation
from infra.database import WriteSession
from infra.subgraph_app import Chassis
from infra.tables import Base
from svc_participants.caseloads.commands import assignment_fact
from svc_participants.demo import care, daily, people, sites, world
from svc_participants.demo.world import World, at, day, id_of
from svc_participants.people.repository import is_seeded
from svc_participants.referrals.commands import author_fact, own_agency_fact, screening_facts


async def seed(chassis: Chassis, path: Path) -> None:
    """Load the demo world once; a second time changes nothing.

    The facts stay in the outbox until the service runs, which hands them over before it is ready.

    Args:
        chassis: parts of the service.
        path: the demo world's JSON file.
    """
    demo = world.read(path)
    async with chassis.database.read() as reader:
        if await is_seeded(reader, [id_of(each["id"]) for each in demo.participants]):
            return
    async with chassis.database.write() as session:
        await _add_in_order(session, _rows(demo))
        handover.append(session, list(_facts(demo)))


def _rows(demo: World) -> Iterator[Base]:
    yield from people.settings_rows(demo)
    yield from daily.limit_rows(demo)
    yield from sites.site_rows(demo)
    for person in demo.participants:
        yield people.person_row(demo, person)
        yield from people.facets(demo, person)
        referral = people.referral_row(demo, person)
        yield referral
        enrollment = demo.enrollments.get(person["id"])
        if enrollment is not None:
            yield from people.enrollment_rows(enrollment, referral)
            yield from care.care_rows(demo, person, enrollment)
            yield from daily.daily_rows(demo, person, enrollment)
    for plain in demo.assignments:
        yield people.assignment_row(demo, plain)


def _facts(demo: World) -> Iterator[Operation]:
    for person in demo.participants:
        referral = people.referral_row(demo, person)
        project = demo.project_agencies.get(person["site_id"])
        yield author_fact(referral)
        yield from screening_facts(referral, id_of(project) if project else None)
        plain: dict[str, Any] | None = demo.enrollments.get(person["id"])
        if plain is not None:
            began = at(day(plain["enrolled_on"]), 0)
            at_site = (id_of(plain["agency_id"]), id_of(person["site_id"]))
            yield own_agency_fact(id_of(person["id"]), *at_site, began)
    for each in demo.assignments:
        row = people.assignment_row(demo, each)
        yield assignment_fact(row.id, row.participant_id, row.account_id, row.created_at)


async def _add_in_order(session: WriteSession, rows: Iterable[Base]) -> None:
    """Add rows table by table, so that what is referred to is there first."""
    places = {table.name: place for place, table in enumerate(Base.metadata.sorted_tables)}

    def place(row: Base) -> int:
        return places[row.__tablename__]

    for _, group in groupby(sorted(rows, key=place), key=place):
        session.add_all(group)
        await session.flush()
