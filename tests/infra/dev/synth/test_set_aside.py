"""Indexes that a large load sets aside come back, also after a run that was killed."""

from pathlib import Path

import asyncpg
import pytest

from infra.dev.postgres import EmbeddedPostgres
from infra.dev.service_databases import Server
from infra.dev.synth.set_aside import left_over, put_back, set_aside
from tests.fixtures.postgres import ServiceDatabaseFactory

_TABLE = """
    CREATE TABLE authority_visibility (id uuid CONSTRAINT pk_it PRIMARY KEY, holder varchar,
                                       effect varchar);
    CREATE INDEX ix_holder ON authority_visibility (holder, id);
    CREATE INDEX ix_denials ON authority_visibility (holder) WHERE effect = 'deny';
    INSERT INTO authority_visibility VALUES (gen_random_uuid(), 'somebody', 'permit');
"""
_INDEXES = """
    SELECT pg_get_indexdef(x.indexrelid) || coalesce(c.conname || c.contype::text, '')
    FROM pg_index x LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid
    WHERE x.indrelid = 'authority_visibility'::regclass AND x.indisvalid ORDER BY 1
"""
_AGAIN = (
    "INSERT INTO authority_visibility SELECT * FROM authority_visibility"
    " ON CONFLICT (id) DO UPDATE SET holder = excluded.holder"
)


async def indexes(server: Server, database: str) -> list[str]:
    async with server.superuser(database) as connection:
        return [row[0] for row in await connection.fetch(_INDEXES)]


async def settings(server: Server) -> set[str]:
    async with server.superuser() as connection:
        rows = await connection.fetch(
            "SELECT name FROM pg_file_settings WHERE sourcefile LIKE '%auto.conf'"
        )
    return {row["name"] for row in rows}


@pytest.fixture
async def database(
    postgres_cluster: EmbeddedPostgres, service_database: ServiceDatabaseFactory
) -> str:
    owner_dsn, _ = service_database("cases")
    owner = await asyncpg.connect(owner_dsn)
    await owner.execute(_TABLE)
    await owner.close()
    return owner_dsn.split("@/")[1].split("?")[0]


async def test_indexes_and_key_come_back_as_they_were(
    postgres_cluster: EmbeddedPostgres, database: str, tmp_path: Path
) -> None:
    server = postgres_cluster.server
    before = await indexes(server, database)
    assert len(before) == 3
    await set_aside(server, [database], tmp_path)
    assert await indexes(server, database) == []
    assert await left_over(server, tmp_path) == 3
    built: list[int] = []
    await put_back(server, tmp_path, lambda: built.append(1))
    assert len(built) == 3
    assert await indexes(server, database) == before
    assert await left_over(server, tmp_path) == 0
    assert not await settings(server) & {"autovacuum", "max_wal_size"}
    async with server.superuser(database) as connection:
        await connection.execute(_AGAIN)


async def test_a_run_that_was_killed_is_mended_by_the_next(
    postgres_cluster: EmbeddedPostgres, database: str, tmp_path: Path
) -> None:
    server = postgres_cluster.server
    before = await indexes(server, database)
    await set_aside(server, [database], tmp_path)
    async with server.superuser(database) as connection:
        # Killed after it had built the first, and the next run begins as if nothing had been.
        await connection.execute(
            await connection.fetchval("SELECT statement FROM synth_set_aside ORDER BY 1 LIMIT 1")
        )
    await set_aside(server, [database], tmp_path)
    await put_back(server, tmp_path)
    assert await indexes(server, database) == before
    await put_back(server, tmp_path)
    assert await indexes(server, database) == before


async def test_nothing_happens_where_nothing_was_set_aside(
    postgres_cluster: EmbeddedPostgres, database: str, tmp_path: Path
) -> None:
    before = await indexes(postgres_cluster.server, database)
    await put_back(postgres_cluster.server, tmp_path)
    assert await indexes(postgres_cluster.server, database) == before
