"""The table of sessions on a course page: dates, hours, places; and the page as a whole.

Formats (as the academy's page has them): number ``8020-1`` (course 8020, session 1), date
``M/D/YYYY``, ``Class Hours:`` ``0800 - 0930``, a place such as ``Virtual- Zoom``, at times a
status; a row may run over several lines. The page gives no time zone, so America/Los_Angeles is
assumed and the session says so. A row that cannot be read is reported and left out; rows around
it are not affected.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from svc_training.catalogue.rules import (
    CourseDetails,
    Line,
    RowError,
    read_head,
    row_error,
    split_lines,
)

ASSUMED_ZONE = "America/Los_Angeles"

_NUMBER = re.compile(r"^(?P<number>\d{4}-\d{1,3})(?=\s|$)\s*(?P<rest>.*)$")
_ALMOST_NUMBER = re.compile(r"^(?=\S*\d)\S+[-\u2013]\S*\s+.*\d/\d")
_DATE = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{2,5})(?![\d/])")
_CLASS_HOURS = re.compile(r"^class hours:?\s*", re.IGNORECASE)
_HOURS = re.compile(r"^(\d{1,2}):?(\d{2})\s*[-\u2013\u2014]\s*(\d{1,2}):?(\d{2})(?!\d)\s*(.*)$")
_PLATFORMS = (
    (re.compile(r"\bzoom\b", re.IGNORECASE), "ZOOM"),
    (re.compile(r"\bteams\b", re.IGNORECASE), "TEAMS"),
    (re.compile(r"\bwebex\b", re.IGNORECASE), "WEBEX"),
    (re.compile(r"\bgoogle meet\b", re.IGNORECASE), "GOOGLE_MEET"),
)
_VIRTUAL = re.compile(r"\b(virtual|online|webinar|remote)\b", re.IGNORECASE)
_HYBRID = re.compile(r"\bhybrid\b", re.IGNORECASE)
_SECONDS_AN_HOUR = 3600


class LocationMode(StrEnum):
    """How a session is attended."""

    VIRTUAL = "VIRTUAL"
    IN_PERSON = "IN_PERSON"
    HYBRID = "HYBRID"
    UNSTATED = "UNSTATED"


class Platform(StrEnum):
    """Which meeting platform a virtual session uses."""

    ZOOM = "ZOOM"
    TEAMS = "TEAMS"
    WEBEX = "WEBEX"
    GOOGLE_MEET = "GOOGLE_MEET"


class SessionStatus(StrEnum):
    """What the page says about a session's places; UNSTATED when it says nothing."""

    OPEN = "OPEN"
    WAITLIST = "WAITLIST"
    FULL = "FULL"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    UNSTATED = "UNSTATED"


def local_day(moment: datetime, zone: str = ASSUMED_ZONE) -> date:
    """Return the calendar day of an instant where the academy is (or in another zone)."""
    return moment.astimezone(ZoneInfo(zone)).date()


_STATUS_WORDS = {
    "open": SessionStatus.OPEN,
    "waitlist": SessionStatus.WAITLIST,
    "waitlisted": SessionStatus.WAITLIST,
    "full": SessionStatus.FULL,
    "closed": SessionStatus.CLOSED,
    "cancelled": SessionStatus.CANCELLED,
    "canceled": SessionStatus.CANCELLED,
    "completed": SessionStatus.COMPLETED,
}


@dataclass(frozen=True, slots=True)
class Location:
    """Where a session takes place; ``raw`` is the page's own text."""

    mode: LocationMode
    platform: Platform | None
    raw: str | None


@dataclass(frozen=True, slots=True)
class SessionDetails:
    """One session as the page lists it. ``line`` is where its row starts."""

    line: int
    number: str
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    is_zone_assumed: bool
    hours: Decimal
    location: Location
    status: SessionStatus
    raw_date: str
    raw_hours: str
    raw_status: str | None

    @property
    def course_number(self) -> str:
        """The course that the number names: 8020 for 8020-1."""
        return self.number.partition("-")[0]


@dataclass(frozen=True, slots=True)
class CoursePage:
    """A whole page, read: the course, its sessions that could be read, and what could not."""

    course_number: str | None
    details: CourseDetails | None
    sessions: tuple[SessionDetails, ...]
    errors: tuple[RowError, ...]


