"""Database sessions: reading and writing are different types, and commit happens at the edge.

A ``ReadSession`` runs in a read-only REPEATABLE READ transaction: all reads of one request see
one snapshot, and with them the authority revision that they rely on. A ``WriteSession`` runs at
READ COMMITTED and is committed by ``Database.write`` alone. Enforced by the import contract that
keeps ``commit`` out of the slices.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NewType, Protocol

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from infra.errors import GoldenThreadError
from infra.settings import Secret

ReadSession = NewType("ReadSession", AsyncSession)
WriteSession = NewType("WriteSession", AsyncSession)
AnySession = ReadSession | WriteSession

JOURNAL_KEY = "journal"
"""Under which a write session's ``info`` has the journal of authority changes, if there is one."""
JOURNALLED_KEY = "journalled"
"""And there the lines that its transaction wrote: (database id, line id)."""
AT_THE_END_KEY = "at_the_end"
"""And there what its transaction does last, with all its rows written (``LastStep``)."""
LastStep = Callable[[], Awaitable[None]]
_TAKE = text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
_LEAVE = text("select pg_advisory_unlock(hashtextextended(:name, 0))")
_OUTAGES = ("08", "53", "57P")
"""Classes of PostgreSQL's appendix A: connection, resources, intervention by an operator."""
DRIVER = "postgresql+asyncpg://"
"""The driver reads the whole address: SQLAlchemy knows no ``sslmode`` and no ``sslrootcert``."""


class AlreadyRunningError(GoldenThreadError):
    """Somebody else is at this work over the same database; nothing of it was done here."""

    code = "ALREADY_RUNNING"


class ChangeJournal(Protocol):
    """What a database has to do with a journal of changes (``infra.authority.journal``)."""

    def withdraw(self, database: str, ids: Sequence[str]) -> None:
        """Note that the transaction of these lines was rolled back."""

    def close(self) -> None:
        """Close what is open."""


class Database:
    """One connection pool to one service's database."""

    def __init__(
        self,
        dsn: Secret,
        *,
        application_name: str,
        pool_size: int = 8,
        journal: ChangeJournal | None = None,
    ) -> None:
        self.journal = journal
        settings = {
            "application_name": application_name,
            "timezone": "UTC",
            "statement_timeout": "15000",
            "idle_in_transaction_session_timeout": "30000",
            # With the narrowing predicate, planning costs more than running: look-ups are planned
            # once a connection. A root list is planned for its own caller (infra.owner_pages).
            "plan_cache_mode": "force_generic_plan",
        }
        if journal is not None:
            settings["gt.journal"] = "on"  # triggers of the consent database catch changed rows
        self.engine: AsyncEngine = create_async_engine(
            DRIVER,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=False,
            connect_args={
                "dsn": dsn.reveal(),
                "server_settings": settings,
                "timeout": 5,
                # One per statement and shape of caller; fewer would be planned over and over.
                "prepared_statement_cache_size": 1000,
            },
        )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """Open one read-only snapshot; nothing written in it can be kept."""
        async with self.engine.connect() as connection:
            snapshot = await connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            async with AsyncSession(snapshot, expire_on_commit=False) as session:
                yield ReadSession(session)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        """Open one transaction; commits when the block ends well, else rolls everything back."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            session.info[JOURNAL_KEY] = self.journal
            try:
                yield WriteSession(session)
                last_step: LastStep | None = session.info.get(AT_THE_END_KEY)
                if last_step is not None:
                    await session.flush()
                    await last_step()
            except BaseException:
                if self.journal is not None:  # it will be rolled back: its lines do not count
                    for database, line in session.info.get(JOURNALLED_KEY, ()):
                        self.journal.withdraw(database, [line])
                raise

    @asynccontextmanager
    async def alone(self, work: str) -> AsyncIterator[None]:
        """Do some work that spans transactions, while nobody else does it over this database.

        It takes a connection of its own for as long; who dies leaves nothing locked behind.

        Raises:
            AlreadyRunningError: somebody else is at it.
        """
        name = {"name": f"alone\n{work}"}
        async with self.engine.connect() as connection:
            held = await connection.execution_options(isolation_level="AUTOCOMMIT")
            if not await held.scalar(_TAKE, name):
                raise AlreadyRunningError(
                    f"another run of {work} is under way; this one did nothing"
                )
            try:
                yield
            finally:
                try:
                    await held.execute(_LEAVE, name)
                except SQLAlchemyError:  # it ends with the connection
                    await held.invalidate()

    async def is_reachable(self) -> bool:
        """Return whether the database answers a trivial statement."""
        try:
            async with self.engine.connect() as connection:
                await connection.execute(text("select 1"))
        except Exception:  # any failure means "not reachable"
            return False
        return True

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()
        if self.journal is not None:
            self.journal.close()


def is_outage(error: BaseException) -> bool:
    """Say whether a database gave no connection or lost it, so that asking again may help.

    A statement that runs into its time limit is none: how long it takes may depend on its rows.
    """
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state.startswith(_OUTAGES)
    return isinstance(error, (NoFreeConnectionError, OSError))


async def rows(
    session: AnySession, statement: str, parameters: dict[str, Any]
) -> Sequence[dict[str, Any]]:
    """Run one textual statement and return its rows as mappings, for hot paths in repositories."""
    result = await session.execute(text(statement), parameters)
    return [dict(row) for row in result.mappings()]
