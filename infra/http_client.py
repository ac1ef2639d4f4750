"""A small HTTP/1.1 client for calls between our own programs.

Responsible for: a bounded keep-alive pool to one address, one deadline per call, a bounded
response, and errors that carry no address, header or body.  It leaves to its callers: URLs,
authentication, JSON, redirects (never followed) and compression (never asked for).

Measured against the packaged clients, a Protocol on httptools costs a quarter or less of their
CPU per call, and an operation makes several calls.  HTTP semantics follow RFC 9110 and RFC 9112.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from infra.http_connection import (
    Connection,
    HttpClientError,
    HttpProtocolError,
    HttpResponse,
    HttpTimeoutError,
    HttpUnreachableError,
)

__all__ = [
    "BUDGET_HEADER",
    "HttpAddress",
    "HttpClient",
    "HttpClientError",
    "HttpProtocolError",
    "HttpResponse",
    "HttpTimeoutError",
    "HttpUnreachableError",
]


BUDGET_HEADER = "gt-budget-ms"
"""Milliseconds that the caller still waits: nobody reads an answer that takes longer."""


@dataclass(frozen=True, slots=True)
class HttpAddress:
    """Where a server listens: a Unix socket path, or a host and a port, with TLS or without."""

    socket_path: str | None
    host: str
    port: int
    is_secure: bool = False

    @classmethod
    def parse(cls, address: str) -> "HttpAddress":
        """Read `unix:/path`, `tcp:host:port` or `http(s)://host[:port]`; ValueError otherwise."""
        if address.startswith("unix:/"):
            return cls(socket_path=address[len("unix:") :], host="localhost", port=0)
        url = urlsplit(address.replace("tcp:", "http://", 1) if address[:4] == "tcp:" else address)
        is_web = url.scheme in ("http", "https") and bool(url.hostname)
        if not is_web or url.hostname is None or url.username or url.path.strip("/"):
            message = "an address is unix:/path, tcp:host:port or http(s)://host[:port]"
            raise ValueError(message)
        is_secure = url.scheme == "https"
        port = url.port or (443 if is_secure else 80)
        return cls(socket_path=None, host=url.hostname, port=port, is_secure=is_secure)

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        if self.socket_path is not None:
            return "localhost"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class HttpClient:
    """Calls to one address over a bounded pool of keep-alive connections.

    Args:
        address: `unix:/path`, `tcp:host:port` or `http(s)://host[:port]`. With `https` the server
            must show a certificate for its name that the machine's authorities vouch for.
        max_connections: connections open at once; further calls wait in order of arrival.
        max_response_bytes: largest body accepted.
        max_waiting: calls that may wait for a connection; one more is refused at once.
    """

    def __init__(
        self,
        address: str,
        *,
        max_connections: int = 64,
        max_response_bytes: int = 16 * 1024 * 1024,
        max_waiting: int = 1024,
    ) -> None:
        self._address = HttpAddress.parse(address)
        self._tls = ssl.create_default_context() if self._address.is_secure else None
        self._max_connections = max_connections
        self._host = f"host: {self._address.authority}"
        self._max_response_bytes = max_response_bytes
        self._max_waiting = max_waiting
        self._idle: list[Connection] = []
        self._connections: set[Connection] = set()
        self._slots_taken = 0
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._is_closed = False

    async def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout_seconds: float,
        idempotent: bool = True,
    ) -> HttpResponse:
        """Send one request and return the whole answer, whatever its status.

        A request that is `idempotent` may reuse an idle connection and is sent again, once, if
        that connection turns out dead before any byte of an answer.  Any other request gets a
        connection of its own, so that it is never sent twice (RFC 9110 9.2.2).

        Args:
            timeout_seconds: for everything: waiting for a connection, connecting, the answer.

        Raises:
            HttpClientError: one of its three kinds, see the module.
            ValueError: a header, the method or the path contains a line break.
        """
        message = self._encode(method, path, headers, body)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_seconds
        may_reuse = idempotent
        while True:
            connection, is_reused = await self._acquire(deadline, may_reuse=may_reuse)
            answer = connection.send(message)
            timer = loop.call_at(deadline, connection.fail, HttpTimeoutError("no answer in time"))
            try:
                return await answer
            except HttpUnreachableError:
                if not is_reused or connection.touched or self._is_closed:
                    raise
                may_reuse = False
            finally:
                timer.cancel()
                if not answer.done() or answer.cancelled():
                    connection.abort()  # the caller went away; the answer would arrive for nobody
                self._release(connection)

    async def close(self) -> None:
        """Drop every connection; calls under way end with HttpUnreachableError."""
        self._is_closed = True
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(HttpUnreachableError("the client is closed"))
        connections = list(self._connections)
        self._idle.clear()
        for connection in connections:
            connection.abort()
        if connections:
            await asyncio.wait([connection.closed for connection in connections])

    def _encode(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", self._host]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body or method not in ("GET", "HEAD"):
            lines.append(f"content-length: {len(body)}")
        head = "\r\n".join(lines)
        if head.count("\r") != len(lines) - 1 or head.count("\n") != len(lines) - 1:
            message = "a line break in a request head"
            raise ValueError(message)
        if method == "HEAD":
            message = "HEAD is not offered"
            raise ValueError(message)
        return head.encode("latin-1") + b"\r\n\r\n" + body

    async def _acquire(self, deadline: float, *, may_reuse: bool) -> tuple[Connection, bool]:
        if self._is_closed:
            raise HttpUnreachableError("the client is closed")
        while may_reuse and self._idle:
            connection = self._idle.pop()
            if connection.is_reusable:
                return connection, True
            self._slots_taken -= 1
        if self._slots_taken >= self._max_connections and self._idle:
            self._idle.pop(0).abort()
            self._slots_taken -= 1
        if self._slots_taken >= self._max_connections:
            handed = await self._wait(deadline)
            if handed is not None:
                if may_reuse and handed.is_reusable:
                    return handed, True
                handed.abort()
        else:
            self._slots_taken += 1
        return await self._connect(deadline), False

    async def _wait(self, deadline: float) -> Connection | None:
        """Wait for a connection, or for None: the right to open one."""
        if len(self._waiting) >= self._max_waiting:
            raise HttpUnreachableError("too many calls are waiting")
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout_at(deadline):
                return await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._pass_on(waiter.result())  # handed over just as this call gave up
            elif not waiter.done():
                waiter.cancel()
            if isinstance(error, TimeoutError):
                raise HttpTimeoutError("no connection in time") from None
            raise

    async def _connect(self, deadline: float) -> Connection:
        loop = asyncio.get_running_loop()

        def protocol() -> Connection:
            return Connection(self, self._max_response_bytes)

        address = self._address
        try:
            async with asyncio.timeout_at(deadline):
                if address.socket_path is not None:
                    _, made = await loop.create_unix_connection(protocol, address.socket_path)
                else:
                    _, made = await loop.create_connection(
                        protocol, address.host, address.port, ssl=self._tls
                    )
        except BaseException as error:
            self._pass_on(None)
            if isinstance(error, TimeoutError):
                raise HttpTimeoutError("no connection in time") from None
            if isinstance(error, OSError):
                raise HttpUnreachableError("no connection could be made") from None
            raise
        self._connections.add(made)
        if self._is_closed:
            made.abort()
        return made

    def _release(self, connection: Connection) -> None:
        if connection.is_reusable and not self._is_closed:
            self._pass_on(connection)
        else:
            connection.abort()
            self._pass_on(None)

    def _pass_on(self, connection: Connection | None) -> None:
        """Give a connection, or the slot of a dead one, to the next waiter or back to the pool."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if connection is None or not connection.is_reusable:
            self._slots_taken -= 1
        else:
            self._idle.append(connection)

    def forget(self, connection: Connection) -> None:
        """Called by a connection that is gone."""
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
            self._slots_taken -= 1
