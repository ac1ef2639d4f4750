"""PostgreSQL's own programs for copies: `pg_dump`, `pg_restore`, `pg_basebackup`."""

import asyncio
import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from infra.dev.backups.manifest import BackupError
from infra.dev.postgres_binaries import find_binaries
from infra.dev.service_databases import Server


async def dump(server: Server, database: str, snapshot: str, target: Path) -> None:
    """Copy a database, as one exported snapshot sees it, into a file. Raises BackupError."""
    words = ["--format=custom", f"--snapshot={snapshot}", f"--file={target}", database]
    await _run(server, "pg_dump", words)


async def load(server: Server, database: str, source: Path) -> None:
    """Fill an empty database from a file. Raises BackupError."""
    words = ["--exit-on-error", "--single-transaction", f"--dbname={database}", str(source)]
    await _run(server, "pg_restore", words)


async def copy_cluster(server: Server, target: Path) -> None:
    """Copy all databases of a server as files, into a folder that is made. Raises BackupError."""
    words = [f"--pgdata={target}", "--checkpoint=fast", "--wal-method=fetch"]
    await _run(server, "pg_basebackup", words)


async def _run(server: Server, program: str, words: list[str]) -> None:
    path = find_binaries(os.environ) / program
    if not path.exists():
        message = f"{path} is needed for this; set GT_POSTGRES_BIN to a folder that has it"
        raise BackupError(message)
    process = await asyncio.create_subprocess_exec(
        path,
        *words,
        env={**os.environ, **_login(server.superuser_dsn)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode != 0:
        message = f"{program} failed: {said.decode(errors='replace').strip()[-300:]}"
        raise BackupError(message)


def _login(dsn: str) -> dict[str, str]:
    """Return an address as libpq's environment, where no other user reads the password."""
    parts = urlsplit(dsn)
    host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
    return {
        "PGHOST": host,
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
    }
