"""Own asyncpg pools: one for what every request takes (principal, decisions, gate), one feed.

The same statements through SQLAlchemy cost three times the client's processor time. Server-side
limits lie below the gateway's patience, so that a lock that is not to be had ends in a refusal
and never in a pile-up. The change feed reads whole batches for programs that wait for seconds: it
has a pool with limits of its own, so that neither takes the other's connections or patience.
All connections are READ COMMITTED and commit durably.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from infra.errors import GoldenThreadError, bug
from infra.settings import Secret
from infra.telemetry import metrics, statements, traces


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a pool's calls may take.

    Attributes:
        name: what the pool is for; part of the connections' application name.
        server_limit_ms: longest statement, and longest wait for a lock.
        call_limit_seconds: longest call, the wait for a connection included.
    """

    name: str
    server_limit_ms: int
    call_limit_seconds: float

    def times(self, factor: float) -> "Patience":
        """Return the patience of a slower machine."""
        limit_ms = int(self.server_limit_ms * factor)
        return Patience(self.name, limit_ms, self.call_limit_seconds * factor)


HOT = Patience("hot", 250, 0.45)
FEED = Patience("feed", 10_000, 12.0)

Connection = Any
"""A connection of asyncpg, which has no types."""

FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What a database that is away, slow or restarting raises."""


class AuthorityUnavailableError(GoldenThreadError):
    """The authority database did not answer in time: nothing about a person may be released."""

    code = "AUTHORITY_UNAVAILABLE"


class HotPool:
    """A small pool with server-side limits; ``start`` it with the app."""

    def __init__(
        self,
        dsn: Secret,
        *,
        application_name: str,
        size: int,
        patience: Patience = HOT,
        slower: float = 1.0,
    ) -> None:
        self._dsn = dsn
        self._name = f"{application_name}-{patience.name}"
        self._size = size
        self._patience = patience.times(slower)
        self._pool: Any = None

    async def start(self) -> None:
        """Open the first connections."""
        self._pool = await asyncpg.create_pool(
            self._dsn.reveal(),
            min_size=1,
            max_size=self._size,
            init=self._watch,
            reset=_reset,
            timeout=5,
            server_settings={
                "application_name": self._name,
                "timezone": "UTC",
                "default_transaction_isolation": "read committed",
                "synchronous_commit": "on",
                "lock_timeout": str(self._patience.server_limit_ms),
                "statement_timeout": str(self._patience.server_limit_ms),
                "idle_in_transaction_session_timeout": "2000",
                # Few statements, all of them look-ups by index: plan once, never weigh anew.
                "plan_cache_mode": "force_generic_plan",
                "enable_seqscan": "off",
                "jit": "off",
            },
        )

    async def _watch(self, connection: Connection) -> None:
        """Have each statement of a sampled request recorded, where traces go anywhere."""
        if traces.are_exported():
            name = self._patience.name

            def ended(query: Any) -> None:
                failed = query.exception is not None
                statements.record(query.query, query.elapsed, name, failed=failed)

            connection.add_query_logger(ended)

    def observe(self, program: str) -> None:
        """Have the pool looked at when somebody reads the metrics."""

        def busy() -> float:
            return self._pool.get_size() - self._pool.get_idle_size() if self._pool else 0

        name = self._patience.name
        metrics.POOL.labels(program, name, "busy").set_function(busy)
        metrics.POOL.labels(program, name, "most").set(self._size)

    async def stop(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection for one call; a transaction that it leaves open is rolled back.

        A connection whose call ran out of time is given up: what its server makes of the last
        statement is unknown, as it is when a connection is lost.

        Raises:
            AuthorityUnavailableError: the database is away, slow, or out of connections.
            asyncpg.UniqueViolationError: as the caller's statement met it.
        """
        if self._pool is None:
            bug("the hot pool is used before the app has started")
        try:
            async with asyncio.timeout(self._patience.call_limit_seconds):
                connection = await self._pool.acquire()
                try:
                    try:
                        yield connection
                    except Exception:
                        await _roll_back(connection)
                        raise
                except asyncio.CancelledError:
                    # Its server may hang: whoever waited for word that the statement was cancelled
                    # would keep the call and the connection for as long as the server is silent.
                    connection.terminate()
                    raise
                finally:
                    await self._pool.release(connection)
        except asyncpg.UniqueViolationError:
            raise
        except FAILURES as error:
            raise AuthorityUnavailableError("the authority database did not answer") from error


async def _roll_back(connection: Connection) -> None:
    with contextlib.suppress(*FAILURES):
        if connection.is_in_transaction():
            await connection.execute("rollback")


async def _reset(_connection: Connection) -> None:
    """Send nothing when a connection comes back: these never change their session."""
