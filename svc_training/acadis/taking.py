"""Taking one kind of rows over: courses, sessions, people. Each row stands or falls alone.

The catalogue is the academy's. What a training manager set by hand of a session's places and
deadlines, and of how a course counts, stands all the same: it only decides what we ask for and how
we sort it, and the academy answers each registration for itself. Where the academy says something
else, that is listed as a conflict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from infra import clock
from infra.database import WriteSession
from svc_training.acadis import repository, rules
from svc_training.acadis.rules import CellError, RowProblem
from svc_training.catalogue.repository import course_by_number, lock_course_number
from svc_training.catalogue.rules import read_audience, read_authority
from svc_training.catalogue.tables import Course
from svc_training.personnel.tables import Personnel
from svc_training.sessions.repository import locked_session
from svc_training.sessions.rules import ASSUMED_ZONE, LocationMode, SessionStatus
from svc_training.sessions.tables import Session

Row = Mapping[str, str]
WITHOUT_LOGIN = "people without a login"
"""Of those taken, who serves now and has no account: training opens nothing to them.

The academy's files know no accounts: a link is the training manager's to make, and no file
undoes it.
"""
_CELLS: Final[Mapping[str, str]] = {
    "title": "title",
    "hours": "hours",
    "location_mode": "location_mode",
    "raw_location": "location_text",
    "capacity": "capacity",
    "provider_enrolled": "enrolled",
    "provider_waitlisted": "waitlisted",
    "status": "status",
    "registration_opens_at": "registration_opens",
    "registration_closes_at": "registration_closes",
    "cancel_by_at": "cancel_deadline",
}
"""Columns of a session whose cell may be empty: then what is there stays."""
_BY_HAND: Final[Mapping[str, str]] = {
    "capacity": "CAPACITY_DIFFERS",
    "registration_opens_at": "OPENING_DIFFERS",
    "registration_closes_at": "CLOSING_DIFFERS",
    "cancel_by_at": "CANCELLING_DIFFERS",
    "training_category": "CATEGORY_DIFFERS",
    "is_active": "OFFERED_DIFFERS",
}
"""Columns of sessions and courses that a manager sets, and the conflict where theirs differs."""


@dataclass(slots=True)
class Taken:
    """What an import has done so far. ``agency_id`` is the only agency it may touch, or None."""

    source: str
    imported_by: str
    agency_id: str | None
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)
    touched: set[UUID] = field(default_factory=set)
    without_login: set[UUID] = field(default_factory=set)

    def count(self, what: str) -> None:
        """Count something that was done."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def look_for_login(self, person: Personnel) -> None:
        """Count a person who has no login, once however many rows name them."""
        if person.is_active and person.account_id is None:
            self.without_login.add(person.id)
            self.counts[WITHOUT_LOGIN] = len(self.without_login)

    def refuse(self, file: str, row: int, error: CellError) -> None:
        """Report a row; a bad file does not grow the report without end."""
        if len(self.problems) < rules.MAX_ERRORS:
            problem = RowProblem(file, row, error.column, error.code, error.message)
            self.problems.append(problem)
        self.count("refused")


def _set(row: Any, columns: Mapping[str, object]) -> bool:
    changed = {name: value for name, value in columns.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.version += 1
        row.updated_at = clock.now()
    return bool(changed)


async def _leave_by_hand(
    session: WriteSession, taken: Taken, found: Course | Session, said: dict[str, object]
) -> None:
    """Take out of what the academy says whatever a manager set; list what of it differs."""
    for name in [each for each in _BY_HAND if each in said and each in found.set_by_hand]:
        theirs = said.pop(name)
        if theirs != getattr(found, name):
            await _list_by_hand(session, taken, found, name, theirs)


async def _list_by_hand(
    session: WriteSession, taken: Taken, found: Course | Session, name: str, theirs: object
) -> None:
    """List that what a manager set is not the academy's word, to the manager's agency."""
    zone = ZoneInfo(found.zone if isinstance(found, Session) else ASSUMED_ZONE)
    is_new = await repository.list_conflict_of_catalogue(
        session,
        kind=_BY_HAND[name],
        agency_id=str(found.set_by_hand[name]),
        session_number=found.number,
        ours=_as_text(getattr(found, name), zone),
        theirs=_as_text(theirs, zone),
    )
    taken.count("conflicts listed" if is_new else "conflicts known")


def _as_text(value: object, zone: ZoneInfo) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="minutes")
    if isinstance(value, bool):
        return "offered" if value else "not offered"
    return None if value is None else str(value)


async def take_course(session: WriteSession, taken: Taken, row: Row) -> None:
    """Store a course. What an academy's page says of it stays; only how it counts is taken.

    An empty cell leaves what is there. What a manager set by hand stays, and a cell that differs is
    listed.

    Raises:
        CellError: a cell is not of its form.
    """
    number = rules.needed(row, "course_number", 20)
    hours = rules.number(row, "default_hours")
    counted = {
        "training_category": rules.optional(row, "training_category", 80),
        "default_hours": None if hours is None else hours.quantize(Decimal("0.01")),
        "is_active": rules.flag(row, "active"),
    }
    await lock_course_number(session, number)
    found = await course_by_number(session, number)
    if found is not None:
        said: dict[str, object] = {
            name: value for name, value in counted.items() if value is not None
        }
        await _leave_by_hand(session, taken, found, said)
        taken.count("courses updated" if _set(found, said) else "courses unchanged")
        await session.flush()
        return
    audience, authority = row["audience"], row["authority"]
    now = clock.now()
    session.add(
        Course(
            id=uuid4(),
            number=number,
            title=rules.needed(row, "title"),
            description=row["description"][:20_000],
            audience=list(read_audience(audience)),
            raw_audience=audience or None,
            authority=list(read_authority(authority)),
            raw_authority=authority or None,
            version=1,
            created_at=now,
            updated_at=now,
            **counted,
        )
    )
    await session.flush()
    taken.count("courses created")


