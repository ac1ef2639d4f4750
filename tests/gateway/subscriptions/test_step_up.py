"""Streams ask for a fresh, strong sign-in as requests do (RFC 9470), when they begin and later."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from gateway.exchange import Event
from gateway.identity.step_up import StepUp
from infra import clock
from infra.vocabulary import Category
from tests.fixtures.gateway_app import GatewayWorld, eventually
from tests.fixtures.stream_doors import TRANSPORTS, HeardBySocket, StreamDoor, opened
from tests.fixtures.token_issuer import token

STRONG = "urn:example:hardware-key"
RULE = StepUp(frozenset({Category.IDENTITY}), (STRONG,), 300)
SUBSCRIPTION = "subscription S($id: ID!) { releaseChanged(participantId: $id) { name } }"
WATCHED = "query Q($id: ID!) { participant(id: $id) { name } }"
CHALLENGE = f'Bearer error="insufficient_user_authentication", acr_values="{STRONG}", max_age="300"'
WANTED = {"code": "STEP_UP_REQUIRED", "acrValues": [STRONG], "maxAgeSeconds": 300}

transports = pytest.mark.parametrize("transport", TRANSPORTS)


def _body(query: str, participant: str) -> dict[str, Any]:
    watch = {"extensions": {"watch": {"participants": [participant]}}}
    return {
        "query": query, "variables": {"id": participant}, **(watch if query == WATCHED else {}),
    }  # fmt: skip


async def _refusal(door: StreamDoor, bearer: str, person: Any, body: Mapping[str, Any]) -> Any:
    """Return the error that a stream is refused with; the challenge, too, where headers are."""
    if door.transport == "sse":
        headers = {**door.headers(person, bearer), "accept": "text/event-stream"}
        async with door.client.stream(
            "POST", "/subscriptions", json=body, headers=headers
        ) as answer:
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == CHALLENGE
            return json.loads(await answer.aread())["errors"][0]["extensions"]
    async with door.socket(door.said(person, bearer)) as socket:
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": body}))
        refused = json.loads(await socket.recv())
        assert (refused["type"], refused["id"]) == ("error", "1")
        # The connection is good: what asks for nothing special is answered.
        plain = {"query": "{ courses { number } }"}
        await socket.send(json.dumps({"id": "2", "type": "subscribe", "payload": plain}))
        assert json.loads(await socket.recv())["payload"]["data"] == {
            "courses": [{"number": "8020"}]
        }
        return refused["payload"][0]["extensions"]


async def _is_challenged(world: GatewayWorld, transport: str, query: str, rule: StepUp) -> None:
    person = await world.person("CM")
    participant = await world.participant_of(person)
    now = clock.epoch_seconds()
    async with opened(world, transport, step_up=rule) as door:
        for weak in ({"acr": "urn:example:password"}, {"acr": STRONG, "auth_time": now - 400}):
            bearer = token(sub=person.external_subject, **weak)
            for some_id in (participant, str(uuid4())):
                assert await _refusal(door, bearer, person, _body(query, some_id)) == WANTED
        await eventually(lambda: len(door.hub) == 0)
    assert world.people_http.received == []


@transports
@pytest.mark.parametrize("query", [SUBSCRIPTION, WATCHED], ids=["subscription", "watching"])
async def test_a_weak_sign_in_opens_no_stream_and_is_told_what_would(
    gateway_world: GatewayWorld, transport: str, query: str
) -> None:
    await _is_challenged(gateway_world, transport, query, RULE)


@transports
async def test_a_door_that_does_not_ask_would_be_noticed(
    gateway_world: GatewayWorld, transport: str
) -> None:
    """Planted twin of the test above."""
    with pytest.raises((AssertionError, KeyError)):
        await _is_challenged(gateway_world, transport, WATCHED, StepUp())


async def _ages(
    world: GatewayWorld, transport: str, monkeypatch: pytest.MonkeyPatch, rule: StepUp
) -> None:
    """A stream that began with a fresh sign-in; then the sign-in is too old, the token good."""
    person = await world.person("CM")
    participant = await world.participant_of(person)
    now = clock.epoch_seconds()
    bearer = token(sub=person.external_subject, acr=STRONG, auth_time=now, exp=now + 590)
    async with (
        opened(world, transport, step_up=rule) as door,
        door.listening(person, SUBSCRIPTION, {"id": participant}, bearer) as heard,
    ):
        event = Event("releaseChanged", participant, door.gateway.feed.revision)
        door.hub.happened(event, [f"participant:{participant}"])
        assert (await heard.next())["data"]["releaseChanged"] == {"name": "Ada"}
        asked = len(world.people_http.received)
        present = clock.epoch_seconds
        monkeypatch.setattr(clock, "epoch_seconds", lambda: present() + 310)
        door.hub.tick()  # nothing happens: time alone ends it
        door.hub.happened(event, [f"participant:{participant}"])
        told = await heard.next()
        assert "data" not in told
        assert told["errors"][0]["extensions"] == WANTED
        assert await heard.next() is None
        if isinstance(heard, HeardBySocket):
            await eventually(lambda: len(door.hub) == 1)  # the connection goes on
            assert heard.code is None
        assert len(world.people_http.received) == asked


@transports
async def test_a_sign_in_that_grows_too_old_ends_the_stream_and_says_so(
    gateway_world: GatewayWorld, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _ages(gateway_world, transport, monkeypatch, RULE)


async def test_a_stream_that_outlives_its_sign_in_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    with pytest.raises((AssertionError, KeyError)):
        await _ages(gateway_world, "sse", monkeypatch, StepUp())


@pytest.mark.parametrize("rule", [RULE, StepUp(frozenset({Category.SUD}), (STRONG,), 300)])
async def test_what_asks_for_nothing_special_lasts_as_long_as_the_token(
    gateway_world: GatewayWorld, rule: StepUp
) -> None:
    person = await gateway_world.person("CM")
    began_at = clock.epoch_seconds()
    world = gateway_world
    world._tokens[person.external_subject] = token(
        sub=person.external_subject, acr=STRONG, auth_time=began_at
    )
    participant = await world.participant_of(person)
    async with (
        opened(world, "sse", step_up=rule) as door,
        door.listening(person, SUBSCRIPTION, {"id": participant}),
    ):
        (watcher,) = door.hub._open
        is_special = Category.IDENTITY in rule.categories
        assert (watcher.interest.until == began_at + 301) is is_special
