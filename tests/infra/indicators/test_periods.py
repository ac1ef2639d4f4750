"""Periods never overlap, and are counted only when they have settled."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from infra.indicators.definitions import Grain
from infra.indicators.periods import bounds, period_of, settled_periods


def test_quarters_join_without_overlap() -> None:
    found = list(settled_periods(date(2024, 5, 5), date(2025, 1, 30), Grain.QUARTER))
    assert [each.name for each in found] == ["2024-Q2", "2024-Q3"]
    assert found[0].ends_on + timedelta(days=1) == found[1].starts_on
    assert next(settled_periods(date(2024, 10, 1), date(2025, 1, 31), Grain.QUARTER)).name == (
        "2024-Q4"
    )


def test_outcomes_are_waited_for() -> None:
    year = period_of(date(2023, 6, 15), Grain.YEAR)
    assert year.name == "2023"
    assert year.settled_on() == date(2024, 1, 31)
    assert year.settled_on(24) == date(2026, 1, 31)
    assert list(settled_periods(date(2023, 1, 1), date(2026, 1, 30), Grain.YEAR, 24)) == []


def test_days_begin_and_end_where_the_place_is() -> None:
    quarter = (date(2025, 1, 1), date(2025, 3, 31))
    assert bounds(quarter, UTC) == (
        datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC),
    )  # fmt: skip
    # An hour less in summer: the clocks went forward between the two.
    assert bounds(quarter, ZoneInfo("America/Los_Angeles")) == (
        datetime(2025, 1, 1, 8, tzinfo=UTC), datetime(2025, 4, 1, 7, tzinfo=UTC),
    )  # fmt: skip
    since, over = bounds((date(2025, 3, 9), date(2025, 3, 9)), ZoneInfo("America/Los_Angeles"))
    assert over - since == timedelta(hours=23)
