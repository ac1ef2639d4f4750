"""Work that goes on when nobody asks: chunks of batches, and where people stand.

Each piece is one short transaction that takes a lock which other workers skip, so several
instances of the service share the work. Whoever makes work calls ``wake``; what a stopped instance
left behind is found by looking now and then.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from infra.authority.handover import Handover, HandoverError
from infra.database import Database, WriteSession
from svc_training.bulk.commands import run_chunk
from svc_training.compliance.commands import assess_waiting, put_packaged_requirements

PEOPLE_AT_ONCE = 200
LOOK_EVERY_SECONDS = 1.0

_log = structlog.get_logger(__name__)
_Piece = Callable[[WriteSession], Awaitable[bool]]


class BackgroundWork:
    """Runs pieces of work until there are none, then waits to be woken."""

    def __init__(self, database: Database, handover: Handover | None) -> None:
        self._database = database
        self._handover = handover
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; the packaged requirements are brought up to date first."""
        self._task = asyncio.create_task(self._run(), name="training-background")

    async def stop(self) -> None:
        """Stop after the piece at hand."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def wake(self) -> None:
        """Say that there is work."""
        self._work.set()

    async def settle(self) -> None:
        """Do everything that there is to do now; for seeds, tests and measurements."""
        for piece in self.pieces():
            while await self._do(piece):
                pass

    def pieces(self) -> tuple[_Piece, ...]:
        """Return the kinds of work, in their order."""
        return (put_packaged_requirements, run_chunk, _assess)

    async def _do(self, piece: _Piece) -> bool:
        async with self._database.write() as session:
            did = await piece(session)
        if did and self._handover is not None:
            with contextlib.suppress(HandoverError):  # it stays in the outbox and is retried
                await self._handover.flush()
        return did

    async def _run(self) -> None:
        while True:
            self._work.clear()
            try:
                await self.settle()
            except Exception as error:  # whatever it is, the next look may go better
                _log.warning("background_work_failed", error_type=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._work.wait(), LOOK_EVERY_SECONDS)


async def _assess(session: WriteSession) -> bool:
    return await assess_waiting(session, PEOPLE_AT_ONCE) > 0
