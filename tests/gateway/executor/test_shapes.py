"""Answers are cleaned by what was asked for, under the keys of the answer."""

from typing import Any

import pytest

from gateway.executor import compile_shapes
from gateway.executor.compile_shapes import Missing, compile_shape
from gateway.planner.plan import FetchedField, FetchShape
from gateway.planner.selection import ALWAYS, Conditions


def leaf(name: str) -> FetchedField:
    return FetchedField(name, name, name, ALWAYS, None)


def link(wire_key: str, *names: str) -> FetchedField:
    shape = FetchShape((("Box", tuple(leaf(name) for name in names)),), is_abstract=False)
    return FetchedField("link", wire_key, "link", ALWAYS, shape)


def test_two_types_may_keep_what_they_bring_under_one_key() -> None:
    """Ants have `link { tone rank }`, bees have `link { rank }` under a key of its own."""
    by_type = (("Ant", (link("link", "tone", "rank"),)), ("Bee", (link("_gt_link", "rank"),)))
    found: list[dict[str, Any]] = [
        {"link": [{"tone": 1, "rank": 2, "more": 3}]},
        {"_gt_link": {"rank": 4, "tone": 5}},
        {"link": None},
        {},
    ]
    compile_shape(FetchShape(by_type, is_abstract=False))(found, {}, [])
    assert found == [
        {"link": [{"tone": 1, "rank": 2}]},
        {"link": {"rank": 4}},
        {"link": None},
        {},
    ]


IF_YES: Conditions = frozenset({frozenset({("yes", True)})})


@pytest.mark.parametrize("yes", [True, False])
def test_what_a_condition_leaves_out_is_neither_missed_nor_kept(yes: bool) -> None:
    tone = FetchedField("tone", "tone", "tone", IF_YES, None)
    clean = compile_shape(FetchShape((("Ant", (leaf("rank"), tone)),), is_abstract=False))
    found: list[dict[str, Any]] = [{"rank": 1}, {"rank": 2, "tone": 3}]
    missing: Missing = []
    clean(found, {"yes": yes}, missing)
    assert found == ([{"rank": 1}, {"rank": 2, "tone": 3}] if yes else [{"rank": 1}, {"rank": 2}])
    assert missing == ([(found[0], "tone")] if yes else [])


def test_other_keys_in_equal_number_are_noticed() -> None:
    clean = compile_shape(FetchShape((("Ant", (leaf("rank"), leaf("tone"))),), is_abstract=False))
    found: list[dict[str, Any]] = [{"rank": 1, "tone": 2}, {"rank": 1, "size": 2}]
    missing: Missing = []
    clean(found, {}, missing)
    assert found[1] == {"rank": 1}
    assert missing == [(found[1], "tone")]


def test_a_check_that_counts_keys_alone_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def counts(asked: Any, found: list[dict[str, Any]]) -> bool:
        return {len(one) for one in found} <= {len(asked.keys)}

    monkeypatch.setattr(compile_shapes._Asked, "is_all_of", counts)
    with pytest.raises(AssertionError):
        test_other_keys_in_equal_number_are_noticed()
