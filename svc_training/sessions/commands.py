"""Importing a course page: read it, store what is good, keep the text, report the rest."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from svc_training.catalogue import repository as catalogue
from svc_training.catalogue.rules import ImportOutcome, PageUnreadableError, RowError
from svc_training.catalogue.tables import Course
from svc_training.personnel.commands import require_training_manager
from svc_training.sessions import repository
from svc_training.sessions.places import SessionPlaces, check_places
from svc_training.sessions.planning import PlannedSession, checked
from svc_training.sessions.rules import read_course_page
from svc_training.sessions.tables import Session


@dataclass(frozen=True, slots=True)
class SessionImport:
    """What the import did to one session."""

    line: int
    number: str
    outcome: ImportOutcome


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. ``course_number`` is None when no course could be read."""

    course_number: str | None
    course_outcome: ImportOutcome | None
    sessions: tuple[SessionImport, ...]
    errors: tuple[RowError, ...]

    @property
    def is_clean(self) -> bool:
        """Whether every row of the page was understood."""
        return self.course_number is not None and not self.errors


async def import_course_page(session: WriteSession, page: str, imported_by: str) -> ImportReport:
    """Store a course page's course and sessions; importing the same page again changes nothing.

    Args:
        session: the transaction; all of a page is stored, or nothing.
        page: the page's text.
        imported_by: who imports: a caller's subject, or the name of a program.

    Raises:
        CommandError: the text is no page at all.
    """
    try:
        read = read_course_page(page)
    except PageUnreadableError as error:
        raise CommandError("PAGE_UNREADABLE", str(error), ("input", "text")) from None
    if read.course_number is None or read.details is None:
        await catalogue.keep_page(session, None, page, read.errors, imported_by)
        return ImportReport(None, None, (), _without_course(page))
    await catalogue.lock_course_number(session, read.course_number)
    course, outcome = await catalogue.put_course(session, read.course_number, read.details)
    outcomes = await repository.put_sessions(session, course.id, read.sessions)
    await catalogue.keep_page(session, course.id, page, read.errors, imported_by)
    sessions = tuple(
        SessionImport(each.line, each.number, outcomes[each.number]) for each in read.sessions
    )
    return ImportReport(read.course_number, outcome, sessions, read.errors)


async def import_for_manager(session: WriteSession, caller: Caller, page: str) -> dict[str, Any]:
    """Import a page for a training manager; returns the report in the form that is kept.

    Raises:
        CommandError: this role may not, or the text is no page at all.
    """
    require_training_manager(caller)
    report = await import_course_page(session, page, caller.subject)
    return {
        "course": report.course_number,
        "outcome": report.course_outcome,
        "sessions": [[each.line, each.number, each.outcome] for each in report.sessions],
    }


class _TriedError(Exception):
    """Undoes what was tried."""


Show = Callable[[Course | None, Mapping[str, Session]], None]


async def try_for_manager(
    session: WriteSession, caller: Caller, page: str, show: Show
) -> dict[str, Any]:
    """Return what an import of a page would do; nothing of it stays.

    Args:
        show: is given the course and the sessions as they would be, while they are.

    Raises:
        CommandError: this role may not, or the text is no page at all.
    """
    kept: dict[str, Any] = {}
    with contextlib.suppress(_TriedError):
        async with session.begin_nested():
            kept = await import_for_manager(session, caller, page)
            course = None
            if kept["course"] is not None:
                course = await catalogue.course_by_number(session, kept["course"])
            numbers = [number for _line, number, _outcome in kept["sessions"]]
            show(course, await repository.sessions_by_number(session, numbers))
            raise _TriedError
    return kept


def report_of(kept: dict[str, Any], page: str) -> ImportReport:
    """Return the report of an import that was kept, now or at an earlier time.

    Row errors depend on the page alone, so they are read again rather than stored twice.
    """
    outcome = kept["outcome"]
    return ImportReport(
        kept["course"],
        ImportOutcome(outcome) if outcome else None,
        tuple(
            SessionImport(line, number, ImportOutcome(each))
            for line, number, each in kept["sessions"]
        ),
        read_course_page(page).errors if kept["course"] else _without_course(page),
    )


def _without_course(page: str) -> tuple[RowError, ...]:
    message = "No session number such as 8020-1 names a course, so nothing could be stored."
    return (*read_course_page(page).errors, RowError(1, "NO_COURSE", message, ""))


async def change_places(
    session: WriteSession,
    caller: Caller,
    number: str,
    expected_version: int,
    places: SessionPlaces,
) -> dict[str, Any]:
    """Set places and deadlines of a session. Who has a place keeps it, also above a new limit.

    Raises:
        CommandError: the caller may not, no such session, or changed meanwhile.
        RuleError: a number or a deadline makes no sense.
    """
    require_training_manager(caller)
    row = await repository.session_by_number(session, number)
    if row is None:
        raise not_found("input", "number")
    check_places(places, row.starts_at)
    if not await repository.put_places(session, row, expected_version, places, caller.agency_id):
        raise version_conflict("input", "expectedVersion")
    return {"session": str(row.id)}


async def plan(
    session: WriteSession, caller: Caller, planned: PlannedSession, places: SessionPlaces
) -> dict[str, Any]:
    """Put a session of a course into the catalogue by hand; returns its number as ``session``.

    Raises:
        CommandError: the caller may not, no such course, or a session of this number is there.
        RuleError: what it says makes no sense; the field is named.
    """
    require_training_manager(caller)
    details = checked(planned, clock.now())
    check_places(places, details.starts_at)
    await catalogue.lock_course_number(session, details.course_number)
    course = await catalogue.course_by_number(session, details.course_number)
    if course is None:
        message = f"There is no course {details.course_number}."
        raise CommandError("NO_COURSE", message, ("input", "number"))
    if await repository.session_by_number(session, details.number) is not None:
        message = "A session of this number is there already."
        raise CommandError("ALREADY_THERE", message, ("input", "number"))
    await repository.put_sessions(session, course.id, [details])
    row = await repository.session_by_number(session, details.number)
    if row is not None:
        await repository.put_places(session, row, row.version, places, caller.agency_id)
    return {"session": details.number}
