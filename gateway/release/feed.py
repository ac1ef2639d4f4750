"""Follows the change feed, so that caches forget at once what has changed.

Only a hint: what the caches still hold wrongly, the release gate refuses. It also tells which
revision this gateway knows of, which is the least that services must have reached.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable

import structlog

from gateway.consent_client import Change, ConsentClient, ConsentUnavailableError
from gateway.release.decisions import DecisionCache
from gateway.release.directory import DirectoryCache
from infra import clock
from infra.telemetry import metrics

Listener = Callable[[Iterable[str] | None], None]

_POLL_SECONDS = 20
_PAUSE_SECONDS = 0.5

_log = structlog.get_logger(__name__)


class ChangeFeed:
    """Background task of one gateway process.

    Attributes:
        revision: which this gateway knows of.
        has_begun: whether it has been answered once.
    """

    def __init__(
        self, client: ConsentClient, decisions: DecisionCache, directory: DirectoryCache
    ) -> None:
        self._client = client
        self._decisions = decisions
        self._directory = directory
        self._advanced = asyncio.Event()
        self._listeners: list[Listener] = []
        self._task: asyncio.Task[None] | None = None
        self.revision = 0
        self.has_begun = False

    def listen(self, listener: Listener) -> None:
        """Call somebody with the keys of each change, once the caches have forgotten them.

        With None after a gap: anything may have changed.
        """
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._run(), name="change-feed")

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def wait_for(self, revision: int, timeout_seconds: float) -> None:
        """Wait until the caches have forgotten everything up to a revision, or time is up."""
        deadline = clock.monotonic() + timeout_seconds
        while self.revision < revision and (remaining := deadline - clock.monotonic()) > 0:
            self._advanced.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._advanced.wait(), remaining)

    async def _run(self) -> None:
        is_started = False
        was_lost = False
        while True:
            try:
                if not is_started:
                    self.revision, _ = await self._client.changes(2**62, 0)
                    # What was read before the gap and arrives after it may be stale as well.
                    self._decisions.seen_revision = self._directory.seen_revision = self.revision
                    self._decisions.forget_all()
                    self._directory.forget_all()
                    is_started = self.has_begun = True
                    self._tell(None)
                    was_lost = False
                await self._follow()
            except ConsentUnavailableError as error:
                if not was_lost:  # once, not at every attempt
                    _log.warning("change_feed_lost", error_type=type(error).__name__)
                was_lost = True
                is_started = False  # something may have been missed: start with empty caches
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _follow(self) -> None:
        _, changes = await self._client.changes(self.revision, _POLL_SECONDS)
        for change in changes:
            self._forget(change)
            self._tell(change.keys)
        metrics.REVISION.labels("gateway").set(self.revision)
        self._advanced.set()

    def _tell(self, keys: Iterable[str] | None) -> None:
        for listener in self._listeners:
            listener(keys)

    def _forget(self, change: Change) -> None:
        self.revision = max(self.revision, change.revision)
        self._decisions.seen_revision = self._directory.seen_revision = self.revision
        for key in change.keys:
            kind, _, name = key.partition(":")
            if kind == "participant":
                self._decisions.forget_participant(name)
            elif kind == "subject":
                self._directory.forget_subject(name)
                self._decisions.forget_recipients(subject=name)
            elif kind == "agency":
                self._directory.forget_all()
                self._decisions.forget_recipients(agency_id=name)
            elif kind == "policy":
                self._directory.forget_all()
                self._decisions.forget_all()
