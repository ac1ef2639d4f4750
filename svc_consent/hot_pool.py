"""Own asyncpg pool for the paths that every request takes: principal, decisions, gate, feed.

The same statements through SQLAlchemy cost three times the client's processor time. Server-side
limits lie below the gateway's patience, so that a lock that is not to be had ends in a refusal
and never in a pile-up. All connections are READ COMMITTED and commit durably.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from infra.errors import GoldenThreadError, bug
from infra.settings import Secret

SERVER_LIMIT_MS = 250
CALL_LIMIT_SECONDS = 0.45

Connection = Any
"""A connection of asyncpg, which has no types."""

FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What a database that is away, slow or restarting raises."""


class AuthorityUnavailableError(GoldenThreadError):
    """The authority database did not answer in time: nothing about a person may be released."""

    code = "AUTHORITY_UNAVAILABLE"


class HotPool:
    """A small pool with short server-side limits; ``start`` it with the app."""

    def __init__(self, dsn: Secret, *, application_name: str, size: int) -> None:
        self._dsn = dsn
        self._name = f"{application_name}-hot"
        self._size = size
        self._pool: Any = None

    async def start(self) -> None:
        """Open the first connections."""
        self._pool = await asyncpg.create_pool(
            self._dsn.reveal(),
            min_size=1,
            max_size=self._size,
            reset=_reset,
            timeout=5,
            server_settings={
                "application_name": self._name,
                "timezone": "UTC",
                "default_transaction_isolation": "read committed",
                "synchronous_commit": "on",
                "lock_timeout": str(SERVER_LIMIT_MS),
                "statement_timeout": str(SERVER_LIMIT_MS),
                "idle_in_transaction_session_timeout": "2000",
                # Few statements, all of them look-ups by index: plan once, never weigh anew.
                "plan_cache_mode": "force_generic_plan",
                "enable_seqscan": "off",
                "jit": "off",
            },
        )

    async def stop(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection for one call; a transaction that it leaves open is rolled back.

        Raises:
            AuthorityUnavailableError: the database is away, slow, or out of connections.
            asyncpg.UniqueViolationError: as the caller's statement met it.
        """
        if self._pool is None:
            bug("the hot pool is used before the app has started")
        try:
            async with (
                asyncio.timeout(CALL_LIMIT_SECONDS),
                self._pool.acquire() as connection,
            ):
                try:
                    yield connection
                except Exception:
                    await _roll_back(connection)
                    raise
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
