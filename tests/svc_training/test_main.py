"""The command `training import FILE` against a real database; once as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

import svc_training
from infra.database import Database
from infra.migrations import migrate
from infra.settings import Secret
from svc_training.__main__ import import_command
from svc_training.sessions.tables import Session
from tests.fixtures.postgres import ServiceDatabaseFactory, in_own_loop

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "infra/dev/demo/course_page.txt").read_text()


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Done]
Run = Callable[[str | bytes], Done]


@pytest.fixture(scope="module")
def dsn(service_database: ServiceDatabaseFactory) -> str:
    owner, runtime = service_database("training")
    migrate(Path(str(svc_training.__file__)).parent, Secret(owner))
    return runtime


@pytest.fixture
def command(
    dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    def run_command(*words: str, address: str | None = dsn) -> Done:
        if address is None:
            monkeypatch.delenv("GT_DATABASE_DSN", raising=False)
        else:
            monkeypatch.setenv("GT_DATABASE_DSN", address)
        status = import_command(list(words))
        captured = capsys.readouterr()
        return Done(status, captured.out, captured.err)

    return run_command


@pytest.fixture
def run(command: Command, tmp_path: Path) -> Run:
    def import_file(content: str | bytes) -> Done:
        file = tmp_path / "page with spaces.txt"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return command(str(file))

    return import_file


def stored_sessions(dsn: str) -> int:
    async def count() -> int:
        database = Database(Secret(dsn), application_name="test", pool_size=1)
        async with database.read() as session:
            found = await session.scalar(select(func.count()).select_from(Session))
        await database.close()
        return found or 0

    return in_own_loop(count())


def test_page_is_imported_and_again_without_change(run: Run, dsn: str) -> None:
    first = run(PAGE)
    assert (first.returncode, first.stdout) == (
        0,
        "course 8020 created; sessions: 1 created; rows not understood: 0\n",
    )
    assert first.stderr == "course 8020: created\nline 24: session 8020-1: created\n"
    again = run(PAGE)
    assert (again.returncode, again.stdout) == (
        0,
        "course 8020 unchanged; sessions: 1 unchanged; rows not understood: 0\n",
    )
    assert stored_sessions(dsn) == 1


def test_broken_lines_are_named_and_the_status_is_not_zero(run: Run, dsn: str) -> None:
    broken = (
        PAGE + "\n8020-2 Bad 5/32/2023 0800 - 0930 Hall\n8020-3 Good 6/1/2023 0800 - 0930 Hall\n"
    )
    assert run(PAGE).returncode == 0
    done = run(broken)
    assert done.returncode == 1
    assert done.stdout.endswith("sessions: 1 created, 1 unchanged; rows not understood: 1\n")
    assert "line 28: BAD_DATE:" in done.stderr
    assert "line 29: session 8020-3: created" in done.stderr
    assert stored_sessions(dsn) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        (b"\xff\xfe\x00bad", "not UTF-8"),
        ("a\x00b", "not plain text"),
        ("x" * 300_000, "at most"),
    ],
)
def test_file_that_is_no_page_is_one_clear_sentence(
    run: Run, content: str | bytes, words: str
) -> None:
    done = run(content)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == "nothing imported: 1 error\n"


def test_page_without_a_course_stores_no_course(run: Run) -> None:
    done = run("Only a title\n")
    assert done.returncode == 1
    assert done.stdout == "no course; sessions: none; rows not understood: 1\n"
    assert "NO_COURSE" in done.stderr


def test_missing_file_and_missing_setting_are_one_clear_sentence(command: Command) -> None:
    absent = command("/nonexistent/page.txt")
    assert absent.returncode == 2
    assert absent.stderr == "training import: /nonexistent/page.txt: No such file or directory\n"
    unset = command(str(ROOT / "infra/dev/demo/course_page.txt"), address=None)
    assert unset.returncode == 2
    assert unset.stderr == "training import: GT_DATABASE_DSN is not set\n"


def test_database_that_is_away_is_one_clear_sentence(command: Command, tmp_path: Path) -> None:
    away = f"postgresql://u:p@/d?host={tmp_path}"
    done = command(str(ROOT / "infra/dev/demo/course_page.txt"), address=away)
    assert done.returncode == 2
    assert done.stderr == (
        "training import: the training database cannot be reached or is not migrated\n"
    )
    assert "postgresql://" not in done.stdout + done.stderr


def test_process_of_its_own_ends_with_the_same_words(dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "other.txt"
    file.write_text(PAGE.replace("8020-1", "8021-1"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GT_")}
    done = subprocess.run(
        [sys.executable, "-m", "svc_training", "import", str(file)],
        cwd=ROOT,
        env={**environment, "GT_DATABASE_DSN": dsn},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (
        0,
        "course 8021 created; sessions: 1 created; rows not understood: 0\n",
    )
