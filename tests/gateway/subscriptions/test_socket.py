"""graphql-transport-ws, by a client library that is not ours: who gets in, and how it ends."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus, NegotiationError

from gateway.exchange import Event
from gateway.web import event_socket
from tests.fixtures.gateway_app import GatewayWorld, eventually
from tests.fixtures.stream_doors import PATIENCE_SECONDS, opened

SUBSCRIPTION = "subscription S($id: ID!) { releaseChanged(participantId: $id) { name } }"
TWO_ROOTS = """subscription {
  a: releaseChanged(participantId: 1) { name }
  b: releaseChanged(participantId: 2) { name }
}"""
INTROSPECTED = (
    "query IntrospectionQuery { ...R } fragment R on Query { "
    + " ".join(f"a{n}: __schema {{ types {{ ...F }} }}" for n in range(9))
    + " } fragment F on __Type { name fields { name args { name type { name } } type { name } } }"
)
DEEP = "{" + "a{" * 20 + "b" + "}" * 20 + "}"


async def _say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def _hear(socket: ClientConnection) -> Any:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return json.loads(await socket.recv())


async def _closed(socket: ClientConnection) -> int | None:
    """Return the code that the connection is closed with, passing over what comes before."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{ courses { number } }"}}', 4401),
        ('{"type": "connection_init"}', 4401),
        ('{"type": "connection_init", "payload": {"authorization": "Bearer a.b.c"}}', 4401),
        ('{"type": "connection_init", "payload": []}', 4400),
        ('{"type": "connection_init", "payload": {"authorization": 1}}', 4400),
        ('{"type": "connection_init", "payload": {"authorization": "a\\r\\nb: c"}}', 4400),
        ('{"type": "start", "id": "1"}', 4400),
        ('["connection_init"]', 4400),
        ("{", 4400),
        ("", 4400),
        ('{"type": "connection_init", "payload": "' + "x" * 70_000 + '"}', 1009),
    ],
    ids=[
        "before init", "no token", "another's token", "list", "number", "header injection",
        "legacy", "batch", "no JSON", "empty", "too large",
    ],
)  # fmt: skip
async def test_nobody_gets_in_without_saying_who(
    gateway_world: GatewayWorld, message: str, code: int
) -> None:
    """AZ-12, HD-25: neither before `connection_init` nor with a wrong one."""
    async with opened(gateway_world, "socket") as door, door.socket() as socket:
        await socket.send(message)
        assert await _closed(socket) == code
        assert len(door.hub) == 0
    assert gateway_world.people_http.received == []


async def test_who_stays_silent_is_left(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_socket.EventSocketEndpoint.__init__, "__defaults__", ((), 0.01))
    async with opened(gateway_world, "socket") as door, door.socket() as socket:
        assert await _closed(socket) == 4408


@pytest.mark.parametrize("offered", [["graphql-ws"], None, ["mqtt"]])
async def test_other_subprotocols_are_not_spoken(
    gateway_world: GatewayWorld, offered: list[str] | None
) -> None:
    async with opened(gateway_world, "socket") as door:
        try:
            async with door.socket(subprotocols=offered) as socket:
                assert await _closed(socket) == 4406
        except NegotiationError:
            pass  # the client found nothing that both speak, and left first


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [
        (None, True),
        ("http://gt.test", True),
        ("https://partner.example", True),
        ("https://evil.example", False),
        ("https://partner.example.evil.example", False),
        ("null", False),
    ],
)
async def test_pages_of_unknown_origins_do_not_connect(
    gateway_world: GatewayWorld, origin: str | None, is_let_in: bool
) -> None:
    person = await gateway_world.person("CM")
    async with opened(gateway_world, "socket", cors_origins="https://partner.example") as door:
        if is_let_in:
            async with door.socket(door.said(person), origin=origin):
                pass
        else:
            with pytest.raises(InvalidStatus, match="403"):
                async with door.socket(origin=origin):
                    pass


async def test_what_is_said_twice_is_refused(gateway_world: GatewayWorld) -> None:
    person = await gateway_world.person("CM")
    async with opened(gateway_world, "socket") as door:
        headers = {"Authorization": door.headers(person)["authorization"]}
        async with door.socket({}, additional_headers=headers):
            pass  # a back end says it in the handshake
        async with door.socket(additional_headers=headers) as socket:
            await _say(socket, type="connection_init", payload=door.said(person))
            assert await _closed(socket) == 4400


async def test_a_role_that_is_not_held_does_not_connect(gateway_world: GatewayWorld) -> None:
    person = await gateway_world.person("CM")
    await gateway_world.take_role_away(person)
    async with opened(gateway_world, "socket") as door, door.socket() as socket:
        await _say(socket, type="connection_init", payload=door.said(person))
        assert await _closed(socket) == 4403


async def test_an_open_connection_without_operations_ends_with_its_role(
    gateway_world: GatewayWorld,
) -> None:
    person = await gateway_world.person("CM")
    async with opened(gateway_world, "socket") as door, door.socket(door.said(person)) as socket:
        await gateway_world.take_role_away(person)
        assert await _closed(socket) == 4403
        await eventually(lambda: len(door.hub) == 0)


async def test_a_second_init_and_a_second_operation_of_one_id_end_it(
    gateway_world: GatewayWorld,
) -> None:
    person = await gateway_world.person("CM")
    payload = {"query": SUBSCRIPTION, "variables": {"id": str(uuid4())}}
    async with opened(gateway_world, "socket") as door:
        async with door.socket(door.said(person)) as socket:
            await _say(socket, type="connection_init", payload={})
            assert await _closed(socket) == 4429
        async with door.socket(door.said(person)) as socket:
            await _say(socket, type="subscribe", id="1", payload=payload)
            await _say(socket, type="subscribe", id="1", payload=payload)
            assert await _closed(socket) == 4409


