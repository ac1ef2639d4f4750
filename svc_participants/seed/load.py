"""Puts the demo world into the database, and its authority facts into the outbox."""

from pathlib import Path
from typing import Any

from infra.authority import handover
from infra.authority.changes import Operation
from infra.database import WriteSession
from infra.subgraph_app import Chassis
from svc_participants.caseloads.commands import assignment_fact
from svc_participants.people.repository import is_seeded
from svc_participants.referrals.commands import (
    author_fact,
    own_agency_fact,
    screening_facts,
)
from svc_participants.referrals.tables import ReferralRow
from svc_participants.seed import care, people, world
from svc_participants.seed.world import World, at, day, id_of


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
        session.add_all(people.settings_rows(demo))
        session.add_all(people.person_row(demo, each) for each in demo.participants)
        await session.flush()
        operations: list[Operation] = []
        for person in demo.participants:
            operations += await _add_person(session, demo, person)
        for plain in demo.assignments:
            row = people.assignment_row(demo, plain)
            session.add(row)
            operations.append(
                assignment_fact(row.id, row.participant_id, row.account_id, row.created_at)
            )
        handover.append(session, operations)


async def _add_person(
    session: WriteSession, demo: World, person: dict[str, Any]
) -> list[Operation]:
    session.add_all(people.facets(demo, person))
    referral = people.referral_row(demo, person)
    session.add(referral)
    operations = [author_fact(referral), *_screening(demo, referral)]
    plain = demo.enrollments.get(person["id"])
    if plain is None:
        return operations
    await session.flush()
    session.add_all(people.enrollment_rows(plain, referral))
    session.add_all(care.care_rows(demo, person, plain))
    began = at(day(plain["enrolled_on"]), 0)
    operations.append(own_agency_fact(id_of(person["id"]), id_of(plain["agency_id"]), began))
    return operations


def _screening(demo: World, referral: ReferralRow) -> list[Operation]:
    project = demo.project_agencies.get(str(referral.site_id))
    return screening_facts(referral, id_of(project) if project else None)
