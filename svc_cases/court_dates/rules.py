"""Court dates of participants: how far the calendar looks, and how somebody is reminded. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from infra.errors import GoldenThreadError

MAX_DAYS = 366
DEFAULT_DAYS = 60


class ReminderMethod(StrEnum):
    """How a participant was reminded of a court date."""

    IN_PERSON = "IN_PERSON"
    PHONE = "PHONE"
    TEXT = "TEXT"
    LETTER = "LETTER"
    THROUGH_SOMEBODY = "THROUGH_SOMEBODY"


class PeriodError(GoldenThreadError):
    """A period is not acceptable. The text depends on the input alone."""

    code = "BAD_USER_INPUT"


def period(starts_at: datetime | None, days: int, now: datetime) -> tuple[datetime, datetime]:
    """Return the bounds of a period.

    Args:
        starts_at: its beginning; now without one.
        days: its length.
        now: the present.

    Raises:
        PeriodError: no zone, too long, or beyond the calendar.
    """
    begin = now if starts_at is None else starts_at
    if begin.tzinfo is None:
        raise PeriodError("'from' needs its zone")
    if not 1 <= days <= MAX_DAYS:
        raise PeriodError(f"'days' must be between 1 and {MAX_DAYS}")
    try:
        return begin, begin + timedelta(days=days)
    except OverflowError:
        raise PeriodError("the period must lie within the calendar") from None
