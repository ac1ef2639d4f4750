"""Peers that are slow, or send heads of any size, are dropped; nobody else notices.

Raw sockets against the server's own protocol. Deadlines are short here; nothing is timed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from infra.serve_protocol import BoundedProtocol, PeerLimits, bounded

PATIENCE_SECONDS = 60
QUICK = PeerLimits(request_seconds=0.2, stalled_seconds=0.2, head_bytes=8_192, headers=50)
NEVER = PeerLimits(request_seconds=600, stalled_seconds=600, head_bytes=8_192, headers=50)


class Echo:
    """An application that remembers what reached it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, bytes]] = []
        self.cut_off = asyncio.Event()

    async def small(self, request: Request) -> Response:
        body = await request.body()
        self.calls.append((request.method, request.url.path, body))
        client = request.client.host if request.client else ""
        return JSONResponse({"client": client, "scheme": request.scope["scheme"]})

    async def large(self, _request: Request) -> Response:
        return PlainTextResponse("x" * 64 * 1024 * 1024)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/large", self.large),
                Route("/{path:path}", self.small, methods=["GET", "POST"]),
            ]
        )


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Leave signals to the test run."""


@asynccontextmanager
async def serving(app: Starlette, limits: PeerLimits) -> AsyncIterator[int]:
    config = uvicorn.Config(
        app, http=bounded(limits), ws="none", lifespan="off", log_config=None, access_log=False,
        host="127.0.0.1", port=0, proxy_headers=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = _Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def _said(reader: asyncio.StreamReader) -> bytes:
    """Return all that the server says until it closes."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def _exchange(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    said = await _said(reader)
    writer.close()
    return said


