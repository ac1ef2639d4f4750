"""A release gate that is down, slow or hanging refuses in time; a late verdict does not release."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.pipeline import Answer
from gateway.release.feed import ChangeFeed
from gateway.release.gate import RELEASE_WITHIN_SECONDS
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import (
    DECISIONS,
    GATE,
    PRINCIPAL,
    GatewayWorld,
    Instead,
    RunningGateway,
    once,
)
from tests.fixtures.service_app import http_server

QUERY = "query Q($id: ID!) { participant(id: $id) { id name } courses { number } }"
REFUSED_WITHIN_SECONDS = 0.6
LATE_SECONDS = 0.3

assert RELEASE_WITHIN_SECONDS < LATE_SECONDS < 0.45, "late for a release, in time for the client"


@asynccontextmanager
async def _hanging(world: GatewayWorld, path: str) -> AsyncIterator[None]:
    """Calls of a path hang until the block ends."""
    goes_on = asyncio.Event()
    world.door.before[path] = lambda: _wait(goes_on)
    try:
        yield
    finally:
        goes_on.set()


async def _wait(event: asyncio.Event) -> Instead:
    await event.wait()
    return Instead(503)


async def _status_503() -> Instead:
    return Instead(503)


def _is_refused_with_catalogue(answer: Answer) -> None:
    assert answer.status == 200
    assert answer.body["data"] == {"participant": None, "courses": [{"number": "8020"}]}
    assert [
        (each["extensions"]["code"], each["extensions"]["coordinate"])
        for each in answer.body["errors"]
    ] == [("SERVICE_UNAVAILABLE", "Query.participant")]


async def _timed(
    gateway: RunningGateway, person: Person, participant: str, query: str = QUERY
) -> tuple[Answer, float]:
    started = asyncio.get_running_loop().time()
    answer = await gateway.ask(person, query, {"id": participant})
    return answer, asyncio.get_running_loop().time() - started


@pytest.mark.parametrize("path", [GATE, DECISIONS, PRINCIPAL])
async def test_call_that_hangs_is_refused_in_time_and_catalogue_answered(
    gateway_world: GatewayWorld, path: str
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    async with world.gateway() as gateway:
        await gateway.ask(officer, "{ courses { number } }")
        gateway.directory.forget_all()
        async with _hanging(world, path):
            answer, seconds = await _timed(gateway, officer, participant)
    _is_refused_with_catalogue(answer)
    assert seconds < REFUSED_WITHIN_SECONDS


async def test_requests_behind_a_hanging_gate_are_refused_in_time_too(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    async with world.gateway(lanes=1) as gateway:
        await gateway.ask(officer, QUERY, {"id": participant})
        async with _hanging(world, GATE):
            asking = []
            for _ in range(6):
                asking.append(asyncio.create_task(_timed(gateway, officer, participant)))
                await asyncio.sleep(0.02)
            for answer, seconds in await asyncio.gather(*asking):
                _is_refused_with_catalogue(answer)
                assert seconds < REFUSED_WITHIN_SECONDS


async def test_gate_that_refuses_every_call_is_an_outage(gateway_world: GatewayWorld) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    world.door.before[GATE] = _status_503
    async with world.gateway() as gateway:
        answer, seconds = await _timed(gateway, officer, participant)
    _is_refused_with_catalogue(answer)
    assert seconds < REFUSED_WITHIN_SECONDS


async def test_consent_service_that_went_away_is_an_outage_and_then_works_again(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    socket = f"{world.folder}/restarting.sock"
    async with world.gateway(consent_address=f"unix:{socket}") as gateway:
        async with http_server(world.door, uds=socket):  # type: ignore[arg-type]  # any ASGI app
            before = await gateway.ask(officer, QUERY, {"id": participant})
        gone, seconds = await _timed(gateway, officer, participant)
        async with http_server(world.door, uds=socket):  # type: ignore[arg-type]  # any ASGI app
            after = await gateway.ask(officer, QUERY, {"id": participant})
    _is_refused_with_catalogue(gone)
    assert seconds < REFUSED_WITHIN_SECONDS
    assert before.body["data"] == after.body["data"]
    assert before.body["data"]["participant"] == {"id": participant, "name": "Ada"}


async def test_catalogue_needs_no_consent_service_and_shows_no_errors(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    async with world.gateway(consent_address=world.address("nowhere")) as gateway:
        answer = await gateway.ask(officer, "{ courses { number } }")
    assert answer.body == {"data": {"courses": [{"number": "8020"}]}}


async def test_mutation_is_refused_before_any_effect_while_the_gate_is_away(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    world.door.before[GATE] = _status_503
    async with world.gateway() as gateway:
        query = "mutation M($id: ID!) { refer(id: $id) { participant { name } } }"
        answer = await gateway.ask(officer, query, {"id": participant})
    assert answer.body["data"] is None
    assert world.people_http.received == []


async def _late() -> None:
    await asyncio.sleep(LATE_SECONDS)


async def _late_verdict_is_gated_again(world: GatewayWorld) -> None:
    officer = await world.person("LEO")
    participant = await world.participant_of(officer)
    world.door.after[GATE] = once(_late)
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, QUERY, {"id": participant})
    assert answer.body["data"]["participant"] == {"id": participant, "name": "Ada"}
    assert len(set(world.recorded_ids())) == 2
    assert [entry["outcome"] for entry in await world.ledger()] == ["RELEASED", "RELEASED"]


async def test_verdict_that_comes_late_is_gated_again(gateway_world: GatewayWorld) -> None:
    await _late_verdict_is_gated_again(gateway_world)


async def test_gateway_that_ignores_how_late_it_is_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr("gateway.rounds.RELEASE_WITHIN_SECONDS", 60.0)
    with pytest.raises(AssertionError):
        await _late_verdict_is_gated_again(gateway_world)


async def _answer_to_a_mutation_leaves_while_its_verdict_holds(world: GatewayWorld) -> None:
    """Its wait for the feed, which says nothing here, comes out of the same 250 ms."""
    officer = await world.person("LEO")
    participant = await world.participant_of(officer)
    loop, sent_at = asyncio.get_running_loop(), [0.0]

    async def note() -> None:
        sent_at.append(loop.time())

    async def slow() -> None:
        if len(sent_at) > 2:
            await asyncio.sleep(0.2)

    world.door.before[GATE], world.door.after[GATE] = note, slow
    async with world.gateway() as gateway:
        query = "mutation M($id: ID!) { refer(id: $id) { participant { name } } }"
        answer = await gateway.ask(officer, query, {"id": participant})
        left_at = loop.time()
    assert answer.body["data"] == {"refer": {"participant": {"name": "Ada"}}}
    assert left_at - sent_at[-1] < 0.29


async def test_answer_to_a_mutation_leaves_while_its_verdict_holds(
    gateway_world: GatewayWorld,
) -> None:
    await _answer_to_a_mutation_leaves_while_its_verdict_holds(gateway_world)


async def test_wait_for_the_feed_without_regard_to_the_verdict_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    real = ChangeFeed.wait_for

    async def patient(feed: ChangeFeed, revision: int, _seconds: float) -> None:
        await real(feed, revision, 0.15)

    monkeypatch.setattr(ChangeFeed, "wait_for", patient)
    with pytest.raises(AssertionError):
        await _answer_to_a_mutation_leaves_while_its_verdict_holds(gateway_world)


async def test_gate_that_is_late_each_time_is_refused_in_time(gateway_world: GatewayWorld) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    world.door.after[GATE] = _late
    async with world.gateway() as gateway:
        await gateway.ask(officer, "{ courses { number } }")
        answer, seconds = await _timed(gateway, officer, participant)
    _is_refused_with_catalogue(answer)
    assert seconds < REFUSED_WITHIN_SECONDS
