"""Processes under measurement: start them on one core, read what they cost from /proc."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_TICKS = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process and its children have used so far."""

    cpu_seconds: float
    peak_mib: float


def on_core(core: int, command: list[str]) -> list[str]:
    """Return a command pinned to one core, where the machine can."""
    taskset = shutil.which("taskset")
    return [taskset, "-c", str(core), *command] if taskset else command


def family(pid: int) -> list[int]:
    """Return a process and all that it has started."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def cost(pid: int) -> Cost:
    """Return the processor time and the peak memory of a process and its children."""
    ticks, peak = 0, 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
            for line in Path(f"/proc/{one}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    peak += int(line.split()[1])
    return Cost(ticks / _TICKS, peak / 1024)


@contextlib.contextmanager
def started(
    command: list[str],
    *,
    core: int,
    log: Path,
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[str]"]:
    """Run a process while the block lasts; its words go to a file."""
    with log.open("w") as words:
        process = _popen(on_core(core, command), words, folder, environment)
        try:
            yield process
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _popen(
    command: list[str], words: IO[str], folder: Path, environment: Mapping[str, str] | None
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if "tests.bench.answer_server" in command else words,
        stderr=words,
        text=True,
        cwd=folder,
        env={**os.environ, **(environment or {})},
    )


@contextlib.contextmanager
def answer_server(log: Path, *, core: int, size: str = "") -> Iterator[tuple[int, int]]:
    """Run the subgraphs; gives (port, pid)."""
    command = [sys.executable, "-m", "tests.bench.answer_server"]
    command += ["--size", size] if size else []
    with started(command, core=core, log=log) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process.pid
