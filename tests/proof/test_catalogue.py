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


def _bypasses(catalogue: dict[str, Any]) -> list[str]:
    """Return known bypasses of other gateways that nothing here tries (AZ-01 to AZ-20)."""
    return sorted(
        name
        for name in catalogue["not_yet"]
        if name.startswith("AZ-") and int(name.removeprefix("AZ-")) <= _LAST_KNOWN_BYPASS
    )


_LAST_KNOWN_BYPASS = 20


def test_pc_12_every_bypass_that_is_known_of_others_has_a_test() -> None:
    """No reason excuses one: whoever adds an advisory to the catalogue brings its test along."""
    assert _bypasses(_read()) == []


def test_pc_12_a_known_bypass_without_a_test_is_caught() -> None:
    catalogue = _read()
    catalogue["not_yet"]["AZ-07"] = "an advisory that came with an update"
    assert _bypasses(catalogue) == ["AZ-07"]
