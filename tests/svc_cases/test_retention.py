"""What ties a person to cases goes once their time has ended, with a proof; dockets stay."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

import svc_cases
from infra import retention
from svc_cases.seed import seed
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

_DOCKET = ("legal_case", "charge", "hearing", "court", "owg_meeting")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(service_app: ServiceAppFactory, world_file: Path) -> AsyncIterator[ServiceApp]:
    """A service of its own: others count on its matches."""
    async with service_app("svc_cases") as running:
        await seed(running.chassis, world_file)
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def owner(service: ServiceApp) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(service.owner_dsn)
    yield connection
    await connection.close()


async def matched(owner: Any, place: int) -> UUID:
    """Return one of those who are matched to most."""
    found: UUID = await owner.fetchval(
        "select participant_id from lead_link group by 1 order by count(*) desc, 1"
        " offset $1 limit 1",
        place,
    )
    return found


async def end_long_ago(owner: Any, whom: UUID) -> None:
    for statement in (
        "update counsel_of_record set ended_at = now() where participant_id = $1",
        "update coordination_request set status = 'NOTED' where participant_id = $1",
        "update lead_link set ended_at = now() where participant_id = $1 and ended_at is null",
    ):
        await owner.execute(statement, whom)
    await moved_back(owner, whom)


async def test_matches_go_and_dockets_stay(service: ServiceApp, owner: Any) -> None:
    whom = await matched(owner, 0)
    dockets = {each: await owner.fetchval(f"select count(*) from {each}") for each in _DOCKET}
    assert await retention.due(service.chassis.database, PURGE) == []
    await end_long_ago(owner, whom)
    assert await retention.due(service.chassis.database, PURGE) == [whom]
    assert (await retention.purge_due(service.chassis.database, Kept([whom]), PURGE)).held == 1
    assert "lead_link" in await rows_by_table(owner, whom, is_about=True)
    assert (await retention.purge_due(service.chassis.database, Kept(), PURGE)).gone == 1
    assert await rows_by_table(owner, whom, is_about=True) == {}
    assert dockets == {e: await owner.fetchval(f"select count(*) from {e}") for e in _DOCKET}
    proof = await owner.fetchrow("select * from purge_proof")
    assert proof["persons"] == [sha256(str(whom).encode()).hexdigest()]


async def test_an_open_match_keeps_a_person(service: ServiceApp, owner: Any) -> None:
    whom = await matched(owner, 0)
    await end_long_ago(owner, whom)
    assert await retention.due(service.chassis.database, PURGE) == [whom]
    await owner.execute(
        "update legal_case set status = 'PENDING' where id in"
        " (select case_id from lead_link where participant_id = $1)",
        whom,
    )
    await owner.execute(
        "update lead_link set ended_at = null where id ="
        " (select id from lead_link where participant_id = $1 limit 1)",
        whom,
    )
    assert await retention.due(service.chassis.database, PURGE) == []
    runtime = await asyncpg.connect(service.settings.database_dsn.reveal())
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await runtime.execute(STRAIGHT, [whom], YEARS)
    finally:
        await runtime.close()


async def test_every_table_that_refers_to_people_is_reached(owner: Any) -> None:
    assert await left_behind(owner) == []


def test_the_rules_are_those_of_the_record_of_care() -> None:
    assert retention.years_kept(Path(str(svc_cases.__file__)).parent) == YEARS
