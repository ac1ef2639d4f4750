"""Which data folder a command is about, and what the running platform wrote there.

`--data DIR` names it; without it, commands follow the pointer `.goldenthread/current` in the
repository root, which `up` writes. `up` itself falls back to `.goldenthread/`.
"""

import fcntl
import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.cli.errors import CommandError

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_FOLDER = REPOSITORY / ".goldenthread"
POINTER = Path(os.environ.get("GT_POINTER") or DEFAULT_FOLDER / "current")
"""File that names the last data folder; tests that start the platform name another."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A folder that `up` keeps everything in: database, keys, secrets, what it wrote for others."""

    path: Path

    @property
    def run_file(self) -> Path:
        """URLs, process ids and sockets of the running platform."""
        return self.path / "run.json"

    @property
    def demo_file(self) -> Path:
        """Personas, demo participants and course session, as `demo --json` prints them."""
        return self.path / "demo.json"

    @property
    def world_file(self) -> Path:
        """The demo world that was seeded."""
        return self.path / "world.json"

    @property
    def synthetic_file(self) -> Path:
        """Personas of the synthetic world, and the day that each seed's is reckoned from."""
        return self.path / "synth.json"

    def environment_file(self, program: str) -> Path:
        """The environment of a program, mode 0600."""
        return self.path / "env" / f"{program}.env"

    def is_running(self) -> bool:
        """Say whether an `up` holds the folder now; a killed one does not."""
        try:
            descriptor = os.open(self.path / "up.lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def running(self) -> dict[str, Any]:
        """Return what `run.json` says. Raises CommandError when nothing is running."""
        if self.is_running() and (run := _json(self.run_file)) is not None:
            return run
        message = f"nothing is running on {self.path}; start it with ./goldenthread up"
        raise CommandError(message)

    def demo(self) -> dict[str, Any]:
        """Return the demo data, with the personas of a synthetic world if there is one.

        Raises CommandError before the first `up`.
        """
        if (demo := _json(self.demo_file)) is not None:
            synthetic = _json(self.synthetic_file) or {}
            demo["personas"] += synthetic.get("personas", [])
            return demo
        message = f"no demo data in {self.path} yet; start the platform with ./goldenthread up"
        raise CommandError(message)

    def environment(self, program: str) -> dict[str, str]:
        """Return the environment that `up` gave a program; empty before the first `up`."""
        try:
            text = self.environment_file(program).read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        pairs = (word.partition("=") for word in shlex.split(text))
        return {name: value for name, _, value in pairs}


def chosen(data: Path | None) -> DataFolder:
    """Return the folder named by `--data`, else the one the pointer names, else the default."""
    if data is not None:
        return DataFolder(data.resolve())
    try:
        return DataFolder(Path(POINTER.read_text(encoding="utf-8").strip()))
    except FileNotFoundError:
        return DataFolder(DEFAULT_FOLDER)


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        message = f"{path} is damaged; start over with ./goldenthread up --fresh"
        raise CommandError(message) from None
    return found if isinstance(found, dict) else None
