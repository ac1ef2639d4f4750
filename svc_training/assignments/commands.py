"""What a training manager does with assignments of the own agency's people."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from infra import clock
from infra.database import WriteSession
from infra.entity_references import known, parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from svc_training.assignments import repository
from svc_training.assignments.rules import (
    MAX_PEOPLE,
    AssignmentOutcome,
    AssignmentStatus,
    AssignmentTerms,
    check_step,
    checked_comment,
    checked_terms,
)
from svc_training.assignments.tables import AssignmentStep
from svc_training.personnel.commands import require_training_manager
from svc_training.sessions.repository import session_by_number


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
    wanted = _wanted(request)
    found = await session_by_number(session, request.session_number)
    if found is None:
        raise CommandError(
            "NOT_FOUND", "The catalogue has no session of this number.", ("input", "sessionNumber")
        )
    ids = None if wanted is None else known([parse_id(text) for text in wanted])
    people = await repository.roster_ids(session, caller, ids, MAX_PEOPLE + 1)
    if len(people) > MAX_PEOPLE:
        raise _too_many("wholeAgency")
    trained = await repository.trained(session, found.course_id, people)
    before = await repository.live(session, found.id, people)
    free = [each for each in people if each not in trained and each not in before]
    made = await repository.assign(session, found.id, free, terms, caller.subject, clock.now())
    if len(made) < len(free):  # somebody else assigned them meanwhile
        before |= await repository.live(session, found.id, [e for e in free if e not in made])

    def outcome(personnel_id: UUID | None) -> tuple[AssignmentOutcome, UUID | None]:
        if personnel_id in made:
            return AssignmentOutcome.ASSIGNED, made[personnel_id]
        if personnel_id in before:
            return AssignmentOutcome.ALREADY_ASSIGNED, before[personnel_id]
        if personnel_id in trained:
            return AssignmentOutcome.ALREADY_TRAINED, trained[personnel_id]
        return AssignmentOutcome.NEEDS_PERSON_RECORD, None

    asked = [str(each) for each in people] if wanted is None else wanted
    outcomes = []
    for text in asked:
        what, assignment_id = outcome(parse_id(text))
        outcomes.append([text, what.value, str(assignment_id) if assignment_id else None])
    return {"outcomes": outcomes}


def _wanted(request: AssignmentRequest) -> list[str] | None:
    """Return the ids that are named, each once, or None for the whole agency."""
    wanted = list(dict.fromkeys(request.personnel_ids))
    if bool(wanted) is request.is_whole_agency:
        message = "Name people, or ask for the whole agency: one of the two."
        raise CommandError("WHO_IS_UNCLEAR", message, ("input", "personnelIds"))
    if len(wanted) > MAX_PEOPLE:
        raise _too_many("personnelIds")
    return wanted or None


def _too_many(field: str) -> CommandError:
    message = f"At most {MAX_PEOPLE} people are assigned in one action."
    return CommandError("TOO_MANY_PEOPLE", message, ("input", field))


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A step that a training manager asks for."""

    assignment_id: str
    status: AssignmentStatus
    expected_version: int
    comment: str | None


async def change_status(
    session: WriteSession, caller: Caller, change: StatusChange
) -> dict[str, Any]:
    """Move an assignment one step; returns its id as ``assignment``.

    Raises:
        CommandError: the caller may not, the assignment is absent or another agency's, or it has
            changed meanwhile.
        RuleError: the step is not allowed.
    """
    require_training_manager(caller)
    comment = checked_comment(change.comment)
    row_id = parse_id(change.assignment_id)
    found = {} if row_id is None else await repository.assignments_by_id(session, caller, [row_id])
    assignment = found.get(row_id) if row_id is not None else None
    if assignment is None or assignment.personnel.agency_id != caller.agency_id:
        raise not_found("input", "assignmentId")
    if assignment.version != change.expected_version:
        raise version_conflict("input", "expectedVersion")
    check_step(AssignmentStatus(assignment.status), change.status)
    step = AssignmentStep(
        assignment_id=assignment.id,
        version=assignment.version + 1,
        status=change.status.value,
        comment=comment,
        changed_by=caller.subject,
        changed_at=clock.now(),
    )
    if not await repository.move(session, assignment, step):
        raise version_conflict("input", "expectedVersion")
    return {"assignment": str(assignment.id)}
