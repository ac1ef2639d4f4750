"""The table of rules is whole, and every place and test that it names is there."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "gateway" / "policy" / "rules.toml"
EXPECTED = {
    *(f"D{number:02}" for number in range(1, 56)),
    "D50b",
    *(f"GR-{number}" for number in range(1, 11)),
}
KEYS = {"id", "statement", "state", "where", "tests", "note"}


def rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(FILE.read_text())["rule"]
    return found


def problems(found: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong with a table of rules, in words."""
    ids = [rule["id"] for rule in found]
    wrong = [f"{each} is missing" for each in sorted(EXPECTED - set(ids))]
    wrong += [f"{each} is unknown or twice" for each in ids if ids.count(each) > 1]
    wrong += [f"{each} is no rule" for each in sorted(set(ids) - EXPECTED)]
    for rule in found:
        name = rule["id"]
        if set(rule) - KEYS or not rule.get("statement", "").endswith("."):
            wrong.append(f"{name} has an unknown key or no statement")
        if rule["state"] == "enforced" and not (rule.get("where") and rule.get("tests")):
            wrong.append(f"{name} is enforced nowhere, or no test says so")
        if rule["state"] in ("stricter", "open") and not rule.get("note"):
            wrong.append(f"{name} has no note")
        if rule["state"] not in ("enforced", "stricter", "open"):
            wrong.append(f"{name} has no state")
        wrong += [f"{name}: no {each}" for each in rule.get("where", ()) if not _exists(each)]
        wrong += [f"{name}: no test {each}" for each in rule.get("tests", ()) if not _tests(each)]
    return wrong


def _exists(path: str) -> bool:
    return (ROOT / path).exists()


def _tests(node: str) -> bool:
    path, _, name = node.partition("::")
    file = ROOT / path
    return file.is_file() and bool(
        re.search(rf"^(async )?def {re.escape(name)}\(", file.read_text(), re.MULTILINE)
    )


def test_every_rule_is_mapped_to_a_place_and_to_tests_that_exist() -> None:
    assert problems(rules()) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found[1:],
        lambda found: [*found, found[0]],
        lambda found: [{**found[0], "tests": ["tests/nowhere.py::test_x"]}, *found[1:]],
        lambda found: [{**found[0], "where": ["gateway/nowhere.py"]}, *found[1:]],
        lambda found: [{**found[0], "tests": []}, *found[1:]],
        lambda found: [{**found[0], "id": "D99"}, *found[1:]],
    ],
)
def test_a_table_with_a_hole_is_caught(spoil: Any) -> None:
    assert problems(spoil(rules()))


def test_explanations_name_rules_of_the_table() -> None:
    from svc_consent.explanations.rules import RULES, RULES_OF_BASIS

    named = {each for ids in RULES.values() for each in ids} | set(RULES_OF_BASIS.values())
    assert named - EXPECTED == {"MATRIX", "DENY_WINS", "REVIEW", "CLEARANCE"}
