"""Whose time has ended is purged with a proof; nobody else is, and nobody by another way."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

import svc_participants
from infra import retention
from infra.retention import Holds, RetentionError
from svc_participants.seed import seed
from tests.fixtures.participants_service import person
from tests.fixtures.retention import (
    PURGE,
    STRAIGHT,
    YEARS,
    Kept,
    left_behind,
    moved_back,
    rows_by_table,
)
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(
    service_app: ServiceAppFactory, demo_world_file: Any
) -> AsyncIterator[ServiceApp]:
    """A service of its own: others count on its people."""
    async with service_app("svc_participants") as running:
        await seed(running.chassis, demo_world_file)
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def owner(service: ServiceApp) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(service.owner_dsn)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def runtime(service: ServiceApp) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(service.settings.database_dsn.reveal())
    yield connection
    await connection.close()


async def end_long_ago(owner: Any, whom: UUID) -> None:
    """Have everything about a person end, twenty years ago."""
    for statement in (
        "update enrollment set status = 'EXITED' where participant_id = $1",
        "update referral set status = 'ENROLLED' where participant_id = $1",
        "update caseload_assignment set ended_at = now() where participant_id = $1",
        "update programme_place set left_on = entered_on where participant_id = $1",
    ):
        await owner.execute(statement, whom)
    await moved_back(owner, whom)


async def purge(service: ServiceApp, holds: Holds | None = None) -> retention.Purged:
    return await retention.purge_due(service.chassis.database, holds or Kept(), PURGE)


async def is_there(owner: Any, whom: UUID) -> bool:
    return bool(await owner.fetchval("select true from participant where id = $1", whom))


async def test_whose_time_has_ended_goes_whole_and_alone(service: ServiceApp, owner: Any) -> None:
    whom = UUID(person("roi_active"))
    assert not await retention.due(service.chassis.database, PURGE)
    await end_long_ago(owner, whom)
    assert await retention.due(service.chassis.database, PURGE) == [whom]
    before = await rows_by_table(owner, whom, is_about=False)
    assert len(await rows_by_table(owner, whom, is_about=True)) > 10
    assert await purge(service) == retention.Purged(due=1, gone=1, held=0)
    assert await rows_by_table(owner, whom, is_about=True) == {}
    after = await rows_by_table(owner, whom, is_about=False)
    own = {"purge_proof", "care_document_part", "goal_step_event", "handoff_event"}
    assert {k: v for k, v in after.items() if k not in own} == {
        k: v for k, v in before.items() if k not in own
    }
    proof = await owner.fetchrow("select * from purge_proof")
    assert proof["persons"] == [sha256(str(whom).encode()).hexdigest()]
    assert (proof["purged_by"], proof["reason"]) == ("Records officer", "Kept for 10 years")
    assert '"participant": 1' in proof["rows"]
    assert str(whom) not in proof["rows"]


async def test_what_a_demand_holds_stays_whole(service: ServiceApp, owner: Any) -> None:
    whom = UUID(person("roi_expired"))
    await end_long_ago(owner, whom)
    before = await rows_by_table(owner, whom, is_about=True)
    assert await purge(service, Kept([whom])) == retention.Purged(due=1, gone=0, held=1)
    with pytest.raises(RetentionError):
        await purge(service, Kept(is_silent=True))
    assert await rows_by_table(owner, whom, is_about=True) == before
    await purge(service)
    assert not await is_there(owner, whom)


_KEEPS = {
    "enrolled": "update enrollment set status = 'ENROLLED_ACTIVE' where participant_id = $1",
    "in care": "update caseload_assignment set ended_at = null where participant_id = $1",
    "waiting": "update referral set status = 'WAITLISTED' where participant_id = $1",
    "heard of lately": "update referral set decided_at = now() where participant_id = $1",
    "new": "update participant set created_at = now() where id = $1",
}


@pytest.mark.parametrize("why", sorted(_KEEPS))
async def test_whom_something_keeps_stays(
    service: ServiceApp, owner: Any, runtime: Any, why: str
) -> None:
    whom = UUID(person("roi_partial_no_prosecutor"))
    await end_long_ago(owner, whom)
    assert await retention.due(service.chassis.database, PURGE) == [whom]
    assert await owner.execute(_KEEPS[why], whom) != "UPDATE 0"
    assert await retention.due(service.chassis.database, PURGE) == []
    with pytest.raises(asyncpg.CheckViolationError):
        await runtime.execute(STRAIGHT, [whom], YEARS)


async def test_the_database_refuses_what_is_not_due(
    service: ServiceApp, owner: Any, runtime: Any
) -> None:
    whom = UUID(person("roi_none"))
    for years in (YEARS, 5, 0):
        with pytest.raises(asyncpg.CheckViolationError):
            await runtime.execute(STRAIGHT, [whom], years)
    for statement in (
        "delete from case_note",
        "delete from purge_proof",
        "insert into purge_proof select * from purge_proof",
    ):
        async with runtime.transaction():
            await runtime.execute("select set_config('gt.purging', 'on', true)")
            with pytest.raises((asyncpg.RaiseError, asyncpg.InsufficientPrivilegeError)):
                async with runtime.transaction():
                    await runtime.execute(statement)
    assert await is_there(owner, whom)


async def test_every_table_that_refers_to_people_is_reached(owner: Any) -> None:
    """Nothing may refer to what is purged and be left: the purge would be refused for ever."""
    assert await left_behind(owner) == []


def test_rules_below_the_law_are_refused(tmp_path: Path) -> None:
    assert retention.years_kept(tmp_path) is None
    assert retention.years_kept(Path(str(svc_participants.__file__)).parent) == YEARS
    for years in ("5", '"10"', "-1"):
        (tmp_path / retention.RULES).write_text(f"[record]\nyears = {years}\n")
        with pytest.raises(RetentionError):
            retention.years_kept(tmp_path)
