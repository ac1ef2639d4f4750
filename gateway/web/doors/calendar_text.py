"""Sessions and court dates as calendars (RFC 5545): lines of 75 octets, texts escaped.

Files have their times in UTC; what is subscribed to has them by the clocks of the place.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.web.doors.calendar_zones import zone_lines, zone_of

CALENDAR_TYPE = "text/calendar"
_LINE_OCTETS = 75
_STATUS = {"CANCELLED": "CANCELLED"}
REFRESH = "PT6H"
"""How often a program that has subscribed is asked to look."""
_MODES = {"VIRTUAL": "Virtual", "IN_PERSON": "In person", "HYBRID": "In person or virtual"}
_PLATFORMS = {
    "ZOOM": "Zoom", "TEAMS": "Microsoft Teams", "WEBEX": "Webex", "GOOGLE_MEET": "Google Meet",
}  # fmt: skip


def calendar_of(sessions: Iterable[Mapping[str, Any]], *, made_at: datetime) -> str:
    """Return a calendar of sessions as the API gives them.

    Args:
        sessions: nodes of ``Query.sessions``.
        made_at: when the calendar is made.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Golden Thread//Training//EN"]
    for each in sessions:
        location = (each.get("location") or {}).get("raw") or ""
        course = each.get("course") or {}
        lines += [
            "BEGIN:VEVENT",
            f"UID:{each['id']}@training.goldenthread.example",
            f"DTSTAMP:{_moment(made_at)}",
            f"DTSTART:{_moment(datetime.fromisoformat(each['startsAt']))}",
            f"DTEND:{_moment(datetime.fromisoformat(each['endsAt']))}",
            f"SEQUENCE:{max(0, int(each.get('version') or 1) - 1)}",
            f"SUMMARY:{_text(each['number'] + ' ' + each['title'])}",
            f"DESCRIPTION:{_text('Course ' + str(course.get('number', '')))}",
            f"LOCATION:{_text(location)}",
            f"STATUS:{_STATUS.get(each.get('status') or '', 'CONFIRMED')}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def own_calendar_of(sessions: Sequence[Mapping[str, Any]]) -> str:
    """Return somebody's own sessions as a calendar to subscribe to; the same until one changes.

    It has no METHOD: it is a calendar and no invitation. What was cancelled stays, as such, so
    that programs take it out of the day.

    Args:
        sessions: as ``svc_training`` tells them to who asks by an address.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Golden Thread//Own training//EN",
        "NAME:Training",
        "X-WR-CALNAME:Training",
        f"REFRESH-INTERVAL;VALUE=DURATION:{REFRESH}",
        f"X-PUBLISHED-TTL:{REFRESH}",
    ]
    years: dict[str, set[int]] = {}
    for each in sessions:
        for name in ("startsAt", "endsAt"):
            years.setdefault(each["zone"], set()).add(datetime.fromisoformat(each[name]).year)
    for name, shown in sorted(years.items()):
        if (zone := zone_of(name)) is not None:
            lines += zone_lines(zone, min(shown) - 1, max(shown) + 1)
    for each in sessions:
        zone, changed = zone_of(each["zone"]), datetime.fromisoformat(each["changedAt"])
        place = (_MODES.get(each["mode"] or ""), _PLATFORMS.get(each["platform"] or ""))
        lines += [
            "BEGIN:VEVENT",
            f"UID:{each['id']}@own.training.goldenthread.example",
            f"DTSTAMP:{_moment(changed)}",
            f"LAST-MODIFIED:{_moment(changed)}",
            f"DTSTART{_by_the_clock(datetime.fromisoformat(each['startsAt']), zone)}",
            f"DTEND{_by_the_clock(datetime.fromisoformat(each['endsAt']), zone)}",
            f"SEQUENCE:{int(each['sequence'])}",
            f"SUMMARY:{_text(each['course'])}",
            f"DESCRIPTION:{_text('Session ' + each['number'])}",
            f"LOCATION:{_text(', '.join(part for part in place if part))}",
            f"STATUS:{each['status']}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def court_dates_of(dates: Iterable[Mapping[str, Any]], *, made_at: datetime) -> str:
    """Return a calendar of court dates, each with a reminder the day before.

    It names the case and the court as any docket does: no participant, and nothing of LEAD, since
    a calendar is shown on screens that others look at.

    Args:
        dates: nodes of ``Query.courtCalendar``.
        made_at: when the calendar is made.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Golden Thread//Court dates//EN"]
    for each in dates:
        begins = datetime.fromisoformat(each["at"])
        place = ", ".join(
            part for part in ((each.get("court") or {}).get("name"), each.get("courtroom")) if part
        )
        is_cancelled = bool(each.get("isCancelled"))
        lines += [
            "BEGIN:VEVENT",
            f"UID:{each['hearingId']}@court.goldenthread.example",
            f"DTSTAMP:{_moment(made_at)}",
            f"DTSTART:{_moment(begins)}",
            "DURATION:PT1H",
            f"SUMMARY:{_text(str(each['kind']).capitalize() + ' ' + str(each['caseNumber']))}",
            f"LOCATION:{_text(place)}",
            f"STATUS:{'CANCELLED' if is_cancelled else 'CONFIRMED'}",
        ]
        if not is_cancelled:
            lines += [
                "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Court tomorrow", "TRIGGER:-P1D",
                "END:VALARM",
            ]  # fmt: skip
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _by_the_clock(moment: datetime, zone: ZoneInfo | None) -> str:
    if zone is None:
        return f":{_moment(moment)}"
    return f";TZID={zone.key}:{moment.astimezone(zone):%Y%m%dT%H%M%S}"


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return " ".join(escaped.splitlines()) if "\r" in escaped else escaped.replace("\n", "\\n")


def _folded(line: str) -> str:
    parts: list[str] = []
    part = ""
    for character in line:
        limit = _LINE_OCTETS - (1 if parts else 0)
        if len((part + character).encode()) > limit:
            parts.append(part)
            part = ""
        part += character
    return "\r\n ".join([*parts, part])
