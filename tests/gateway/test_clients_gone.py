"""HD-51: a client that goes away at any stage leaves nothing behind.

No task, no connection, no place in a queue, no flight that others could join; what the gate has
recorded stays recorded, once. Each stage is held up, the client goes, and the stage goes on.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from gateway.limits.rate import Rate
from gateway.limits.traffic import Traffic, TrafficLimits, TrafficRules
from infra.http_client import HttpClient
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import (
    DECISIONS,
    GATE,
    PRINCIPAL,
    GatewayWorld,
    RunningGateway,
    eventually,
)
from tests.fixtures.public_door import public_app, public_socket

QUERY = "query Q($id: ID!) { participant(id: $id) { id name } courses { number } }"
STAGES = ("keys", "directory", "decisions", "fetch", "gate")
_MANY = Rate(1e9, 1e9)


def _one_at_a_time() -> Traffic:
    """Return a gateway's room for one request: a place that is not given back shows at once."""
    limits = TrafficLimits(_MANY, _MANY, _MANY, _MANY, 1, 0, 1, 0)
    return Traffic(TrafficRules(), limits)


@dataclass(slots=True)
class Hold:
    """Holds a stage up."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> None:
        """Wait until the stage may go on."""
        self.reached.set()
        await self.goes_on.wait()


@contextmanager
def _held(world: GatewayWorld, stage: str) -> Iterator[Hold]:
    hold = Hold()
    paths = {"directory": PRINCIPAL, "decisions": DECISIONS, "gate": GATE}
    if stage in paths:
        world.door.before[paths[stage]] = hold
    elif stage == "fetch":
        world.people_http.after = hold
    else:
        world.issuer.goes_on = hold.goes_on
    try:
        yield hold
    finally:
        hold.goes_on.set()
        world.door.before.clear()
        world.people_http.after = None


async def _is_reached(world: GatewayWorld, hold: Hold, stage: str, fetches: int) -> None:
    if stage == "keys":
        await eventually(lambda: world.issuer.fetches > fetches)
    else:
        await asyncio.wait_for(hold.reached.wait(), 60)


def _is_idle(gateway: RunningGateway, traffic: Traffic) -> bool:
    """Say whether nothing of any request is left in the parts of a gateway."""
    calls = gateway.pipeline._rounds._calls
    clients: list[HttpClient] = [gateway.consent._client]
    clients += [each._client for each in calls._clients.values()]
    transport: Any = calls._transports["people"]
    return (
        traffic._in_flight == 0
        and traffic._of_subject == {}
        and not gateway.gate._waiting
        and transport._sharing._flights == {}
        and all(each._slots_taken == len(each._idle) for each in clients)
        and not any(each._waiting for each in clients)
    )


Leave = Callable[[RunningGateway, Traffic, Person, str, Callable[[], Awaitable[None]]],
                 Awaitable[None]]  # fmt: skip


async def _leaves_nothing(world: GatewayWorld, stage: str, leave: Leave) -> None:
    person = await world.person("CM")
    participant = await world.participant_of(person)
    traffic = _one_at_a_time()
    async with world.gateway(traffic=traffic) as gateway:
        if stage != "keys":
            await gateway.ask(person, "{ courses { number } }")
        gateway.directory.forget_all()
        before = asyncio.all_tasks()
        fetches = world.issuer.fetches
        with _held(world, stage) as hold:

            async def reached() -> None:
                await _is_reached(world, hold, stage, fetches)

            await leave(gateway, traffic, person, participant, reached)
        await eventually(lambda: _is_idle(gateway, traffic))
        left = asyncio.all_tasks() - before  # parts of the session begin others meanwhile
        await eventually(lambda: all(each.done() for each in left))
        # Of what was shown to nobody there is one record, or none; and the next one is served.
        recorded = await world.ledger()
        assert len(recorded) == len({each["releaseId"] for each in recorded}) <= 1
        answer = await gateway.ask(person, QUERY, {"id": participant})
        assert answer.body["data"] == {
            "participant": {"id": participant, "name": "Ada"}, "courses": [{"number": "8020"}],
        }  # fmt: skip


async def _cancelled(
    gateway: RunningGateway, _traffic: Traffic, person: Person, participant: str, reached: Any
) -> None:
    """Whoever asked within the process is ended at once."""
    asking = asyncio.create_task(gateway.ask(person, QUERY, {"id": participant}))
    await reached()
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking
    assert asking.cancelled()


async def _hung_up(
    gateway: RunningGateway, traffic: Traffic, person: Person, participant: str, reached: Any
) -> None:
    """A client closes its connection while its request is worked on."""
    async with _public(gateway, traffic) as client:
        headers = {"authorization": f"Bearer {gateway.world.token(person)}",
                   "purpose-of-use": "LEAD_COORD"}  # fmt: skip
        body = {"query": QUERY, "variables": {"id": participant}}
        asking = asyncio.create_task(client.post("/graphql", json=body, headers=headers))
        await reached()
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        gateway.world.door.before.clear()
        gateway.world.people_http.after = None
        gateway.world.issuer.goes_on.set()


@asynccontextmanager
async def _public(gateway: RunningGateway, traffic: Traffic) -> AsyncIterator[httpx2.AsyncClient]:
    app = public_app(gateway, traffic=traffic)
    async with public_socket(app, gateway) as socket:
        transport = httpx2.AsyncHTTPTransport(uds=socket)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://gt.test", timeout=60
        ) as client:
            yield client


@pytest.mark.parametrize("stage", STAGES)
async def test_a_request_that_is_cancelled_leaves_nothing(
    gateway_world: GatewayWorld, stage: str
) -> None:
    await _leaves_nothing(gateway_world, stage, _cancelled)


async def test_a_request_that_is_cancelled_before_it_is_parsed_leaves_nothing(
    gateway_world: GatewayWorld,
) -> None:
    """Parsing, planning and pruning wait for nothing: there is no moment within them."""

    async def leave(
        gateway: RunningGateway, _traffic: Traffic, person: Person, participant: str, _: Any
    ) -> None:
        asking = asyncio.create_task(gateway.ask(person, QUERY, {"id": participant}))
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking

    await _leaves_nothing(gateway_world, "fetch", leave)


@pytest.mark.parametrize("stage", ["fetch", "gate"])
async def test_a_client_that_hangs_up_leaves_nothing(
    gateway_world: GatewayWorld, stage: str
) -> None:
    await _leaves_nothing(gateway_world, stage, _hung_up)


async def test_a_place_that_is_not_given_back_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: a room that only those leave who are answered."""
    monkeypatch.setattr("tests.fixtures.gateway_app.eventually.__kwdefaults__", {"seconds": 0.2})

    @contextmanager
    def room(self: Traffic, subject: str, _coordinates: Any) -> Iterator[None]:
        self._in_flight += 1
        self._of_subject[subject] = 1
        yield
        self._in_flight -= 1
        del self._of_subject[subject]

    monkeypatch.setattr(Traffic, "room", room)
    with pytest.raises(AssertionError):
        await _leaves_nothing(gateway_world, "gate", _cancelled)
