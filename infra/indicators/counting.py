"""Makes the tables of a population and period from observations of people, suppressed. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infra.errors import bug
from infra.indicators.definitions import Categories, Indicator, Observation, Split
from infra.small_cells import ProtectedTable, protect_together

EVERYBODY = "ALL"


@dataclass(frozen=True, slots=True)
class ShownTable:
    """One table as it may be shown; ``shown`` is JSON, null stands for suppressed."""

    indicator: str
    split: Split
    shown: dict[str, Any]


def tables_of(
    indicators: Sequence[Indicator], observations: Sequence[Observation], categories: Categories
) -> list[ShownTable]:
    """Return all tables of one population, site and period.

    Args:
        indicators: all of the population, so that they are protected together.
        observations: of everybody, once.
        categories: all categories of each split; by one that is not among them nothing is split.

    Raises:
        BugError: an observation of an outcome or category that is none.
    """
    (population,) = {each.population for each in indicators}
    made = []
    known = [split for split in population.splits if split in categories]
    for split in (Split.NONE, *known):
        names = [EVERYBODY] if split is Split.NONE else list(categories[split])
        counts: list[Counter[tuple[str, str]]] = [Counter() for _ in indicators]
        for seen in observations:
            category = EVERYBODY if split is Split.NONE else seen.categories[split]
            for counter, indicator in zip(counts, indicators, strict=True):
                outcome = seen.outcomes[indicator.key]
                if outcome not in indicator.codes or category not in names:
                    bug(f"{indicator.key} by {split} has no {category} with {outcome}")
                counter[category, outcome] += 1
        tables = protect_together(counts, names, [each.codes for each in indicators])
        made += [
            ShownTable(indicator.key, split, _shown(table))
            for indicator, table in zip(indicators, tables, strict=True)
        ]
    return made


def _shown(table: ProtectedTable[str, str]) -> dict[str, Any]:
    return {
        "total": table.total,
        "outcomes": dict(table.outcomes),
        "groups": dict(table.categories),
        "cells": {
            category: {outcome: table.cells[category, outcome] for outcome in table.outcomes}
            for category in table.categories
        },
    }
