"""Taking one kind of rows over: courses, sessions, people. Each row stands or falls alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from svc_training.acadis import repository, rules
from svc_training.acadis.rules import CellError, RowProblem
from svc_training.catalogue.repository import course_by_number
from svc_training.catalogue.rules import read_audience, read_authority
from svc_training.catalogue.tables import Course
from svc_training.personnel.tables import Personnel
from svc_training.sessions.repository import session_by_number
from svc_training.sessions.rules import LocationMode, SessionStatus
from svc_training.sessions.tables import Session

Row = Mapping[str, str]


@dataclass(slots=True)
class Taken:
    """What an import has done so far. ``agency_id`` is the only agency it may touch, or None."""

    source: str
    imported_by: str
    agency_id: str | None
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)
    touched: set[UUID] = field(default_factory=set)

    def count(self, what: str) -> None:
        """Count something that was done."""
        self.counts[what] = self.counts.get(what, 0) + 1

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


async def take_course(session: WriteSession, taken: Taken, row: Row) -> None:
    """Store a course. What an academy's page says of it stays; only how it counts is taken.

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
    found = await course_by_number(session, number)
    if found is not None:
        taken.count("courses updated" if _set(found, counted) else "courses unchanged")
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
    """Store a session as the academy's system has it.

    Raises:
        CellError: a cell is not of its form, or the course is unknown.
    """
    number, course_number = rules.needed(row, "session_number", 20), row["course_number"]
    course = await course_by_number(session, course_number)
    if course is None:
        raise CellError("course_number", "NO_COURSE", "The catalogue has no such course.")
    zone = rules.zone(row)
    starts_at, ends_at = rules.local(row, "start_local", zone), rules.local(row, "end_local", zone)
    if starts_at is None or ends_at is None or ends_at <= starts_at:
        raise CellError("end_local", "BAD_TIME", "A session starts, and ends after that.")
    hours = rules.number(row, "hours") or Decimal((ends_at - starts_at).total_seconds()) / 3600
    columns: dict[str, object] = {
        "title": rules.optional(row, "title") or course.title,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "zone": zone.key,
        "is_zone_assumed": False,
        "hours": hours.quantize(Decimal("0.01")),
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
    found = await session_by_number(session, number)
    if found is not None:
        taken.count("sessions updated" if _set(found, columns) else "sessions unchanged")
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


async def take_person(
    session: WriteSession, taken: Taken, row: Row, agencies: Mapping[str, str]
) -> None:
    """Store a roster entry of a linked organization.

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
    taken.count("people created")
