"""The catalogue of attacks is mapped whole: to tests that exist, or to what is missing and why.

A long form alone shows nothing in the test run, so that each entry has one test that runs there.
"""

import ast
import tomllib
from functools import cache
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
        runs = False
        for test in tests:
            file, _, function = test.partition("::")
            known = _tests_of(_ROOT / file)
            if function not in known:
                found.append(f"{name}: there is no {test}")
            runs = runs or not known.get(function, True)
        if tests and not runs:
            found.append(f"{name} has long forms alone, and nothing in the test run")
    return found


@cache
def _tests_of(path: Path) -> dict[str, bool]:
    """Return the tests of a file, and whether each is a long form: marked `soak`, or its file is.

    A mark on some parameters of a test leaves the others in the test run.
    """
    if not path.is_file():
        return {}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: dict[str, bool] = {}

    def walk(body: list[ast.stmt], *, is_long: bool) -> None:
        is_long = is_long or any(map(_marks_all, body))
        for each in body:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                is_marked = is_long or any(map(_is_soak, each.decorator_list))
                if isinstance(each, ast.ClassDef):
                    walk(each.body, is_long=is_marked)
                else:
                    found[each.name] = is_marked

    walk(tree.body, is_long=False)
    return found


def _marks_all(statement: ast.stmt) -> bool:
    """Say whether a statement is `pytestmark = ...` with the mark."""
    if not isinstance(statement, ast.Assign):
        return False
    names = [each.id for each in statement.targets if isinstance(each, ast.Name)]
    value = statement.value
    marks = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    return "pytestmark" in names and any(map(_is_soak, marks))


def _is_soak(mark: ast.expr) -> bool:
    return ast.unparse(mark.func if isinstance(mark, ast.Call) else mark) == "pytest.mark.soak"


def test_every_id_is_mapped_and_every_test_exists() -> None:
    """Nothing is forgotten, and nothing is claimed that is not there."""
    assert not _problems(_read())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda found: found["covered"].pop("LK-09"),
        lambda found: found["covered"].update({"LK-09": ["tests/proof/test_matrix.py::test_none"]}),
        lambda found: found["not_yet"].update({"LK-09": "twice"}),
        lambda found: found["covered"].update({"LK-09": [_LONG_BY_ITSELF]}),
        lambda found: found["covered"].update({"LK-09": [_LONG_BY_ITS_FILE]}),
    ],
)
def test_a_gap_or_a_false_claim_is_caught(spoil: Any) -> None:
    """Planted: an id without a test, one that does not exist, both lists, long forms alone."""
    catalogue = _read()
    spoil(catalogue)
    assert _problems(catalogue)


_LONG_BY_ITSELF = "tests/faults/test_mishaps.py::test_half_an_hour_of_everything_breaks_no_promise"
_LONG_BY_ITS_FILE = "tests/platform/test_upgrade.py::test_two_releases_serve_side_by_side"


def test_a_long_form_beside_a_test_of_the_run_is_no_problem() -> None:
    catalogue = _read()
    catalogue["covered"]["LK-09"] += [_LONG_BY_ITSELF, _LONG_BY_ITS_FILE]
    assert _problems(catalogue) == []


def test_a_mark_is_found_wherever_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "test_marks.py"
    file.write_text(
        "@pytest.mark.soak\ndef test_marked(): ...\n"
        "@pytest.mark.timeout(0)\n@pytest.mark.soak()\nasync def test_called(): ...\n"
        "@pytest.mark.parametrize('n', [1, pytest.param(2, marks=pytest.mark.soak)])\n"
        "def test_in_part(n): ...\n"
        "def test_plain(): ...\n"
        "class TestAll:\n    pytestmark = [pytest.mark.soak]\n    def test_inside(self): ...\n"
    )
    assert _tests_of(file) == {
        "test_marked": True, "test_called": True, "test_in_part": False, "test_plain": False,
        "test_inside": True,
    }  # fmt: skip


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
