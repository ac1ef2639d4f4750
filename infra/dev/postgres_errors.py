"""What the embedded PostgreSQL says when it cannot start, in one sentence each."""

from pathlib import Path


class PostgresError(Exception):
    """The embedded PostgreSQL cannot do what was asked; the data folder is as it was."""


class DataFolderVersionError(PostgresError):
    """The data folder was written by another major version of PostgreSQL."""


class DataFolderInUseError(PostgresError):
    """Another instance is running on the data folder."""


class SocketInUseError(PostgresError):
    """Another server listens on the Unix socket."""


class DiskFullError(PostgresError):
    """There is no room left on the file system of the data folder."""


_IN_USE = ("postmaster.pid", "pre-existing shared memory block")
_SOCKET = (".s.PGSQL.", "could not bind Unix address", "Address already in use")
_FULL = ("No space left on device", "Disk quota exceeded")


def explain(log: str, data_dir: Path) -> PostgresError:
    """Turn the last lines that `initdb` or `postgres` wrote into the error that they mean."""
    if any(words in log for words in _FULL):
        message = f"no space left on the file system of {data_dir}; nothing was lost, make room"
        return DiskFullError(message)
    if any(words in log for words in _SOCKET) and "already" in log:
        message = f"another server uses the Unix socket that belongs to {data_dir}"
        return SocketInUseError(message)
    if any(words in log for words in _IN_USE):
        message = f"the data folder {data_dir} is in use by another PostgreSQL server"
        return DataFolderInUseError(message)
    lines = [line for line in log.splitlines() if "FATAL" in line or "error" in line.lower()]
    reason = (lines or log.splitlines() or ["no output"])[-1].strip()
    return PostgresError(f"PostgreSQL did not start on {data_dir}: {reason}")
