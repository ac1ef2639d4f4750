"""One PostgreSQL server per data folder, also across a killed supervisor.

The lock is an flock on an open file that the server and all its processes inherit, so it is free
exactly when none of them lives any more. That tells a stale `postmaster.pid` (whose process id
another program may have by now) from a live one, which PostgreSQL alone cannot.
"""

import asyncio
import fcntl
import os
from pathlib import Path

from infra.dev.postgres_errors import DataFolderInUseError

# A server whose supervisor was killed gets SIGINT and needs a moment to stop.
_STOPPING_SECONDS = 15.0
_POLL_SECONDS = 0.05


class FolderLock:
    """The exclusive use of a data folder, held from `acquire` until `release`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def descriptor(self) -> int:
        """The open file that the server inherits."""
        if self._descriptor is None:
            message = "the lock is not held"
            raise RuntimeError(message)
        return self._descriptor

    async def acquire(self) -> None:
        """Take the lock, waiting for a server that is on its way out.

        Raises DataFolderInUseError, at once when the process that holds it is alive.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            await self._wait_for(descriptor)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    async def _wait_for(self, descriptor: int) -> None:
        for _ in range(int(_STOPPING_SECONDS / _POLL_SECONDS)):
            if _try_lock(descriptor):
                return
            holder = _holder(descriptor)
            if holder is not None and _is_alive(holder):
                message = (
                    f"the data folder {self._path.parent} is in use by process {holder}; "
                    "stop it or choose another folder with --data"
                )
                raise DataFolderInUseError(message)
            await asyncio.sleep(_POLL_SECONDS)
        message = f"a PostgreSQL server that lost its supervisor still uses {self._path.parent}"
        raise DataFolderInUseError(message)

    def release(self) -> None:
        """Give the lock back; it stays taken while a server that inherited it lives."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
    return int(text) if text.isdecimal() else None


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return state.rpartition(")")[2].split()[:1] != ["Z"]  # a dead process that nobody waited for


def clear_stale_pid_file(data_dir: Path, pid_file: Path) -> None:
    """Remove a `postmaster.pid` whose process is something else by now; the lock must be held.

    Raises DataFolderInUseError when a server that was started without the lock is running there.
    """
    try:
        first = pid_file.read_text(encoding="utf-8").splitlines()[0]
        process_id = int(first)
    except (FileNotFoundError, IndexError, ValueError):
        return
    if not _is_alive(process_id):
        return  # PostgreSQL sees that itself, and checks its shared memory as well
    try:
        working = Path(f"/proc/{process_id}/cwd").readlink()
    except OSError:
        return
    if working == pid_file.parent.resolve():
        message = f"the data folder {data_dir} is in use by PostgreSQL process {process_id}"
        raise DataFolderInUseError(message)
    pid_file.unlink()
