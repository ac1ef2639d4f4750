"""Suppression of small cells in a table of people: category x outcome, with all margins. Pure.

A table counts people once each: rows are the categories of one split (race, door …), columns the
outcomes of one indicator, both without overlap. Nobody may learn a count under eleven, neither by
reading it nor by subtracting what is shown; decision record 0008 says why this way was chosen.

1. *Outcomes as a whole*: totals under eleven are hidden, together with the next smallest until at
   least two are hidden and together they hold eleven people.
2. *Rows as a whole*: the same for how many people are in each category that anybody is in; an
   empty one is shown as empty, because it is about nobody.
3. *Cells*: a row in which any cell is under eleven shows none of its cells (what is hidden in
   step 1 or 2 counts as one cell or row, since its sum can be subtracted). Further rows join, the
   smallest first, until the hidden rows are two at least and hold eleven people of each outcome.

All cells of the hidden rows are unknown and all their margins known, so what can be inferred of
a cell is exactly its Fréchet bounds; after step 3 they are at least eleven apart, for every cell.
A zero inside a group is a small cell like any other: that nobody of it got something is an answer
about each of them.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
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


def hidden_parts(parts: Mapping[Category, int], least: int = 0) -> frozenset[Category]:
    """Return which parts of a known whole are hidden: the small ones, and enough beside them.

    Ties are broken by name, so that the same numbers are always treated alike.

    Args:
        parts: people by part.
        least: what everybody knows that each part is at least.
    """
    by_size = sorted(parts, key=lambda part: (parts[part], str(part)))
    hidden = {part for part in by_size if parts[part] < THRESHOLD}
    if not hidden:
        return frozenset()
    for part in by_size:
        enough = THRESHOLD + least * len(hidden)
        if len(hidden) >= 2 and sum(parts[each] for each in hidden) >= enough:
            break
        hidden.add(part)
    return frozenset(hidden)


def protect(
    counts: Mapping[tuple[Category, Outcome], int],
    categories: Sequence[Category],
    outcomes: Sequence[Outcome],
) -> ProtectedTable[Category, Outcome]:
    """Return what may be shown of a table; see ``protect_together``."""
    return protect_together([counts], categories, [outcomes])[0]


def protect_together(
    tables: Sequence[Mapping[tuple[Category, Outcome], int]],
    categories: Sequence[Category],
    outcomes: Sequence[Sequence[Outcome]],
) -> list[ProtectedTable[Category, Outcome]]:
    """Return what may be shown of tables of the same people by the same categories.

    A row that one of them hides is hidden in all: what one indicator says of a group (how many were
    reached) can bound what another hides of it (how many were taken up).

    Args:
        tables: people by category and outcome, one table for each indicator; absent is zero.
        categories: all categories of the split, without overlap.
        outcomes: all outcomes of each table, without overlap.

    Raises:
        ValueError: the tables are not of the same people.
    """
    by_category = [
        {c: sum(counts.get((c, o), 0) for o in names) for c in categories}
        for counts, names in zip(tables, outcomes, strict=True)
    ]
    people = by_category[0]
    if any(each != people for each in by_category):
        raise ValueError("tables of different people cannot be protected together")
    total = sum(people.values())
    if total < THRESHOLD:
        return [
            ProtectedTable(
                None,
                dict.fromkeys(names),
                dict.fromkeys(categories),
                {(c, o): None for c in categories for o in names},
            )
            for names in outcomes
        ]
    present = [c for c in categories if people[c]]
    unseen = hidden_parts({c: people[c] for c in present}, least=1)
    if sum(people[c] for c in unseen) < THRESHOLD + len(unseen) and unseen:
        present, unseen = list(categories), frozenset(categories)  # nor which are empty
    margins = [
        {o: sum(counts.get((c, o), 0) for c in categories) for o in names}
        for counts, names in zip(tables, outcomes, strict=True)
    ]
    without = [hidden_parts(each) for each in margins]
    # What cannot be told apart counts as one: its sum follows from what is shown.
    rows = [(c,) for c in present if c not in unseen] + ([tuple(unseen)] if unseen else [])
    grouped = [
        [
            sum(counts.get((c, o), 0) for c in row for o in column)
            for counts, names, hidden in zip(tables, outcomes, without, strict=True)
            for column in (
                *((o,) for o in names if o not in hidden),
                *([tuple(hidden)] if hidden else []),
            )
        ]
        for row in rows
    ]
    silent = {c for index in hidden_rows(grouped) for c in rows[index]} | unseen
    return [
        ProtectedTable(
            total,
            {o: None if o in hidden else margin[o] for o in names},
            {c: None if c in unseen else people[c] for c in categories},
            {
                (c, o): None
                if c in present and (o in hidden or c in silent)
                else counts.get((c, o), 0)
                for c in categories
                for o in names
            },
        )
        for counts, names, hidden, margin in zip(tables, outcomes, without, margins, strict=True)
    ]


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
