"""A stream over a real socket: each event is a release of its own; what is taken away is silence.

Nothing is timed: that something is *not* sent is shown by what comes next.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from gateway.subscriptions import stream as stream_module
from infra import clock
from infra.authority.facts import agency_holder
from infra.vocabulary import Basis
from svc_consent.authority.rules import participant_key
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import GatewayWorld, RunningGateway, eventually
from tests.fixtures.public_door import public_app, public_socket
from tests.fixtures.token_issuer import token

PATIENCE_SECONDS = 60
QUERY = "query Q($id: ID!) { participant(id: $id) { name phone } }"


class Stream:
    """One open stream, read line by line."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def event(self) -> tuple[str, Any]:
        """Return kind and data of the next event; comments are passed over."""
        kind, data = "", ""
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for line in self._lines:
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data:"):
                    data = line.removeprefix("data:").strip()
                elif not line and kind:
                    return kind, json.loads(data) if data else None
        return "end", None

    async def name(self) -> str:
        """Return the name that the next event tells."""
        kind, answer = await self.event()
        assert kind == "next"
        name: str = answer["data"]["participant"]["name"]
        return name


class StreamDoor:
    """The public address of one gateway that follows the feed."""

    def __init__(self, client: httpx2.AsyncClient, world: GatewayWorld, gateway: RunningGateway,
                 hub: Any) -> None:  # fmt: skip
        self.client, self.world, self.gateway, self.hub = client, world, gateway, hub

    def request(
        self, person: Person, participant: str, bearer: str | None = None, **changes: Any
    ) -> httpx2.Request:
        body = {
            "query": QUERY,
            "variables": {"id": participant},
            "extensions": {"watch": {"participants": [participant]}},
            **changes,
        }
        headers = {
            "authorization": f"Bearer {bearer or self.world.token(person)}",
            "accept": "text/event-stream",
            "purpose-of-use": "LEAD_COORD",
        }
        return self.client.build_request("POST", "/subscriptions", json=body, headers=headers)

    @asynccontextmanager
    async def stream(
        self, person: Person, participant: str, bearer: str | None = None
    ) -> AsyncIterator[Stream]:
        response = await self.client.send(self.request(person, participant, bearer), stream=True)
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        try:
            yield Stream(response)
        finally:
            await response.aclose()

    async def refused(self, request: httpx2.Request) -> tuple[int, str]:
        answer = await self.client.send(request)
        return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


@asynccontextmanager
async def opened(world: GatewayWorld) -> AsyncIterator[StreamDoor]:
    async with world.gateway(follows_feed=True) as gateway:
        app = public_app(gateway)
        async with public_socket(app, gateway) as socket:
            transport = httpx2.AsyncHTTPTransport(uds=socket)
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://gt.test", timeout=PATIENCE_SECONDS
            ) as client:
                yield StreamDoor(client, world, gateway, app.state.hub)
                app.state.hub.end_streams()


async def _served(world: GatewayWorld, name: str = "Ada") -> tuple[Person, str, Any]:
    """Return a case manager, and a participant whom a release shows to her; and its row's id."""
    person = await world.person("CM")
    participant = world.people.add(str(uuid4()), name)
    row = await world.consent.release(participant, person.agency_id)
    return person, participant, row


async def _renamed(world: GatewayWorld, participant: str, name: str) -> None:
    """Change what a participant's stream shows, and move the key as a change of facts does."""
    world.people.rows[participant]["name"] = name
    await world.consent.change([participant_key(participant)], [])


async def test_each_event_is_a_release_of_its_own(gateway_world: GatewayWorld) -> None:
    person, participant, _ = await _served(gateway_world)
    async with (
        opened(gateway_world) as door,
        door.stream(person, participant) as stream,
    ):
        assert await stream.name() == "Ada"
        await _renamed(gateway_world, participant, "Bea")
        assert await stream.name() == "Bea"
        await _renamed(gateway_world, participant, "Cy")
        assert await stream.name() == "Cy"
    assert len(set(gateway_world.recorded_ids())) == 3
    assert len(await gateway_world.ledger()) == 3


async def _what_consent_takes_is_silence(world: GatewayWorld) -> None:
    person, participant, row = await _served(world)
    async with opened(world) as door, door.stream(person, participant) as stream:
        assert await stream.name() == "Ada"
        looks = len(world.recorded_ids())
        await world.consent.take_back(participant, agency_holder(person.agency_id), row)
        await eventually(lambda: len(world.recorded_ids()) > looks)  # it looked, and said nothing
        world.people.rows[participant]["name"] = "Bea"
        looks = len(world.recorded_ids())
        await world.consent.change([participant_key(participant)], [])
        await eventually(lambda: len(world.recorded_ids()) > looks)
        world.people.rows[participant]["name"] = "Cy"
        await world.consent.permit(
            participant, agency_holder(person.agency_id), Basis.RELEASE, source=uuid4()
        )
        assert await stream.name() == "Cy"


async def test_what_consent_takes_is_silence(gateway_world: GatewayWorld) -> None:
    await _what_consent_takes_is_silence(gateway_world)


async def test_a_stream_that_tells_of_losses_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr(stream_module, "has_news", lambda before, after: before != after)
    with pytest.raises((AssertionError, TypeError)):
        await _what_consent_takes_is_silence(gateway_world)


