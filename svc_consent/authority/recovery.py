"""Nothing is served until the database has everything that its journal has.

At each start the journal is compared with the database. What it has beyond it (a restored copy,
or a crash between the journal's fsync and the commit) is replayed, and a new timeline begun: the
revision jumps to the next multiple of 2**32, so that it says by itself which timeline it is of,
and the key ``policy``, on which every decision relies, moves there. Decisions made before, by
gateways that remember a future which is gone, are refused by the gate from then on.
"""

import asyncio
import contextlib
from collections.abc import Sequence

import structlog
from sqlalchemy import select, text, update
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.authority.facts import start_timeline, timeline_after
from infra.authority.journal import Journal, JournalError, Line
from infra.authority.tables import AppliedRevision
from infra.database import Database, WriteSession
from infra.subgraph_app import refusal
from svc_consent.authority import journalling, repository
from svc_consent.authority.rules import POLICY_KEY

_RETRY_SECONDS = 1.0
_PATIENCE_MS = 600_000

_log = structlog.get_logger(__name__)


async def recover(database: Database) -> int | None:
    """Bring the database to where its journal is.

    Returns:
        The revision at which a new timeline began; None when there was nothing to do.

    Raises:
        JournalError: the journal is away, damaged or not this database's: nothing may be served.
    """
    async with database.write() as session:
        # Waits for a change that is under way, and none begins before this has ended.
        await repository.lock_order(session)
        await session.execute(
            text(
                f"select set_config('idle_in_transaction_session_timeout', '{_PATIENCE_MS}', true)"
            )
        )
        state = await journalling.state_of(session)
        lines: Sequence[Line] = ()
        journal = database.journal
        if isinstance(journal, Journal):
            lines = await asyncio.to_thread(journal.after, state.database_id, state.last_line)
        elif state.last_line is not None or state.is_restored:
            raise JournalError("this database has a journal: GT_NARROWING_JOURNAL must name it")
        if not lines and not state.is_restored:
            return None
        if lines:
            await journalling.replay(session, lines)
        began = await begin_timeline(session)
        await journalling.settle(session)
    _log.warning("timeline_begun", replayed=len(lines), revision=began)
    return began


async def begin_timeline(session: WriteSession) -> int:
    """Let the next revision be the first of a new timeline, and let all older decisions lapse."""
    head = await session.scalar(select(AppliedRevision.revision)) or 0
    first = timeline_after(head)
    await session.execute(update(AppliedRevision).values(revision=first - 1))
    return await repository.record_change(session, [POLICY_KEY], [start_timeline(head)])


class Recovery:
    """Recovers at the start, tries again while it cannot, and says whether it is done."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._task: asyncio.Task[None] | None = None
        self.is_done = False

    async def start(self) -> None:
        """Recover now; go on in the background if that fails."""
        if not await self._tried():
            self._task = asyncio.create_task(self._retry(), name="authority-recovery")

    async def stop(self) -> None:
        """Stop trying."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def is_ready(self) -> bool:
        """Return whether the database has everything that its journal has."""
        return self.is_done

    async def _retry(self) -> None:
        while True:
            await asyncio.sleep(_RETRY_SECONDS)
            if await self._tried():
                return

    async def _tried(self) -> bool:
        try:
            await recover(self._database)
        except Exception as error:  # also the database's: until it succeeds, nothing is served
            _log.error("recovery_failed", error_type=type(error).__name__, reason=_said(error))
            return False
        self.is_done = True
        return True


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, JournalError) else ""


class RefuseUntilRecovered:
    """Answers everything but health with 503 until the recovery is done: an ASGI layer."""

    def __init__(self, app: ASGIApp, recovery: Recovery) -> None:
        self._app = app
        self._recovery = recovery

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        if (
            self._recovery.is_done
            or scope["type"] != "http"
            or str(scope["path"]).startswith("/health/")
        ):
            await self._app(scope, receive, send)
            return
        await refusal(503, "AUTHORITY_UNAVAILABLE")(scope, receive, send)
