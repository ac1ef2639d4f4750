"""The client of our own programs, against real servers on loopback and on a Unix socket."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from infra.http_client import (
    HttpAddress,
    HttpClient,
    HttpProtocolError,
    HttpTimeoutError,
    HttpUnreachableError,
)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with method, path, a header and the body of the request."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = dict(scope["headers"])
    if scope["path"] == "/slow":
        await asyncio.sleep(1)
    answer = b"|".join([scope["method"].encode(), headers.get(b"x-who", b"-"), body])
    if scope["path"] == "/large":
        answer = b"x" * 200_000
    status = 503 if scope["path"] == "/down" else 200
    await send({"type": "http.response.start", "status": status, "headers": [(b"X-A", b"1")]})
    await send({"type": "http.response.body", "body": answer})


@contextlib.asynccontextmanager
async def uvicorn_server(path: Path) -> AsyncIterator[str]:
    config = uvicorn.Config(echo, uds=str(path), lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110  uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        yield f"unix:{path}"
    finally:
        server.should_exit = True
        await task
        listening.close()


@contextlib.asynccontextmanager
async def raw_server(handler: Handler) -> AsyncIterator[str]:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(closing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"tcp:127.0.0.1:{port}"
    finally:
        server.close()


@contextlib.asynccontextmanager
async def client_for(address: str, **limits: int) -> AsyncIterator[HttpClient]:
    client = HttpClient(address, **limits)
    try:
        yield client
    finally:
        await client.close()


def answering(answer: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return handler


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unix:/run/a.sock", HttpAddress("/run/a.sock", "localhost", 0)),
        ("tcp:127.0.0.1:81", HttpAddress(None, "127.0.0.1", 81)),
        ("http://host", HttpAddress(None, "host", 80)),
        ("http://[::1]:9", HttpAddress(None, "::1", 9)),
    ],
)
def test_address_forms(text: str, expected: HttpAddress) -> None:
    assert HttpAddress.parse(text) == expected


@pytest.mark.parametrize("text", ["", "ftp://h", "http://u@h", "http://h/p", "unix:rel", "h:1"])
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        HttpAddress.parse(text)


async def test_post_over_a_unix_socket_reuses_its_connection(tmp_path: Path) -> None:
    async with uvicorn_server(tmp_path / "s") as address, client_for(address) as client:
        for number in range(3):
            body = str(number).encode()
            answer = await client.request("POST", "/", {"x-who": "me"}, body, timeout_seconds=60)
            assert (answer.status, answer.body) == (200, b"POST|me|" + body)
            assert answer.headers["x-a"] == "1"
        assert len(client._connections) == 1
        down = await client.request("GET", "/down", {}, timeout_seconds=60)
        assert (down.status, down.body) == (503, b"GET|-|")


async def test_calls_wait_for_a_connection_and_the_queue_is_bounded(tmp_path: Path) -> None:
    async with (
        uvicorn_server(tmp_path / "s") as address,
        client_for(address, max_connections=2, max_waiting=10) as client,
    ):
        calls = [client.request("POST", "/", {}, b"x", timeout_seconds=60) for _ in range(12)]
        assert {answer.body for answer in await asyncio.gather(*calls)} == {b"POST|-|x"}
        assert len(client._connections) == 2
        calls = [client.request("POST", "/", {}, b"x", timeout_seconds=60) for _ in range(13)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(result, HttpUnreachableError) for result in results) == 1
        assert client._slots_taken == 2


async def test_the_deadline_covers_answer_and_queue_and_frees_the_slot(tmp_path: Path) -> None:
    async with (
        uvicorn_server(tmp_path / "s") as address,
        client_for(address, max_connections=1) as client,
    ):
        calls = [client.request("GET", "/slow", {}, timeout_seconds=0.2) for _ in range(2)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [HttpTimeoutError, HttpTimeoutError]
        assert (await client.request("GET", "/", {}, timeout_seconds=60)).status == 200


async def test_a_cancelled_call_gives_its_slot_back(tmp_path: Path) -> None:
    async with (
        uvicorn_server(tmp_path / "s") as address,
        client_for(address, max_connections=1) as client,
    ):
        call = asyncio.create_task(client.request("GET", "/slow", {}, timeout_seconds=60))
        waiting = asyncio.create_task(client.request("GET", "/slow", {}, timeout_seconds=60))
        await asyncio.sleep(0.1)
        waiting.cancel()
        call.cancel()
        await asyncio.gather(call, waiting, return_exceptions=True)
        assert (await client.request("GET", "/", {}, timeout_seconds=60)).body == b"GET|-|"


async def test_an_answer_over_the_limit_is_refused(tmp_path: Path) -> None:
    async with (
        uvicorn_server(tmp_path / "s") as address,
        client_for(address, max_response_bytes=199_999) as client,
    ):
        with pytest.raises(HttpProtocolError):
            await client.request("GET", "/large", {}, timeout_seconds=60)
        assert (await client.request("GET", "/", {}, timeout_seconds=60)).status == 200


async def test_nobody_listening_is_unreachable(tmp_path: Path) -> None:
    async with client_for(f"unix:{tmp_path / 'none'}", max_connections=1) as client:
        for _ in range(2):
            with pytest.raises(HttpUnreachableError):
                await client.request("GET", "/", {}, timeout_seconds=60)


async def test_a_dead_idle_connection_is_replaced_once() -> None:
    requests: list[int] = []

    async def one_answer_then_close(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        requests.append(1)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await reader.readuntil(b"\r\n\r\n")  # a second request on the connection: no answer

    async with raw_server(one_answer_then_close) as address, client_for(address) as client:
        for _ in range(3):
            answer = await client.request("GET", "/", {}, timeout_seconds=60)
            assert answer.body == b"ok"
        assert len(requests) == 3


async def test_a_request_that_must_not_repeat_gets_its_own_connection() -> None:
    connections: list[int] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    async def until_gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await handler(reader, writer)

    async with raw_server(until_gone) as address, client_for(address) as client:
        await client.request("GET", "/", {}, timeout_seconds=60)
        await client.request("POST", "/", {}, b"", timeout_seconds=5, idempotent=False)
        assert len(connections) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000,
    ],
)
async def test_garbage_is_a_protocol_error(answer: bytes) -> None:
    async with raw_server(answering(answer)) as address, client_for(address) as client:
        with pytest.raises(HttpProtocolError):
            await client.request("GET", "/", {}, timeout_seconds=60)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx", b"x"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", b"ab"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
async def test_every_framing_of_a_body(answer: bytes, body: bytes) -> None:
    async with raw_server(answering(answer)) as address, client_for(address) as client:
        assert (await client.request("GET", "/", {}, timeout_seconds=60)).body == body


async def test_a_cut_answer_is_not_taken_for_a_whole_one() -> None:
    cut = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
    async with raw_server(cut) as address, client_for(address) as client:
        with pytest.raises(HttpUnreachableError):
            await client.request("GET", "/", {}, timeout_seconds=60)


async def test_bytes_after_an_answer_never_reach_the_next_call() -> None:
    good = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"
    planted = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil"

    async def two_for_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(good + planted)
        await reader.read()

    async with raw_server(two_for_one) as address, client_for(address) as client:
        for _ in range(3):
            answer = await client.request("GET", "/", {}, timeout_seconds=60)
            assert answer.body == b"good"


@pytest.mark.parametrize("value", ["a\r\nx: y", "a\nb", "a\rb"])
async def test_a_line_break_cannot_enter_the_head(value: str) -> None:
    async with client_for("tcp:127.0.0.1:1") as client:
        with pytest.raises(ValueError, match="line break"):
            await client.request("GET", "/", {"x-who": value}, timeout_seconds=60)


async def test_close_ends_calls_under_way_and_refuses_new_ones(tmp_path: Path) -> None:
    async with uvicorn_server(tmp_path / "s") as address:
        client = HttpClient(address, max_connections=1)
        calls = [
            asyncio.create_task(client.request("GET", "/slow", {}, timeout_seconds=60))
            for _ in range(2)
        ]
        await asyncio.sleep(0.1)
        await client.close()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [HttpUnreachableError] * 2
        with pytest.raises(HttpUnreachableError):
            await client.request("GET", "/", {}, timeout_seconds=60)
