"""HD-52: the largest operations that are allowed, many at a time: places and memory stay bounded.

Nothing is timed (`bench` measures that): places are counted while the services hold their answers
up, and what all that takes is counted in bytes.
"""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from gateway.limits.rate import Rate
from gateway.limits.traffic import Traffic, TrafficLimits, TrafficRules
from tests.edge.conftest import PublicDoor
from tests.fixtures.gateway_app import GatewayWorld, eventually
from tests.fixtures.public_door import public_app, public_socket

TOGETHER = 60
PLACES, RESERVED = 6, 2
MOST_BYTES = 48 * 1024 * 1024
_MANY = Rate(1e9, 1e9)
_ROW = "edges { node { id name phone notes { participantId text } } } totalCount"
WORST = "{ " + " ".join(f"a{n}: participants {{ {_ROW} }}" for n in range(10)) + " }"
"""Ten lists, as many root fields as are allowed; each of them at its full depth."""
URGENT = '{ participant(id: "somebody") { name } }'


class Busy:
    """A gateway with few places, before services that hold their answers up."""

    def __init__(self, door: PublicDoor, traffic: Traffic, goes_on: asyncio.Event) -> None:
        self.door, self.traffic, self.goes_on = door, traffic, goes_on
        self.most = 0

    async def hold(self) -> None:
        """Note how many requests are worked on, and wait."""
        self.most = max(self.most, self.traffic._in_flight)
        await self.goes_on.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def busy(gateway_world: GatewayWorld) -> AsyncIterator[Busy]:
    limits = TrafficLimits(_MANY, _MANY, _MANY, _MANY, PLACES, RESERVED, PLACES, 0)
    rules = TrafficRules(urgent=frozenset({"Query.participant"}))
    traffic = Traffic(rules, limits)
    person = await gateway_world.person("CM")
    for number in range(20):
        await gateway_world.participant_of(person, f"Person {number}")
    async with gateway_world.gateway(traffic=traffic) as gateway:
        app = public_app(gateway, traffic=traffic)
        async with public_socket(app, gateway) as socket:
            transport = httpx2.AsyncHTTPTransport(uds=socket)
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://gt.test", timeout=120
            ) as client:
                made = Busy(PublicDoor(client, gateway_world, person), traffic, asyncio.Event())
                assert await made.door.is_alive()
                gateway_world.people_http.after = made.hold
                yield made
                made.goes_on.set()


async def _all_together(busy: Busy) -> None:
    asked = [asyncio.create_task(busy.door.ask(WORST)) for _ in range(TOGETHER)]
    served = PLACES - RESERVED
    # All but those who have a place are refused at once, while the services still hold on.
    await eventually(lambda: sum(each.done() for each in asked) >= TOGETHER - served)
    assert sum(each.done() for each in asked) == TOGETHER - served
    probe = asyncio.create_task(busy.door.ask(URGENT))
    await eventually(lambda: busy.traffic._in_flight == served + 1)
    busy.goes_on.set()
    answers = [await each for each in asked]
    assert (await probe).status_code == 200
    assert sorted(each.status_code for each in answers) == [200] * served + [503] * (
        TOGETHER - served
    )
    refused = [each for each in answers if each.status_code == 503]
    assert {each.json()["errors"][0]["extensions"]["code"] for each in refused} == {"OVERLOADED"}
    assert all(each.headers["retry-after"] for each in refused)
    assert busy.most <= PLACES
    assert busy.traffic._in_flight == 0
    assert busy.traffic._of_subject == {}
    assert await busy.door.is_alive()


async def test_the_worst_operations_together_keep_to_the_places_there_are(busy: Busy) -> None:
    await _all_together(busy)


async def test_a_gateway_that_takes_everybody_in_would_be_noticed(
    busy: Busy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""

    @contextmanager
    def room(self: Traffic, *_: Any) -> Iterator[None]:
        self._in_flight += 1
        busy.goes_on.set()
        yield
        self._in_flight -= 1

    monkeypatch.setattr(Traffic, "room", room)
    with pytest.raises(AssertionError):
        await _all_together(busy)


async def test_the_worst_operations_together_take_little_memory(busy: Busy) -> None:
    """Client, gateway and services together, in one process."""
    busy.goes_on.set()
    tracemalloc.start()
    try:
        answers = await asyncio.gather(*(busy.door.ask(WORST) for _ in range(TOGETHER)))
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert {each.status_code for each in answers} <= {200, 503}
    assert 200 in {each.status_code for each in answers}
    assert held < MOST_BYTES
