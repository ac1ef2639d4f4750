"""What a training manager does with assignments of the own agency's people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from infra import clock
from infra.database import WriteSession
from infra.entity_references import known, parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from svc_training.assignments.repository import changes, lists, waiting
from svc_training.assignments.rules import (
    MAX_PEOPLE,
    NOT_REGISTERED,
    TAKES_A_PLACE,
    AssignmentOutcome,
    AssignmentStatus,
    AssignmentTerms,
    RegistrationOutcome,
    check_cancellation,
    check_step,
    check_window,
    checked_comment,
    checked_reason,
    checked_terms,
    path_to,
)
from svc_training.assignments.tables import Assignment, AssignmentStep
from svc_training.personnel.commands import require_training_manager
from svc_training.prerequisites import repository as prerequisites
from svc_training.prerequisites.rules import IS_CLEAR, FulfillmentStatus
from svc_training.prerequisites.tables import Prerequisite
from svc_training.records.repository import completed
from svc_training.sessions.repository import session_by_number
from svc_training.sessions.rules import local_day
from svc_training.sessions.tables import Session


@dataclass(frozen=True, slots=True)
class AssignmentRequest:
    """Whom to assign to which session, on which terms: named people, or the whole agency."""

    session_number: str
    personnel_ids: tuple[str, ...]
    terms: AssignmentTerms
    is_whole_agency: bool = False


async def assign_session(
    session: WriteSession, caller: Caller, request: AssignmentRequest
) -> dict[str, Any]:
    """Assign people to a session; returns for each what was done, in the order asked for.

    An id that names nobody on the own roster gives NEEDS_PERSON_RECORD, whether it names nobody
    at all or somebody of another agency.

    Raises:
        CommandError: the caller may not, the session is unknown, nobody or too many are named.
        RuleError: the terms are not acceptable.
    """
    require_training_manager(caller)
    terms = checked_terms(request.terms)
    wanted = people_wanted(request)
    found = await session_by_number(session, request.session_number)
    if found is None:
        raise CommandError(
            "NOT_FOUND", "The catalogue has no session of this number.", ("input", "sessionNumber")
        )
    ids = None if wanted is None else known([parse_id(text) for text in wanted])
    people = await changes.roster_ids(session, caller, ids, MAX_PEOPLE + 1)
    if len(people) > MAX_PEOPLE:
        raise too_many("wholeAgency")
    asked = [str(each) for each in people] if wanted is None else wanted
    given = await assign_people(session, found, people, terms, by=caller)
    outcomes = []
    for text in asked:
        what, assignment_id = given.outcome(parse_id(text))
        outcomes.append([text, what.value, str(assignment_id) if assignment_id else None])
    return {"outcomes": outcomes}


@dataclass(frozen=True, slots=True)
class Assigned:
    """What became of people who were to be assigned."""

    made: dict[UUID, UUID]
    before: dict[UUID, UUID]
    trained: dict[UUID, UUID | None]

    def outcome(self, personnel_id: UUID | None) -> tuple[AssignmentOutcome, UUID | None]:
        """Return what was done for a person, with the assignment, if there is one."""
        if personnel_id in self.made:
            return AssignmentOutcome.ASSIGNED, self.made[personnel_id]
        if personnel_id in self.before:
            return AssignmentOutcome.ALREADY_ASSIGNED, self.before[personnel_id]
        if personnel_id in self.trained:
            return AssignmentOutcome.ALREADY_TRAINED, self.trained[personnel_id]
        return AssignmentOutcome.NEEDS_PERSON_RECORD, None


class _Assigner(Protocol):
    """Who assigns, for which agency."""

    @property
    def subject(self) -> str: ...

    @property
    def agency_id(self) -> str: ...


async def assign_people(
    session: WriteSession,
    wanted: Session,
    people: Sequence[UUID],
    terms: AssignmentTerms,
    *,
    by: _Assigner,
    batch_id: UUID | None = None,
) -> Assigned:
    """Assign people of one roster to a session; who has it already is left alone."""
    now = clock.now()
    trained = await changes.trained(session, wanted.course_id, people, local_day(now))
    before = await changes.live(session, wanted.id, people)
    free = [each for each in people if each not in trained and each not in before]
    made = await changes.assign(
        session, wanted.id, free, terms, by.subject, now, agency_id=by.agency_id, batch_id=batch_id
    )
    if len(made) < len(free):  # somebody else assigned them meanwhile
        before |= await changes.live(session, wanted.id, [e for e in free if e not in made])
    return Assigned(made, before, trained)


def people_wanted(request: AssignmentRequest) -> list[str] | None:
    """Return the ids that are named, each once, or None for the whole agency.

    Raises:
        CommandError: both or neither are asked for, or too many.
    """
    wanted = list(dict.fromkeys(request.personnel_ids))
    if bool(wanted) is request.is_whole_agency:
        message = "Name people, or ask for the whole agency: one of the two."
        raise CommandError("WHO_IS_UNCLEAR", message, ("input", "personnelIds"))
    if len(wanted) > MAX_PEOPLE:
        raise too_many("personnelIds")
    return wanted or None


def too_many(field: str) -> CommandError:
    """Return the refusal of more people than one action takes: how many, and how to go on."""
    whose = "The roster has more" if field == "wholeAgency" else "More are named"
    message = (
        f"At most {MAX_PEOPLE:,} people are assigned in one action. {whose}, and nobody has been "
        "assigned: choose the people, in several actions. Who has the session keeps it."
    )
    return CommandError("TOO_MANY_PEOPLE", message, ("input", field))


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A step that a training manager asks for."""

    assignment_id: str
    status: AssignmentStatus
    expected_version: int
    comment: str | None
    exception_reason: str | None = None


