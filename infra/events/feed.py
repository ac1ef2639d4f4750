"""``GET /internal/events``: what happened after a cursor, for gateways alone (long poll).

An event is shown once the authority facts of before it are ``svc_consent``'s: whoever looks then
sees what the event gave them to see, and no longer what it took. A cursor is a place in the order
of finished transactions; one of a database that was restored since begins anew.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import asyncpg
import structlog
from sqlalchemy import delete, text
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from infra import clock
from infra.events.shared_looks import SharedLooks
from infra.events.tables import StreamEvent
from infra.identity_token import GATEWAY_ISSUER, IdentityTokenError
from infra.subgraph_app import Chassis, json_response, refusal

PATH: Final = "/internal/events"
CHANNEL: Final = "stream_event"
KEPT: Final = timedelta(hours=1)
MAX_WAIT_SECONDS: Final = 2.0
MAX_EVENTS: Final = 200
_LOOK_AGAIN_SECONDS: Final = 1.0
_HELD_SECONDS: Final = 0.05
_TIDY_SECONDS: Final = 300.0
_RECONNECT_SECONDS: Final = 0.5
_FAILURES: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)
_LAST: Final = 2**62

_HEAD = text(
    "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
    " pg_snapshot_xmax(pg_current_snapshot())::text::bigint,"
    " greatest((select max(revision) from authority_outbox),"
    " (select max(revision) from authority_applied))"
)
_AFTER = text(
    "select number, xid, field, entity_id, keys, exists (select 1 from authority_outbox o"
    " where o.revision is null and o.created_at <= e.at) as is_held from stream_event e"
    " where (xid, number) > (:xid, :number) and xid < :xmin order by xid, number limit :most"
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the order of events."""

    xid: int
    number: int

    def __str__(self) -> str:
        """Return the cursor as it travels."""
        return f"{self.xid}.{self.number}"

    @classmethod
    def read(cls, given: str) -> "Cursor | None":
        """Return a cursor, or None for what is none."""
        xid, _, number = given.partition(".")
        if not (xid.isascii() and xid.isdigit() and number.isascii() and number.isdigit()):
            return None
        return cls(min(int(xid[:19]), _LAST), min(int(number[:19]), _LAST))


@dataclass(frozen=True, slots=True)
class Batch:
    """What a look found.

    Attributes:
        cursor: where to go on.
        revision: authority revision that whoever looks must have reached.
        has_gap: the cursor was of no use; anything may have happened.
        is_waiting: an event is held until its facts are handed over.
    """

    cursor: Cursor
    revision: int
    events: list[dict[str, Any]]
    has_gap: bool = False
    is_waiting: bool = False


class EventFeed:
    """Answers "what happened after this", at once or as soon as there is something."""

    def __init__(self, chassis: Chassis) -> None:
        self._chassis = chassis
        self._news = asyncio.Event()
        self._looks = SharedLooks(self._look)
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._tidied_at = clock.monotonic()

    def routes(self) -> list[BaseRoute]:
        """Return the route, which authenticates for itself."""
        return [Route(PATH, self._answer, methods=["GET"])]

    async def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._listen(), name="event-listener")

    async def stop(self) -> None:
        """Stop listening and let everybody who waits go."""
        self.release()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def release(self) -> None:
        """Let everybody who waits go: the process has been told to stop."""
        self._is_stopping = True
        self._wake()

    async def read(self, after: Cursor | None, wait_seconds: float) -> Batch:
        """Return what happened after a cursor, waiting for the first; None begins from now."""
        deadline = clock.monotonic() + min(wait_seconds, MAX_WAIT_SECONDS)
        while True:
            news = self._news  # taken before the look: what comes after the look wakes it
            batch = await self._looks.look(after)
            remaining = deadline - clock.monotonic()
            if batch.events or batch.has_gap or remaining <= 0 or self._is_stopping:
                return batch
            after = batch.cursor
            pause = _HELD_SECONDS if batch.is_waiting else _LOOK_AGAIN_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), min(remaining, pause))

    async def _look(self, after: Cursor | None) -> Batch:
        await self._tidy()
        async with self._chassis.database.read() as session:
            xmin, xmax, revision = (await session.execute(_HEAD)).one()
            now = Cursor(int(xmin) - 1, _LAST)
            is_lost = after is not None and after.xid >= int(xmax)
            if after is None or is_lost:
                return Batch(now, int(revision or 0), [], has_gap=is_lost)
            found = await session.execute(
                _AFTER,
                {"xid": after.xid, "number": after.number, "xmin": xmin, "most": MAX_EVENTS},
            )
            cursor, events, is_waiting = after, [], False
            for number, xid, field, entity_id, keys, is_held in found:
                if is_held:
                    is_waiting = True
                    break
                cursor = Cursor(xid, number)
                events.append({"field": field, "id": str(entity_id), "keys": keys})
        return Batch(cursor, int(revision or 0), events, is_waiting=is_waiting)

    async def _tidy(self) -> None:
        if clock.monotonic() - self._tidied_at < _TIDY_SECONDS:
            return
        self._tidied_at = clock.monotonic()
        async with self._chassis.database.write() as session:
            await session.execute(delete(StreamEvent).where(StreamEvent.at < clock.now() - KEPT))

    async def _answer(self, request: Request) -> Response:
        try:
            self._chassis.authenticate(request, frozenset({GATEWAY_ISSUER}))
        except IdentityTokenError as error:
            return refusal(401, error.code)
        after, wait = request.query_params.get("after"), request.query_params.get("wait", "0")
        cursor = None if after is None else Cursor.read(after)
        if (after is not None and cursor is None) or not wait.isascii() or not wait.isdigit():
            return refusal(400, "BAD_REQUEST")
        batch = await self.read(cursor, float(wait[:3]))
        return json_response(
            200,
            {
                "cursor": str(batch.cursor),
                "revision": batch.revision,
                "hasGap": batch.has_gap,
                "events": batch.events,
            },
        )

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except _FAILURES as error:
                _log.warning("event_listener_failed", error_type=type(error).__name__)
            self._wake()
            await asyncio.sleep(_RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        dsn = self._chassis.settings.database_dsn.reveal()
        connection = await asyncpg.connect(dsn, timeout=5)
        ended = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _connection: ended.set())
            await connection.add_listener(CHANNEL, lambda *_event: self._wake())
            self._wake()
            await ended.wait()
        finally:
            with contextlib.suppress(*_FAILURES):
                await connection.close(timeout=1)
