"""Where `up` keeps things: one data folder, and one short folder for Unix sockets.

::

    DIR/state.json        issuer, port, what has been migrated and seeded (for a quick warm start)
    DIR/run.json          URLs, process ids and sockets, while it runs
    DIR/up.lock           held while it runs
    DIR/world.json        the demo world that was seeded; demo.json is its view for people
    DIR/synth.json        personas of a synthetic world that was loaded on top
    DIR/env/X.env         the environment of program X (mode 0600)
    DIR/keys/X/           private keys of program X; keys/public/ everybody's public keys
    DIR/secrets/          generated secrets (mode 0600)
    DIR/postgres/, log/   the database cluster and what it says
    DIR/journal/          authority changes, apart from the databases (GT_NARROWING_JOURNAL)
    DIR/backups/          what `backup` wrote; `--fresh` leaves it
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from infra.dev.private_files import PrivateFileError, private_directory, write_private
from infra.dev.up.errors import UpError

# All that `--fresh` may delete: the folder may be one that holds other things, too.
_OWN = (
    "postgres",
    "postgres.unfinished",
    "postgres.lock",
    "log",
    "secrets",
    "keys",
    "env",
    "journal",
)
_BESIDE = frozenset({"current", "current-sandbox", "sandbox", "sandbox.json", "sandbox-clock"})
"""What may be there before the first start: the pointers, and what makes a folder a sandbox."""
_OWN_FILES = ("state.json", "run.json", "world.json", "demo.json", "synth.json", "balancer.cfg")


@dataclass(slots=True)
class State:
    """What earlier starts have done. `migrations` maps a service to a digest of its migrations."""

    issuer: str | None = None
    port: int | None = None
    provisioned: list[str] = field(default_factory=list)
    migrations: dict[str, str] = field(default_factory=dict)
    seeded: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one data folder and its sockets."""

    data_dir: Path
    socket_dir: Path

    def environment_file(self, program: str) -> Path:
        """The environment of a program."""
        return self.data_dir / "env" / f"{program}.env"

    def key_dir(self, program: str) -> Path:
        """The private keys of a program."""
        return self.data_dir / "keys" / program

    @property
    def public_key_dir(self) -> Path:
        """Everybody's public keys."""
        return self.data_dir / "keys" / "public"

    def secret_file(self, name: str) -> Path:
        """A generated secret."""
        return self.data_dir / "secrets" / name

    def socket(self, name: str) -> str:
        """The address of a Unix socket."""
        return f"unix:{self.socket_dir / name}.sock"

    @property
    def run_file(self) -> Path:
        """What is running now."""
        return self.data_dir / "run.json"

    @property
    def world_file(self) -> Path:
        """The demo world."""
        return self.data_dir / "world.json"

    @property
    def demo_file(self) -> Path:
        """The demo world as people and scripts want it."""
        return self.data_dir / "demo.json"

    def state(self) -> State:
        """Return what earlier starts have done. Raises UpError when the file is damaged."""
        path = self.data_dir / "state.json"
        try:
            return State(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return State()
        except (TypeError, ValueError):
            message = f"{path} is damaged; start over with --fresh"
            raise UpError(message) from None

    def keep(self, state: State) -> None:
        """Write down what has been done."""
        write_private(self.data_dir / "state.json", json.dumps(asdict(state), indent=1))

    def clear(self) -> None:
        """Delete everything that `up` ever wrote here, and nothing else; the lock must be held."""
        for name in _OWN:
            path = self.data_dir / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for name in _OWN_FILES:
            (self.data_dir / name).unlink(missing_ok=True)


def _check_ours(data_dir: Path) -> None:
    """Refuse a folder that somebody else's files are in: it would be closed to other users."""
    try:
        names = {path.name for path in data_dir.iterdir()}
    except (FileNotFoundError, NotADirectoryError):
        return
    if names - _BESIDE and "up.lock" not in names:
        message = f"{data_dir} is not empty and no data folder of ours; choose another with --data"
        raise UpError(message)


@contextlib.contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Make the data folder if needed and hold it for this process alone.

    Raises UpError when another `up` holds it, or when it cannot be written.
    """
    try:
        _check_ours(data_dir)
        private_directory(data_dir)
        descriptor = os.open(data_dir / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (OSError, PrivateFileError) as error:
        message = f"cannot use {data_dir} as data folder: {error}"
        raise UpError(message) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            message = (
                f"./goldenthread up already runs on {data_dir} (process {holder}); stop it, or "
                "choose another folder with --data and another port with --port"
            )
            raise UpError(message) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
