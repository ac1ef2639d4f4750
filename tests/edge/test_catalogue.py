"""What the catalogue of attacks says is shown is there: no entry outlives its test."""

import ast
import tomllib
from pathlib import Path

TESTS = Path(__file__).parents[1]
CATALOGUE = Path(__file__).with_name("catalogue.toml")


def _entries() -> dict[str, list[str]]:
    entries: dict[str, list[str]] = tomllib.loads(CATALOGUE.read_text())["tests"]
    return entries


def _missing(entries: dict[str, list[str]]) -> list[str]:
    missing = []
    for attack, (file, *names) in entries.items():
        path = TESTS / file
        tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
        there = {
            each.name
            for each in ast.walk(tree)
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        if not names or not there.issuperset(names):
            missing.append(attack)
    return missing


def test_every_entry_names_a_test_that_is_there() -> None:
    assert _missing(_entries()) == []


def test_an_entry_whose_test_has_gone_would_be_noticed() -> None:
    """Planted twins of the test above."""
    file = "edge/test_catalogue.py"
    assert _missing({"TK-00": [file, "test_nothing"]}) == ["TK-00"]
    assert _missing({"TK-00": ["edge/absent.py", "test_nothing"]}) == ["TK-00"]
    assert _missing({"TK-00": [file]}) == ["TK-00"]
