"""Every table of every service, by every split, has a share and an equity ratio for each cell."""

from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

import pytest

from infra.indicators import schema
from infra.indicators.counting import ShownTable, tables_of
from infra.indicators.definitions import Indicator, Observation, Population, Split
from infra.indicators.periods import period_of
from infra.indicators.publishing import Published
from infra.indicators.schema import IndicatorTable
from infra.indicators.tables import Publication, PublishedTable
from svc_cases.indicators import rules as of_cases
from svc_consent.indicators import rules as of_consent
from svc_participants.indicators import rules as of_participants
from svc_training.indicators import rules as of_training

ROOT = Path(__file__).parents[3]
RULES = (of_participants, of_cases, of_consent, of_training)
INDICATORS: list[Indicator] = [each for rules in RULES for each in rules.INDICATORS]
TABLES = [
    pytest.param(indicator, split, id=f"{indicator.population.key}-{indicator.key}-{split}")
    for indicator in INDICATORS
    for split in indicator.population.splits
]


@lru_cache
def _tables(population: Population) -> list[ShownTable]:
    """Return tables of two groups: the second has the first outcome half as often as the first."""
    together = [each for each in INDICATORS if each.population is population]
    people = [
        Observation(
            {
                each.key: each.codes[0] if number < first else each.codes[1 + number % others]
                for each in together
                if (others := len(each.codes) - 1)
            },
            dict.fromkeys(population.splits, group),
        )
        for group, first in (("ONE", 200), ("TWO", 100))
        for number in range(400)
    ]
    return tables_of(together, people, {of: ["ONE", "TWO"] for of in population.splits})


def _table(indicator: Indicator, split: Split) -> IndicatorTable:
    """Return the table of an indicator by a split as the API tells it."""
    (shown,) = [
        each.shown
        for each in _tables(indicator.population)
        if (each.indicator, each.split) == (indicator.key, split)
    ]
    starts_on = period_of(date(2025, 1, 1), indicator.population.grain).starts_on
    row = PublishedTable(
        site_id="site", indicator=indicator.key, split=split.value, starts_on=starts_on,
        population=indicator.population.key, shown=shown,
    )  # fmt: skip
    publication = Publication(
        site_id="site", population=row.population, starts_on=starts_on,
        published_at=datetime(2026, 3, 1, tzinfo=UTC),
    )  # fmt: skip
    return IndicatorTable.from_published(Published(row, publication), indicator)


def _lacking(table: IndicatorTable) -> set[tuple[str, str]]:
    """Return the cells of a table without a share or an equity ratio, by group and outcome."""
    return {
        (group.code, cell.outcome)
        for group in table.groups
        for cell in group.cells
        if cell.share is None or cell.equity_ratio is None
    }


@pytest.mark.parametrize(("indicator", "split"), TABLES)
def test_every_cell_of_every_table_has_an_equity_ratio(indicator: Indicator, split: Split) -> None:
    table = _table(indicator, split)
    assert _lacking(table) == set()
    by_group = {group.code: group for group in table.groups}
    assert by_group["ONE"].is_reference != by_group["TWO"].is_reference
    (reference,) = [each for each in table.groups if each.is_reference]
    assert {cell.equity_ratio for cell in reference.cells} == {1.0}
    ratio = {code: group.cells[0].equity_ratio for code, group in by_group.items()}
    assert ratio["ONE"] == (1.0 if reference.code == "ONE" else 2.0)
    assert ratio["TWO"] == (1.0 if reference.code == "TWO" else 0.5)


def test_every_service_with_figures_is_looked_at() -> None:
    found = {path.parts[-3] for path in ROOT.glob("svc_*/indicators/rules.py")}
    assert {rules.__name__.split(".")[0] for rules in RULES} == found
    assert len({each.key for each in INDICATORS}) == len(INDICATORS)


def test_planted_indicator_without_a_reference_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no group is the reference no cell has a ratio, and each of them is named."""
    monkeypatch.setattr(schema, "reference_of", lambda shown: None)
    indicator = of_cases.PUBLIC[0]
    table = _table(indicator, Split.RACE)
    assert _lacking(table) == {(code, o) for code in ("ONE", "TWO") for o in indicator.codes}
