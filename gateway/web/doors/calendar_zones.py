"""Zones of calendars (RFC 5545, VTIMEZONE): what a zone's clocks do in the years that are shown."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY: Final = timedelta(days=1)


def zone_of(name: str) -> ZoneInfo | None:
    """Return a zone by its IANA name; None where this machine does not know it, and for UTC."""
    try:
        return None if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None


@lru_cache(maxsize=64)
def zone_lines(zone: ZoneInfo, first_year: int, last_year: int) -> tuple[str, ...]:
    """Return the component of a zone: each change of its clocks in these years, by its day."""
    at = datetime(first_year, 1, 1, tzinfo=UTC)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone.key}", *_observance(zone, at, at)]
    end = datetime(last_year + 1, 1, 1, tzinfo=UTC)
    while at < end:
        following = at + _DAY
        if _offset(zone, at) != _offset(zone, following):
            changes_at = _change(zone, at, following)
            lines += _observance(zone, changes_at - timedelta(seconds=1), changes_at)
        at = following
    lines.append("END:VTIMEZONE")
    return tuple(lines)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Return the first second of what the clocks show at ``high``."""
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if _offset(zone, middle) == _offset(zone, low):
            low = middle
        else:
            high = middle
    return high


def _observance(zone: ZoneInfo, before: datetime, at: datetime) -> list[str]:
    """Return what begins at a moment; it is written as the clocks were until then."""
    kind = "DAYLIGHT" if at.astimezone(zone).dst() else "STANDARD"
    begins = (at + _offset(zone, before)).strftime("%Y%m%dT%H%M%S")
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{begins}",
        f"TZOFFSETFROM:{_written(_offset(zone, before))}",
        f"TZOFFSETTO:{_written(_offset(zone, at))}",
        f"TZNAME:{at.astimezone(zone).tzname()}",
        f"END:{kind}",
    ]


def _written(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
