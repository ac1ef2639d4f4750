"""Makes the tables of a period from observations of people, suppressed. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from infra.errors import bug
from infra.indicators.definitions import Categories, Indicator, Observation, Split
from infra.small_cells import protect

EVERYBODY = "ALL"


@dataclass(frozen=True, slots=True)
class ShownTable:
    """One table as it may be shown; ``shown`` is JSON, null stands for suppressed."""

    indicator: str
    split: Split
    shown: dict[str, Any]


def tables_of(
    indicators: Sequence[Indicator], observations: Iterable[Observation], categories: Categories
) -> list[ShownTable]:
    """Return all tables of one site and period.

    Args:
        indicators: what is published.
        observations: of everybody, once for each indicator whose population they are in.
        categories: all categories of each split.

    Raises:
        BugError: an observation of an outcome or category that is none.
    """
    known = {each.key: each for each in indicators}
    counts: dict[tuple[str, Split], Counter[tuple[str, str]]] = {}
    for seen in observations:
        indicator = known[seen.indicator]
        if seen.outcome not in indicator.codes:
            bug(f"{indicator.key} has no outcome {seen.outcome}")
        for split in (Split.NONE, *indicator.splits):
            category = EVERYBODY if split is Split.NONE else seen.categories[split]
            counts.setdefault((seen.indicator, split), Counter())[category, seen.outcome] += 1
    made = []
    for indicator in indicators:
        for split in (Split.NONE, *indicator.splits):
            names = [EVERYBODY] if split is Split.NONE else list(categories[split])
            found = counts.get((indicator.key, split), Counter())
            if not {category for category, _ in found} <= set(names):
                bug(f"{indicator.key} by {split} has a category that is not listed")
            made.append(ShownTable(indicator.key, split, _shown(found, names, indicator.codes)))
    return made


def _shown(
    counts: Counter[tuple[str, str]], categories: Sequence[str], outcomes: Sequence[str]
) -> dict[str, Any]:
    table = protect(counts, categories, outcomes)
    return {
        "total": table.total,
        "outcomes": dict(table.outcomes),
        "groups": dict(table.categories),
        "cells": {
            category: {outcome: table.cells[category, outcome] for outcome in outcomes}
            for category in categories
        },
    }
