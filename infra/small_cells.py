"""Suppression of small cells in a table of people: category x outcome, with all margins. Pure.

A table counts people once each: rows are the categories of one split (race, door …), columns the
outcomes of one indicator, both without overlap. Nobody may learn a count under eleven, neither by
reading it nor by subtracting what is shown; decision record 0008 says why this way was chosen.

1. *Outcomes as a whole*: totals under eleven are hidden, together with the next smallest until at
   least two are hidden and together they hold eleven people.
2. *Rows as a whole*: the same for how many people are in each category.
3. *Cells*: a row in which any cell is under eleven shows none of its cells (what is hidden in
   step 1 or 2 counts as one cell or row, since its sum can be subtracted). Further rows join, the
   smallest first, until the hidden rows are two at least and hold eleven people of each outcome.

All cells of the hidden rows are unknown and all their margins known, so what can be inferred of
a cell is exactly its Fréchet bounds; after step 3 they are at least eleven apart, for every cell.
A zero is a small cell like any other: that nobody of a group got something is an answer, too.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Generic, TypeVar

THRESHOLD = 11
"""Fewest people of whom a count is shown (CMS cell-size policy: under eleven is suppressed)."""

Category = TypeVar("Category", bound=Hashable)
Outcome = TypeVar("Outcome", bound=Hashable)


@dataclass(frozen=True, slots=True)
class ProtectedTable(Generic[Category, Outcome]):
    """What may be shown of a table; None stands for what is suppressed.

    Attributes:
        total: everybody; None hides all the rest as well.
        outcomes: people by outcome.
        categories: people by category.
        cells: people by category and outcome.
    """

    total: int | None
    outcomes: Mapping[Outcome, int | None]
    categories: Mapping[Category, int | None]
    cells: Mapping[tuple[Category, Outcome], int | None]


def hidden_parts(parts: Mapping[Category, int]) -> frozenset[Category]:
    """Return which parts of a known whole are hidden: the small ones, and enough beside them.

    Ties are broken by name, so that the same numbers are always treated alike.
    """
    by_size = sorted(parts, key=lambda part: (parts[part], str(part)))
    hidden = {part for part in by_size if parts[part] < THRESHOLD}
    if not hidden:
        return frozenset()
    for part in by_size:
        if len(hidden) >= 2 and sum(parts[each] for each in hidden) >= THRESHOLD:
            break
        hidden.add(part)
    return frozenset(hidden)


def protect(
    counts: Mapping[tuple[Category, Outcome], int],
    categories: Sequence[Category],
    outcomes: Sequence[Outcome],
) -> ProtectedTable[Category, Outcome]:
    """Return what may be shown of a table.

    Args:
        counts: people by category and outcome; what is absent is zero.
        categories: all categories of the split, without overlap.
        outcomes: all outcomes of the indicator, without overlap.
    """
    by_outcome = {o: sum(counts.get((c, o), 0) for c in categories) for o in outcomes}
    by_category = {c: sum(counts.get((c, o), 0) for o in outcomes) for c in categories}
    total = sum(by_outcome.values())
    if total < THRESHOLD:
        return ProtectedTable(
            None,
            dict.fromkeys(outcomes),
            dict.fromkeys(categories),
            {(c, o): None for c in categories for o in outcomes},
        )
    without = hidden_parts(by_outcome)
    unseen = hidden_parts(by_category)
    # What cannot be told apart counts as one: its sum follows from what is shown.
    columns = [(o,) for o in outcomes if o not in without]
    rows = [(c,) for c in categories if c not in unseen]
    grouped_columns = [*columns, tuple(without)] if without else columns
    grouped_rows = [*rows, tuple(unseen)] if unseen else rows
    grouped = [
        [sum(counts.get((c, o), 0) for c in row for o in column) for column in grouped_columns]
        for row in grouped_rows
    ]
    silent = set(chain.from_iterable(grouped_rows[index] for index in hidden_rows(grouped)))
    return ProtectedTable(
        total,
        {o: None if o in without else by_outcome[o] for o in outcomes},
        {c: None if c in unseen else by_category[c] for c in categories},
        {
            (c, o): (None if o in without or c in unseen or c in silent else counts.get((c, o), 0))
            for c in categories
            for o in outcomes
        },
    )


def hidden_rows(cells: Sequence[Sequence[int]]) -> frozenset[int]:
    """Return the rows of which no cell is shown, where the sums of all rows and columns are known.

    Any cell under eleven hides its row; then the smallest further rows, until there are two at
    least with eleven people in each column together.
    """
    hidden = {index for index, row in enumerate(cells) if min(row) < THRESHOLD}
    if not hidden:
        return frozenset()
    by_size = sorted(range(len(cells)), key=lambda index: (sum(cells[index]), index))
    for index in by_size:
        sums = [sum(cells[each][column] for each in hidden) for column in range(len(cells[0]))]
        if len(hidden) >= 2 and min(sums) >= THRESHOLD:
            break
        hidden.add(index)
    return frozenset(hidden)


def share(part: int | None, whole: int | None) -> float | None:
    """Return a part of a whole, to three places; None where either is suppressed."""
    if part is None or not whole:
        return None
    return round(part / whole, 3)


def equity_ratios(
    shares: Mapping[Category, float | None], reference: Category | None
) -> dict[Category, float | None]:
    """Return each category's share over the reference category's, to two places.

    One means alike. Computed from what is shown alone, so it tells nothing more.
    """
    of_reference = shares.get(reference) if reference is not None else None
    return {
        each: None if value is None or not of_reference else round(value / of_reference, 2)
        for each, value in shares.items()
    }
