"""The supervisor's side of the nursery: start a program, read what it says, wait for its end."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field

from infra.dev.postgres_binaries import ending_with_parent
from infra.dev.up.errors import UpError
from infra.dev.up.nursery import MAX_MESSAGE_BYTES

_LINE_BYTES = 1 << 20
_STOP_SECONDS = 5.0


@dataclass(eq=False, slots=True)
class Process:
    """A program that was started: its process id, output, and in the end its status."""

    pid: int
    output: asyncio.StreamReader
    ended: asyncio.Future[int]

    @property
    def status(self) -> int | None:
        """Exit status, or the negative number of the signal; None while it runs."""
        return self.ended.result() if self.ended.done() else None

    async def wait(self) -> int:
        """Return the status when the program has ended."""
        return await asyncio.shield(self.ended)

    def send_signal(self, number: int) -> None:
        """Signal the program, unless it has ended."""
        if not self.ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End the program now."""
        self.send_signal(signal.SIGKILL)


@dataclass(eq=False, slots=True)
class _Nursery:
    """A running nursery and those who wait for its answers."""

    process: "subprocess.Popen[bytes]"
    requests: socket.socket
    started: dict[int, asyncio.Future[int]] = field(default_factory=dict)
    ended: dict[int, asyncio.Future[int]] = field(default_factory=dict)


class Spawner:
    """Starts programs through a nursery, which is started again should it end."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._nursery: _Nursery | None = None

    def start(self) -> None:
        """Start the nursery now, so that it imports while other things go on."""
        if self._nursery is None:
            self._nursery = self._new_nursery()

    async def spawn(
        self,
        module: str,
        words: list[str],
        environment: dict[str, str],
        listener: socket.socket | None = None,
    ) -> Process:
        """Start ``python -m MODULE WORDS``. Raises UpError when the nursery cannot.

        Args:
            listener: an open port that the program shall serve.
        """
        self.start()
        nursery = self._nursery
        assert nursery is not None  # noqa: S101 - made one line above
        number = next(self._numbers)
        loop = asyncio.get_running_loop()
        started = nursery.started[number] = loop.create_future()
        ended = nursery.ended[number] = loop.create_future()
        read_end, write_end = os.pipe()
        request = {
            "id": number,
            "module": module,
            "words": words,
            "environment": {**os.environ, **environment},
        }
        try:
            # A packet is taken whole or not at all, and the buffer holds dozens.
            files = [write_end] if listener is None else [write_end, listener.fileno()]
            socket.send_fds(nursery.requests, [json.dumps(request).encode()], files)
            pid = await started
        except OSError as error:
            os.close(read_end)
            message = f"cannot start {module}: {error}"
            raise UpError(message) from error
        finally:
            os.close(write_end)
        reader = asyncio.StreamReader(limit=_LINE_BYTES)
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0)
        )
        return Process(pid, reader, ended)

    async def stop(self) -> None:
        """End the nursery; all programs must have ended."""
        nursery, self._nursery = self._nursery, None
        if nursery is None:
            return
        self._let_go(nursery)
        try:
            await asyncio.to_thread(nursery.process.wait, _STOP_SECONDS)
        except subprocess.TimeoutExpired:
            nursery.process.kill()
            nursery.process.wait()

    def _new_nursery(self) -> _Nursery:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 * MAX_MESSAGE_BYTES)
        words = [sys.executable, "-P", "-m", "infra.dev.up.nursery", str(theirs.fileno())]
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own words
                [*ending_with_parent("KILL"), *words],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                process_group=0,
            )
        nursery = _Nursery(process, ours)
        asyncio.get_running_loop().add_reader(ours, self._on_answer, nursery)
        return nursery

    def _on_answer(self, nursery: _Nursery) -> None:
        try:
            message = nursery.requests.recv(MAX_MESSAGE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if not message:
            self._on_death(nursery)
            return
        answer = json.loads(message)
        waiting = nursery.started if "pid" in answer else nursery.ended
        future = waiting.pop(answer["id"])
        if not future.done():
            future.set_result(answer.get("pid", answer.get("status")))

    def _on_death(self, nursery: _Nursery) -> None:
        """All that it had forked died with it; the next `spawn` starts another."""
        self._let_go(nursery)
        if self._nursery is nursery:
            self._nursery = None
        nursery.process.wait()
        for future in nursery.started.values():
            if not future.done():
                future.set_exception(OSError("the nursery ended"))
        for future in nursery.ended.values():
            if not future.done():
                future.set_result(-signal.SIGKILL)

    @staticmethod
    def _let_go(nursery: _Nursery) -> None:
        if nursery.requests.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(nursery.requests)
            nursery.requests.close()
