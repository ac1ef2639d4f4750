"""A proxy between two of our programs that spoils what it carries, as networks and peers do.

It listens on a Unix socket and passes bytes on to another. What it does to them is set while it
runs; setting a fault drops the connections that there are, so that each fault begins on new ones.
Corruption is of a kind that a parser can see: what it cannot see is the business of TLS.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path

_LATENCY_SECONDS = 0.05
_CHUNK = 65_536
_SPOILED_EACH = 7
_LATE_SECONDS = 10.0
_FAILED = (
    b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain\r\ncontent-length: 27\r\n\r\n"
    b"secret-of-the-service: 1234"
)


class Fault(StrEnum):
    """What is done to a connection."""

    NONE = "none"
    LATENCY = "latency"
    JITTER = "jitter"
    REFUSAL = "refusal"
    RESET = "reset"
    HALF_CLOSE = "half_close"
    BLACK_HOLE = "black_hole"
    TRUNCATION = "truncation"
    CORRUPTION = "corruption"
    THROTTLE = "throttle"
    LATE = "late"
    """Ten seconds for each answer: longer than anybody waits."""
    FAILURE = "failure"
    """500, with a text that is nobody's business."""
    GARBAGE = "garbage"
    """Nothing that is HTTP."""
    SHORTENED = "shortened"
    """A whole answer by its head, whose JSON breaks off."""
    FLAPPING = "flapping"
    """Every other connection is refused, and none has more than one answer."""


class FaultProxy:
    """One proxy; `carried` counts the requests that reached the program behind it."""

    def __init__(
        self,
        listens: Path,
        target: str,
        dice: random.Random,
        latency_seconds: float = _LATENCY_SECONDS,
    ) -> None:
        self._latency_seconds = latency_seconds
        self.address = f"unix:{listens}"
        self.carried = 0
        self._accepted = 0
        self._listens = listens
        self._target = target.removeprefix("unix:")
        self._dice = dice
        self._fault = Fault.NONE
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_unix_server(self._accept, str(self._listens))

    async def stop(self) -> None:
        """Drop everything."""
        assert self._server is not None
        self._server.close()
        await self._drop()

    async def set(self, fault: Fault) -> None:
        """Spoil what comes from now on in this way."""
        self._fault = fault
        await self._drop()

    async def _drop(self) -> None:
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self._accepted += 1
        is_refused = self._fault is Fault.REFUSAL or (
            self._fault is Fault.FLAPPING and self._accepted % 2
        )
        try:
            if not is_refused:
                await self._carry(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # either side went away, or the fault was changed
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(self._target)
        asking = asyncio.create_task(self._ask(reader, back))
        try:
            await self._answer(there, writer)
        finally:
            back.transport.abort()  # first: what is awaited here may be cancelled
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _ask(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            if self._fault is Fault.BLACK_HOLE:
                continue
            self.carried += data.count(b" HTTP/1.1\r\n")
            back.write(data)
            await back.drain()
        with contextlib.suppress(OSError):
            back.write_eof()

    async def _answer(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await there.read(_CHUNK):
            match self._fault:
                case Fault.LATENCY:
                    await asyncio.sleep(self._latency_seconds)
                case Fault.JITTER:
                    await asyncio.sleep(2 * self._latency_seconds * self._dice.random())
                case Fault.LATE:
                    await asyncio.sleep(_LATE_SECONDS)
                case Fault.CORRUPTION:
                    data = spoiled(data)
                case Fault.GARBAGE:
                    data = self._dice.randbytes(len(data))
                case Fault.FAILURE:
                    writer.write(_FAILED)
                    await writer.drain()
                    return
                case Fault.SHORTENED | Fault.FLAPPING:
                    whole = await _whole(data, there)
                    is_shortened = self._fault is Fault.SHORTENED
                    writer.write(shortened(whole) if is_shortened else whole)
                    await writer.drain()
                    return
                case Fault.RESET | Fault.TRUNCATION | Fault.HALF_CLOSE:
                    await self._break_off(data, writer)
                    return
                case Fault.THROTTLE:
                    await self._trickle(data, writer)
                    continue
            writer.write(data)
            await writer.drain()

    async def _break_off(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        if self._fault is Fault.RESET:
            return  # nothing of the answer comes, the connection is gone
        writer.write(data[: len(data) - len(data) // 4 - 1])
        await writer.drain()
        if self._fault is Fault.HALF_CLOSE:
            writer.write_eof()
            await asyncio.Event().wait()  # the other direction stays open until somebody closes it

    async def _trickle(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        for place in range(len(data)):
            writer.write(data[place : place + 1])
            await writer.drain()
            await asyncio.sleep(self._latency_seconds)


async def _whole(data: bytes, there: asyncio.StreamReader) -> bytes:
    """Read on until an answer is whole by the length that its head states."""
    while True:
        head, separator, body = data.partition(b"\r\n\r\n")
        if separator and len(body) >= _length(head):
            return data
        if not (more := await there.read(_CHUNK)):
            return data
        data += more


def _length(head: bytes) -> int:
    stated = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return int(stated or b"0")


def shortened(data: bytes) -> bytes:
    """Return an answer that ends early, by its head too."""
    head, separator, body = data.partition(b"\r\n\r\n")
    left = body[: len(body) - len(body) // 4 - 1]
    at = head.lower().index(b"content-length:") + len(b"content-length:")
    rest = head[at:].partition(b"\r\n")
    return head[:at] + b" %d" % len(left) + rest[1] + rest[2] + separator + left


def spoiled(data: bytes) -> bytes:
    """Return an answer whose body is no JSON any more; its head stays, so that it is read."""
    is_head = data.startswith(b"HTTP/")  # the body may come by itself
    head, separator, body = data.partition(b"\r\n\r\n") if is_head else (b"", b"", data)
    changed = bytearray(body)
    changed[::_SPOILED_EACH] = b"\xff" * len(changed[::_SPOILED_EACH])
    return head + separator + bytes(changed)


@asynccontextmanager
async def proxies(
    folder: Path, targets: dict[str, str], latency_seconds: float = _LATENCY_SECONDS
) -> AsyncIterator[dict[str, FaultProxy]]:
    """Put a proxy before each of some programs."""
    made = {
        name: FaultProxy(folder / f"{name}.sock", target, random.Random(name), latency_seconds)
        for name, target in targets.items()
    }
    for each in made.values():
        await each.start()
    try:
        yield made
    finally:
        for each in made.values():
            await each.stop()
