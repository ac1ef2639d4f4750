"""The catalogue of attacks is mapped whole: to tests that exist, or to what is missing and why."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

_FILE = Path(__file__).with_name("catalogue.toml")
_ROOT = Path(__file__).resolve().parents[2]


def _read() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def _problems(catalogue: dict[str, Any]) -> list[str]:
    listed = {
        f"{group}-{number}"
        for group, numbers in catalogue["ids"].items()
        for number in numbers.split()
    }
    covered, missing = set(catalogue["covered"]), set(catalogue["not_yet"])
    found = [f"{each} is in neither list" for each in sorted(listed - covered - missing)]
    found += [f"{each} is in both lists" for each in sorted(covered & missing)]
    found += [f"{each} is no id" for each in sorted((covered | missing) - listed)]
    for name, tests in catalogue["covered"].items():
        if not tests:
            found.append(f"{name} names no test")
        for test in tests:
            file, _, function = test.partition("::")
            path = _ROOT / file
            if not path.is_file() or f"def {function}(" not in path.read_text(encoding="utf-8"):
                found.append(f"{name}: there is no {test}")
    return found


def test_every_id_is_mapped_and_every_test_exists() -> None:
    """Nothing is forgotten, and nothing is claimed that is not there."""
    assert not _problems(_read())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found["covered"].pop("LK-09"),
        lambda found: found["covered"].update({"LK-09": ["tests/proof/test_matrix.py::test_none"]}),
        lambda found: found["not_yet"].update({"LK-09": "twice"}),
    ],
)
def test_a_gap_or_a_false_claim_is_caught(spoil: Any) -> None:
    """Planted: an id without a test, with one that does not exist, in both lists."""
    catalogue = _read()
    spoil(catalogue)
    assert _problems(catalogue)
