"""Calendar periods that do not overlap, and when they are over. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

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

    def settled_on(self, months: int = 0) -> date:
        """Return the first day on which it is counted, some months after it is over."""
        over_on = _later(self.starts_on, _MONTHS[self.grain] + months)
        return over_on + timedelta(days=SETTLING_DAYS)

    @property
    def name(self) -> str:
        """Return ``2026-Q3`` or ``2026``."""
        year = self.starts_on.year
        if self.grain is Grain.YEAR:
            return str(year)
        return f"{year}-Q{(self.starts_on.month + 2) // 3}"


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return the instant at which a day begins at a place."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def bounds(days: tuple[date, date], zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the first instant of days at a place, and the first one after them.

    Args:
        days: first and last.
        zone: of the place.
    """
    return midnight(days[0], zone), midnight(days[1] + timedelta(days=1), zone)


def _later(day: date, months: int) -> date:
    """Return the first of the month that comes some months after a first of a month."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def period_of(day: date, grain: Grain) -> Period:
    """Return the period that a day lies in."""
    month = day.month - (day.month - 1) % _MONTHS[grain]
    return Period(date(day.year, month, 1), grain)


def settled_periods(first_on: date, today: date, grain: Grain, months: int = 0) -> Iterator[Period]:
    """Yield the periods since a day that have ended and settled, in order.

    Args:
        first_on: a day of the first period.
        today: until when.
        grain: how long they are.
        months: how long outcomes are waited for besides.
    """
    period = period_of(first_on, grain)
    while period.settled_on(months) <= today:
        yield period
        period = Period(_later(period.starts_on, _MONTHS[grain]), grain)
