"""Nobody rebuilds a suppressed cell: an attacker with a solver against what is shown.

The attacker knows every number that is shown, that counts are whole and not negative, and asks the
solver for the least and the greatest value that each hidden cell can have. The twin hides the small
cells alone, as one would at first sight; the same attacker takes it apart.
"""

import random
from collections.abc import Mapping

import pytest
from z3 import Int, Optimize, Sum, sat

from infra.small_cells import (
    THRESHOLD,
    ProtectedTable,
    equity_ratios,
    hidden_parts,
    hidden_rows,
    protect,
    protect_together,
    share,
)

Counts = Mapping[tuple[str, str], int]
OUTCOMES = ("APPROVED", "WAITLISTED", "DECLINED")


def _naive(
    counts: Counts, categories: tuple[str, ...], outcomes: tuple[str, ...]
) -> ProtectedTable[str, str]:
    """Hide what is small, and nothing beside it."""

    def shown(value: int) -> int | None:
        return value if value >= THRESHOLD else None

    return ProtectedTable(
        sum(counts.values()),
        {o: shown(sum(counts.get((c, o), 0) for c in categories)) for o in outcomes},
        {c: shown(sum(counts.get((c, o), 0) for o in outcomes)) for c in categories},
        {(c, o): shown(counts.get((c, o), 0)) for c in categories for o in outcomes},
    )


def _attack(
    table: ProtectedTable[str, str], *, shows_empty: bool = True
) -> dict[tuple[str, str], tuple[int, int]]:
    """Return what can be inferred of each hidden cell: its least and greatest value."""
    assert table.total is not None
    cells = {key: Int(f"{key[0]}/{key[1]}") for key in table.cells}
    known = [each >= 0 for each in cells.values()]
    least = 1 if shows_empty and set(table.categories.values()) != {None} else 0
    known += [cells[key] == value for key, value in table.cells.items() if value is not None]
    for category, people in table.categories.items():
        row = Sum([cells[category, o] for o in table.outcomes])
        # A category that nobody is in is shown as empty; so those that are hidden are not.
        known.append(row >= least if people is None else row == people)
    for outcome, people in table.outcomes.items():
        if people is not None:
            known.append(Sum([cells[c, outcome] for c in table.categories]) == people)
    known.append(Sum(list(cells.values())) == table.total)

    def bound(key: tuple[str, str], *, greatest: bool) -> int:
        solver = Optimize()
        solver.add(*known)
        found = solver.maximize(cells[key]) if greatest else solver.minimize(cells[key])
        assert solver.check() == sat
        value: int = found.value().as_long()
        return value

    return {
        key: (bound(key, greatest=False), bound(key, greatest=True))
        for key, value in table.cells.items()
        if value is None
    }


def _narrowest(table: ProtectedTable[str, str], *, shows_empty: bool = True) -> int:
    inferred = _attack(table, shows_empty=shows_empty).values()
    return min((high - low for low, high in inferred), default=THRESHOLD)


def test_an_empty_category_covers_nobody_and_is_shown() -> None:
    table = protect({("A", "YES"): 30, ("A", "NO"): 20, ("B", "YES"): 15, ("B", "NO"): 25},
                    ("A", "B", "C"), ("YES", "NO"))  # fmt: skip
    assert table.categories == {"A": 50, "B": 40, "C": 0}
    assert table.cells["B", "YES"] == 15


VILLAGE = {
    ("WHITE", "APPROVED"): 40,
    ("WHITE", "WAITLISTED"): 15,
    ("WHITE", "DECLINED"): 21,
    ("BLACK", "APPROVED"): 22,
    ("BLACK", "WAITLISTED"): 12,
    ("BLACK", "DECLINED"): 13,
    ("ASIAN", "APPROVED"): 3,
    ("ASIAN", "WAITLISTED"): 14,
    ("ASIAN", "DECLINED"): 16,
}
RACES = ("WHITE", "BLACK", "ASIAN")


def test_three_people_of_one_race_are_not_given_back_by_the_total() -> None:
    table = protect(VILLAGE, RACES, OUTCOMES)
    assert table.total == 156
    assert table.categories == {"WHITE": 76, "BLACK": 47, "ASIAN": 33}
    assert table.cells["ASIAN", "APPROVED"] is None
    assert table.cells["BLACK", "APPROVED"] is None, "the complement is hidden, too"
    assert table.cells["WHITE", "APPROVED"] == 40, "what needs no cover is shown"
    assert _narrowest(table) >= THRESHOLD


def test_twin_without_complement_is_broken_by_the_same_attack() -> None:
    naive = _naive(VILLAGE, RACES, OUTCOMES)
    assert naive.cells["ASIAN", "APPROVED"] is None
    assert _attack(naive, shows_empty=False)["ASIAN", "APPROVED"] == (3, 3)
    assert _narrowest(naive, shows_empty=False) == 0


