"""Commands that belong to a program: the CLI turns into that program, with its environment."""

import importlib.util
import os
import sys
from pathlib import Path
from typing import NoReturn

from infra.cli.data_folder import REPOSITORY, DataFolder
from infra.cli.errors import CommandError


def hand_over(
    module: str, words: list[str], folder: DataFolder, *, needs_running: bool = False
) -> NoReturn:
    """Replace this process by ``python -m MODULE WORDS``. Raises CommandError when it cannot.

    Settings that are already in the environment win over those of the data folder.
    """
    if needs_running:
        folder.running()
    if importlib.util.find_spec(f"{module}.__main__") is None:
        message = f"this build has no program {module}"
        raise CommandError(message)
    environment = {**folder.environment(module), **os.environ}
    become([sys.executable, "-P", "-m", module, *words], environment)


def become(words: list[str], environment: dict[str, str], folder: Path | None = None) -> NoReturn:
    """Replace this process, keeping the working directory unless one is named."""
    if folder is not None:
        os.chdir(folder)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(words[0], words, environment)  # noqa: S606 - that is what a launcher is for


def run_tests(arguments: list[str]) -> NoReturn:
    """Become pytest on this repository; the whole suite runs on all processors."""
    spread = ["-n", "auto", "--dist", "loadgroup"] if not arguments else []
    words = [sys.executable, "-m", "pytest", *spread, *arguments]
    become(words, dict(os.environ), REPOSITORY)


def take_screenshots(folder: DataFolder) -> NoReturn:
    """Become the program that takes the console's pictures. Raises CommandError if none runs."""
    folder.running()
    target = REPOSITORY / "infra" / "docs" / "console"
    words = [sys.executable, "-P", "-m", "infra.dev.screenshots", str(folder.path), str(target)]
    become(words, dict(os.environ))


def run_benchmark(name: str, arguments: list[str]) -> NoReturn:
    """Become one of the benchmarks. Raises CommandError for a name that is none."""
    folder = REPOSITORY / "tests" / "bench"
    known = sorted(path.stem for path in folder.glob("*.py") if "def main(" in path.read_text())
    if name in ("-h", "--help"):
        sys.stdout.write(f"goldenthread bench NAME [--help]; NAME is one of: {', '.join(known)}\n")
        raise SystemExit(0)
    if name not in known:
        message = f"unknown benchmark {name!r}; known are: {', '.join(known) or 'none here'}"
        raise CommandError(message, status=2)
    words = [sys.executable, "-m", f"tests.bench.{name}", *arguments]
    become(words, dict(os.environ), REPOSITORY)
