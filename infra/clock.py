"""The only source of "now".

Decisions about consent never use this clock: they read ``clock_timestamp()`` of the consent
database (design: one clock decides). This one stamps rows, logs and tokens.
"""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant as an aware UTC time point."""
    return datetime.now(UTC)


def epoch_seconds() -> int:
    """Return whole seconds since the Unix epoch, as RFC 7519 NumericDate wants them."""
    return int(time.time())


def monotonic() -> float:
    """Return seconds on a clock that never steps back, for deadlines and durations."""
    return time.monotonic()
