"""uvicorn's HTTP protocol with the bounds that it lacks: slow peers, and heads of any size.

A peer that opens a connection and sends nothing, a byte now and then, or reads nothing of its
answer holds a socket and memory for as long as it likes; and httptools takes as many and as large
headers as are sent. Limits of RFC 9110 15.5.9 (408) and RFC 6585 5 (431).
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


@dataclass(frozen=True, slots=True)
class PeerLimits:
    """What a peer may take.

    Attributes:
        request_seconds: from the first byte of a request to its last; from a connection's start
            to the first byte.
        stalled_seconds: how long an answer waits for a peer that does not read.
        head_bytes: of request line and headers.
        headers: number of them.
    """

    request_seconds: float = 15.0
    stalled_seconds: float = 30.0
    head_bytes: int = 32_768
    headers: int = 100


class _HeadTooLargeError(Exception):
    """Ends the parsing of a request whose head is beyond the limits."""


class _UnclearHeadError(Exception):
    """Ends the parsing of a request that another server may read in another way."""


_REFUSAL: Final = (
    "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\n"
    "content-length: 0\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
)
_TOO_LARGE: Final = "431 Request Header Fields Too Large"
_TOO_SLOW: Final = "408 Request Timeout"


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 for peers that nobody trusts."""

    limits = PeerLimits()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._is_in_head = True
        self._is_in_message = True  # a connection begins by waiting for a request
        self._has_begun = False
        self._head_bytes = 0
        self._fields_bytes = 0
        self._is_too_large = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the peer its time for the first request."""
        super().connection_made(transport)
        self._give_time()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over: from here on the WebSocket's own deadlines hold."""
        self._take_time()
        self._stop_stalled()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._take_time()
        self._stop_stalled()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, within the limits."""
        was_in_head = self._is_in_head
        super().data_received(data)
        if was_in_head and self._is_in_head and self._has_begun:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.head_bytes:
                self._refuse(_TOO_LARGE)
                return
        if not self._is_in_message:
            self._take_time()
        elif self._deadline is None:
            self._give_time()

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._is_in_head = self._is_in_message = self._has_begun = True
        self._head_bytes = self._fields_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, if it still fits."""
        super().on_header(name, value)
        self._fields_bytes += len(name) + len(value)
        is_too_much = self._fields_bytes > self.limits.head_bytes
        if is_too_much or len(self.headers) > self.limits.headers:
            self._is_too_large = True
            raise _HeadTooLargeError

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address, if it still fits."""
        super().on_url(url)
        if len(self.url) > self.limits.head_bytes:
            self._is_too_large = True
            raise _HeadTooLargeError

    def on_headers_complete(self) -> None:
        """Note that the head has ended; refuse what would hide one request in another.

        RFC 9112 6.1 and 6.3: one way of saying how long the body is, and one host.
        """
        self._is_in_head = False
        encodings = [value for name, value in self.headers if name == b"transfer-encoding"]
        hosts = sum(name == b"host" for name, _ in self.headers)
        if len(encodings) > 1 or any(each.lower() != b"chunked" for each in encodings) or hosts > 1:
            raise _UnclearHeadError
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the request has ended."""
        self._is_in_message = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be parsed; a head that is too large by its own status."""
        if self._is_too_large:
            self._refuse(_TOO_LARGE)
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        """Begin to wait for a peer that does not read."""
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(self.limits.stalled_seconds, self._drop)

    def resume_writing(self) -> None:
        """Go on."""
        self._stop_stalled()
        super().resume_writing()

    def _give_time(self) -> None:
        self._take_time()
        self._deadline = self.loop.call_later(self.limits.request_seconds, self._too_slow)

    def _take_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _stop_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _too_slow(self) -> None:
        cycle: Any = self.cycle  # None before the first request
        has_answered = cycle is not None and cycle.response_started
        if not self._has_begun or has_answered:
            self.transport.close()
        else:
            self._refuse(_TOO_SLOW)

    def _drop(self) -> None:
        self.transport.abort()

    def _refuse(self, status: str) -> None:
        if not self.transport.is_closing():
            self.transport.write(_REFUSAL.format(status=status).encode("ascii"))
            self.transport.close()


def bounded(limits: PeerLimits) -> type[BoundedProtocol]:
    """Return the protocol with other limits."""
    return type("BoundedProtocol", (BoundedProtocol,), {"limits": limits})