def _random_table(chance: random.Random) -> tuple[Counts, tuple[str, ...], tuple[str, ...]]:
    categories = tuple("ABCDEF"[: chance.randint(2, 5)])
    outcomes = OUTCOMES[: chance.randint(2, 3)]
    most = chance.choice((8, 30, 60))
    counts = {
        (c, o): chance.choice((0, chance.randint(0, 12), chance.randint(0, most)))
        for c in categories
        for o in outcomes
    }
    return counts, categories, outcomes


@pytest.mark.parametrize("seed", range(30))
def test_no_hidden_cell_of_any_table_is_known_within_eleven(seed: int) -> None:
    counts, categories, outcomes = _random_table(random.Random(seed))
    table = protect(counts, categories, outcomes)
    if table.total is None:
        assert set(table.cells.values()) == {None}
        return
    empty = {category for category, people in table.categories.items() if people == 0}
    cells = [value for (category, _), value in table.cells.items() if category not in empty]
    groups = [value for category, value in table.categories.items() if category not in empty]
    for value in (*cells, *groups, *table.outcomes.values()):
        assert value is None or value >= THRESHOLD
    assert _narrowest(table) >= THRESHOLD


def test_twin_is_broken_in_many_of_these_tables() -> None:
    broken = 0
    for seed in range(30):
        counts, categories, outcomes = _random_table(random.Random(seed))
        if sum(counts.values()) >= THRESHOLD:
            naive = _naive(counts, categories, outcomes)
            broken += _narrowest(naive, shows_empty=False) < THRESHOLD
    assert broken >= 10


def test_margins_hide_two_parts_with_eleven_people() -> None:
    assert hidden_parts({"A": 3, "B": 40, "C": 12}) == {"A", "C"}
    assert hidden_parts({"A": 2, "B": 3, "C": 40, "D": 50}) == {"A", "B", "C"}, "2 and 3 are 5"
    assert hidden_parts({"A": 11, "B": 40}) == frozenset()
    assert hidden_parts({"A": 0, "B": 40}) == {"A", "B"}, "nobody is few"
    assert hidden_parts({"A": 1, "B": 11, "C": 40}) == {"A", "B"}
    assert hidden_parts({"A": 1, "B": 11, "C": 40}, least=1) == {"A", "B", "C"}


def test_rows_join_until_each_column_holds_eleven() -> None:
    assert hidden_rows([[20, 30], [12, 11]]) == frozenset()
    assert hidden_rows([[3, 30], [12, 11], [40, 60]]) == {0, 1}
    assert hidden_rows([[3, 30], [2, 25], [40, 60]]) == {0, 1, 2}, "3 and 2 are 5"


def test_under_eleven_people_nothing_is_shown() -> None:
    table = protect({("A", "YES"): 6, ("B", "NO"): 4}, ("A", "B"), ("YES", "NO"))
    assert table.total is None
    assert {*table.outcomes.values(), *table.categories.values(), *table.cells.values()} == {None}


def test_the_same_numbers_are_always_treated_alike() -> None:
    shuffled = dict(reversed(VILLAGE.items()))
    assert protect(VILLAGE, RACES, OUTCOMES) == protect(shuffled, RACES, OUTCOMES)


def test_ratios_come_from_what_is_shown_alone() -> None:
    assert share(None, 40) is None
    assert share(20, 40) == 0.5
    shares = {"WHITE": share(40, 76), "BLACK": share(22, 47), "ASIAN": None}
    assert equity_ratios(shares, "WHITE") == {"WHITE": 1.0, "BLACK": 0.89, "ASIAN": None}
    assert equity_ratios(shares, "ASIAN") == dict.fromkeys(shares)
    assert equity_ratios(shares, None) == dict.fromkeys(shares)


def test_a_row_that_one_indicator_hides_is_hidden_in_all_of_these_people() -> None:
    reached = {
        (race, outcome): people
        for race, pair in {"WHITE": (50, 26), "BLACK": (30, 17), "ASIAN": (16, 17)}.items()
        for outcome, people in zip(("REACHED", "NOT"), pair, strict=True)
    }
    alone = protect(reached, RACES, ("REACHED", "NOT"))
    assert alone.cells["ASIAN", "REACHED"] == 16
    taken_up, together = protect_together([VILLAGE, reached], RACES, [OUTCOMES, ("REACHED", "NOT")])
    assert taken_up.cells == protect(VILLAGE, RACES, OUTCOMES).cells
    assert together.cells["ASIAN", "REACHED"] is None
    assert together.cells["WHITE", "REACHED"] == 50


def test_tables_of_different_people_are_refused() -> None:
    with pytest.raises(ValueError, match="different people"):
        protect_together([VILLAGE, {}], RACES, [OUTCOMES, ("YES",)])
