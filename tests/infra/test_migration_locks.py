"""A migration that has to wait lets everybody else go on; it tries again, and says who held it up.

Two small migrations in a folder of the test's own: the second changes a table that a session
reads in a transaction which it does not end.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from infra import migration_environment
from infra.migration_environment import InTheWay, MigrationBlockedError
from infra.migrations import migrate
from infra.settings import Secret
from tests.fixtures.postgres import ServiceDatabaseFactory

PATIENCE_SECONDS = 60
ENVIRONMENT = """
from sqlalchemy import MetaData

from infra.migration_environment import run

run(MetaData())
"""
VERSION = """
from alembic import op

revision, down_revision = "{number}", {before}


def upgrade() -> None:
    op.execute("{statement}")
"""


@dataclass(frozen=True, slots=True)
class House:
    """A package with migrations, and its database with the first of them."""

    package: Path
    dsn: str

    async def migrate(self, revision: str = "head") -> None:
        await asyncio.to_thread(migrate, self.package, Secret(self.dsn), revision)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(
            self.dsn, server_settings={"application_name": "monthly-report"}
        )
        try:
            yield connection
        finally:
            await connection.close()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[int]:
        """Read the table in a transaction that stays open; the process that does."""
        async with self.session() as connection, connection.transaction():
            await connection.fetch("select * from note")
            yield int(await connection.fetchval("select pg_backend_pid()"))

    async def columns(self) -> set[str]:
        async with self.session() as connection:
            rows = await connection.fetch(
                "select column_name from information_schema.columns where table_name = 'note'"
            )
        return {row["column_name"] for row in rows}

    async def waiting(self, behind: int) -> int:
        """Return the process that waits behind another, once there is one."""
        async with self.session() as connection, asyncio.timeout(PATIENCE_SECONDS):
            while True:
                found = await connection.fetchval(
                    "select pid from pg_stat_activity where $1 = any(pg_blocking_pids(pid))", behind
                )
                if found is not None:
                    return int(found)
                await asyncio.sleep(0.005)


@pytest.fixture
async def house(tmp_path: Path, service_database: ServiceDatabaseFactory) -> House:
    owner, _ = await asyncio.to_thread(service_database, "training")
    package = tmp_path / "svc_made"
    versions = package / "migrations" / "versions"
    versions.mkdir(parents=True)
    (package / "migrations" / "env.py").write_text(ENVIRONMENT)
    for number, before, statement in (
        ("0001", None, "create table note (id int primary key)"),
        ("0002", "0001", "alter table note add column said text"),
    ):
        version = VERSION.format(number=number, before=repr(before), statement=statement)
        (versions / f"{number}.py").write_text(version)
    made = House(package, owner)
    await made.migrate("0001")
    return made


async def test_readers_go_on_while_a_migration_waits_and_it_succeeds_once_free(
    house: House,
) -> None:
    async with house.held() as holder:
        migrating = asyncio.create_task(house.migrate())
        await house.waiting(behind=holder)
        async with house.session() as reader, asyncio.timeout(PATIENCE_SECONDS):
            # Each of them comes back, though the table is not free at any moment.
            for _ in range(20):
                await reader.fetch("select * from note")
        assert not migrating.done()
        assert await house.columns() == {"id"}
    await migrating
    assert await house.columns() == {"id", "said"}


async def test_twin_without_the_bound_readers_queue_behind_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_environment, "LOCK_TIMEOUT_MS", 0)
    async with house.session() as reader:
        async with house.held() as holder:
            migrating = asyncio.create_task(house.migrate())
            migration = await house.waiting(behind=holder)
            reading = asyncio.create_task(reader.fetch("select * from note"))
            await house.waiting(behind=migration)
            assert not reading.done()
        await reading
    await migrating


async def test_one_that_is_never_let_in_gives_up_and_says_who_held_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_environment, "ATTEMPTS", 3)
    monkeypatch.setattr(migration_environment, "PAUSE_SECONDS", 0)
    # Long enough for a look, on any machine; that it is short is the first test's.
    monkeypatch.setattr(migration_environment, "LOCK_TIMEOUT_MS", 1_000)
    async with house.held() as holder:
        with pytest.raises(MigrationBlockedError) as blocked:
            await house.migrate()
        said = str(blocked.value)
        assert f"session {holder} (gt_training" in said
        assert "monthly-report" in said
        assert "svc_made" in said
        assert "table note" in said
        assert "after 3 attempts" in said
        assert await house.columns() == {"id"}
    await house.migrate()
    assert await house.columns() == {"id", "said"}


async def test_another_mistake_is_not_tried_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_environment, "PAUSE_SECONDS", 10 * PATIENCE_SECONDS)
    async with house.session() as connection:
        await connection.execute("alter table note add column said text")
    with pytest.raises(Exception, match="already exists"):
        await house.migrate()


def test_postgres_is_given_the_time_that_it_needs_to_end_its_own_vacuum() -> None:
    in_the_way = InTheWay()
    in_the_way.note([{"pid": 7, "usename": None, "application_name": "", "wanted": "note"}])
    assert in_the_way.is_vacuum
    assert "session 7 (a vacuum of PostgreSQL's own)" in in_the_way.sentence("svc_made")
    other = InTheWay()
    other.note([{"pid": 8, "usename": "gt", "application_name": "", "wanted": None}])
    assert not other.is_vacuum
    assert migration_environment.LOCK_TIMEOUT_MS < 100
    assert migration_environment.VACUUM_TIMEOUT_MS > 1_000  # deadlock_timeout, as it comes
