"""What each ``migrations/env.py`` calls: migrate over asyncpg in one transaction.

Whoever waits for a table makes everybody wait who asks for it later, readers too. So a migration
waits for a tenth of a second at most, gives back what it has, lets the others go on and tries
again, as a whole; and says in the end who was in its way.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from alembic import context
from sqlalchemy import Connection, MetaData, Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from infra.errors import GoldenThreadError
from infra.retention_tables import PROOFS
from infra.tables import Base

LOCK_TIMEOUT_MS = 80
VACUUM_TIMEOUT_MS = 1_500
"""PostgreSQL ends a vacuum of its own that is in somebody's way, but only after a second."""
ATTEMPTS = 100
PAUSE_SECONDS = 0.5
_LOOK_EVERY_SECONDS = 0.02
_IN_THE_WAY = frozenset({"55P03", "40P01"})
"""A lock was not to be had in time; or two waited for each other, and this one had to yield."""

_WHO = """
select blocker.pid, activity.usename, activity.application_name,
       (select relation::regclass::text from pg_locks
        where pid = $1 and not granted and relation is not null limit 1) as wanted
from unnest(pg_blocking_pids($1)) as blocker(pid) left join pg_stat_activity activity using (pid)
"""


class MigrationBlockedError(GoldenThreadError):
    """Others held what the migration needs, at every attempt; nothing was changed."""

    code = "MIGRATION_BLOCKED"


@dataclass(slots=True)
class InTheWay:
    """Whom the last attempt waited for, as another connection saw it.

    Attributes:
        holders: the sessions, in words.
        wanted: the table; empty while it is not known.
        is_vacuum: one of them is PostgreSQL's own.
    """

    holders: list[str] = field(default_factory=list)
    wanted: str = ""
    is_vacuum: bool = False

    def note(self, rows: list[asyncpg.Record]) -> None:
        """Take in one look; a look that met nobody says nothing."""
        if not rows:
            return
        self.holders = [
            f"session {row['pid']} ({row['usename']}, {row['application_name'] or 'no name'})"
            if row["usename"]
            else f"session {row['pid']} (a vacuum of PostgreSQL's own)"
            for row in rows
        ]
        self.is_vacuum = any(row["usename"] is None for row in rows)
        self.wanted = rows[0]["wanted"] or self.wanted

    def sentence(self, package: str) -> str:
        """Say who waits for what, and what to do."""
        table = f"table {self.wanted}" if self.wanted else "a lock"
        who = ", ".join(self.holders) or "somebody who was gone again at each look"
        return (
            f"the migration of {package} gave up after {ATTEMPTS} attempts and has changed nothing:"
            f" it needs {table}, which {who} held. Let that transaction end (a backup, a report, a"
            " console that was left open; else pg_terminate_backend), then migrate again"
        )


def _own_tables(package: str) -> set[str]:
    """Return the tables of one service and of the ground floor.

    A process that has imported several services (the test suite) knows the tables of all.
    """
    return {
        str(table.name)
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.startswith((f"{package}.", "infra."))
        for table in mapper.tables
        if isinstance(table, Table)
    }


def run(metadata: MetaData) -> None:
    """Run the migrations that alembic's context asks for.

    Args:
        metadata: the service's tables, for ``alembic check``-style comparison.
    """
    dsn = context.config.attributes["dsn"]

    package = Path(context.script.dir).parent.name
    own = _own_tables(package)

    def is_own(
        obj: object, name: str | None, kind: str, is_reflected: bool, _other: object
    ) -> bool:
        del obj
        return name != PROOFS and (kind != "table" or is_reflected or name in own)

    def apply(connection: Connection) -> None:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            compare_type=True,
            include_object=is_own,
        )
        with context.begin_transaction():
            context.run_migrations()

    async def connect() -> None:
        # One connection an attempt: what a lost attempt leaves behind must not meet the next.
        engine = create_async_engine(
            "postgresql+asyncpg://", connect_args={"dsn": dsn}, poolclass=NullPool
        )
        try:
            await _try_until_free(engine, dsn, package, apply)
        finally:
            await engine.dispose()

    asyncio.run(connect())


async def _try_until_free(
    engine: AsyncEngine, dsn: str, package: str, apply: Callable[[Connection], None]
) -> None:
    in_the_way = InTheWay()
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(PAUSE_SECONDS)
        patience_ms = VACUUM_TIMEOUT_MS if in_the_way.is_vacuum else LOCK_TIMEOUT_MS
        in_the_way.is_vacuum = False
        try:
            async with engine.begin() as connection:
                pid = (await connection.execute(text("select pg_backend_pid()"))).scalar_one()
                await connection.execute(text(f"set local lock_timeout = {patience_ms}"))
                async with _watched(dsn, pid, in_the_way):
                    await connection.run_sync(apply)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _IN_THE_WAY:
                raise
        else:
            return
    raise MigrationBlockedError(in_the_way.sentence(package))


@asynccontextmanager
async def _watched(dsn: str, pid: int, in_the_way: InTheWay) -> AsyncIterator[None]:
    """Note whom a session waits for, while it does."""

    async def watch() -> None:
        # Who is in the way is said where it can be seen; the migration does not depend on it.
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            connection = await asyncpg.connect(dsn)
            try:
                while True:
                    in_the_way.note(await connection.fetch(_WHO, pid))
                    await asyncio.sleep(_LOOK_EVERY_SECONDS)
            finally:
                connection.terminate()

    watching = asyncio.create_task(watch(), name="migration-watch")
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
