"""A session planned by hand: what it must say, and how it stands in the catalogue. Pure.

It stands as a session of a course page does, so that the same session imported later changes it
instead of standing beside it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra.errors import RuleError
from svc_training.sessions.rules import (
    Location,
    LocationMode,
    SessionDetails,
    SessionStatus,
    hours_between,
    read_location,
)

MAX_LENGTH: Final = timedelta(days=7)
MAX_TEXT: Final = 200
_NUMBER: Final = re.compile(r"\d{4}-\d{1,3}")


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """A session as a training manager writes it down.

    Attributes:
        number: the academy's way to number: course, hyphen, running number.
        zone: IANA name of the zone in which its times are shown.
        hours: that are credited; the whole length when None.
        place: room or meeting platform.
    """

    number: str
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    hours: float | None
    mode: LocationMode
    place: str


def checked(planned: PlannedSession, now: datetime) -> SessionDetails:
    """Return the session as the catalogue has it.

    Raises:
        RuleError: BAD_SESSION_NUMBER, BAD_TEXT, BAD_ZONE, BAD_TIME, BAD_HOURS or NO_PLACE, at the
            field that it is about.
    """
    number, title = planned.number.strip(), " ".join(planned.title.split())
    if not _NUMBER.fullmatch(number):
        message = "A session number is four digits, a hyphen and up to three digits: 8020-1."
        raise RuleError("BAD_SESSION_NUMBER", message, ("input", "number"))
    if not 1 <= len(title) <= MAX_TEXT or "\x00" in title:
        raise RuleError("BAD_TEXT", f"1 to {MAX_TEXT} characters.", ("input", "title"))
    zone = _zone(planned.zone)
    starts_at, ends_at = _times(planned, now)
    length = hours_between(starts_at, ends_at)
    first, last = starts_at.astimezone(zone), ends_at.astimezone(zone)
    return SessionDetails(
        line=1,
        number=number,
        title=title,
        starts_at=starts_at,
        ends_at=ends_at,
        zone=planned.zone,
        is_zone_assumed=False,
        hours=_hours(planned.hours, length),
        location=_location(planned),
        status=SessionStatus.OPEN,
        raw_date=f"{first.month}/{first.day}/{first.year}",
        raw_hours=f"{first:%H%M} - {last:%H%M}",
        raw_status=None,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = "The name of a zone, for example America/Los_Angeles."
        raise RuleError("BAD_ZONE", message, ("input", "timeZone")) from None


def _times(planned: PlannedSession, now: datetime) -> tuple[datetime, datetime]:
    for name, moment in (("startsAt", planned.starts_at), ("endsAt", planned.ends_at)):
        if moment.tzinfo is None:
            raise RuleError("BAD_TIME", "Times need a zone.", ("input", name))
    if planned.starts_at <= now:
        message = "A session that is planned begins in the future."
        raise RuleError("BAD_TIME", message, ("input", "startsAt"))
    if not timedelta() < planned.ends_at - planned.starts_at <= MAX_LENGTH:
        message = "A session ends after it begins, and within seven days."
        raise RuleError("BAD_TIME", message, ("input", "endsAt"))
    return planned.starts_at.astimezone(UTC), planned.ends_at.astimezone(UTC)


def _hours(credited: float | None, length: Decimal) -> Decimal:
    if credited is None:
        return length
    hours = Decimal(str(credited))
    if not (hours.is_finite() and 0 < hours <= length):
        message = f"More than 0 hours, and at most its length of {length.normalize():f}."
        raise RuleError("BAD_HOURS", message, ("input", "hours"))
    return hours.quantize(Decimal("0.01"))


def _location(planned: PlannedSession) -> Location:
    place = " ".join(planned.place.split())
    if planned.mode is LocationMode.UNSTATED:
        raise RuleError("NO_PLACE", "Say how it is attended.", ("input", "locationMode"))
    if not place and planned.mode is not LocationMode.VIRTUAL:
        raise RuleError("NO_PLACE", "Say where it takes place.", ("input", "place"))
    if len(place) > MAX_TEXT or "\x00" in place:
        raise RuleError("BAD_TEXT", f"At most {MAX_TEXT} characters.", ("input", "place"))
    return Location(planned.mode, read_location(place).platform, place or None)