class _RowProblem(Exception):  # noqa: N818 - never leaves this module
    """The row cannot become a session."""

    def __init__(self, line: Line, code: str, message: str) -> None:
        super().__init__(code)
        self.error = row_error(line, code, message)


def read_location(raw: str | None) -> Location:
    """Return the place that a text such as ``Virtual- Zoom`` names."""
    if not raw:
        return Location(LocationMode.UNSTATED, None, None)
    platform = next((Platform(code) for pattern, code in _PLATFORMS if pattern.search(raw)), None)
    if _HYBRID.search(raw):
        mode = LocationMode.HYBRID
    elif platform is not None or _VIRTUAL.search(raw):
        mode = LocationMode.VIRTUAL
    else:
        mode = LocationMode.IN_PERSON
    return Location(mode, platform, raw)


def _read_date(line: Line, match: re.Match[str]) -> date:
    month, day, year = (int(part) for part in match.groups())
    message = "The date is not a day of the calendar written M/D/YYYY."
    if len(match[3]) != len("YYYY"):
        raise _RowProblem(line, "BAD_DATE", message)
    try:
        return date(year, month, day)
    except ValueError:
        raise _RowProblem(line, "BAD_DATE", message) from None


def _read_hours(line: Line, match: re.Match[str]) -> tuple[time, time]:
    message = "Class hours are two times of one day, the earlier first, such as 0800 - 0930."
    try:
        starts, ends = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    except ValueError:
        raise _RowProblem(line, "BAD_HOURS", message) from None
    if starts >= ends:
        raise _RowProblem(line, "BAD_HOURS", message)
    return starts, ends


class _RowReader:
    """Reads the lines of one row: title, then date, then hours, then place, then status."""

    def __init__(self, line: Line, number: str) -> None:
        self.line = line
        self.number = number
        self.title: list[str] = []
        self.held_on: tuple[date, str] | None = None
        self.hours: tuple[time, time, str] | None = None
        self.location: str | None = None
        self.status: str | None = None
        self.errors: list[RowError] = []

    def take(self, line: Line, text: str) -> None:
        """Read what is left of one line."""
        if not text:
            return
        if self.held_on is None:
            self._take_title(line, text)
        elif self.hours is None:
            self._take_hours(line, text)
        elif self.location is None and self.status is None:
            self._take_place(text)
        elif self.status is None and text.lower() in _STATUS_WORDS:
            self.status = text
        else:
            self._skip(line)

    def _take_title(self, line: Line, text: str) -> None:
        if _CLASS_HOURS.match(text):
            raise _RowProblem(self.line, "NO_DATE", "The session has no date written M/D/YYYY.")
        match = _DATE.search(text)
        if match is None:
            self.title.append(text)
            return
        self.held_on = (_read_date(line, match), match[0])
        self.title.append(text[: match.start()].strip())
        self.take(line, text[match.end() :].strip())

    def _take_hours(self, line: Line, text: str) -> None:
        if _DATE.search(text):
            message = "A session has one date; sessions over several days are entered one by one."
            raise _RowProblem(line, "SEVERAL_DATES", message)
        rest = _CLASS_HOURS.sub("", text)
        match = _HOURS.match(rest)
        if match is not None:
            starts, ends = _read_hours(line, match)
            self.hours = (starts, ends, rest[: match.start(5)].strip())
            self.take(line, match[5].strip())
        elif rest != text and rest:
            message = (
                "Class hours are two times of one day, the earlier first, such as 0800 - 0930."
            )
            raise _RowProblem(line, "BAD_HOURS", message)
        elif rest:
            self._skip(line)

    def _take_place(self, text: str) -> None:
        words = text.split()
        if words[-1].lower() in _STATUS_WORDS:
            self.status = words.pop()
        self.location = " ".join(words) or None

    def _skip(self, line: Line) -> None:
        message = f"This line is no known part of session {self.number}."
        self.errors.append(row_error(line, "UNRECOGNISED_LINE", message))

    def finish(self) -> SessionDetails:
        """Return the session."""
        title = " ".join(part for part in self.title if part)
        if self.held_on is None:
            raise _RowProblem(self.line, "NO_DATE", "The session has no date written M/D/YYYY.")
        if self.hours is None:
            message = "The session has no class hours such as 0800 - 0930."
            raise _RowProblem(self.line, "NO_HOURS", message)
        if not title:
            raise _RowProblem(self.line, "NO_TITLE", "The session has no title.")
        (held_on, raw_date), (starts, ends, raw_hours) = self.held_on, self.hours
        zone = ZoneInfo(ASSUMED_ZONE)
        starts_at = datetime.combine(held_on, starts, zone).astimezone(UTC)
        ends_at = datetime.combine(held_on, ends, zone).astimezone(UTC)
        return SessionDetails(
            line=self.line.number,
            number=self.number,
            title=title,
            starts_at=starts_at,
            ends_at=ends_at,
            zone=ASSUMED_ZONE,
            is_zone_assumed=True,
            hours=hours_between(starts_at, ends_at),
            location=read_location(self.location),
            status=_STATUS_WORDS[self.status.lower()] if self.status else SessionStatus.UNSTATED,
            raw_date=raw_date,
            raw_hours=raw_hours,
            raw_status=self.status,
        )


