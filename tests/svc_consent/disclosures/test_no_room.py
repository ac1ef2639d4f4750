"""No room, a broken disk, a disk that is read alone: what cannot be recorded is not told (AU-02).

The faults are PostgreSQL's own errors, of their SQLSTATE, at the insertion of an entry; a real
limit on the files of a running database is among the mishaps of `tests/faults`.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from svc_consent.disclosures.verification import verify_ledger
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory

STATES = {"no room": "53100", "broken disk": "58030", "read alone": "25006", "no memory": "53200"}
PLACES = ("ledger_entry", "ledger_about")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


@pytest.mark.parametrize("table", PLACES)
@pytest.mark.parametrize("state", STATES.values(), ids=list(STATES))
async def test_au_02_what_cannot_be_recorded_is_refused_and_later_recorded_once(
    world: ConsentWorld, table: str, state: str
) -> None:
    officer = await world.make_person("LEO", await world.make_agency("LE"))
    participant = "0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f0f"
    await world.release(participant, officer.agency_id)
    call = world.gate_call(officer, await world.head(), [participant])
    lane = f"fault-{table}-{state}"
    body = {"lane": lane, "calls": [call]}
    owner = await asyncpg.connect(world.service.owner_dsn)
    try:
        await owner.execute(
            "create or replace function fail() returns trigger language plpgsql as"
            f" $$ begin raise exception 'disk' using errcode = '{state}'; end $$"
        )
        await owner.execute(
            f"create trigger fail before insert on {table} for each row execute function fail()"
        )
        try:
            for _ in range(6):  # more than there are connections: none is lost
                status, answer = await world.call("POST", "/internal/gate", body)
                assert status == 503
                assert "disk" not in str(answer)
            assert await world.entries(call["releaseId"]) == []
        finally:
            await owner.execute(f"drop trigger fail on {table}")
        (verdict,) = await world.gate(call, lane=lane)
        assert verdict["verdict"] == "RELEASED"
        assert len(await world.entries(call["releaseId"])) == 1
        assert (await verify_ledger(owner, None)).flaws == []
    finally:
        await owner.close()
