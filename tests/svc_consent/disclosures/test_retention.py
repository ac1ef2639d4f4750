"""Whose time in the ledger has ended goes out of it; nobody else does."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from infra import clock
from infra.vocabulary import Basis, Role
from svc_consent.disclosures import retention
from svc_consent.disclosures.verification import verify_ledger
from tests.fixtures.consent_world import ConsentWorld, in_hands_of
from tests.fixtures.release_case import Case
from tests.fixtures.service_app import ServiceAppFactory

_DEMAND = {"kind": "SUBPOENA", "issuedBy": "Court", "scope": "All"}


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


def after(years: float) -> datetime:
    return clock.now() + timedelta(days=365.25 * years)


async def passing(world: ConsentWorld) -> Case:
    """Somebody who is assigned for a year."""
    manager = await world.make_person("CM", await world.make_agency("CM"))
    officer = await world.make_person("LEO", await world.make_agency("LE"))
    case = Case(world, manager, officer)
    holder = in_hands_of(manager)
    await world.permit(case.participant, holder, Basis.ASSIGNMENT, ends_at=after(1))
    return case


async def known(world: ConsentWorld) -> Case:
    """Somebody whom an entry of this moment is about, and nothing else for long."""
    case = await passing(world)
    await world.gate(world.gate_call(case.officer, await world.head(), [case.participant]))
    return case


async def purged(runtime: Any, now: datetime) -> int:
    return await retention.purge_due(runtime, now, "Records officer", 1_000)


async def is_known(runtime: Any, case: Case) -> bool:
    statement = "select exists (select from participant_pseudonym where participant_id = $1)"
    return bool(await runtime.fetchval(statement, UUID(case.participant)))


async def forgotten(runtime: Any, case: Case) -> bool:
    """Let seven years go by and say whether the ledger has forgotten whom it knew."""
    await purged(runtime, after(7))
    return not await is_known(runtime, case)


async def test_whose_time_has_ended_goes_with_a_proof(world: ConsentWorld, runtime: Any) -> None:
    case = await known(world)
    await purged(runtime, after(5.9))
    assert await is_known(runtime, case)
    assert await forgotten(runtime, case)
    proof = await runtime.fetchrow("select * from purge_record order by purged_at desc limit 1")
    assert (proof["purged_by"], proof["reason"]) == ("Records officer", "Kept for 6 years")
    assert (await verify_ledger(runtime, None)).flaws == []


async def assert_held(world: ConsentWorld, runtime: Any) -> None:
    case = await known(world)
    given = {"participantId": case.participant, **_DEMAND}
    await case.run("recordLegalDemand", given, "replyVersion", case.acting(role=Role.SUP))
    assert not await forgotten(runtime, case)


async def assert_release_keeps(world: ConsentWorld, runtime: Any) -> None:
    case = await passing(world)
    signed = await case.sign(case.form(expiresAt=after(8).isoformat()))
    assert not signed["userErrors"], signed
    # What the release gives is gone; that it was signed is not.
    mine = UUID(case.participant)
    await runtime.execute("delete from authority_visibility where participant_id = $1", mine)
    await world.gate(world.gate_call(case.officer, await world.head(), [case.participant]))
    assert not await forgotten(runtime, case)


async def assert_ground_keeps(world: ConsentWorld, runtime: Any) -> None:
    case = await known(world)
    await world.permit(case.participant, in_hands_of(case.manager), Basis.ASSIGNMENT)
    assert not await forgotten(runtime, case)


async def assert_suspension_keeps(world: ConsentWorld, runtime: Any) -> None:
    case = await known(world)
    await runtime.execute(
        "insert into accounting_suspension (id, participant_id, agency_id, official, statement,"
        " is_written, starts_at, ends_at, recorded_at)"
        " values (gen_random_uuid(), $1, gen_random_uuid(), 'A', 'B', true, now(), $2, now())",
        UUID(case.participant), after(8),
    )  # fmt: skip
    assert not await forgotten(runtime, case)


_KEEPERS = {
    "legal_demand": assert_held,
    "from release r": assert_release_keeps,
    "authority_visibility": assert_ground_keeps,
    "accounting_suspension": assert_suspension_keeps,
}


@pytest.mark.parametrize("keeper", sorted(_KEEPERS))
async def test_whoever_something_keeps_stays(
    world: ConsentWorld, runtime: Any, keeper: str
) -> None:
    await _KEEPERS[keeper](world, runtime)


@pytest.mark.parametrize("keeper", sorted(set(_KEEPERS) - {"legal_demand"}))
async def test_twin_rules_that_forget_what_keeps_somebody_are_caught(
    world: ConsentWorld, runtime: Any, keeper: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = retention.DUE.split("  and not exists (")
    monkeypatch.setattr(
        retention, "DUE", "  and not exists (".join(p for p in parts if keeper not in p)
        + ("" if keeper != "authority_visibility" else _END_OF_DUE),
    )  # fmt: skip
    with pytest.raises(AssertionError):
        await _KEEPERS[keeper](world, runtime)


_END_OF_DUE = "  and ($3::uuid is null or p.participant_id = $3)\norder by p.participant_id"


async def test_a_hold_keeps_even_where_the_rules_forget_it(
    world: ConsentWorld, runtime: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = retention.DUE.split("  and not exists (")
    forgetful = "  and not exists (".join(each for each in parts if "legal_demand" not in each)
    monkeypatch.setattr(retention, "DUE", forgetful)
    await assert_held(world, runtime)


def test_rules_below_the_law_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "retention.toml"
    monkeypatch.setattr(retention, "_RULES", file)
    for value in ("5", '"6"', "-1"):
        file.write_text(f"[accounting]\nyears = {value}\n")
        retention.years_kept.cache_clear()
        with pytest.raises(retention.RetentionError):
            retention.years_kept()
    retention.years_kept.cache_clear()
