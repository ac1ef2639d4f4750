"""Every promise about releases names tests that exist, and a test that is renamed is missed."""

import tomllib
from pathlib import Path

import pytest

_FILE = Path(__file__).with_name("release_lines.toml")
_ROOT = Path(__file__).resolve().parents[2]


def _problems(lines: dict[str, list[str]]) -> list[str]:
    found = [f"{line}: no test" for line, tests in lines.items() if not tests]
    for line, tests in lines.items():
        for test in tests:
            file, _, function = test.partition("::")
            path = _ROOT / file
            is_there = path.is_file() and (
                not function or f"def {function}(" in path.read_text(encoding="utf-8")
            )
            if not is_there:
                found.append(f"{line}: there is no {test}")
    return found


def _lines() -> dict[str, list[str]]:
    found: dict[str, list[str]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))["lines"]
    return found


def test_every_promise_about_releases_is_shown() -> None:
    assert len(_lines()) >= 38
    assert _problems(_lines()) == []


@pytest.mark.parametrize("tests", [[], ["tests/scenarios/cases/99_none.toml"], ["x.py::test_y"]])
def test_a_promise_without_a_test_is_found(tests: list[str]) -> None:
    assert _problems({"planted": tests})