async def change_status(
    session: WriteSession, caller: Caller, change: StatusChange
) -> dict[str, Any]:
    """Move an assignment one step; returns its id as ``assignment``.

    Raises:
        CommandError: the caller may not, the assignment is absent or another agency's, or it has
            changed meanwhile.
        RuleError: the step is not allowed, or it passes over others who wait and says not why.
    """
    require_training_manager(caller)
    comment = checked_comment(change.comment)
    row_id = parse_id(change.assignment_id)
    found = {} if row_id is None else await lists.assignments_by_id(session, caller, [row_id])
    assignment = found.get(row_id) if row_id is not None else None
    if assignment is None or assignment.personnel.agency_id != caller.agency_id:
        raise not_found("input", "assignmentId")
    if assignment.version != change.expected_version:
        raise version_conflict("input", "expectedVersion")
    check_step(AssignmentStatus(assignment.status), change.status)
    is_before_others = await _check_place(session, assignment, change.status)
    reason = checked_reason(change.exception_reason, is_before_others=is_before_others)
    check_cancellation(change.status, assignment.session.cancel_by_at, clock.now())
    step = AssignmentStep(
        assignment_id=assignment.id,
        version=assignment.version + 1,
        status=change.status.value,
        comment=comment,
        exception_reason=reason,
        changed_by=caller.subject,
        changed_at=clock.now(),
    )
    if not await changes.move(session, assignment, step):
        raise version_conflict("input", "expectedVersion")
    return {"assignment": str(assignment.id)}


async def _check_place(
    session: WriteSession, assignment: Assignment, wanted: AssignmentStatus
) -> bool:
    """Check prerequisites before a registration, and places before one is taken.

    Returns:
        Whether others who wait are passed over: by a place, or by becoming an alternate. Where no
        number of places is kept here the order is the academy's, and nobody is.

    Raises:
        CommandError: a prerequisite is not met, or no place is left.
    """
    takes_one = wanted in (AssignmentStatus.REGISTERED, AssignmentStatus.ACCEPTED)
    if not takes_one and wanted is not AssignmentStatus.ALTERNATE:
        return False
    await changes.lock_session(session, assignment.session_id)
    if wanted is AssignmentStatus.REGISTERED:
        unmet = await who_lacks(session, assignment.session, [assignment.personnel_id])
        if unmet:
            message = "Prerequisites must be met or waived first."
            raise CommandError("PREREQUISITES_UNMET", message, ("input", "status"))
    if AssignmentStatus(assignment.status) in TAKES_A_PLACE:
        return False
    left = await waiting.places(session, assignment.session)
    if left.free is None:
        return False
    position = await waiting.position_of(session, assignment)
    if not takes_one:
        before = await waiting.alternates(session, assignment.session_id)
        return position is not None and position > before + 1
    if left.free == 0:
        message = "No place of this session is free."
        raise CommandError("NO_PLACE_LEFT", message, ("input", "status"))
    return not left.is_next(left.waiting + 1 if position is None else position)


