"""A cluster goes back to any moment that its archive covers, and the consent database knows it.

A real cluster with the four real schemas. That what was revoked after the moment is replayed from
the journal before anything is served is shown where the journal is
(``tests/svc_consent/authority/test_recovery.py``) and by the drill of the whole platform
(``tests/platform/test_restore_drill.py``).
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from infra.dev.backups import restoring, taking
from infra.dev.backups.manifest import BackupError
from infra.dev.backups.moments import archiving
from infra.dev.postgres import EmbeddedPostgres
from infra.dev.service_databases import Server
from infra.migrations import migrate
from infra.settings import Secret
from tests.architecture.test_layout import ROOT

pytestmark = pytest.mark.timeout(900)

_SERVICE = "training"  # the smallest of the four, to write marks into


@dataclass(frozen=True)
class Archived:
    """A stopped cluster that was marked before and after a moment, its copy and its archive."""

    folder: Path
    early: datetime
    moment: datetime

    def request(self, name: str, moment: datetime | None = None) -> restoring.RestoreRequest:
        return restoring.RestoreRequest(
            backup=self.folder / "copy",
            data_dir=self.folder / name,
            socket_dir=self.folder / "s",
            moment=moment,
            archive=self.folder / "archive",
        )


async def mark(server: Server, text: str) -> datetime:
    """Write a row, and return a moment after it was committed and before the next is."""
    async with server.superuser(f"gt_{_SERVICE}") as connection:
        await connection.execute("insert into mark values ($1)", text)
        await connection.execute("select pg_sleep(0.05)")
        moment: datetime = await connection.fetchval("select clock_timestamp()")
        await connection.execute("select pg_sleep(0.05)")
        return moment


async def marks(request: restoring.RestoreRequest) -> list[str]:
    async with (
        EmbeddedPostgres(request.data_dir, request.socket_dir) as postgres,
        postgres.server.superuser(f"gt_{_SERVICE}") as connection,
    ):
        return [row["text"] for row in await connection.fetch("select text from mark order by 1")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def archived(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Archived]:
    folder = tmp_path_factory.mktemp("m")
    settings = archiving(folder / "archive")
    data_dir = folder / "first"
    async with EmbeddedPostgres(
        data_dir, folder / "s", durable=False, settings=settings
    ) as postgres:
        for service in taking.SERVICES:
            made = await postgres.ensure_service_database(service)
            package = ROOT / f"svc_{service}"
            await asyncio.to_thread(migrate, package, Secret(made.owner_dsn))
        async with postgres.server.superuser(f"gt_{_SERVICE}") as connection:
            await connection.execute("create table mark (text text)")
        early = await mark(postgres.server, "before the copy")
        (data_dir / "state.json").write_text("{}")
        await taking.take(postgres.server, data_dir, None, folder / "copy", is_base=True)
        moment = await mark(postgres.server, "copied")
        await mark(postgres.server, "too late")
    yield Archived(folder, early, moment)


async def test_a_restore_to_a_moment_has_what_was_there_then(archived: Archived) -> None:
    request = archived.request("then", archived.moment)
    await restoring.restore(request, archived.folder / "journal")
    assert await marks(request) == ["before the copy", "copied"]
    async with (
        EmbeddedPostgres(request.data_dir, request.socket_dir) as postgres,
        postgres.server.superuser("gt_consent") as connection,
    ):
        assert await connection.fetchval("select is_restored from authority_journal")
        assert not await connection.fetchval("select pg_is_in_recovery()")


async def test_a_restore_without_a_moment_goes_as_far_as_the_archive(archived: Archived) -> None:
    """The twin as well: without its target the same recovery has what came too late."""
    request = archived.request("all")
    await restoring.restore(request, archived.folder / "journal")
    assert await marks(request) == ["before the copy", "copied", "too late"]


async def test_a_moment_that_nothing_covers_is_refused_and_nothing_is_left(
    archived: Archived,
) -> None:
    request = archived.request("before", archived.early)
    with pytest.raises(BackupError, match="no earlier moment"):
        await restoring.restore(request, archived.folder / "journal")
    request = archived.request("after", archived.moment + timedelta(days=1))
    with pytest.raises(Exception, match="recovery ended before"):
        await restoring.restore(request, archived.folder / "journal")
    assert not (archived.folder / "after" / "postgres").exists()


async def test_a_copy_with_a_changed_file_is_refused(archived: Archived, tmp_path: Path) -> None:
    file = archived.folder / "copy" / "base" / "global" / "pg_control"
    whole = file.read_bytes()
    file.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    try:
        with pytest.raises(BackupError, match="not as it was written"):
            await restoring.restore(archived.request("damaged"), tmp_path / "journal")
    finally:
        file.write_bytes(whole)
    assert not (archived.folder / "damaged" / "postgres").exists()
