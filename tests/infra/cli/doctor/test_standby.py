"""Replication without waiting for the standby is found on a server that really is replicated."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from infra.cli.doctor.databases import examine, standby
from infra.cli.doctor.deployment import Program
from infra.cli.doctor.findings import Finding, Outcome
from infra.dev.postgres import EmbeddedPostgres
from infra.dev.postgres_binaries import find_binaries

WAITS = {"synchronous_standby_names": "*", "synchronous_commit": "on"}
ALONE = {"synchronous_standby_names": "", "synchronous_commit": "on"}


async def replication(dsn: str) -> Finding:
    program = Program("svc_consent", {"GT_DATABASE_DSN": dsn})
    [found] = [each for each in await examine(program) if each.check == "standby"]
    return found


async def until(dsn: str, outcome: Outcome, words: str) -> Finding:
    """Ask until the server has taken the change in (30 s at most)."""
    for _ in range(300):
        found = await replication(dsn)
        if found.outcome is outcome and words in found.message:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"last: {found}")


@asynccontextmanager
async def receiving(socket_dir: Path, password: str, folder: Path) -> AsyncIterator[None]:
    """A real receiver of the server's log, which confirms what it has on disk."""
    process = subprocess.Popen(
        [
            str(find_binaries(os.environ) / "pg_receivewal"), "-h", str(socket_dir), "-U",
            "postgres", "-D", str(folder), "--synchronous", "--no-loop", "-s", "1",
        ],
        env={**os.environ, "PGPASSWORD": password},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


async def test_a_standby_that_nobody_waits_for_is_a_failure() -> None:
    with tempfile.TemporaryDirectory(prefix="gt-pg-") as folder:
        sockets, kept = Path(folder) / "run", Path(folder) / "wal"
        kept.mkdir()
        async with EmbeddedPostgres(Path(folder) / "data", sockets, durable=False) as server:
            made = await server.ensure_service_database("consent")
            assert (await replication(made.runtime_dsn)).message == "not replicated"
            superuser = server.server.superuser_dsn
            connection = await asyncpg.connect(superuser)
            password = (server.server.password_dir / "postgres").read_text().strip()
            async with receiving(sockets, password, kept):
                left_behind = await until(made.runtime_dsn, Outcome.FAIL, "does not wait")
                assert "revoked" in left_behind.advice
                await connection.execute("alter system set synchronous_standby_names = '*'")
                await connection.execute("select pg_reload_conf()")
                await until(made.runtime_dsn, Outcome.OK, "1 connected")
            await until(made.runtime_dsn, Outcome.FAIL, "none is connected")
            await connection.execute("alter system reset synchronous_standby_names")
            await connection.execute("select pg_reload_conf()")
            await until(made.runtime_dsn, Outcome.OK, "not replicated")
            await connection.close()


@pytest.mark.parametrize(
    ("service", "standbys", "setting", "outcome"),
    [
        ("svc_consent", 0, ALONE, Outcome.OK),
        ("svc_consent", 2, ALONE, Outcome.FAIL),
        ("svc_training", 2, ALONE, Outcome.WARN),
        ("svc_consent", 2, WAITS, Outcome.OK),
        ("svc_consent", 0, WAITS, Outcome.FAIL),
        ("svc_consent", 2, {**WAITS, "synchronous_commit": "local"}, Outcome.FAIL),
        ("svc_consent", 2, {**WAITS, "synchronous_commit": "remote_write"}, Outcome.FAIL),
        ("svc_consent", 2, {**WAITS, "synchronous_commit": "remote_apply"}, Outcome.OK),
    ],
)
def test_what_counts_as_waiting(
    service: str, standbys: int, setting: dict[str, str], outcome: Outcome
) -> None:
    assert standby(Program(service, {}), standbys, setting).outcome is outcome
