"""Times and dates as a person at the site reads them."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.web.console.wording import say


def read_moment(text: str) -> datetime:
    """Return an aware time point of the API."""
    return datetime.fromisoformat(text)


def local_day(moment: datetime | date, zone: str) -> date:
    """Return the day of a moment at the site."""
    return moment.astimezone(ZoneInfo(zone)).date() if isinstance(moment, datetime) else moment


def day_text(moment: datetime | date, zone: str, language: str) -> str:
    """Return a day, for example ``22 Nov 2026``."""
    day = local_day(moment, zone)
    month = say(language, f"months.m{day.month}")
    return f"{day.day} {month} {day.year}"


def hour_text(moment: datetime, zone: str, language: str) -> str:
    """Return the time of day at the site, for example ``3:01 PM``."""
    local = moment.astimezone(ZoneInfo(zone))
    if say(language, "months.clock") == "24":
        return f"{local:%H:%M}"
    return f"{local.hour % 12 or 12}:{local:%M} {'AM' if local.hour < 12 else 'PM'}"


def zone_name(moment: datetime, zone: str) -> str:
    """Return how the site's zone is called at a moment, for example ``PST``."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%Z")


def days_until(moment: datetime | date, zone: str, now: datetime) -> int:
    """Return in how many days of the site something is; negative once it is over."""
    return (local_day(moment, zone) - local_day(now, zone)).days


def last_instant(ends_at: datetime) -> datetime:
    """Return the last instant that is inside a period which ends at a moment."""
    return ends_at - timedelta(microseconds=1)
