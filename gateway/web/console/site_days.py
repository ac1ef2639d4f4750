"""Days that a person writes into a form, as moments at the site."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.web.console.problems import Problems
from gateway.web.console.visit import Visit


def posted_day(visit: Visit, name: str, problems: Problems, sentence: str = "") -> date | None:
    """Return a posted day; notes a problem for a text that is none."""
    text = visit.text(name, 10)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        known = "Write a day as year-month-day, for example 2027-03-31."
        problems.add(name, sentence or known)
        return None


def beginning_of(day: date, zone: str) -> datetime:
    """Return the moment at which a day of the site begins."""
    return datetime.combine(day, time.min, ZoneInfo(zone))


def end_of(day: date, zone: str) -> datetime:
    """Return the moment at which a day of the site ends."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(zone))


def end_of_day(visit: Visit, name: str, problems: Problems) -> datetime | None:
    """Return the end of a posted day at the site; notes a problem for a text that is no day."""
    day = posted_day(visit, name, problems)
    return end_of(day, visit.standing.time_zone) if day else None


def moment_of(visit: Visit, name: str, problems: Problems) -> datetime | None:
    """Return a posted day and time of the site as a moment; notes a problem for any other text."""
    try:
        return datetime.strptime(visit.text(name, 16), "%Y-%m-%dT%H:%M").replace(
            tzinfo=ZoneInfo(visit.standing.time_zone)
        )
    except ValueError:
        problems.add(name, "Choose a day and a time.")
        return None


def now_text(visit: Visit, now: datetime) -> str:
    """Return a moment as a field for day and time shows it."""
    return now.astimezone(ZoneInfo(visit.standing.time_zone)).strftime("%Y-%m-%dT%H:%M")
