"""The only source of "now".

Decisions about consent never use this clock: they read ``clock_timestamp()`` of the consent
database (design: one clock decides). This one stamps rows, logs and tokens.
"""

import time
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final

_EASTMOST: Final = timezone(timedelta(hours=14))
_WESTMOST: Final = timezone(timedelta(hours=-12))


def now() -> datetime:
    """Return the present instant as an aware UTC time point."""
    return datetime.now(UTC)


def day_in(zone: tzinfo) -> date:
    """Return the calendar day that it is now at a place.

    A day that a person typed is a day where they are. Held against the day of UTC, tomorrow would
    pass in the evening west of Greenwich, and today would be refused in the morning east of it.
    """
    return now().astimezone(zone).date()


def latest_day() -> date:
    """Return the latest calendar day that it is now anywhere (UTC+14, Line Islands).

    For the bound of a typed day where the place is not known: nobody's today is refused. What is
    let through is at most the next day or the one after; where that matters, know the place.
    """
    return day_in(_EASTMOST)


def earliest_day() -> date:
    """Return the earliest calendar day that it is now anywhere (UTC-12): begun at every place."""
    return day_in(_WESTMOST)


def epoch_seconds() -> int:
    """Return whole seconds since the Unix epoch, as RFC 7519 NumericDate wants them."""
    return int(time.time())


def monotonic() -> float:
    """Return seconds on a clock that never steps back, for deadlines and durations."""
    return time.monotonic()
