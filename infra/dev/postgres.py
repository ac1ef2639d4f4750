"""An embedded PostgreSQL server: one private cluster in a data folder, on a Unix socket only.

It survives `kill -9` (fsync stays on), stops fast, and stops when the process that started it
dies, however that happens. All roles sign in with generated passwords (SCRAM) that are kept in
the data folder's `secrets/`, mode 0600.

Layout of a data folder::

    DIR/postgres/           the cluster
    DIR/postgres.lock       held while a server runs (see postgres_lock)
    DIR/log/postgres.log    what the server says
    DIR/secrets/postgres/   one password file per role
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.dev.postgres_binaries import find_binaries, give_to, major_version, server_user
from infra.dev.postgres_errors import (
    DataFolderVersionError,
    DiskFullError,
    PostgresError,
    explain,
)
from infra.dev.postgres_lock import FolderLock, clear_stale_pid_file
from infra.dev.private_files import keep_secret, new_password, private_directory
from infra.dev.service_databases import Server, ServiceDatabase, socket_dsn

SUPERUSER = "postgres"

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.01
_NEW_CLUSTER_BYTES = 100 * 1024 * 1024
_LOG_TAIL_BYTES = 8192
_BUILTIN_LOCALE_SINCE = 17
# postmaster.pid, line 8: what the server says about itself (PostgreSQL source, pidfile.h).
_STATUS_LINE = 7


class EmbeddedPostgres:
    """One PostgreSQL server on `data_dir`, listening in `socket_dir`.

    `durable=False` turns fsync off, for throw-away clusters in tests only. `settings` are further
    ones of the server; `start_seconds` is how long it may take to answer, a recovery included.
    Start it from the main thread: the kernel stops it when the starting thread ends.
    """

    def __init__(
        self,
        data_dir: Path,
        socket_dir: Path,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        start_seconds: float = _START_SECONDS,
    ) -> None:
        self._settings = settings or {}
        self._start_seconds = start_seconds
        self._data_dir = data_dir
        self._socket_dir = socket_dir
        self._durable = durable
        self._lock = FolderLock(data_dir / "postgres.lock")
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def log_path(self) -> Path:
        """The file that the server writes to, emptied at each start."""
        return self._data_dir / "log" / "postgres.log"

    @property
    def process_id(self) -> int | None:
        """The process id of the running server."""
        return self._process.pid if self._process else None

    def is_running(self) -> bool:
        """Say whether the server process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def server(self) -> Server:
        """The server as its superuser reaches it."""
        password = keep_secret(self._password_file(SUPERUSER), new_password)
        dsn = socket_dsn(SUPERUSER, password, SUPERUSER, self._socket_dir)
        return Server(superuser_dsn=dsn, password_dir=self._password_file(SUPERUSER).parent)

    def dsn(self, database: str, role: str) -> str:
        """Return the address of `database` for `role`, with its password."""
        return self.server.dsn(database, role)

    async def start(self) -> None:
        """Make the cluster if there is none yet, start the server, wait until it answers.

        Raises PostgresError (and its kinds) or BinariesError; the data is untouched then.
        """
        binaries = find_binaries(os.environ)
        private_directory(self._data_dir)
        private_directory(self.log_path.parent)
        private_directory(self._socket_dir)
        await self._lock.acquire()
        try:
            await self._make_cluster(binaries)
            self._check_version(binaries)
            clear_stale_pid_file(self._data_dir, self._cluster / "postmaster.pid")
            self._process = self._launch(binaries)
            await self._wait_until_ready(self._process)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the server: open transactions are rolled back, connections closed (fast mode)."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            if not await _ended(process, _STOP_SECONDS):
                process.send_signal(signal.SIGQUIT)  # immediate: recovers at the next start
                if not await _ended(process, _STOP_SECONDS):
                    process.kill()
                    process.wait()
        self._lock.release()

    async def ensure_service_database(
        self, service: str, database: str | None = None
    ) -> ServiceDatabase:
        """Make the database of a service, its owner role and its runtime role, unless they exist.

        The roles are `gt_<service>_owner` and `gt_<service>`, the database `gt_<service>` unless
        named; see service_databases. Raises PostgresError when the name will not do.
        """
        return await self.server.ensure(service, database)

    @property
    def _cluster(self) -> Path:
        return self._data_dir / "postgres"

    def _password_file(self, role: str) -> Path:
        return self._data_dir / "secrets" / "postgres" / role

    async def _make_cluster(self, binaries: Path) -> None:
        if self._cluster.exists():
            return
        free = shutil.disk_usage(self._data_dir).free
        if free < _NEW_CLUSTER_BYTES:
            message = (
                f"no space left for a database in {self._data_dir}: {free // 2**20} MiB free, "
                f"{_NEW_CLUSTER_BYTES // 2**20} MiB wanted"
            )
            raise DiskFullError(message)
        # Built beside and renamed at the end: an interrupted first start leaves no half cluster.
        unfinished = self._cluster.with_name("postgres.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        keep_secret(self._password_file(SUPERUSER), new_password)
        locale = ["--locale=C"]
        if major_version(binaries) >= _BUILTIN_LOCALE_SINCE:
            # Same order as C, and knows the letters of all languages (search folds case).
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        words = [
            *server_user("KILL").prefix,
            str(binaries / "initdb"),
            f"--pgdata={unfinished}",
            f"--username={SUPERUSER}",
            f"--pwfile={self._password_file(SUPERUSER)}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            *locale,
            *([] if self._durable else ["--no-sync"]),
        ]
        process = await asyncio.create_subprocess_exec(
            *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
        if process.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise explain(output.decode(errors="replace"), self._data_dir)
        unfinished.rename(self._cluster)

    def _check_version(self, binaries: Path) -> None:
        try:
            written = (self._cluster / "PG_VERSION").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            message = f"{self._cluster} is not a PostgreSQL data folder; it was left as it is"
            raise PostgresError(message) from None
        here = str(major_version(binaries))
        if written != here:
            message = (
                f"the data folder {self._data_dir} was written by PostgreSQL {written}, and this "
                f"is PostgreSQL {here}; it was left as it is: use --fresh to start over, or set "
                "GT_POSTGRES_BIN to the programs of that version"
            )
            raise DataFolderVersionError(message)

    def _launch(self, binaries: Path) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_dir),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "fsync": "on" if self._durable else "off",
            "jit": "off",
            **self._settings,
        }
        user = server_user("INT")
        give_to(user.owner, self._cluster)
        words = [
            *user.prefix,
            str(binaries / "postgres"),
            "-D",
            str(self._cluster),
            *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")),
        ]
        with self.log_path.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - our own words
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(self._lock.descriptor,),
                process_group=0,  # Ctrl-C in the terminal is the supervisor's to hand on
            )

    async def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        pid_file = self._cluster / "postmaster.pid"
        deadline = time.monotonic() + self._start_seconds
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise explain(self._log_tail(), self._data_dir)
            with contextlib.suppress(OSError):
                lines = pid_file.read_text(encoding="utf-8").splitlines()
                if (
                    len(lines) > _STATUS_LINE
                    and lines[0].strip() == str(process.pid)
                    and lines[_STATUS_LINE].strip() == "ready"
                ):
                    return
            await asyncio.sleep(_POLL_SECONDS)
        message = f"PostgreSQL was not ready after {self._start_seconds:.0f} s; see {self.log_path}"
        raise PostgresError(message)

    def _log_tail(self) -> str:
        data = self.log_path.read_bytes()
        return data[-_LOG_TAIL_BYTES:].decode(errors="replace")


async def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True
