"""A sandbox: an own folder, nothing real, a clock that goes forward and never back."""

import fcntl
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.app import app
from infra.cli.data_folder import POINTER
from infra.cli.sandbox import SANDBOX_VARIABLE
from infra.dev.sandbox import (
    SandboxClock,
    SandboxError,
    find_library,
    is_sandbox,
    make_sandbox,
)
from infra.dev.sandbox import clock as sandbox_clock

needs_library = pytest.mark.skipif(find_library() is None, reason="needs the package libfaketime")
DAY_SECONDS = 24 * 3600


def _said(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, f"{result.output} {result.exception}"


@needs_library
def test_the_clock_goes_forward_and_stays_there(tmp_path: Path) -> None:
    make_sandbox(tmp_path / "box")
    clock = SandboxClock(tmp_path / "box")
    assert clock.ahead == timedelta()
    assert clock.forward(timedelta(days=2)) == timedelta(days=2)
    assert clock.forward(timedelta(hours=12)) == timedelta(days=2.5)
    assert SandboxClock(tmp_path / "box").ahead == timedelta(days=2.5)


@needs_library
@pytest.mark.parametrize("seconds", [0, -1, -DAY_SECONDS, 11 * 365 * DAY_SECONDS])
def test_the_clock_never_goes_back_nor_too_far(tmp_path: Path, seconds: int) -> None:
    make_sandbox(tmp_path / "box")
    clock = SandboxClock(tmp_path / "box")
    clock.forward(timedelta(days=1))
    with pytest.raises(SandboxError):
        clock.forward(timedelta(seconds=seconds))
    assert clock.ahead == timedelta(days=1)


@needs_library
def test_a_program_that_runs_goes_by_the_clock_soon_after(tmp_path: Path) -> None:
    make_sandbox(tmp_path / "box")
    clock = SandboxClock(tmp_path / "box")
    code = (
        "import select, sys, time\n"
        "for _ in sys.stdin:\n"
        "  select.select([], [], [], 0.7); print(time.time(), time.monotonic(), flush=True)"
    )
    program = subprocess.Popen(
        [sys.executable, "-c", code], env=dict(clock.environment()), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert program.stdin is not None
    assert program.stdout is not None

    def tell() -> tuple[float, float]:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write("\n")
        program.stdin.flush()
        wall, steady = program.stdout.readline().split()
        return float(wall), float(steady)

    first, steady = tell()
    clock.forward(timedelta(days=100))
    for _ in range(40):  # it looks once a second
        second, later = tell()
        if second - first > DAY_SECONDS:
            break
    program.stdin.close()
    program.wait(60)
    program.stdout.close()
    assert abs(first - time.time()) < DAY_SECONDS
    assert second - first > 99 * DAY_SECONDS
    assert later - steady < DAY_SECONDS


def test_a_damaged_clock_does_not_start_anew(tmp_path: Path) -> None:
    make_sandbox(tmp_path / "box")
    (tmp_path / "box" / "sandbox-clock").write_text("-5\n")
    with pytest.raises(SandboxError):
        _ = SandboxClock(tmp_path / "box").ahead


def test_without_the_library_it_runs_by_the_machines_time_as_long_as_that_is_no_step_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_clock, "find_library", lambda: None)
    make_sandbox(tmp_path / "box")
    clock = SandboxClock(tmp_path / "box")
    assert clock.environment() == {}
    with pytest.raises(SandboxError):
        clock.forward(timedelta(days=1))
    (tmp_path / "box" / "sandbox-clock").write_text("+60\n")
    with pytest.raises(SandboxError):
        clock.environment()


def test_fresh_starts_with_a_clock_of_its_own_and_never_under_a_running_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, started = tmp_path / "box", list[list[str]]()
    make_sandbox(box)
    (box / "sandbox-clock").write_text("+60\n")
    (box / "up.lock").touch()

    def execve(_path: str, words: list[str], _environment: object) -> None:
        started.append(words)

    monkeypatch.setattr("os.execve", execve)
    with (box / "up.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        status, said = _said("sandbox", "up", "--fresh", "--data", str(box))
    assert (status != 0, started) == (True, [])
    assert "is running" in said
    assert _said("sandbox", "up", "--fresh", "--data", str(box), "--port", "8123")[0] == 0
    assert started[0][1:] == ["-m", "infra.cli", "up", "--data", str(box), "--port", "8123"]
    assert SandboxClock(box).ahead == timedelta()


def test_a_folder_with_other_data_is_made_no_sandbox(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text("{}")
    with pytest.raises(SandboxError):
        make_sandbox(tmp_path)
    assert not is_sandbox(tmp_path)


def _refuses(tmp_path: Path, words: list[str]) -> None:
    box = tmp_path / "box"
    make_sandbox(box)
    for name in ("rows.csv", "mapping.toml"):
        (tmp_path / name).write_text("")
    status, said = _said(*(each.format(at=tmp_path) for each in words), "--data", str(box))
    assert status != 0
    assert "is a sandbox: nothing that may be real" in said


READING = (
    ["import", "participants", "{at}/rows.csv", "--mapping", "{at}/mapping.toml"],
    ["training", "import", "{at}/rows.csv"],
    ["training", "sync"],
    ["restore", "{at}"],
    ["restore", "{at}", "--force", "--without-journal"],
)


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_nothing_real_is_read_into_a_sandbox(tmp_path: Path, words: list[str]) -> None:
    _refuses(tmp_path, words)


@pytest.mark.parametrize("words", READING[:1], ids=" ".join)
def test_not_even_by_a_program_of_the_sandbox(
    tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SANDBOX_VARIABLE, "1")
    _refuses(tmp_path, words)


def test_planted_a_command_that_does_not_ask_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.cli.upkeep.refuse_sandbox", lambda _folder: None)
    with pytest.raises(AssertionError):
        _refuses(tmp_path, READING[3])


def test_a_sandbox_has_a_pointer_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tries something in a sandbox does not lead other commands there."""
    pointers = list[str]()

    def execve(_path: str, _words: list[str], environment: dict[str, str]) -> None:
        pointers.append(environment["GT_POINTER"])

    own = tmp_path / "current-sandbox"
    monkeypatch.setattr("os.execve", execve)
    monkeypatch.setattr("infra.cli.sandbox.SANDBOX_POINTER", own)
    box = tmp_path / "box"
    assert _said("sandbox", "up", "--data", str(box))[0] == 0
    assert pointers == [str(own)]
    assert own != POINTER
    own.write_text(f"{box}\n")  # as `up` does once all is ready
    assert _said("sandbox", "clock")[1].startswith("0 days ahead")


def test_a_sandbox_is_not_started_under_the_machines_own_time(tmp_path: Path) -> None:
    box = tmp_path / "box"
    make_sandbox(box)
    status, said = _said("up", "--data", str(box))
    assert status != 0
    assert "sandbox up" in said


def test_the_clock_of_another_folder_cannot_be_put_forward(tmp_path: Path) -> None:
    for words in (["forward", "3"], ["clock"]):
        status, said = _said("sandbox", *words, "--data", str(tmp_path))
        assert status != 0
        assert "is no sandbox" in said
