"""Indexes of the authority facts, set aside while millions of rows come in and built after them.

A row put into a large table one by one costs a search in each of its indexes; sorted at once, a
sixth of that. What was set aside is written down in the database itself, in the transaction that
drops it, so that a run which was killed is mended by the next one, or by the next `up`. Until
then the platform answers as ever, only slowly, and takes no change of who may see what: without
the key of the table a fact cannot be put twice.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from infra.dev.service_databases import Server
from infra.indicators.publishing import BULK_LOAD_LOCK

if TYPE_CHECKING:
    import asyncpg

_TABLE = "authority_visibility"
_KEPT = "synth_set_aside"
_MARK = "synthetic-set-aside"
_MEMORY = "1GB"
_WHILE_LOADING = {"max_wal_size": "8GB", "checkpoint_timeout": "30min", "autovacuum": "off"}
"""Of the whole server, while rows come in: a checkpoint makes every page be logged whole again."""

_TAKE_DOWN = f"""
    CREATE TABLE {_KEPT} AS
    SELECT i.relname::text AS name, pg_get_indexdef(x.indexrelid) AS statement,
           c.conname::text AS key
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid AND c.contype = 'p'
    WHERE x.indrelid = '{_TABLE}'::regclass
"""  # noqa: S608 - names of ours

Built = Callable[[], None]
"""Told after each index."""


def _mark(folder: Path) -> Path:
    return folder / _MARK


async def set_aside(server: Server, databases: Sequence[str], folder: Path) -> None:
    """Drop the indexes of the facts in these databases and write down how they are made.

    Args:
        server: where the databases are.
        databases: their names.
        folder: data folder, in which a mark says that there is something to put back.
    """
    _mark(folder).write_text("\n".join(databases) + "\n", encoding="utf-8")
    async with server.superuser() as connection:
        for name, value in _WHILE_LOADING.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        await connection.execute("SELECT pg_reload_conf()")
    for database in databases:
        async with server.superuser(database) as connection, connection.transaction():
            if await _kept(connection):
                continue
            await connection.execute(_TAKE_DOWN)
            for row in await connection.fetch(f"SELECT name, key FROM {_KEPT}"):  # noqa: S608
                if row["key"]:
                    await connection.execute(f'ALTER TABLE {_TABLE} DROP CONSTRAINT "{row["key"]}"')
                else:
                    await connection.execute(f'DROP INDEX "{row["name"]}"')


@asynccontextmanager
async def uncounted(server: Server, databases: Sequence[str]) -> AsyncIterator[None]:
    """Keep the services from counting figures of these databases for as long as the block lasts.

    Each look reads all that is known of a site; without the indexes that are set aside it would
    read everything, again and again, and take a good part of the machine from the load.
    """
    async with AsyncExitStack() as stack:
        for database in databases:
            connection = await stack.enter_async_context(server.superuser(database))
            await connection.execute("SELECT pg_advisory_lock($1)", BULK_LOAD_LOCK)
        yield


async def left_over(server: Server, folder: Path) -> int:
    """Return how many indexes wait to be built: those of this run, or of one that was killed."""
    waiting = 0
    for database in _databases(folder):
        async with server.superuser(database) as connection:
            if await _kept(connection):
                waiting += await connection.fetchval(
                    f"SELECT count(*) FROM {_KEPT}"  # noqa: S608 - a name of ours
                )
    return waiting


async def put_back(server: Server, folder: Path, built: Built = lambda: None) -> None:
    """Build what was set aside, as many indexes at a time as there are processors.

    Nothing happens where nothing was set aside; one that was stopped half-way goes on.
    """
    databases = _databases(folder)
    if not databases:
        return
    turns = asyncio.Semaphore(max(2, os.cpu_count() or 2))
    async with asyncio.TaskGroup() as tasks:
        for database in databases:
            async with server.superuser(database) as connection:
                rows = await _waiting(connection)
            for row in rows:
                tasks.create_task(_build(server, database, row, turns, built))
    for database in databases:
        async with server.superuser(database) as connection, connection.transaction():
            await _finish(connection)
    async with server.superuser() as connection:
        for name in _WHILE_LOADING:
            await connection.execute(f"ALTER SYSTEM RESET {name}")
        await connection.execute("SELECT pg_reload_conf()")
    _mark(folder).unlink()


def _databases(folder: Path) -> list[str]:
    try:
        return _mark(folder).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []


async def _kept(connection: "asyncpg.Connection") -> bool:
    return await connection.fetchval(f"SELECT to_regclass('{_KEPT}')") is not None


async def _waiting(connection: "asyncpg.Connection") -> list["asyncpg.Record"]:
    if not await _kept(connection):
        return []
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT name, statement FROM {_KEPT} WHERE to_regclass(name) IS NULL"  # noqa: S608
    )
    return rows


async def _build(
    server: Server, database: str, row: "asyncpg.Record", turns: asyncio.Semaphore, built: Built
) -> None:
    async with turns, server.superuser(database) as connection:
        # Several at a time already, so each alone.
        await connection.execute("SET max_parallel_maintenance_workers = 0")
        await connection.execute(f"SET maintenance_work_mem = '{_MEMORY}'")
        await connection.execute(row["statement"])
    built()


async def _finish(connection: "asyncpg.Connection") -> None:
    """Make the key a key again, and forget what was written down."""
    if not await _kept(connection):
        return
    for row in await connection.fetch(
        f"SELECT name, key FROM {_KEPT} WHERE key IS NOT NULL"  # noqa: S608 - a name of ours
    ):
        await connection.execute(
            f'ALTER TABLE {_TABLE} ADD CONSTRAINT "{row["key"]}" PRIMARY KEY USING INDEX'
            f' "{row["name"]}"'
        )
    await connection.execute(f"DROP TABLE {_KEPT}")
