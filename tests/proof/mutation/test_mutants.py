"""The mutator is no rubber stamp: it finds what weak tests miss, and names what is there."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.proof.mutation.mutants import mutants_of

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
SOURCE = '''
LIMIT = 3

def may(role: str, age: int, denied: bool = False) -> bool:
    """Return whether."""
    if denied or age <= 12:
        return False
    if role not in ("CM", "SUP"):
        raise ValueError(role)
    return all(len(each) > 1 for each in (role,))
'''


def _run(tree: ast.Module, role: str, age: int, denied: bool = False) -> Any:
    names: dict[str, Any] = {}
    exec(compile(tree, "planted", "exec"), names)  # noqa: S102 - the module above
    try:
        return names["may"](role, age, denied)
    except ValueError:
        return "refused"


def _survivors(cases: list[tuple[Any, ...]]) -> set[str]:
    original = ast.parse(SOURCE)
    expected = [_run(original, *case) for case in cases]
    return {
        each.name
        for each in mutants_of(SOURCE)
        if [_run(each.tree, *case) for case in cases] == expected
    }


def test_weak_tests_let_dropped_checks_live_and_thorough_ones_do_not() -> None:
    weak: list[tuple[Any, ...]] = [("CM", 40)]
    assert any("left out: raise ValueError(role)" in each for each in _survivors(weak))
    assert any("compare 0: age <= 12" in each for each in _survivors(weak))
    thorough = [*weak, ("CM", 12), ("CM", 13), ("LEO", 40), ("CM", 40, True), ("SUP", 2)]
    left = _survivors(thorough)
    # A role is two letters or more, and there is one: these cannot be told apart.
    assert {each.split(": ")[1] for each in left} <= {"compare 0", "quantifier", "one more"}, left


def test_names_are_unique_and_neither_data_nor_words_are_changed() -> None:
    names = [each.name for each in mutants_of(SOURCE)]
    assert len(names) == len(set(names)) > 8
    assert all(each.startswith("may: ") for each in names)


def test_targets_and_survivors_name_what_is_there() -> None:
    targets: dict[str, list[str]] = tomllib.loads((FOLDER / "targets.toml").read_text())
    for module, tests in targets.items():
        assert (ROOT / Path(*module.split(".")).with_suffix(".py")).is_file(), module
        named = [each for each in tests if not each.startswith("--")]
        assert named, module
        assert all((ROOT / each.partition("::")[0]).exists() for each in named), module
    explained = tomllib.loads((FOLDER / "survivors.toml").read_text())
    for module, reasons in explained.items():
        source = ROOT / Path(*module.split(".")).with_suffix(".py")
        known = {each.name for each in mutants_of(source.read_text())}
        assert set(reasons) <= known, (module, set(reasons) - known)
        assert all(reason.endswith(".") for reason in reasons.values())


@pytest.mark.parametrize("source", ["LIMIT = 3", "def f() -> None:\n    '''Text.'''"])
def test_what_decides_nothing_has_no_mutants(source: str) -> None:
    assert mutants_of(source) == []
