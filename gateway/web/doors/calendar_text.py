"""Sessions as a calendar (RFC 5545): events in UTC, lines folded at 75 octets, texts escaped."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

CALENDAR_TYPE = "text/calendar"
_LINE_OCTETS = 75
_STATUS = {"CANCELLED": "CANCELLED"}


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


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


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
