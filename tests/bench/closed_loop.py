"""A closed loop over keep-alive connections: each sends its next request once it has an answer.

Cheap on purpose (a Protocol on httptools, requests made beforehand), because it shares a core with
the subgraphs. Every request carries another identity, so that no gateway can share work between
them without mixing people up.
"""

import asyncio
from dataclasses import dataclass
from itertools import count
from time import perf_counter
from typing import Any

import httptools

from tests.bench.open_loop import quantile


@dataclass(frozen=True, slots=True)
class Observed:
    """What one load saw; times in milliseconds."""

    requests: int
    seconds: float
    failures: int
    rps: float
    p50: float
    p99: float


class Load:
    """Sends one body over some connections until a moment, and once more for what is in flight."""

    def __init__(self, port: int, path: str, body: bytes) -> None:
        self.port = port
        head = (
            f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
            f"accept: application/json\r\ncontent-length: {len(body)}\r\nauthorization: Bearer "
        )
        self._head = head.encode()
        self._tail = b"\r\n\r\n" + body
        self._numbers = count(1)
        self.times: list[float] = []
        self.failures = 0
        self.until = 0.0

    def next_request(self) -> bytes:
        """Return a request of somebody who has not asked before."""
        return self._head + b"person-%09d" % next(self._numbers) + self._tail

    async def run(self, connections: int, seconds: float) -> Observed:
        """Load for some seconds."""
        loop = asyncio.get_running_loop()
        self.times, self.failures = [], 0
        made = []
        for _ in range(connections):
            _, connection = await loop.create_connection(
                lambda: _Connection(self), "127.0.0.1", self.port
            )
            made.append(connection)
        started = perf_counter()
        self.until = started + seconds
        for connection in made:
            connection.send()
        await asyncio.wait([connection.done for connection in made], timeout=seconds + 30)
        elapsed = perf_counter() - started
        for connection in made:
            connection.close()
        self.failures += sum(1 for connection in made if not connection.done.done())
        times = sorted(self.times)
        return Observed(
            requests=len(times),
            seconds=elapsed,
            failures=self.failures,
            rps=len(times) / elapsed,
            p50=quantile(times, 0.50),
            p99=quantile(times, 0.99),
        )


class _Connection(asyncio.Protocol):
    def __init__(self, load: Load) -> None:
        self._load = load
        self._transport: Any = None
        self._parser: Any = None
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._parser = httptools.HttpResponseParser(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._load.failures += 1
            self.done.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def send(self) -> None:
        self._sent_at = perf_counter()
        self._transport.write(self._load.next_request())

    def close(self) -> None:
        self._transport.abort()

    def on_message_complete(self) -> None:
        now = perf_counter()
        self._load.times.append((now - self._sent_at) * 1000)
        if self._parser.get_status_code() != 200:
            self._load.failures += 1
        if now < self._load.until:
            self.send()
        elif not self.done.done():
            self.done.set_result(None)
