"""The command line without a running platform: help, hand-over, operations, one-line errors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.cli.data_folder import DataFolder
from infra.cli.errors import CommandError
from infra.cli.operations import load, names
from infra.dev.demo.identifiers import demo_id
from infra.dev.up.programs import SERVICES


def _run(*words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "infra.cli", *words],
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120", **more},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_command() -> None:
    shown = _run("--help")
    assert shown.returncode == 0
    for command in (
        "up", "status", "token", "demo", "operations", "test", "compose", "policy", "schema",
        "plan", "audit", "training",
    ):  # fmt: skip
        assert f" {command} " in shown.stdout


def test_an_unknown_command_fails() -> None:
    assert _run("nonsense").returncode != 0


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["token", "officer"],
        ["demo"],
        ["audit", "verify"],
        ["training", "import", "page.txt"],
    ],
)
def test_without_a_platform_one_line_says_what_to_do(words: list[str], tmp_path: Path) -> None:
    ran = _run(*words, "--data", str(tmp_path))
    assert ran.returncode == 1
    assert ran.stdout == ""
    [line] = ran.stderr.splitlines()
    assert line.startswith("goldenthread: ")
    assert "./goldenthread up" in line


def test_programs_get_their_words_and_the_environment_of_the_folder(tmp_path: Path) -> None:
    """The gateway's place is taken by a package that prints what it was given."""
    program = tmp_path / "stand_ins" / "gateway"
    program.mkdir(parents=True)
    (program / "__init__.py").touch()
    (program / "__main__.py").write_text(
        "import json, os, sys\n"
        "print(json.dumps([sys.argv[1:], os.environ['GT_ONE'], os.environ['GT_TWO']]))\n"
        "sys.exit(3)\n"
    )
    (tmp_path / "data" / "env").mkdir(parents=True)
    (tmp_path / "data" / "env" / "gateway.env").write_text("GT_ONE='a b'\nGT_TWO=file\n")
    ran = _run(
        *["policy", "diff", "--data", str(tmp_path / "data"), "--role", "LEO", "x y"],
        PYTHONPATH=str(program.parent),
        GT_TWO="already set",
    )
    assert ran.returncode == 3, ran.stderr
    assert json.loads(ran.stdout) == [
        ["policy", "diff", "--role", "LEO", "x y"],
        "a b",
        "already set",
    ]


def test_a_damaged_run_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text("{")
    with pytest.raises(CommandError, match="is damaged"):
        DataFolder(tmp_path).demo()


def test_operations_are_shown_with_the_ids_of_the_demo(tmp_path: Path) -> None:
    (tmp_path / "Look.graphql").write_text("query Look { x }")
    variables = {
        "participant": "demo:participant:roi_active",
        "list": [{"agency": "demo:agency:cedar-police"}],
        "number": "demo:number:roi_active",
        "plain": "demo",
        "count": 3,
    }
    details = {"persona": "officer", "purpose": "LEAD_COORD", "variables": variables}
    (tmp_path / "Look.json").write_text(json.dumps(details))
    assert names(tmp_path) == ["Look"]
    shown = load("Look", tmp_path)
    assert shown["query"] == "query Look { x }"
    assert shown["persona"] == "officer"
    assert shown["variables"]["participant"] == str(demo_id("participant", "roi_active"))
    assert shown["variables"]["list"] == [{"agency": str(demo_id("agency", "cedar-police"))}]
    assert shown["variables"]["number"].startswith("CF-")
    assert shown["variables"]["plain"] == "demo"
    assert shown["variables"]["count"] == 3
    with pytest.raises(CommandError, match="known are: Look"):
        load("Lock", tmp_path)


def test_pytest_gets_the_words_of_test(tmp_path: Path) -> None:
    test = tmp_path / "test_one.py"
    test.write_text("def test_one() -> None:\n    assert True\n")
    ran = _run("test", str(test), "-q", "-p", "no:cacheprovider", PYTEST_ADDOPTS="")
    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout


def test_every_service_is_a_folder_of_the_repository() -> None:
    root = Path(__file__).resolve().parents[3]
    assert {path.name for path in root.glob("svc_*")} == {f"svc_{name}" for name in SERVICES}
