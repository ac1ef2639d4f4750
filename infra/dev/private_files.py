"""Files and folders that only their owner may read: generated passwords, keys, socket folders."""

import hashlib
import os
import secrets
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

# sun_path holds 108 bytes on Linux and 104 on macOS, the closing NUL included.
MAX_SOCKET_PATH_BYTES = 100


class PrivateFileError(Exception):
    """A private file or folder cannot be used as it is; the message names it and says why."""


def private_directory(path: Path) -> Path:
    """Make `path` (and its parents) a folder of mode 0700 that belongs to this user.

    Raises PrivateFileError when something else is there: a link, a file, another user's folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            message = f"{path} is in the way: a private folder is wanted there"
            raise PrivateFileError(message) from None
        if found.st_uid != os.geteuid():
            message = f"{path} belongs to another user; remove it or choose another --data folder"
            raise PrivateFileError(message) from None
        if stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
            path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step, mode 0600 from the first byte on."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def keep_secret(path: Path, generate: Callable[[], str]) -> str:
    """Return the secret kept in `path`; on the first call generate it and keep it there (0600)."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        private_directory(path.parent)
        value = generate()
        write_private(path, value)
        return value


def new_password() -> str:
    """Return 256 random bits as letters and digits that need no quoting in a URL."""
    return secrets.token_hex(32)


def socket_directory(data_dir: Path) -> Path:
    """Return the short private folder for the Unix sockets that belong to `data_dir`.

    The path of a data folder may be longer than a socket address can hold, so sockets live under
    the system's folder for temporary files, by a hash of the data folder: the same one each time,
    so that nothing is left over after a crash.
    """
    mark = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]
    parent = private_directory(Path(tempfile.gettempdir()) / f"gt-{os.geteuid()}")
    folder = private_directory(parent / mark)
    longest = len(os.fsencode(folder / "participants.metrics.sock"))
    if longest >= MAX_SOCKET_PATH_BYTES:
        message = f"{folder} is too long for Unix sockets; set TMPDIR to a shorter folder"
        raise PrivateFileError(message)
    return folder