def hours_between(starts_at: datetime, ends_at: datetime) -> Decimal:
    """Return a length in hours, to two places."""
    seconds = Decimal(int((ends_at - starts_at).total_seconds()))
    return (seconds / _SECONDS_AN_HOUR).quantize(Decimal("0.01"))


def _rows(lines: Iterable[Line]) -> tuple[list[list[Line]], list[RowError]]:
    """Group lines into rows; a line that only looks like the start of a row starts a broken one."""
    rows: list[list[Line]] = []
    errors: list[RowError] = []
    current: list[Line] | None = None
    expects_hours = False
    for line in lines:
        if _NUMBER.match(line.text) and not expects_hours:
            current = [line]
            rows.append(current)
        elif _ALMOST_NUMBER.match(line.text):
            message = "A session number is four digits, a hyphen and up to three digits: 8020-1."
            errors.append(row_error(line, "BAD_SESSION_NUMBER", message))
            current = []
        elif current is None:
            message = "This line belongs to no session."
            errors.append(row_error(line, "UNRECOGNISED_LINE", message))
        else:
            current.append(line)
        expects_hours = _CLASS_HOURS.fullmatch(line.text) is not None
    return rows, errors


@dataclass(frozen=True, slots=True)
class SessionTable:
    """The table as read. ``course_numbers`` counts rows by course, unreadable ones included."""

    sessions: tuple[SessionDetails, ...]
    errors: tuple[RowError, ...]
    course_numbers: Counter[str]


def read_sessions(lines: Iterable[Line]) -> SessionTable:
    """Read the lines below the heading of the table."""
    rows, errors = _rows(lines)
    sessions: dict[str, SessionDetails] = {}
    course_numbers: Counter[str] = Counter()
    for row in rows:
        first = row[0]
        match = _NUMBER.match(first.text)
        if match is None:  # _rows starts a row with a number only
            continue
        course_numbers[match["number"].partition("-")[0]] += 1
        reader = _RowReader(first, match["number"])
        try:
            reader.take(first, match["rest"])
            for line in row[1:]:
                reader.take(line, line.text)
            session = reader.finish()
        except _RowProblem as problem:
            errors.append(problem.error)
            continue
        errors.extend(reader.errors)
        if session.number in sessions:
            message = f"Session {session.number} stands on the page twice; the first is used."
            errors.append(row_error(first, "DUPLICATE_SESSION", message))
        else:
            sessions[session.number] = session
    return SessionTable(tuple(sessions.values()), tuple(errors), course_numbers)


def read_course_page(text: str) -> CoursePage:
    """Read a whole course page.

    The course's number is the one that most rows of the table begin with, the upper one where
    two are as frequent; sessions of another course are reported and left out.

    Raises:
        PageUnreadableError: the text is no page at all (empty, too long, not plain text).
    """
    head = read_head(split_lines(text))
    table = read_sessions(head.session_lines)
    counted = table.course_numbers.most_common(1)
    course_number = counted[0][0] if counted else None
    errors = [*head.errors, *table.errors]
    own: list[SessionDetails] = []
    for session in table.sessions:
        if session.course_number == course_number:
            own.append(session)
            continue
        message = f"Session {session.number} is not of course {course_number}."
        errors.append(row_error(Line(session.line, session.number), "OTHER_COURSE", message))
    errors.sort(key=lambda each: each.line)
    return CoursePage(course_number, head.details, tuple(own), tuple(errors))
