"""A purge takes a person out of a ledger that stays whole; nothing else can."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from infra.vocabulary import Role
from svc_consent.disclosures.verification import verify_ledger
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.release_case import Case, new_case
from tests.fixtures.service_app import ServiceAppFactory

PURGE = "select purge_participant($1, 'Privacy officer', 'Retention has ended')"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def runtime(world: ConsentWorld) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(world.service.settings.database_dsn.reveal())
    yield connection
    await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def told(world: ConsentWorld) -> Case:
    """Somebody about whom the ledger knows something."""
    case = await new_case(world)
    await world.release(case.participant, case.officer.agency_id)
    await world.gate(world.gate_call(case.officer, await world.head(), [case.participant]))
    return case


async def pseudonym_of(runtime: Any, case: Case) -> UUID | None:
    found: UUID | None = await runtime.fetchval(
        "select pseudonym from participant_pseudonym where participant_id = $1",
        UUID(case.participant),
    )
    return found


async def test_purge_leaves_a_whole_ledger_and_a_proof(told: Case, runtime: Any) -> None:
    before = await pseudonym_of(runtime, told)
    assert await runtime.fetchval(PURGE, UUID(told.participant)) == before
    assert await pseudonym_of(runtime, told) is None
    proof = await runtime.fetchrow("select * from purge_record where pseudonym = $1", before)
    assert (proof["purged_by"], proof["entries"]) == ("Privacy officer", 1)
    assert (await verify_ledger(runtime, None)).flaws == []
    assert await runtime.fetchval(PURGE, UUID(told.participant)) is None


async def test_service_s_own_role_cannot_take_or_change_a_pseudonym(
    told: Case, runtime: Any
) -> None:
    for statement in (
        "delete from participant_pseudonym", "update participant_pseudonym set pseudonym = $1",
        "truncate participant_pseudonym", "delete from purge_record",
        "insert into purge_record values ($1, now(), 'a', 'b', 0)",
        "update accounting_suspension set ends_at = now()",
    ):  # fmt: skip
        arguments = [uuid4()] if "$1" in statement else []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await runtime.execute(statement, *arguments)
    assert await pseudonym_of(runtime, told) is not None


async def test_purged_pseudonym_is_never_given_again(told: Case, runtime: Any) -> None:
    gone = await runtime.fetchval(PURGE, UUID(told.participant))
    for whom in (UUID(told.participant), uuid4()):
        with pytest.raises(asyncpg.UniqueViolationError):
            await runtime.execute("insert into participant_pseudonym values ($1, $2)", whom, gone)
    world = told.world
    await world.gate(world.gate_call(told.officer, await world.head(), [told.participant]))
    assert await pseudonym_of(runtime, told) not in (None, gone)


async def test_legal_hold_stops_a_purge(told: Case, runtime: Any) -> None:
    given = {
        "participantId": told.participant, "kind": "SUBPOENA", "issuedBy": "Court", "scope": "All",
    }  # fmt: skip
    await told.run("recordLegalDemand", given, "replyVersion", told.acting(role=Role.SUP))
    with pytest.raises(asyncpg.CheckViolationError):
        await runtime.execute(PURGE, UUID(told.participant))
    assert await pseudonym_of(runtime, told) is not None


async def test_purge_without_a_reason_is_refused(told: Case, runtime: Any) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await runtime.execute("select purge_participant($1, 'A', ' ')", UUID(told.participant))


async def test_planted_right_to_delete_is_caught(
    told: Case, runtime: Any, world: ConsentWorld
) -> None:
    owner = await asyncpg.connect(world.service.owner_dsn)
    role = await runtime.fetchval("select current_user")
    try:
        await owner.execute(f'grant delete on participant_pseudonym to "{role}"')
        with pytest.raises(BaseException, match="DID NOT RAISE"):
            await test_service_s_own_role_cannot_take_or_change_a_pseudonym(told, runtime)
    finally:
        await owner.execute(f'revoke delete on participant_pseudonym from "{role}"')
        await owner.close()