async def test_one_connection_has_few_operations(gateway_world: GatewayWorld) -> None:
    """HD-24."""
    person = await gateway_world.person("CM")
    payload = {"query": SUBSCRIPTION, "variables": {"id": str(uuid4())}}
    async with opened(gateway_world, "socket") as door:
        async with door.socket(door.said(person)) as socket:
            for number in range(door.hub.limits.of_connection + 1):
                await _say(socket, type="subscribe", id=str(number), payload=payload)
            assert await _closed(socket) == 4429
        await eventually(lambda: len(door.hub) == 0)


async def test_several_operations_run_on_one_connection(gateway_world: GatewayWorld) -> None:
    """A query, a mutation and a subscription, each through the pipeline; and an end to one."""
    person = await gateway_world.person("CM")
    participant = await gateway_world.participant_of(person)
    await gateway_world.assign(person, participant)
    async with opened(gateway_world, "socket") as door:
        async with door.socket(door.said(person)) as socket:
            variables = {"id": participant}
            subscribed = {"query": SUBSCRIPTION, "variables": variables}
            await _say(socket, type="subscribe", id="s", payload=subscribed)
            query = {"query": "query Q($id: ID!) { participant(id: $id) { name } }"}
            await _say(socket, type="subscribe", id="q", payload={**query, "variables": variables})
            first = await _hear(socket)
            assert (first["type"], first["id"]) == ("next", "q")
            assert first["payload"]["data"] == {"participant": {"name": "Ada"}}
            assert await _hear(socket) == {"type": "complete", "id": "q"}
            await _say(socket, type="ping", payload={"n": 1})
            assert await _hear(socket) == {"type": "pong", "payload": {"n": 1}}
            mutation = 'mutation M($id: ID!) { addNote(id: $id, text: "x") { participant { id } } }'
            await _say(
                socket,
                type="subscribe",
                id="m",
                payload={"query": mutation, "variables": variables},
            )
            assert (await _hear(socket))["payload"]["data"]["addNote"] is not None
            assert await _hear(socket) == {"type": "complete", "id": "m"}
            event = Event("releaseChanged", participant, door.gateway.feed.revision)
            door.hub.happened(event, [f"participant:{participant}"])
            told = await _hear(socket)
            assert (told["id"], told["payload"]["data"]["releaseChanged"]) == ("s", {"name": "Ada"})
            await _say(socket, type="complete", id="s")
            await eventually(lambda: len(door.hub) == 1)
        await eventually(lambda: len(door.hub) == 0)
    assert gateway_world.people.effects == [("addNote", participant)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (DEEP, "DEPTH_LIMIT"),
        ("{ " + " ".join(f"a{n}: courses {{ number }}" for n in range(40)) + " }", "ALIAS_LIMIT"),
        ("{ courses { number } " + " courses " * 2_100 + "}", "TOKEN_LIMIT"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("query { ... @defer { courses { number } } }", "INCREMENTAL_DELIVERY_REFUSED"),
        ("subscription { releaseChanged(participantId: 1) @stream { name } }",
         "INCREMENTAL_DELIVERY_REFUSED"),
        (TWO_ROOTS, "GRAPHQL_VALIDATION_FAILED"),
        (INTROSPECTED, "EXPANSION_LIMIT"),
        (INTROSPECTED.replace("__schema", "\r\n\t__schema\n"), "EXPANSION_LIMIT"),
    ],
    ids=[
        "deep", "aliases", "long", "unknown field", "no GraphQL", "defer", "stream", "two roots",
        "introspection", "introspection, with line breaks",
    ],
)  # fmt: skip
async def test_limits_are_those_of_every_transport(
    gateway_world: GatewayWorld, query: str, code: str
) -> None:
    """HD-09, HD-23: the same refusal at /graphql, by event stream and by WebSocket."""
    person = await gateway_world.person("CM")
    async with opened(gateway_world, "socket") as door:
        headers = door.headers(person)
        plain = await door.client.post("/graphql", json={"query": query}, headers=headers)
        stream = await door.client.post(
            "/subscriptions", json={"query": query},
            headers={**headers, "accept": "text/event-stream"},
        )  # fmt: skip
        async with door.socket(door.said(person)) as socket:
            await _say(socket, type="subscribe", id="1", payload={"query": query})
            message = await _hear(socket)
        assert (message["type"], message["id"]) == ("error", "1")
        refused = [plain.json()["errors"], stream.json()["errors"], message["payload"]]
    assert [each[0]["extensions"]["code"] for each in refused] == [code] * 3


async def test_a_subscription_is_sent_to_its_door(gateway_world: GatewayWorld) -> None:
    person = await gateway_world.person("CM")
    answer = await gateway_world_answer(gateway_world, person)
    assert (answer.status, answer.body["errors"][0]["extensions"]["code"]) == (
        400, "SUBSCRIPTION_TRANSPORT",
    )  # fmt: skip
    assert gateway_world.people_http.received == []


async def gateway_world_answer(world: GatewayWorld, person: Any) -> Any:
    async with world.gateway() as gateway:
        return await gateway.ask(person, SUBSCRIPTION, {"id": str(uuid4())})


async def test_a_process_that_stops_tells_its_connections_to_come_again(
    gateway_world: GatewayWorld,
) -> None:
    person = await gateway_world.person("CM")
    async with opened(gateway_world, "socket") as door, door.socket(door.said(person)) as socket:
        door.hub.end_streams()
        assert await _closed(socket) == 1012