async def who_lacks(
    session: WriteSession, wanted: Session, personnel_ids: Sequence[UUID]
) -> set[UUID]:
    """Return who of these people has a prerequisite of the session's course yet to meet."""
    asked = (await prerequisites.of_courses(session, [wanted.course_id])).get(wanted.course_id, [])
    if not asked or not personnel_ids:
        return set()
    rows = await prerequisites.fulfillments(session, personnel_ids, [each.id for each in asked])
    courses = [each.required_course_id for each in asked if each.required_course_id is not None]
    had = await completed(session, personnel_ids, courses, local_day(clock.now()))

    def is_met(personnel_id: UUID, each: Prerequisite) -> bool:
        if each.required_course_id is not None:
            return (personnel_id, each.required_course_id) in had
        row = rows.get((personnel_id, each.id))
        return row is not None and FulfillmentStatus(row.status) in IS_CLEAR

    return {who for who in personnel_ids if not all(is_met(who, each) for each in asked)}


async def register(
    session: WriteSession, caller: Caller, session_number: str, assignment_ids: Sequence[str]
) -> dict[str, Any]:
    """Register people who are assigned to a session, in the order in which they were assigned.

    Nobody is registered whose prerequisites are not all met or waived; when the places are gone, or
    are the turn of who waits, people go on the waiting list. No ids: everybody of the own agency
    who is assigned.

    Raises:
        CommandError: the caller may not, or the session is unknown.
        RuleError: registration is not open.
    """
    require_training_manager(caller)
    found = await session_by_number(session, session_number)
    if found is None:
        raise not_found("input", "sessionNumber")
    now = clock.now()
    check_window(found.registration_opens_at, found.registration_closes_at, now)
    await changes.lock_session(session, found.id)
    ids = known([parse_id(each) for each in assignment_ids]) if assignment_ids else None
    rows = await changes.at_session(session, caller, found.id, ids)
    lacking = await who_lacks(session, found, [row.personnel_id for row in rows])
    left = await waiting.places(session, found)
    outcomes: list[list[str]] = []
    moves: list[changes.Move] = []
    for row in rows:
        status = AssignmentStatus(row.status)
        what = RegistrationOutcome.ALREADY_REGISTERED
        if status in NOT_REGISTERED:
            is_lacking = row.personnel_id in lacking
            what = RegistrationOutcome.PREREQUISITES_UNMET if is_lacking else left.next_outcome()
            left = left.after(what)
            moves.append(changes.Move(row.id, row.version, _registration_path(status, what)))
        outcomes.append([str(row.id), what.value])
    moved = await changes.move_many(session, moves, caller.subject, now, None)
    if len(moved) < sum(1 for each in moves if each.steps):
        raise version_conflict("input", "sessionNumber")
    return {"outcomes": outcomes}


def _registration_path(
    present: AssignmentStatus, outcome: RegistrationOutcome
) -> tuple[AssignmentStatus, ...]:
    target = {
        RegistrationOutcome.REGISTERED: AssignmentStatus.REGISTERED,
        RegistrationOutcome.WAITLISTED: AssignmentStatus.WAITLISTED,
    }.get(outcome)
    return () if target is None else path_to(present, target) or ()


async def mark_reminded(
    session: WriteSession, caller: Caller, assignment_ids: Sequence[str]
) -> dict[str, Any]:
    """Note that people were reminded; who had not been notified before has been now.

    Raises:
        CommandError: the caller may not, or an assignment is absent or another agency's.
    """
    require_training_manager(caller)
    ids = known([parse_id(each) for each in assignment_ids])
    rows = await lists.assignments_by_id(session, caller, ids)
    own = [row for row in rows.values() if row.personnel.agency_id == caller.agency_id]
    if not assignment_ids or len(own) < len(set(assignment_ids)):
        raise not_found("input", "assignmentIds")
    now = clock.now()
    moves = [
        changes.Move(row.id, row.version, (AssignmentStatus.NOTIFIED,))
        for row in own
        if row.status == AssignmentStatus.ASSIGNED
    ]
    await changes.move_many(session, moves, caller.subject, now, "reminded")
    await changes.mark_reminded(session, [row.id for row in own], now)
    return {"assignments": [str(row.id) for row in own]}
