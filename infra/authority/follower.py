"""Keeps a service's replica of authority facts in step with ``svc_consent``.

Long-polls the ordered change feed from the revision applied so far; each batch is applied in one
transaction together with the revision. The feed is the truth, wake-ups are only hints: after any
gap or error it reads again from where it stands.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from sqlalchemy import delete, select, update

from infra import clock
from infra.authority import changes
from infra.authority.facts import timeline_start
from infra.authority.tables import AgencyWindow, AppliedRevision, Visibility
from infra.database import AnySession, Database
from infra.errors import GoldenThreadError
from infra.http_client import HttpClient
from infra.identity_token import TokenMinter

FEED_PATH = "/internal/authority/changes"
CONSENT_AUDIENCE = "consent"
_POLL_SECONDS = 20
_FAILURES_WORTH_A_WORD = 8
"""In a row, about five seconds: a service that is only starting is no news."""
_BACK_OFF_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)

_log = structlog.get_logger(__name__)


class ReplicaBehindError(GoldenThreadError):
    """The replica has not reached the revision asked for within the time allowed."""

    code = "REPLICA_BEHIND"


async def applied_revision(session: AnySession) -> int:
    """Return the revision that this session's snapshot has."""
    revision = await session.scalar(select(AppliedRevision.revision))
    return revision or 0


@dataclass(slots=True)
class Progress:
    """How far the replica is: its revision, and when the feed last answered (monotonic).

    ``is_ahead``: it has facts that ``svc_consent`` does not have, since that was restored.
    """

    revision: int = 0
    heard_at: float = float("-inf")
    is_ahead: bool = False


class Follower:
    """Background task of one service; start it in the app's lifespan."""

    def __init__(self, database: Database, client: HttpClient, minter: TokenMinter) -> None:
        self._database = database
        self._client = client
        self._minter = minter
        self._advanced = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.progress = Progress()

    async def start(self) -> None:
        """Read where the replica stands and begin to follow."""
        async with self._database.read() as session:
            self.progress.revision = await applied_revision(session)
        self._task = asyncio.create_task(self._run(), name="authority-follower")

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @property
    def is_connected(self) -> bool:
        """Return whether the feed answered within the last two polls."""
        return clock.monotonic() - self.progress.heard_at < 2 * _POLL_SECONDS

    async def wait_for(self, revision: int, timeout_seconds: float) -> None:
        """Wait until the replica has ``revision``.

        Raises:
            ReplicaBehindError: it has not within ``timeout_seconds``, or is ahead of the order.
        """
        if self.progress.is_ahead:
            raise ReplicaBehindError("the replica has facts that the order does not have")
        deadline = clock.monotonic() + timeout_seconds
        while self.progress.revision < revision:
            remaining = deadline - clock.monotonic()
            if remaining <= 0:
                raise ReplicaBehindError("authority facts are not up to date")
            self._advanced.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._advanced.wait(), remaining)

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                await self.catch_up(wait_seconds=_POLL_SECONDS)
                failures = 0
            except Exception as error:  # also the database's: following must never end by itself
                pause = _BACK_OFF_SECONDS[min(failures, len(_BACK_OFF_SECONDS) - 1)]
                failures += 1
                if failures == _FAILURES_WORTH_A_WORD:
                    _log.warning("authority_feed_failed", error_type=type(error).__name__)
                await asyncio.sleep(pause)

    async def catch_up(self, wait_seconds: float = 0) -> None:
        """Fetch and apply one batch of changes after the present revision.

        Args:
            wait_seconds: how long the feed may hold the answer until there is something new.

        Raises:
            HttpClientError: the feed cannot be reached.
            ReplicaBehindError: the feed answered with an error, or left a gap.
        """
        response = await self._client.request(
            "GET",
            f"{FEED_PATH}?after={self.progress.revision}&wait={wait_seconds:g}",
            {"authorization": f"Bearer {self._minter.for_service(CONSENT_AUDIENCE)}"},
            b"",
            timeout_seconds=wait_seconds + 5,
        )
        if response.status != 200:
            raise ReplicaBehindError(f"the authority feed answered {response.status}")
        batch = orjson.loads(response.body)
        self.progress.heard_at = clock.monotonic()
        entries = batch["changes"]
        # A feed that ends before the replica was restored to an earlier state, and has not yet
        # said at which revision its new timeline began.
        self.progress.is_ahead = not entries and batch["revision"] < self.progress.revision
        if not entries:
            return
        if _leaves_behind(entries[0], self.progress.revision):
            await self._begin_anew()
            return
        async with self._database.write() as session:
            # Another instance of this service may be ahead in the same database: what it has
            # applied must not be applied again, over rows that are newer by now.
            stored = await session.scalar(select(AppliedRevision.revision).with_for_update()) or 0
            if stored < self.progress.revision:  # another instance has begun anew
                self.progress.revision = stored
                return
            expected = self.progress.revision
            for entry in entries:
                if timeline_start(entry["operations"]) == expected:
                    expected = entry["revision"]
                else:
                    expected += 1
                if entry["revision"] != expected:
                    raise ReplicaBehindError("the authority feed has a gap")
                if expected > stored:
                    await changes.apply(session, entry["operations"], expected)
            reached = max(stored, expected)
            await session.execute(update(AppliedRevision).values(revision=reached))
        self.progress.revision = reached
        self._advanced.set()

    async def _begin_anew(self) -> None:
        """Throw away a replica of an order that was restored to before it; it is read again."""
        _log.warning("authority_replica_left_behind", revision=self.progress.revision)
        self.progress.is_ahead = True
        async with self._database.write() as session:
            stored = await session.scalar(select(AppliedRevision.revision).with_for_update()) or 0
            if stored != self.progress.revision:  # another instance did something meanwhile
                self.progress.revision = stored
                return
            await session.execute(delete(Visibility))
            await session.execute(delete(AgencyWindow))
            await session.execute(update(AppliedRevision).values(revision=0))
        self.progress.revision = 0


def _leaves_behind(entry: dict[str, Any], applied: int) -> bool:
    """Say whether a timeline began before where the replica is: what came after that is gone."""
    after = timeline_start(entry["operations"])
    return after is not None and after < applied
