"""Calendar periods that do not overlap, and when they are over. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from infra.indicators.definitions import Grain

SETTLING_DAYS = 30
"""After a period has ended, so long is waited for what is entered late."""

_MONTHS = {Grain.QUARTER: 3, Grain.YEAR: 12}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A quarter or a year, by its first day."""

    starts_on: date
    grain: Grain

    @property
    def ends_on(self) -> date:
        """Return its last day."""
        return _later(self.starts_on, _MONTHS[self.grain]) - timedelta(days=1)

    @property
    def settled_on(self) -> date:
        """Return the first day on which it is counted."""
        return self.ends_on + timedelta(days=SETTLING_DAYS + 1)

    @property
    def name(self) -> str:
        """Return ``2026-Q3`` or ``2026``."""
        year = self.starts_on.year
        if self.grain is Grain.YEAR:
            return str(year)
        return f"{year}-Q{(self.starts_on.month + 2) // 3}"


def _later(day: date, months: int) -> date:
    """Return the first of the month that comes some months after a first of a month."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def period_of(day: date, grain: Grain) -> Period:
    """Return the period that a day lies in."""
    month = day.month - (day.month - 1) % _MONTHS[grain]
    return Period(date(day.year, month, 1), grain)


def settled_periods(first_on: date, today: date, grain: Grain) -> Iterator[Period]:
    """Yield the periods since a day that have ended and settled, in order."""
    period = period_of(first_on, grain)
    while period.settled_on <= today:
        yield period
        period = Period(_later(period.starts_on, _MONTHS[grain]), grain)
