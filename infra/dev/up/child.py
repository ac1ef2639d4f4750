"""One supervised program: started, watched, restarted with back-off, stopped in good order.

It can also be followed by a fresh process of itself, so that no request notices: see `succeed`.
"""

import asyncio
import signal
from collections import deque
from collections.abc import Callable

from infra import clock
from infra.dev.up.errors import UpError
from infra.dev.up.health import why_not_ready
from infra.dev.up.merged_log import MergedLog
from infra.dev.up.programs import Program
from infra.dev.up.spawner import Process, Spawner
from infra.dev.up.succession import Incarnation, first_of, next_of, open_port

_FIRST_DELAY_SECONDS = 0.5
_LONGEST_DELAY_SECONDS = 10.0
_SETTLED_SECONDS = 30.0
_STOP_SECONDS = 12.0
_LONG_STOP_SECONDS = 2.0
_READY_SECONDS = 180.0  # generous: on a busy machine six programs import a lot at once
_PATIENCE_SECONDS = 10.0
_POLL_SECONDS = 0.05
_TRIES_AT_START = 3
_LEAVING_SECONDS = 1.0
"""How long clients of a program that has a successor are told to connect anew."""


class Child:
    """The process of one program.

    Until it has been ready once, three deaths in a row are final; afterwards it is restarted for
    as long as the supervisor lives, waiting longer each time (half a second to ten).
    """

    def __init__(
        self,
        program: Program,
        spawner: Spawner,
        log: MergedLog,
        changed: Callable[[], None],
    ) -> None:
        self.program = program
        self._spawner = spawner
        self._log = log
        self._changed = changed
        self._process: Process | None = None
        self._incarnation = first_of(program)
        self._listener = open_port(program)
        self._stopping = False
        self._was_ready = False
        self._last_lines: deque[str] = deque(maxlen=5)
        self._pumping: set[asyncio.Task[None]] = set()

    @property
    def process_id(self) -> int | None:
        """The process id, while the program runs."""
        return self._process.pid if self._process and self._process.status is None else None

    async def run(self) -> None:
        """Keep the program running until `stop`. Raises UpError when it never gets ready."""
        delay = _FIRST_DELAY_SECONDS
        deaths = 0
        while not self._is_stopping():
            started_at = clock.monotonic()
            status = await self._live()
            if self._is_stopping():
                return
            deaths += 1
            if not self._was_ready and deaths >= _TRIES_AT_START:
                raise UpError(self._obituary(status))
            if clock.monotonic() - started_at > _SETTLED_SECONDS:
                delay = _FIRST_DELAY_SECONDS
            ended = f"{self.program.name} ended ({_in_words(status)})"
            self._log.say(f"{ended}; starting it again in {delay:g} s", "warning")
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LONGEST_DELAY_SECONDS)

    async def wait_until_ready(self) -> None:
        """Return when the program says that it is ready. Raises UpError after three minutes."""
        started_at = said_at = clock.monotonic()
        while True:
            why_not = "not running" if self.process_id is None else await self._why_not()
            if why_not is None:
                self._was_ready = True
                return
            now = clock.monotonic()
            if now - started_at > _READY_SECONDS:
                message = f"{self.program.name} is not ready: {why_not}"
                raise UpError(message)
            if now - said_at > _PATIENCE_SECONDS:
                said_at = now
                self._log.say(f"waiting for {self.program.name}: {why_not}")
            await asyncio.sleep(_POLL_SECONDS)

    async def _why_not(self) -> str | None:
        return await why_not_ready(self.program.health)

    async def succeed(self) -> None:
        """Start a second process of the program, and when it is ready end the first.

        Raises UpError when the second does not get ready; the first goes on then.
        """
        former = self._process
        if former is None or former.status is not None:
            return  # it is being started again anyway
        incarnation = next_of(self.program, self._incarnation)
        process = await self._spawn(incarnation)
        try:
            await self._until_it_serves(process, incarnation)
            incarnation.take_over()
        except BaseException:
            process.kill()
            raise
        self._process, self._incarnation = process, incarnation
        self._changed()
        try:
            former.send_signal(signal.SIGUSR1)
            await asyncio.sleep(_LEAVING_SECONDS)
            await self._ended(former)
        finally:
            former.kill()

    async def _until_it_serves(self, process: Process, incarnation: Incarnation) -> None:
        ends_at = clock.monotonic() + _READY_SECONDS
        why_not: str | None = ""
        while why_not is not None:
            if process.status is not None or clock.monotonic() > ends_at:
                message = f"the successor of {self.program.name} does not get ready: {why_not}"
                raise UpError(message)
            await asyncio.sleep(_POLL_SECONDS)
            why_not = await why_not_ready(incarnation.health)

    async def stop(self) -> None:
        """Ask the program to end (SIGTERM); after twelve seconds make it."""
        self._stopping = True
        if self._process is not None and self._process.status is None:
            await self._ended(self._process)
        if self._listener is not None:
            self._listener.close()

    async def _ended(self, process: Process) -> None:
        asked_at = clock.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            self._log.say(f"{self.program.name} does not end; killing it", "warning")
            process.kill()
            await process.wait()
        took = clock.monotonic() - asked_at
        if took > _LONG_STOP_SECONDS:
            self._log.say(f"{self.program.name} took {took:.1f} s to end")

    def kill(self) -> None:
        """End the program now."""
        self._stopping = True
        if self._process is not None:
            self._process.kill()

    def _is_stopping(self) -> bool:
        return self._stopping

    async def _live(self) -> int:
        self._incarnation = self._incarnation.again()
        process = await self._spawn(self._incarnation)
        self._process = process
        self._changed()
        if self._is_stopping():  # stopped while it was being started
            process.kill()
        while True:
            status = await process.wait()
            if self._process is process:
                await asyncio.gather(*self._pumping)  # its last words
                return status
            process = self._process

    async def _spawn(self, incarnation: Incarnation) -> Process:
        process = await self._spawner.spawn(
            self.program.module, [], incarnation.environment, self._listener
        )
        pumping = asyncio.create_task(self._pump(process))
        self._pumping.add(pumping)
        pumping.add_done_callback(self._pumping.discard)
        return process

    async def _pump(self, process: Process) -> None:
        while True:
            try:
                data = await process.output.readline()
            except ValueError:  # a line longer than the limit
                continue
            if not data:
                return
            text = data.decode(errors="replace").rstrip("\n")
            self._last_lines.append(text)
            self._log.line(self.program.name, text)

    def _obituary(self, status: int) -> str:
        said = next((line for line in reversed(self._last_lines) if line.strip()), "")
        return f"{self.program.name} does not start ({_in_words(status)}): {said[:300]}"


def _in_words(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