async def _is_served(port: int) -> bool:
    said = await _exchange(port, b"GET /ok HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    return said.startswith(b"HTTP/1.1 200 ")


SLOW = {
    "says nothing": (b"", b""),
    "half a request line": (b"POST /gra", b"HTTP/1.1 408 "),
    "headers that never end": (b"GET / HTTP/1.1\r\nhost: x\r\nx-a: 1\r\n", b"HTTP/1.1 408 "),
    "a body that never ends": (
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc", b"HTTP/1.1 408 "),
    "chunks that never end": (
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 408 "),
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
async def test_a_slow_request_is_ended_and_others_are_served(name: str) -> None:
    sent, answer = SLOW[name]
    async with serving(Echo().app(), QUICK) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        assert await _is_served(port)
        said = await _said(reader)
        assert said.startswith(answer)
        assert (said == b"") is (answer == b"")
        writer.close()
        assert await _is_served(port)


async def test_a_server_without_deadlines_would_be_noticed() -> None:
    """Planted twin of the test above: whoever says nothing keeps the connection."""
    async with serving(Echo().app(), NEVER) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTT")
        for _ in range(5):  # others come and go meanwhile
            assert await _is_served(port)
        assert not reader.at_eof()
        writer.close()


async def test_a_byte_now_and_then_does_not_gain_time() -> None:
    async with serving(Echo().app(), QUICK) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nx-a: ")

        async def drip() -> None:
            while not writer.is_closing():
                writer.write(b"a")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        said = await _said(reader)
        dripping.cancel()
        writer.close()
        assert said.startswith(b"HTTP/1.1 408 ") or said == b""


async def test_an_answer_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    dropped, drop = asyncio.Event(), BoundedProtocol._drop

    def tell(protocol: BoundedProtocol) -> None:
        drop(protocol)
        dropped.set()

    monkeypatch.setattr(BoundedProtocol, "_drop", tell)
    async with serving(Echo().app(), QUICK) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        # Not a byte is read here until the server has let go of the connection.
        transport: Any = writer.transport
        transport.pause_reading()
        await dropped.wait()
        transport.resume_reading()
        read = 0
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                while chunk := await reader.read(65_536):
                    read += len(chunk)
            except ConnectionResetError:
                pass
        assert read < 64 * 1024 * 1024
        writer.close()


HEADS = {
    "one long header": b"GET / HTTP/1.1\r\nhost: x\r\nx-a: " + b"a" * 70_000 + b"\r\n\r\n",
    "a long cookie": b"GET / HTTP/1.1\r\nhost: x\r\ncookie: " + b"c" * 102_400 + b"\r\n\r\n",
    "a thousand headers": b"GET / HTTP/1.1\r\nhost: x\r\n" + b"x-a: 1\r\n" * 1_000 + b"\r\n",
    "a long address": b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    "a header without end": b"GET / HTTP/1.1\r\nhost: x\r\nx-a: " + b"a" * 70_000,
}


@pytest.mark.parametrize("name", HEADS)
async def test_a_head_beyond_the_limits_is_refused(name: str) -> None:
    echo = Echo()
    async with serving(echo.app(), NEVER) as port:
        said = await _exchange(port, HEADS[name])
        assert said.startswith(b"HTTP/1.1 431 ") or said == b""  # reset while it was still sending
        assert echo.calls == []
        assert await _is_served(port)


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n"
SMUGGLING = {
    "length and chunks": b"content-length: 6\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": b"content-length: 0\r\ncontent-length: 36\r\n\r\n" + SMUGGLED,
    "a list of lengths": b"content-length: 0, 36\r\n\r\n" + SMUGGLED,
    "a signed length": b"content-length: +5\r\n\r\nabcde" + SMUGGLED,
    "a length in hex": b"content-length: 0x5\r\n\r\nabcde" + SMUGGLED,
    "chunks named twice": b"transfer-encoding: identity\r\n"
    + CHUNKED
    + b"\r\n0\r\n\r\n"
    + SMUGGLED,
    "chunks not last": b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunks misspelt": b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "space before the colon": b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a folded header": b"x-a: b\r\n " + CHUNKED + b"\r\n0\r\n\r\n" + SMUGGLED,
    "bare line feed in a header": b"x-a: b\nx-c: d\r\ncontent-length: 0\r\n\r\n",
    "bare carriage return": b"x-a: b\rcontent-length: 5\r\n\r\n" + SMUGGLED,
    "NUL in a header": b"x-a: b\0c\r\n\r\n",
    "two hosts": b"host: y\r\ncontent-length: 0\r\n\r\n" + SMUGGLED,
    "a chunk size too large": CHUNKED + b"\r\nffffffffffffffffff\r\nabc",
    "a chunk size with a sign": CHUNKED + b"\r\n-1\r\nabc",
    "a chunk longer than it says": CHUNKED + b"\r\n2\r\nabcd\r\n0\r\n\r\n" + SMUGGLED,
    "a bare line feed after a chunk size": CHUNKED + b"\r\n2\nab\r\n0\r\n\r\n" + SMUGGLED,
}


@pytest.mark.parametrize("name", SMUGGLING)
async def test_a_request_of_two_meanings_is_refused(name: str) -> None:
    echo = Echo()
    async with serving(echo.app(), NEVER) as port:
        said = await _exchange(port, b"POST /first HTTP/1.1\r\nhost: x\r\n" + SMUGGLING[name])
        assert said.startswith(b"HTTP/1.1 400 ") or b"\r\n\r\nHTTP" not in said
        assert b"HTTP/1.1 400 " in said
        assert not [path for _, path, _ in echo.calls if path == "/smuggled"]


async def test_what_a_proxy_may_say_is_not_believed_from_anybody() -> None:
    echo = Echo()
    spoof = (
        b"GET http://elsewhere.example/first HTTP/1.1\r\nhost: a\r\n"
        b"x-forwarded-for: 10.9.9.9\r\nx-forwarded-proto: https\r\nforwarded: for=10.9.9.9\r\n"
        b"x-real-ip: 10.9.9.9\r\nconnection: close\r\n\r\n"
    )
    async with serving(echo.app(), NEVER) as port:
        said = await _exchange(port, spoof)
    assert b'{"client":"127.0.0.1","scheme":"http"}' in said
    assert [path for _, path, _ in echo.calls] == ["/first"]


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /first HTTP/1.0\r\n\r\n",
        (b"GET /first HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings, close\r\n"
         b"upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n"),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT elsewhere:443 HTTP/1.1\r\nhost: elsewhere:443\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["HTTP/1.0", "h2c upgrade", "HTTP/2 preface", "CONNECT", "TLS on a plain port"],
)  # fmt: skip
async def test_other_protocols_are_answered_plainly_or_refused(sent: bytes) -> None:
    async with serving(Echo().app(), QUICK) as port:
        said = await _exchange(port, sent)
        first = said.split(b"\r\n", 1)[0]
        assert b" 101 " not in first
        assert not said or first.split()[1] in (b"200", b"400", b"404", b"405", b"408")
        assert await _is_served(port)
