"""One HTTP/1.1 connection: an asyncio Protocol on httptools, one exchange at a time.

The other half of infra.http_client, which pools these; nothing else uses them.

    HttpClientError
    ├── HttpUnreachableError   no connection, a full queue, or a connection lost half-way
    ├── HttpTimeoutError       the deadline of the call passed
    └── HttpProtocolError      an answer that is not HTTP, is compressed or is too large
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httptools

_MAX_HEAD_BYTES: Final = 65_536


class HttpClientError(Exception):
    """A call failed; the text is static and safe to log."""

    code = "HTTP_CLIENT_ERROR"


class HttpUnreachableError(HttpClientError):
    """No usable connection could be had, or it was lost before the answer was whole."""

    code = "HTTP_UNREACHABLE"


class HttpTimeoutError(HttpClientError):
    """The deadline of the call passed before the answer was whole."""

    code = "HTTP_TIMEOUT"


class HttpProtocolError(HttpClientError):
    """The answer is not HTTP/1.x as we accept it, or larger than allowed."""

    code = "HTTP_PROTOCOL"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole answer; header names are lower case, repeated headers joined by a comma."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Pool(Protocol):
    """Where connections belong."""

    def forget(self, connection: "Connection") -> None:
        """The connection is gone."""
        ...


class Connection(asyncio.Protocol):
    """One connection; carries one exchange at a time."""

    __slots__ = (
        "_body",
        "_body_bytes",
        "_desynchronised",
        "_head_bytes",
        "_headers",
        "_headers_done",
        "_keep_alive",
        "_max_response_bytes",
        "_parser",
        "_pool",
        "_transport",
        "answer",
        "closed",
        "is_open",
        "touched",
    )

    def __init__(self, pool: "Pool", max_response_bytes: int) -> None:
        self._pool = pool
        self._max_response_bytes = max_response_bytes
        self._transport: Any = None
        self._parser = httptools.HttpResponseParser(self)
        self.answer: asyncio.Future[HttpResponse] | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_open = False
        self._desynchronised = False
        self._begin()

    def _begin(self) -> None:
        self.touched = False
        self._headers: dict[str, str] = {}
        self._headers_done = False
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._keep_alive = False

    def send(self, request: bytes) -> "asyncio.Future[HttpResponse]":
        """Write a request; the future ends with the answer or an HttpClientError."""
        self._begin()
        self.answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self.answer

    @property
    def is_reusable(self) -> bool:
        """Whether another exchange may follow on this connection."""
        return self.is_open and self._keep_alive and not self._desynchronised

    def abort(self) -> None:
        """Drop the connection without waiting."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    def fail(self, error: HttpClientError) -> None:
        """End the exchange with an error; the connection cannot be used again."""
        self.abort()
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(error)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: connected."""
        self._transport = transport
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """asyncio: some of the answer is here."""
        if self.answer is None or self.answer.done():
            # Bytes that nobody asked for: the next answer could be read as another's.
            self._desynchronised = True
            self.abort()
            return
        self.touched = True
        if not self._headers_done:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.fail(HttpProtocolError("the answer is not valid HTTP"))
            return
        except httptools.HttpParserUpgrade:
            self.fail(HttpProtocolError("the answer switches protocols"))
            return
        if not self._headers_done and self._head_bytes > _MAX_HEAD_BYTES:
            self.fail(HttpProtocolError("the head of the answer is too large"))

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: closed; an answer without a length ends here."""
        self.is_open = False
        if self.answer is not None and not self.answer.done():
            ends_at_close = (
                exc is None
                and self._headers_done
                and "content-length" not in self._headers
                and "transfer-encoding" not in self._headers
            )
            if ends_at_close:
                self._finish()
            else:
                self.answer.set_exception(HttpUnreachableError("the connection was lost"))
        if not self.closed.done():
            self.closed.set_result(None)
        self._pool.forget(self)

    # httptools callbacks

    def on_message_begin(self) -> None:
        """httptools: an answer begins; after a whole one, nobody asked for it."""
        if self.answer is not None and self.answer.done():
            self._desynchronised = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools: one header."""
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        previous = self._headers.get(key)
        self._headers[key] = text if previous is None else f"{previous}, {text}"

    def on_headers_complete(self) -> None:
        """httptools: the head is whole; refuse early what is too large."""
        if self._parser.get_status_code() < 200:
            return
        self._headers_done = True
        if self._headers.get("content-encoding", "identity") != "identity":
            self.fail(HttpProtocolError("the answer is compressed"))
            return
        length = self._headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._max_response_bytes:
            self.fail(HttpProtocolError("the answer is too large"))

    def on_body(self, body: bytes) -> None:
        """httptools: some of the body."""
        self._body_bytes += len(body)
        if self._body_bytes > self._max_response_bytes:
            self.fail(HttpProtocolError("the answer is too large"))
            return
        self._body.append(body)

    def on_message_complete(self) -> None:
        """httptools: the answer is whole."""
        if self._parser.get_status_code() < 200:
            self._headers = {}  # an interim answer (RFC 9110 15.2); the real one follows
            return
        self._keep_alive = self._parser.should_keep_alive()
        self._finish()

    def _finish(self) -> None:
        if self.answer is None or self.answer.done():
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self.answer.set_result(HttpResponse(self._parser.get_status_code(), self._headers, body))
