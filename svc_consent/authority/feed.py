"""Wakes long-polling readers of the change feed: LISTEN on a connection of its own.

A notification is a hint and may be lost; every waiter also looks again each second. When the
connection breaks it is opened anew, and everybody who waits is woken once in between. Whoever asks
for the same at one moment shares one look: each change wakes every service and every gateway.
"""

import asyncio
import contextlib

import asyncpg
import structlog

from infra import clock
from infra.events.shared_looks import SharedLooks
from infra.settings import Secret
from infra.telemetry import metrics
from svc_consent.authority import repository
from svc_consent.authority.rules import FeedEntry
from svc_consent.hot_pool import FAILURES, HotPool

# Readers ask again at once; a longer wait would only hold up a stop, which waits for answers.
MAX_WAIT_SECONDS = 2.0
_LOOK_AGAIN_SECONDS = 1.0
_RECONNECT_SECONDS = 0.5

_log = structlog.get_logger(__name__)


class ChangeFeed:
    """Answers "what came after revision N", at once or as soon as there is something."""

    def __init__(self, dsn: Secret, pool: HotPool) -> None:
        self._dsn = dsn
        self._pool = pool
        self._news = asyncio.Event()
        self._looks = SharedLooks(self._look)
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False

    async def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._listen(), name="authority-listener")

    async def stop(self) -> None:
        """Stop listening and let everybody who waits go."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._wake()

    def release(self) -> None:
        """Let everybody who waits go: the process has been told to stop."""
        self._is_stopping = True
        self._wake()

    async def read(self, after: int, wait_seconds: float) -> tuple[int, list[FeedEntry]]:
        """Return the newest revision and the changes after one, waiting for the first.

        Raises:
            AuthorityUnavailableError: the database does not answer.
        """
        deadline = clock.monotonic() + min(wait_seconds, MAX_WAIT_SECONDS)
        while True:
            news = self._news  # taken before the look: what comes after the look wakes it
            head, entries = await self._looks.look(after)
            remaining = deadline - clock.monotonic()
            if entries or remaining <= 0 or self._task is None or self._is_stopping:
                return head, entries
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), min(remaining, _LOOK_AGAIN_SECONDS))

    async def _look(self, after: int) -> tuple[int, list[FeedEntry]]:
        async with self._pool.connection() as connection:
            found = await repository.changes_after(connection, after)
        metrics.REVISION.labels("consent").set(found[0])
        return found

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except FAILURES as error:
                _log.warning("authority_listener_failed", error_type=type(error).__name__)
            self._wake()
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        connection = await asyncpg.connect(self._dsn.reveal(), timeout=5)
        ended = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _connection: ended.set())
            await connection.add_listener(repository.CHANNEL, lambda *_event: self._wake())
            self._wake()
            await ended.wait()
        finally:
            with contextlib.suppress(*FAILURES):
                await connection.close(timeout=1)