async def test_somebody_unknown_and_nobody_are_told_alike(gateway_world: GatewayWorld) -> None:
    """Silence equals silence: a participant without consent, and an id that names nobody."""
    person = await gateway_world.person("CM")
    hidden = gateway_world.people.add(str(uuid4()), "Hidden")
    async with opened(gateway_world) as door:
        for participant in (hidden, str(uuid4())):
            async with door.stream(person, participant) as stream:
                assert await stream.event() == (
                    "next",
                    {
                        "data": {"participant": None},
                        "extensions": (await gateway_answer(door, person))["extensions"],
                    },
                )


async def gateway_answer(door: StreamDoor, person: Person) -> Any:
    answer = await door.gateway.ask(person, QUERY, {"id": str(uuid4())})
    return json.loads(json.dumps(answer.body))


async def test_a_role_taken_away_ends_the_stream(gateway_world: GatewayWorld) -> None:
    person, participant, _ = await _served(gateway_world)
    async with opened(gateway_world) as door, door.stream(person, participant) as stream:
        assert await stream.name() == "Ada"
        await gateway_world.take_role_away(person)
        assert await stream.event() == ("complete", None)
        assert await stream.event() == ("end", None)
        await eventually(lambda: len(door.hub) == 0)


async def test_the_end_of_the_token_ends_the_stream(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, participant, _ = await _served(gateway_world)
    bearer = token(sub=person.external_subject, exp=clock.epoch_seconds() + 300)
    async with (
        opened(gateway_world) as door,
        door.stream(person, participant, bearer) as stream,
    ):
        assert await stream.name() == "Ada"
        present = clock.epoch_seconds
        monkeypatch.setattr(clock, "epoch_seconds", lambda: present() + 300)
        door.hub.changed(None)
        assert await stream.event() == ("complete", None)


async def test_a_gap_in_the_feed_makes_every_stream_look_again(
    gateway_world: GatewayWorld,
) -> None:
    person, participant, _ = await _served(gateway_world)
    async with opened(gateway_world) as door, door.stream(person, participant) as stream:
        assert await stream.name() == "Ada"
        gateway_world.people.rows[participant]["name"] = "Bea"
        door.hub.changed(None)
        assert await stream.name() == "Bea"


async def test_a_client_that_goes_away_leaves_nothing_behind(gateway_world: GatewayWorld) -> None:
    person, participant, _ = await _served(gateway_world)
    async with opened(gateway_world) as door:
        for _ in range(door.hub.limits.of_subject + 1):  # more than may be open at once
            async with door.stream(person, participant) as stream:
                assert await stream.name() == "Ada"
            await eventually(lambda: len(door.hub) == 0)


async def test_one_person_has_few_streams(gateway_world: GatewayWorld) -> None:
    person, participant, _ = await _served(gateway_world)
    async with opened(gateway_world) as door:
        most = door.hub.limits.of_subject
        held = [door.stream(person, participant) for _ in range(most)]
        for each in held:
            await each.__aenter__()
        assert await door.refused(door.request(person, participant)) == (429, "STREAM_LIMIT")
        for each in held:
            await each.__aexit__(None, None, None)


@pytest.mark.parametrize("role", ["LEO", "PRO", "PRB", "CRT", "SVC", "PM", "EVL"])
async def test_other_roles_are_told_of_nobodys_changes(
    gateway_world: GatewayWorld, role: str
) -> None:
    person = await gateway_world.person(role)
    async with opened(gateway_world) as door:
        request = door.request(person, str(uuid4()))
        request.headers.pop("purpose-of-use")
        assert await door.refused(request) == (403, "STREAM_NOT_ALLOWED")
    assert gateway_world.people_http.received == []


async def test_a_stream_is_refused_as_a_request_is(gateway_world: GatewayWorld) -> None:
    """HD-23, HD-26: the limits and the token are those of every request."""
    person, participant, _ = await _served(gateway_world)
    deep = "{" + "a{" * 20 + "b" + "}" * 20 + "}"
    many = {"watch": {"participants": [str(uuid4()) for _ in range(21)]}}
    mutation = 'mutation { addNote(id: "x") { participant { id } } }'
    async with opened(gateway_world) as door:
        nobody = door.request(person, participant)
        nobody.headers["authorization"] = "Bearer a.b.c"
        plain = door.request(person, participant)
        plain.headers["accept"] = "application/json"
        for request, expected in (
            (nobody, (401, "UNAUTHENTICATED")),
            (plain, (406, "NOT_ACCEPTABLE")),
            (door.request(person, participant, query=deep), (400, "DEPTH_LIMIT")),
            (door.request(person, participant, query="{ nothing }"),
             (400, "GRAPHQL_VALIDATION_FAILED")),
            (door.request(person, participant, query=mutation, variables={}),
             (400, "BAD_REQUEST")),
            (door.request(person, participant, extensions={}), (400, "BAD_REQUEST")),
            (door.request(person, participant, extensions=many), (429, "STREAM_LIMIT")),
        ):  # fmt: skip
            assert await door.refused(request) == expected
        assert len(door.hub) == 0
    assert gateway_world.people_http.received == []
