"""Denied look-ups are in the ledger, alike for absent and hidden, and capped by the hour."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from svc_consent.disclosures import commands
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


async def denied(world: ConsentWorld, person: Person, *ids: str) -> list[dict[str, Any]]:
    """Ask in vain for these ids; returns the parts that the ledger keeps of it."""
    call = {**world.gate_call(person, await world.head()), "denied": list(ids)}
    (verdict,) = await world.gate(call)
    assert (verdict["verdict"], verdict["lapsed"]) == ("RELEASED", [])
    entries = await world.entries(call["releaseId"])
    return [each for each in entries if each["outcome"] == "ATTEMPT"]


async def test_denied_look_up_names_the_person_by_pseudonym(world: ConsentWorld) -> None:
    officer = await world.make_person("LEO", await world.make_agency("LE"))
    hidden, absent = str(uuid4()), str(uuid4())
    await world.release(hidden, await world.make_agency("SUD"))
    first, second = (await denied(world, officer, hidden), await denied(world, officer, absent))
    for (part,) in (first, second):
        assert part["participant"] is not None
        assert (part["categories"], part["count"]) == ([], 0)
    again = await denied(world, officer, hidden)
    assert again[0]["participant"] == first[0]["participant"]


async def test_what_is_no_id_names_nobody(world: ConsentWorld) -> None:
    officer = await world.make_person("LEO", await world.make_agency("LE"))
    assert await denied(world, officer, "Michael T., 1988") == []


async def test_attempts_beyond_the_cap_are_counted_and_not_named(world: ConsentWorld) -> None:
    await world.execute(
        """update site set settings = '{"denied_attempts_per_hour": 3}' where id = :id""",
        id=world.site_id,
    )
    try:
        officer = await world.make_person("LEO", await world.make_agency("LE"))
        found = [len(await denied(world, officer, str(uuid4()))) for _ in range(5)]
        other = await world.make_person("LEO", officer.agency_id)
        assert len(await denied(world, other, str(uuid4()))) == 1
    finally:
        await world.execute("update site set settings = '{}'")
    # The hour may turn in between; then counting begins anew.
    assert found[:3] == [1, 1, 1]
    assert found[3:] in ([0, 0], [1, 1], [0, 1])


async def test_planted_gate_without_a_cap_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def uncapped(_connection: object, calls: Any) -> list[Any]:
        return list(calls)

    monkeypatch.setattr(commands, "_capped", uncapped)
    officer = await world.make_person("LEO", await world.make_agency("LE"))
    await denied(world, officer, str(uuid4()))
    async with world.service.chassis.database.read() as session:
        from sqlalchemy import text

        counted = await session.scalar(
            text("select count(*) from denied_attempts where subject = :s"), {"s": officer.subject}
        )
    assert counted == 0  # what the twin broke, and what the test above rests on
