"""Follow a supergraph file: what is new in it is loaded beside what serves, then takes its place.

A file that cannot be used is reported once and left alone until it changes again; what served goes
on serving.  Replace the file by renaming another over it: one that is read half-written is refused
like any other that does not parse, and taken once it is whole.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from infra import clock
from infra.collector import settle
from infra.telemetry import metrics

Made = TypeVar("Made")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What tells one state of a file from another without reading it."""

    inode: int
    size: int
    modified_ns: int


class SupergraphFollower(Generic[Made]):
    """Polls a file, and looks at once when told to.

    Args:
        load: supergraph SDL to what can serve; runs in a thread of its own, so that requests go
            on meanwhile. Any error it raises refuses the file.
        swap: puts what was loaded in its place; must not wait for anything.
        applied: the SDL that serves now.
    """

    def __init__(
        self,
        path: Path,
        load: Callable[[str], Made],
        swap: Callable[[Made], None],
        *,
        applied: str,
        poll_seconds: float,
    ) -> None:
        self._path = path
        self._load = load
        self._swap = swap
        self._poll_seconds = poll_seconds
        self._digest = _digest(applied)
        self._refused: str | None = None
        self._seen: _Seen | None = None
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Follow from now on."""
        self._task = asyncio.create_task(self._follow(), name="supergraph-file")

    async def stop(self) -> None:
        """Follow no longer."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def look_now(self) -> None:
        """Read the file although it looks as it did, for example on SIGHUP."""
        self._seen = None
        self._refused = None
        self._woken.set()

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_seconds):
                    await self._woken.wait()
            self._woken.clear()
            try:
                await self.look()
            except Exception as error:
                # Whatever is wrong with one state of the file, the next one is looked at again.
                _log.error("supergraph_not_followed", error_type=type(error).__name__)

    async def look(self) -> bool:
        """Load and swap if the file has changed; whether it was swapped."""
        try:
            found = await asyncio.to_thread(self._read_if_new)
        except (OSError, UnicodeDecodeError) as error:
            self._refuse("", type(error).__name__, "the file cannot be read")
            return False
        if found is None:
            return False
        digest = _digest(found)
        if digest in (self._digest, self._refused):
            return False
        started = clock.monotonic()
        try:
            made = await asyncio.to_thread(self._load, found)
        except Exception as error:
            self._refuse(digest, type(error).__name__, str(error))
            return False
        self._swap(made)
        self._digest = digest
        self._refused = None
        settle()
        metrics.SUPERGRAPHS.labels("swapped").inc()
        seconds = round(clock.monotonic() - started, 3)
        _log.info("supergraph_swapped", revision=digest, seconds=seconds)
        return True

    def _refuse(self, digest: str, error_type: str, reason: str) -> None:
        if digest == self._refused:
            return
        self._refused = digest
        metrics.SUPERGRAPHS.labels("refused").inc()
        _log.error(
            "supergraph_refused",
            revision=digest,
            error_type=error_type,
            reason=reason,
            serving=self._digest,
        )

    def _read_if_new(self) -> str | None:
        status = self._path.stat()
        seen = _Seen(status.st_ino, status.st_size, status.st_mtime_ns)
        if seen == self._seen:
            return None
        text = self._path.read_text(encoding="utf-8")
        self._seen = seen
        return text


def _digest(sdl: str) -> str:
    return hashlib.sha256(sdl.encode()).hexdigest()
