"""A release gate that is down, slow or hanging refuses in time; a late verdict does not release."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.pipeline import Answer
from gateway.release.feed import ChangeFeed
from tests.fixtures.clock_hands import Hands
from tests.fixtures.gateway_app import (
    DECISIONS,
    GATE,
    PRINCIPAL,
    GatewayWorld,
    Instead,
    once,
)
from tests.fixtures.service_app import http_server

RELEASE_WITHIN_SECONDS = 30.0
NEARLY_LATE_SECONDS = 25.0
LATE_SECONDS = 35.0
QUERY = "query Q($id: ID!) { participant(id: $id) { id name } courses { number } }"


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the machine all the time it wants; only the hands of the clock make anybody late."""
    monkeypatch.setattr("gateway.consent_client.GATE_TIMEOUT_SECONDS", 60.0)
    monkeypatch.setattr("gateway.rounds.WAIT_SECONDS", 120.0)
    monkeypatch.setattr("gateway.rounds.RELEASE_WITHIN_SECONDS", RELEASE_WITHIN_SECONDS)


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
            # That it comes while the call still hangs is the point; `bench` measures how soon.
            answer = await gateway.ask(officer, QUERY, {"id": participant})
    _is_refused_with_catalogue(answer)


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
                asked = gateway.ask(officer, QUERY, {"id": participant})
                asking.append(asyncio.create_task(asked))
                await asyncio.sleep(0.02)
            for answer in await asyncio.gather(*asking):
                _is_refused_with_catalogue(answer)


async def test_gate_that_refuses_every_call_is_an_outage(gateway_world: GatewayWorld) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    world.door.before[GATE] = _status_503
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, QUERY, {"id": participant})
    _is_refused_with_catalogue(answer)


async def test_consent_service_that_went_away_is_an_outage_and_then_works_again(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    socket = f"{world.folder}/restarting.sock"
    async with world.gateway(consent_address=f"unix:{socket}") as gateway:
        async with http_server(world.door, uds=socket):  # type: ignore[arg-type]  # any ASGI app
            before = await gateway.ask(officer, QUERY, {"id": participant})
        gone = await gateway.ask(officer, QUERY, {"id": participant})
        async with http_server(world.door, uds=socket):  # type: ignore[arg-type]  # any ASGI app
            after = await gateway.ask(officer, QUERY, {"id": participant})
    _is_refused_with_catalogue(gone)
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


async def _late_verdict_is_gated_again(world: GatewayWorld, hands: Hands) -> None:
    async def late() -> None:
        hands.turn(LATE_SECONDS)

    officer = await world.person("LEO")
    participant = await world.participant_of(officer)
    world.door.after[GATE] = once(late)
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, QUERY, {"id": participant})
    assert answer.body["data"]["participant"] == {"id": participant, "name": "Ada"}
    assert len(set(world.recorded_ids())) == 2
    assert [entry["outcome"] for entry in await world.ledger()] == ["RELEASED", "RELEASED"]


@pytest.mark.usefixtures("unhurried")
async def test_verdict_that_comes_late_is_gated_again(
    gateway_world: GatewayWorld, hands: Hands
) -> None:
    await _late_verdict_is_gated_again(gateway_world, hands)


@pytest.mark.usefixtures("unhurried")
async def test_gateway_that_ignores_how_late_it_is_would_be_noticed(
    gateway_world: GatewayWorld, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr("gateway.rounds.RELEASE_WITHIN_SECONDS", 3600.0)
    with pytest.raises(AssertionError):
        await _late_verdict_is_gated_again(gateway_world, hands)


async def _answer_to_a_mutation_leaves_while_its_verdict_holds(
    world: GatewayWorld, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its wait for the feed comes out of the same time as the way back of its verdict."""
    officer = await world.person("LEO")
    participant = await world.participant_of(officer)
    waits: list[float] = []

    async def wait_for(_feed: ChangeFeed, _revision: int, timeout_seconds: float) -> None:
        waits.append(timeout_seconds)

    async def nearly_late() -> None:
        if len(world.door.gate_calls()) > 1:
            hands.turn(NEARLY_LATE_SECONDS)

    monkeypatch.setattr(ChangeFeed, "wait_for", wait_for)
    monkeypatch.setattr("gateway.pipeline.CATCH_UP_SECONDS", 3600.0)
    world.door.after[GATE] = nearly_late
    async with world.gateway() as gateway:
        query = "mutation M($id: ID!) { refer(id: $id) { participant { name } } }"
        answer = await gateway.ask(officer, query, {"id": participant})
    assert answer.body["data"] == {"refer": {"participant": {"name": "Ada"}}}
    (waited,) = waits
    assert waited <= RELEASE_WITHIN_SECONDS - NEARLY_LATE_SECONDS


@pytest.mark.usefixtures("unhurried")
async def test_answer_to_a_mutation_leaves_while_its_verdict_holds(
    gateway_world: GatewayWorld, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _answer_to_a_mutation_leaves_while_its_verdict_holds(gateway_world, hands, monkeypatch)


@pytest.mark.usefixtures("unhurried")
async def test_wait_for_the_feed_without_regard_to_the_verdict_would_be_noticed(
    gateway_world: GatewayWorld, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr("gateway.rounds.RELEASE_WITHIN_SECONDS", 3600.0)
    with pytest.raises(AssertionError):
        await _answer_to_a_mutation_leaves_while_its_verdict_holds(
            gateway_world, hands, monkeypatch
        )


@pytest.mark.usefixtures("unhurried")
async def test_gate_that_is_late_each_time_is_refused(
    gateway_world: GatewayWorld, hands: Hands
) -> None:
    async def late() -> None:
        hands.turn(LATE_SECONDS)

    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    world.door.after[GATE] = late
    async with world.gateway() as gateway:
        await gateway.ask(officer, "{ courses { number } }")
        answer = await gateway.ask(officer, QUERY, {"id": participant})
    _is_refused_with_catalogue(answer)
