"""The database is started again whenever it ends, also when the first try fails."""

import asyncio
import io
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from infra import clock
from infra.dev.postgres import EmbeddedPostgres
from infra.dev.private_files import socket_directory
from infra.dev.up.database import keep_running
from infra.dev.up.merged_log import MergedLog

_PATIENCE_SECONDS = 60


async def _until(is_so: Callable[[], bool]) -> None:
    ends_at = clock.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert clock.monotonic() < ends_at
        await asyncio.sleep(0.02)


@pytest.mark.timeout(300)
async def test_a_database_that_cannot_start_is_tried_again(tmp_path: Path) -> None:
    said = io.StringIO()
    changes: list[int | None] = []
    sockets = socket_directory(tmp_path)
    async with EmbeddedPostgres(tmp_path, sockets, durable=False) as postgres:
        first = postgres.process_id
        assert first is not None
        keeping = asyncio.create_task(
            keep_running(postgres, MergedLog(said), lambda: changes.append(postgres.process_id))
        )
        version = tmp_path / "postgres" / "PG_VERSION"
        away = version.with_name("PG_VERSION.away")
        version.rename(away)
        os.kill(first, signal.SIGKILL)
        await _until(lambda: said.getvalue().count("trying again") >= 2)
        assert not keeping.done()
        assert not changes
        away.rename(version)
        await _until(lambda: bool(changes))
        assert postgres.is_running()
        assert changes == [postgres.process_id]
        assert first not in changes
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    sockets.rmdir()
