"""The fidelity scorecard: core principles held against published figures.

Reads published tables alone, so it tells nothing that they do not tell.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any

from infra.indicators.schema import reference_of
from infra.small_cells import equity_ratios, share

MEASURES_FILE = "fidelity.toml"


class FidelityStanding(StrEnum):
    """How a site stands to a measure."""

    MET = "MET"
    NOT_MET = "NOT_MET"
    NOT_KNOWN = "NOT_KNOWN"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure; exactly one of the three bounds is set."""

    key: str
    principle: str
    statement: str
    indicator: str
    outcomes: tuple[str, ...]
    at_least: float | None = None
    at_most: float | None = None
    ratio_at_least: float | None = None

    @property
    def is_by_race(self) -> bool:
        """Return whether it is read off the table by race."""
        return self.ratio_at_least is not None

    def value(self, shown: Mapping[str, Any]) -> float | None:
        """Return what a published table says; None where it does not say it."""
        if self.is_by_race:
            ratios = _ratios(shown, self.outcomes[0])
            return min(ratios) if len(ratios) > 1 else None
        people = [shown["outcomes"].get(each) for each in self.outcomes]
        if not people or None in people:
            return None
        return share(sum(people), shown["total"])

    def standing(self, value: float | None) -> FidelityStanding:
        """Return how a value stands to the bound."""
        if value is None:
            return FidelityStanding.NOT_KNOWN
        low = self.at_least if self.ratio_at_least is None else self.ratio_at_least
        is_met = value >= low if low is not None else value <= (self.at_most or 0)
        return FidelityStanding.MET if is_met else FidelityStanding.NOT_MET


def _ratios(shown: Mapping[str, Any], outcome: str) -> Sequence[float]:
    shares = {
        group: share(shown["cells"][group].get(outcome), people)
        for group, people in shown["groups"].items()
    }
    found = equity_ratios(shares, reference_of(dict(shown)))
    return [each for each in found.values() if each is not None]


@lru_cache(maxsize=1)
def measures() -> tuple[Measure, ...]:
    """Return the packaged measures."""
    text = (resources.files(__package__) / MEASURES_FILE).read_text(encoding="utf-8")
    return tuple(
        Measure(**{**entry, "outcomes": tuple(entry["outcomes"])})
        for entry in tomllib.loads(text)["measure"]
    )
