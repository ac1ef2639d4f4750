"""``/subscriptions`` as a WebSocket: graphql-transport-ws.

One connection acts under one token, grant and purpose, said in ``connection_init`` or in headers of
the handshake, and checked once as for a request: signature, directory, possession. Each of its
operations then runs as a request of its own. The older ``graphql-ws`` subprotocol is not offered.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.errors import RequestRefusedError, error
from gateway.exchange import GraphQLRequest, Visitor
from gateway.subscriptions import ChangeHub, End, Interest, StreamOpener, Watcher
from gateway.subscriptions.lasting import next_call
from gateway.web.credentials import CredentialsReader
from gateway.web.graphql_endpoint import read_operation
from gateway.web.socket_messages import (
    OF_STATUS,
    SUBPROTOCOL,
    Close,
    Message,
    SocketClosedError,
    init_headers,
    read,
    write,
)
from infra.telemetry import logs, metrics

INIT_SECONDS: Final = 3.0
SEND_SECONDS: Final = 10.0
MAX_UNSENT: Final = 200
_ENDED: Final = {
    End.TOKEN: (Close.UNAUTHORIZED, "UNAUTHENTICATED"),
    End.ROLE: (Close.FORBIDDEN, "GRANT_REQUIRED"),
    End.STOPPING: (Close.RESTART, "OVERLOADED"),
}

_log = structlog.get_logger(__name__)


class EventSocketEndpoint:
    """Takes connections."""

    def __init__(
        self,
        opener: StreamOpener,
        credentials: CredentialsReader,
        origins: Iterable[str] = (),
        init_seconds: float = INIT_SECONDS,
    ) -> None:
        """Make the endpoint.

        Args:
            opener: opens streams.
            credentials: reads who asks.
            origins: whose pages may connect beside our own.
            init_seconds: how long a client may take to say who it is.
        """
        self.opener = opener
        self.credentials = credentials
        self.init_seconds = init_seconds
        self._origins = frozenset(origins)

    async def __call__(self, socket: WebSocket) -> None:
        """Serve one connection."""
        if not self._is_known_origin(socket):
            await socket.close()  # before it was accepted: answered with 403
            return
        try:
            self.credentials.admit(_handshake(socket, {}))
        except RequestRefusedError as refused:
            metrics.REFUSALS.labels(refused.code).inc()
            await socket.close()
            return
        if SUBPROTOCOL not in socket.scope["subprotocols"]:
            await socket.accept()
            await socket.close(Close.SUBPROTOCOL, "Subprotocol not acceptable")
            return
        await socket.accept(SUBPROTOCOL)
        await _Connection(self, socket).serve()

    def _is_known_origin(self, socket: WebSocket) -> bool:
        origins = socket.headers.getlist("origin")
        if not origins:
            return True  # no browser
        own = socket.headers.get("host", "")
        return len(origins) == 1 and (
            origins[0] in self._origins or urlsplit(origins[0]).netloc == own
        )


class _Connection:
    """One connection: who it is, and its operations."""

    def __init__(self, endpoint: EventSocketEndpoint, socket: WebSocket) -> None:
        self._endpoint = endpoint
        self._opener = endpoint.opener
        self._hub: ChangeHub = endpoint.opener.hub
        self._socket = socket
        self._unsent: asyncio.Queue[str | SocketClosedError] = asyncio.Queue()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._asked: GraphQLRequest | None = None
        self._headers: Mapping[str, str] = {}

    async def serve(self) -> None:
        """Serve until either side ends it."""
        sending = asyncio.create_task(self._send(), name="socket-send")
        try:
            await self._receive()
        except SocketClosedError as closed:
            self._unsent.put_nowait(closed)
            with suppress(TimeoutError):
                async with asyncio.timeout(SEND_SECONDS):
                    await asyncio.shield(sending)
        except WebSocketDisconnect:
            pass
        finally:
            for task in [sending, *self._running.values()]:
                task.cancel()
            await asyncio.gather(sending, *self._running.values(), return_exceptions=True)

    async def _receive(self) -> None:
        try:
            async with asyncio.timeout(self._endpoint.init_seconds):
                message = await self._message()
                while message.kind == "ping":
                    self._say(write("pong", payload=message.payload))
                    message = await self._message()
        except TimeoutError:
            raise SocketClosedError(
                Close.INIT_TIMEOUT, "Connection initialisation timeout"
            ) from None
        if message.kind != "connection_init":
            raise SocketClosedError(Close.UNAUTHORIZED, "UNAUTHENTICATED")
        visitor = await self._admit(message.payload)
        self._hub.connect(visitor.person)
        try:
            watcher = self._hub.open(visitor.person, visitor.client, _lasting(visitor))
        except BaseException:
            self._hub.disconnect(visitor.person)
            raise
        lasting = asyncio.create_task(self._last(watcher), name="socket-lasting")
        try:
            self._say(write("connection_ack"))
            while True:
                self._take(await self._message())
        finally:
            lasting.cancel()
            self._hub.close(watcher)
            self._hub.disconnect(visitor.person)

    async def _message(self) -> Message:
        given = await self._socket.receive()
        if given["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(given.get("code", 1005))
        return read(given.get("text"))

    async def _admit(self, payload: object) -> Visitor:
        self._headers = init_headers(payload)
        request = _handshake(self._socket, self._headers)
        try:
            token, shown = self._endpoint.credentials.read(request)
            asked = GraphQLRequest(
                token=token,
                query=None,
                purpose=request.headers.get("purpose-of-use"),
                acting_grant=request.headers.get("acting-grant"),
                possession=shown,
            )
            visitor = await self._opener.pipeline.admit(asked)
        except RequestRefusedError as refused:
            raise _closed(refused) from None
        self._asked = replace(asked, is_proven=True)
        return visitor

    async def _last(self, watcher: Watcher) -> None:
        """End the connection with its token, its role or the process."""
        assert self._asked is not None  # noqa: S101 - it was admitted
        check = partial(self._opener.pipeline.admit, replace(self._asked, is_look=True))
        while True:
            call = await next_call(watcher, check)
            if isinstance(call, End):
                self._end(call)
                return

    def _take(self, message: Message) -> None:
        if message.kind == "connection_init":
            raise SocketClosedError(Close.TOO_MANY, "Too many initialisation requests")
        if message.kind == "ping":
            self._say(write("pong", payload=message.payload))
        elif message.kind == "complete":
            running = self._running.pop(message.id, None)
            if running is not None:
                running.cancel()
        elif message.kind == "subscribe":
            if message.id in self._running:
                raise SocketClosedError(Close.DUPLICATE, "Subscriber already exists")
            if len(self._running) >= self._hub.limits.of_connection:
                raise SocketClosedError(Close.TOO_MANY, "STREAM_LIMIT")
            task = asyncio.create_task(self._operate(message), name="socket-operation")
            self._running[message.id] = task

    async def _operate(self, message: Message) -> None:
        try:
            asked = self._read(message.payload)
            visitor = await self._opener.pipeline.visitor(replace(asked, is_look=True))
            if visitor.kind == "subscription" or asked.watched:
                await self._stream(message.id, asked)
            else:
                answer = await self._opener.pipeline.answer(asked)
                if "data" in answer.body:
                    self._say(write("next", message.id, answer.body))
                    self._finish(message.id, write("complete", message.id))
                else:
                    self._finish(message.id, write("error", message.id, answer.body["errors"]))
        except RequestRefusedError as refused:
            metrics.REFUSALS.labels(refused.code).inc()
            self._finish(message.id, write("error", message.id, refused.errors))
        except Exception as failure:
            _log.error("operation_failed", error_chain=logs.error_chain(failure))
            self._finish(message.id, write("error", message.id, [error("INTERNAL")]))

    def _read(self, payload: object) -> GraphQLRequest:
        assert self._asked is not None  # noqa: S101 - it was admitted
        read_from = read_operation(
            payload, self._asked.token, _handshake(self._socket, self._headers).headers,
            self._asked.possession,
        )  # fmt: skip
        return replace(read_from, is_proven=True, wants_plan=False)

    async def _stream(self, number: str, asked: GraphQLRequest) -> None:
        stream = await self._opener.open(asked)
        try:
            first = await self._opener.first(stream, asked)
            if first is not None:
                if first.status != 200 or "data" not in first.body:
                    self._finish(number, write("error", number, first.body["errors"]))
                    return
                self._say(write("next", number, first.body))
            end = await stream.run(lambda body: self._say(write("next", number, body)))
        finally:
            self._hub.close(stream.watcher)
        if end is End.SIGN_IN:  # the connection is good for other operations
            self._finish(number, write("complete", number))
            return
        self._end(end)

    def _finish(self, number: str, last: str) -> None:
        self._running.pop(number, None)
        self._say(last)

    def _end(self, end: End) -> None:
        self._unsent.put_nowait(SocketClosedError(*_ENDED[end]))

    def _say(self, text: str) -> None:
        if self._unsent.qsize() >= MAX_UNSENT:
            self._unsent.put_nowait(SocketClosedError(Close.LATER, "OVERLOADED"))
        self._unsent.put_nowait(text)

    async def _send(self) -> None:
        """Send in order; a client that does not read is left."""
        while True:
            text = await self._unsent.get()
            with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
                async with asyncio.timeout(SEND_SECONDS):
                    if isinstance(text, SocketClosedError):
                        await self._socket.close(text.code, text.reason)
                        return
                    await self._socket.send_text(text)
                    continue
            with suppress(RuntimeError, WebSocketDisconnect):
                await self._socket.close(Close.LATER)
            return


def _lasting(visitor: Visitor) -> Interest:
    return Interest(
        ending=frozenset(visitor.keys), until=visitor.expires_at, valid_until=visitor.valid_until
    )


def _closed(refused: RequestRefusedError) -> SocketClosedError:
    nonce = refused.headers.get("dpop-nonce")
    reason = refused.code if nonce is None else f"use_dpop_nonce {nonce}"
    return SocketClosedError(OF_STATUS.get(refused.status, Close.LATER), reason)


def _handshake(socket: WebSocket, said: Mapping[str, Any]) -> Request:
    """Return the handshake as the request it was, with what ``connection_init`` adds to it.

    What is said in both places stands there twice, and is refused like a header that is.
    """
    added = [(name.encode(), value.encode()) for name, value in said.items()]
    return Request(
        {
            **socket.scope,
            "type": "http",
            "method": "GET",
            "headers": [*socket.scope["headers"], *added],
        }
    )
