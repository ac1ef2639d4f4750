"""Hands authority facts that a service owns to ``svc_consent``, before it acknowledges them.

A command appends the operations to the outbox in its own transaction. After the commit the edge
calls ``flush``: only when ``svc_consent`` has given a revision is the mutation acknowledged, so a
narrowing change is in force before anyone is told, and a widening one counts only from there.
What could not be handed over stays in the outbox and is retried; handing over is idempotent.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from uuid import uuid4

import orjson
import structlog
from sqlalchemy import select, update

from infra import clock
from infra.authority.changes import Operation
from infra.authority.follower import CONSENT_AUDIENCE
from infra.authority.tables import OutboxEntry
from infra.database import Database, WriteSession
from infra.errors import GoldenThreadError
from infra.http_client import HttpClient, HttpClientError
from infra.identity_token import TokenMinter

HANDOVER_PATH = "/internal/authority/facts"
_TIMEOUT_SECONDS = 3.0
_RETRY_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class HandoverError(GoldenThreadError):
    """``svc_consent`` has not taken the facts over; the change is stored but not acknowledged."""

    code = "SERVICE_UNAVAILABLE"


def append(session: WriteSession, operations: Sequence[Operation]) -> None:
    """Put operations into the outbox, in the transaction that makes them true here."""
    if operations:
        session.add(
            OutboxEntry(
                id=uuid4(), operations=list(operations), created_at=clock.now(), revision=None
            )
        )


class Handover:
    """Sends the outbox to ``svc_consent`` in order; also retries in the background."""

    def __init__(self, database: Database, client: HttpClient, minter: TokenMinter) -> None:
        self._database = database
        self._client = client
        self._minter = minter
        self._sending = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.is_settled = False
        """Whether the outbox was empty once since the start; before that, not ready."""
        self.latest = 0
        """Revision of the newest fact handed over since the start, by whichever task sent it."""

    async def start(self) -> None:
        """Begin to retry what an earlier run left in the outbox."""
        self._task = asyncio.create_task(self._retry(), name="authority-handover")

    async def stop(self) -> None:
        """Stop retrying."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def flush(self) -> int:
        """Hand over everything in the outbox.

        Returns:
            The revision of the last fact handed over, 0 when there was none.

        Raises:
            HandoverError: ``svc_consent`` could not take them now; they stay in the outbox.
        """
        last = 0
        async with self._sending:
            async with self._database.read() as session:
                waiting = (
                    await session.scalars(
                        select(OutboxEntry)
                        .where(OutboxEntry.revision.is_(None))
                        .order_by(OutboxEntry.created_at)
                    )
                ).all()
            for entry in waiting:
                last = await self._send(entry)
                self.latest = max(self.latest, last)
                async with self._database.write() as writer:
                    await writer.execute(
                        update(OutboxEntry).where(OutboxEntry.id == entry.id).values(revision=last)
                    )
        self.is_settled = True
        return last

    async def _send(self, entry: OutboxEntry) -> int:
        body = orjson.dumps({"id": str(entry.id), "operations": entry.operations})
        headers = {
            "authorization": f"Bearer {self._minter.for_service(CONSENT_AUDIENCE)}",
            "content-type": "application/json",
        }
        try:
            response = await self._client.request(
                "POST", HANDOVER_PATH, headers, body, timeout_seconds=_TIMEOUT_SECONDS
            )
        except HttpClientError as error:
            raise HandoverError("the consent service cannot be reached") from error
        if response.status != 200:
            raise HandoverError(f"the consent service answered {response.status}")
        return int(orjson.loads(response.body)["revision"])

    async def _retry(self) -> None:
        while True:
            try:
                await self.flush()
            except Exception as error:  # also the database's: retrying must never end by itself
                _log.warning("handover_failed", error_type=type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)