def _word(row: Row, column: str, words: type[LocationMode] | type[SessionStatus]) -> str:
    try:
        return words(row[column] or "UNSTATED").value
    except ValueError:
        raise CellError(column, "BAD_WORD", f"One of: {', '.join(words)}.") from None


async def take_session(session: WriteSession, taken: Taken, row: Row) -> None:
    """Store a session as the academy's system has it; an empty cell leaves what is there.

    Places and deadlines that a manager set by hand stay, and a cell that differs is listed.

    Raises:
        CellError: a cell is not of its form, or the course is unknown.
    """
    number, course_number = rules.needed(row, "session_number", 20), row["course_number"]
    course = await course_by_number(session, course_number)
    if course is None:
        raise CellError("course_number", "NO_COURSE", "The catalogue has no such course.")
    columns = _session_columns(row, course.title)
    found = await locked_session(session, number)
    if found is not None:
        said = {name: value for name, value in columns.items() if _is_said(row, name)}
        if "hours" not in said and found.hours == _length(found.starts_at, found.ends_at):
            said["hours"] = columns["hours"]  # nobody has said another number: they follow
        await _leave_by_hand(session, taken, found, said)
        taken.count("sessions updated" if _set(found, said) else "sessions unchanged")
        await session.flush()
        return
    now = clock.now()
    session.add(
        Session(
            id=uuid4(),
            number=number,
            course_id=course.id,
            raw_date=row["start_local"],
            raw_hours=row["hours"],
            raw_status=row["status"] or None,
            version=1,
            created_at=now,
            updated_at=now,
            **columns,
        )
    )
    await session.flush()
    taken.count("sessions created")


def _session_columns(row: Row, course_title: str) -> dict[str, object]:
    zone = rules.zone(row)
    starts_at, ends_at = rules.local(row, "start_local", zone), rules.local(row, "end_local", zone)
    if starts_at is None or ends_at is None or ends_at <= starts_at:
        raise CellError("end_local", "BAD_TIME", "A session starts, and ends after that.")
    hours = rules.number(row, "hours")
    return {
        "title": rules.optional(row, "title") or course_title,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "zone": zone.key,
        "is_zone_assumed": False,
        "hours": hours.quantize(Decimal("0.01")) if hours else _length(starts_at, ends_at),
        "location_mode": _word(row, "location_mode", LocationMode),
        "raw_location": rules.optional(row, "location_text"),
        "capacity": rules.whole(row, "capacity"),
        "provider_enrolled": rules.whole(row, "enrolled"),
        "provider_waitlisted": rules.whole(row, "waitlisted"),
        "status": _word(row, "status", SessionStatus),
        "registration_opens_at": rules.local(row, "registration_opens", zone),
        "registration_closes_at": rules.local(row, "registration_closes", zone),
        "cancel_by_at": rules.local(row, "cancel_deadline", zone),
    }


def _length(starts_at: datetime, ends_at: datetime) -> Decimal:
    hours = Decimal((ends_at - starts_at).total_seconds()) / 3600
    return hours.quantize(Decimal("0.01"))


def _is_said(row: Row, name: str) -> bool:
    """Return whether the academy says anything about a column of a session."""
    return name not in _CELLS or bool(row[_CELLS[name]].strip())


async def take_person(
    session: WriteSession, taken: Taken, row: Row, agencies: Mapping[str, str]
) -> None:
    """Store a roster entry of a linked organization; as whom the person signs in stays as it was.

    Raises:
        CellError: a cell is not of its form, or the organization is not linked (or not this
            agency's).
    """
    external_id = rules.needed(row, "person_external_id", 80)
    agency_id = agencies.get(row["organization_id"])
    if agency_id is None:
        message = "This organization is not linked to an agency that this import is for."
        raise CellError("organization_id", "NO_ORGANIZATION", message)
    columns: dict[str, object] = {
        "family_name": rules.needed(row, "last_name"),
        "given_name": rules.needed(row, "first_name"),
        "email": rules.optional(row, "email"),
        "appointment_type": rules.appointment(row).value,
        "is_certified": rules.flag(row, "certified"),
        "is_active": rules.flag(row, "active"),
        "is_training_manager": rules.flag(row, "training_manager"),
    }
    before = (await repository.people(session, [external_id], agency_id)).get(external_id)
    if before:
        changed = _set(before[0], columns)
        taken.touched.add(before[0].id)
        taken.look_for_login(before[0])
        taken.count("people updated" if changed else "people unchanged")
        await session.flush()
        return
    now = clock.now()
    person = Personnel(
        id=uuid4(),
        agency_id=agency_id,
        external_id=external_id,
        is_assessed=False,
        version=1,
        created_at=now,
        updated_at=now,
        **columns,
    )
    session.add(person)
    await session.flush()
    taken.look_for_login(person)
    taken.count("people created")
