"""The embedded server through its whole life: crash, stop, orphans, and what must not start."""

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from infra.dev import postgres as postgres_module
from infra.dev import postgres_binaries
from infra.dev.postgres import EmbeddedPostgres
from infra.dev.postgres_binaries import BinariesError
from infra.dev.postgres_errors import (
    DataFolderInUseError,
    DataFolderVersionError,
    DiskFullError,
    PostgresError,
    SocketInUseError,
    explain,
)

STARTER = """
import asyncio, sys
from pathlib import Path
from infra.dev.postgres import EmbeddedPostgres

async def main():
    async with EmbeddedPostgres(Path(sys.argv[1]), Path(sys.argv[2])) as server:
        print(server.process_id, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    # Sockets need a short path; the data folder deliberately has a long one with a space.
    return tmp_path / ("long name " * 12) / "data", tmp_path / "s"


def _quick(folders: tuple[Path, Path]) -> EmbeddedPostgres:
    """Without fsync, where the machine is not supposed to crash."""
    return EmbeddedPostgres(*folders, durable=False)


async def _rows(server: EmbeddedPostgres) -> int:
    connection = await asyncpg.connect(server.dsn("gt_cases", "gt_cases_owner"))
    try:
        return int(await connection.fetchval("SELECT count(*) FROM kept"))
    finally:
        await connection.close()


async def _keep_rows(server: EmbeddedPostgres) -> None:
    database = await server.ensure_service_database("cases")
    connection = await asyncpg.connect(database.owner_dsn)
    await connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS id")
    await connection.close()


async def test_committed_rows_survive_kill_9(folders: tuple[Path, Path]) -> None:
    async with EmbeddedPostgres(*folders) as server:
        await _keep_rows(server)
        assert server.process_id is not None
        family = [psutil.Process(server.process_id)]
        family += family[0].children(recursive=True)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):  # a worker may be done by itself
                process.kill()
        psutil.wait_procs(family, timeout=60)
    async with EmbeddedPostgres(*folders) as again:
        assert await _rows(again) == 1000


async def test_rows_and_passwords_survive_a_stop(folders: tuple[Path, Path]) -> None:
    async with _quick(folders) as server:
        await _keep_rows(server)
        before = server.dsn("gt_cases", "gt_cases")
    async with _quick(folders) as again:
        assert again.dsn("gt_cases", "gt_cases") == before
        assert await _rows(again) == 1000


async def test_passwords_are_for_the_owner_only(folders: tuple[Path, Path]) -> None:
    async with _quick(folders) as server:
        await server.ensure_service_database("cases")
    secrets = list((folders[0] / "secrets" / "postgres").iterdir())
    assert {path.name for path in secrets} == {"postgres", "gt_cases", "gt_cases_owner"}
    for path in secrets:
        assert path.stat().st_mode & 0o077 == 0
    assert (folders[0] / "postgres").stat().st_mode & 0o077 == 0
    assert folders[1].stat().st_mode & 0o077 == 0


async def test_a_wrong_password_does_not_open_the_socket(folders: tuple[Path, Path]) -> None:
    async with _quick(folders) as server:
        dsn = server.dsn("postgres", "postgres")
        password = dsn.split(":")[2].split("@")[0]
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(dsn.replace(password, "wrong"))


async def test_no_server_is_left_when_its_parent_is_killed(folders: tuple[Path, Path]) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTER, *map(str, folders)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    server = psutil.Process(int(parent.stdout.readline()))
    family = [server, *server.children(recursive=True)]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    gone, alive = psutil.wait_procs(family, timeout=60)
    assert not alive
    assert len(gone) == len(family)
    # A clean shutdown, not a crash: the next start finds nothing to recover.
    async with _quick(folders) as again:
        assert "database system was shut down" in again.log_path.read_text()


async def test_a_second_server_on_the_same_folder_is_refused(folders: tuple[Path, Path]) -> None:
    async with _quick(folders) as server:
        await _keep_rows(server)
        with pytest.raises(DataFolderInUseError, match="in use by process"):
            await _quick(folders).start()
        assert await _rows(server) == 1000


async def test_a_server_started_by_hand_is_respected(folders: tuple[Path, Path]) -> None:
    async with _quick(folders) as server:
        await _keep_rows(server)
        lock = folders[0] / "postgres.lock"
        lock.rename(lock.with_suffix(".away"))  # as if no lock had been taken
        with pytest.raises(DataFolderInUseError, match="in use by PostgreSQL process"):
            await _quick(folders).start()
        assert await _rows(server) == 1000


async def test_a_stale_pid_of_another_program_does_not_lock_the_folder(
    folders: tuple[Path, Path],
) -> None:
    async with _quick(folders) as server:
        await _keep_rows(server)
    # After a crash the number in the file may by now be any program's, for example ours.
    stale = folders[0] / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{folders[0] / 'postgres'}\n0\n5432\n{folders[1]}\n")
    async with _quick(folders) as again:
        assert await _rows(again) == 1000


async def test_a_folder_of_another_version_is_left_alone(folders: tuple[Path, Path]) -> None:
    async with _quick(folders):
        pass
    version = folders[0] / "postgres" / "PG_VERSION"
    written = version.read_text()
    version.write_text("12\n")
    before = _fingerprint(folders[0] / "postgres")
    with pytest.raises(DataFolderVersionError, match="written by PostgreSQL 12"):
        await _quick(folders).start()
    assert _fingerprint(folders[0] / "postgres") == before
    version.write_text(written)
    async with _quick(folders):
        pass


async def test_a_socket_in_use_is_said_clearly(folders: tuple[Path, Path], tmp_path: Path) -> None:
    async with _quick(folders) as server:
        await _keep_rows(server)
        with pytest.raises(SocketInUseError, match="another server uses the Unix socket"):
            await _quick((tmp_path / "other", folders[1])).start()
        assert await _rows(server) == 1000


async def test_a_full_disk_is_said_before_anything_is_made(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_module, "_NEW_CLUSTER_BYTES", 1 << 60)
    with pytest.raises(DiskFullError, match="no space left"):
        await _quick(folders).start()
    assert not (folders[0] / "postgres").exists()


def test_a_disk_that_fills_up_while_starting_is_said_so() -> None:
    log = 'FATAL:  could not write lock file "postmaster.pid": No space left on device'
    assert isinstance(explain(log, Path("/data")), DiskFullError)


async def test_an_interrupted_first_start_leaves_no_half_cluster(
    folders: tuple[Path, Path],
) -> None:
    unfinished = folders[0] / "postgres.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    async with _quick(folders) as server:
        await _keep_rows(server)
    assert not unfinished.exists()


async def test_missing_binaries_are_named(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GT_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(BinariesError, match="initdb"):
        await _quick(folders).start()


async def test_as_root_it_runs_without_user_namespaces_and_back(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        return  # an ordinary user has nobody to become
    if not all(parent.stat().st_mode & stat.S_IXOTH for parent in Path(sys.prefix).parents):
        return  # in a folder that is closed to all others, nobody could run anything
    with monkeypatch.context() as closed:
        runs = postgres_binaries._runs
        closed.setattr(
            postgres_binaries, "_runs", lambda words: "unshare" not in words[0] and runs(words)
        )
        async with _quick(folders) as server:
            await _keep_rows(server)
            assert server.process_id is not None
            assert psutil.Process(server.process_id).uids().effective == 65534
    async with _quick(folders) as again:
        assert await _rows(again) == 1000
        assert again.process_id is not None
        assert psutil.Process(again.process_id).uids().effective == 0


async def test_a_damaged_folder_is_refused_and_kept(folders: tuple[Path, Path]) -> None:
    async with _quick(folders):
        pass
    (folders[0] / "postgres" / "postgresql.conf").write_text("nonsense = 1 2 3\n")
    before = _fingerprint(folders[0] / "postgres")
    with pytest.raises(PostgresError, match="did not start"):
        await _quick(folders).start()
    assert _fingerprint(folders[0] / "postgres") == before


async def test_several_servers_run_side_by_side(tmp_path: Path) -> None:
    async with (
        _quick((tmp_path / "a", tmp_path / "sa")) as first,
        _quick((tmp_path / "b", tmp_path / "sb")) as second,
    ):
        await asyncio.gather(_keep_rows(first), _keep_rows(second))
        assert await _rows(first) == await _rows(second) == 1000


async def test_a_signal_to_the_terminal_does_not_reach_the_server(
    folders: tuple[Path, Path],
) -> None:
    async with _quick(folders) as server:
        assert server.process_id is not None
        assert os.getpgid(server.process_id) != os.getpgrp()
        os.kill(server.process_id, signal.SIGCONT)
        assert server.is_running()


def _fingerprint(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file()
    }
