"""Recording results of a session, and training that was completed elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.entity_references import known, parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from svc_training.assignments.repository import changes
from svc_training.assignments.rules import AssignmentStatus, path_to
from svc_training.assignments.tables import Assignment
from svc_training.catalogue.repository import course_by_number, courses_by_id
from svc_training.compliance.commands import assess
from svc_training.personnel.commands import require_training_manager
from svc_training.personnel.repository import personnel_by_id
from svc_training.records import repository as records
from svc_training.records.rules import (
    Attendance,
    Credit,
    Outcome,
    RecordKey,
    RecordSource,
    checked_credit,
)
from svc_training.records.tables import TrainingRecord
from svc_training.results import repository
from svc_training.results.rules import (
    MAX_OUTSIDE_PEOPLE,
    MAX_RESULTS,
    OutsideDetails,
    OutsideStatus,
    ResultOutcome,
    checked_outside,
    target_status,
)
from svc_training.results.tables import OutsideTraining
from svc_training.sessions.repository import session_by_number
from svc_training.sessions.rules import local_day
from svc_training.sessions.tables import Session


@dataclass(frozen=True, slots=True)
class ResultGiven:
    """What a training manager says about one person."""

    personnel_id: str
    attendance: Attendance
    outcome: Outcome | None
    hours: Decimal | None
    score: Decimal | None


async def record_results(
    session: WriteSession, caller: Caller, session_number: str, given: Sequence[ResultGiven]
) -> dict[str, Any]:
    """Record attendance and credit of the own agency's people at a session.

    What the academy's system has reported is not touched: it is the record of attendance and
    credit. The assignment follows to the status that the result means.

    Raises:
        CommandError: the caller may not, the session is unknown or has not begun, too many.
        RuleError: a result is not possible.
    """
    require_training_manager(caller)
    if not 1 <= len(given) <= MAX_RESULTS:
        message = f"1 to {MAX_RESULTS} results are recorded in one action."
        raise CommandError("TOO_MANY_RESULTS", message, ("input", "results"))
    found = await session_by_number(session, session_number)
    if found is None:
        raise not_found("input", "sessionNumber")
    if clock.now() < found.starts_at:
        message = "Results are recorded once the session has begun."
        raise CommandError("NOT_BEGUN", message, ("input", "sessionNumber"))
    credit_of = {
        each.personnel_id: checked_credit(
            each.attendance, each.outcome, each.hours, each.score, found.hours
        )
        for each in given
    }
    ids = known([parse_id(each) for each in credit_of])
    people = await personnel_by_id(session, caller, ids)
    own = [each for each in ids if each in people and people[each].agency_id == caller.agency_id]
    wanted = {each: credit_of[str(each)] for each in own if str(each) in credit_of}
    outcomes = await put_results(
        session, found, wanted, RecordSource.OURS, caller.subject, needs_assignment=True
    )
    await assess(session, own)
    told = []
    for text in credit_of:
        row_id = parse_id(text)
        what = outcomes.get(row_id) if row_id is not None else None
        told.append([text, (what or ResultOutcome.NOT_ASSIGNED).value])
    return {"outcomes": told}


async def put_results(
    session: WriteSession,
    taken: Session,
    credit_of: dict[UUID, Credit],
    source: RecordSource,
    recorded_by: str,
    *,
    needs_assignment: bool,
) -> dict[UUID, ResultOutcome]:
    """Store results and move the assignments; the caller has checked whose they may be.

    Args:
        session: the transaction.
        taken: the session.
        credit_of: by person.
        source: who says so; what the academy's system says is never changed by others.
        recorded_by: account, or the name of an import.
        needs_assignment: whether people without an assignment are left out.
    """
    ids = list(credit_of)
    assignments = await changes.of_people_at_session(session, taken.id, ids)
    stored = await records.records_at(session, taken.id, ids)
    day = local_day(taken.ends_at, taken.zone)
    outcomes: dict[UUID, ResultOutcome] = {}
    moves: list[changes.Move] = []
    for personnel_id, credit in credit_of.items():
        assignment = assignments.get(personnel_id)
        if assignment is None and needs_assignment:
            outcomes[personnel_id] = ResultOutcome.NOT_ASSIGNED
            continue
        way = way_to_result(assignment, credit)
        if way is None and source is RecordSource.OURS:
            outcomes[personnel_id] = ResultOutcome.NOT_POSSIBLE
            continue
        key = RecordKey(personnel_id, taken.id, taken.course_id, taken.title)
        fresh = records.new_record(key, credit, day, taken.course, source, recorded_by)
        what = put_record(session, stored.get(personnel_id), fresh, credit)
        outcomes[personnel_id] = what
        if assignment is not None and way and what is not ResultOutcome.HELD_BY_ACADIS:
            moves.append(changes.Move(assignment.id, assignment.version, way))
    await session.flush()
    await changes.move_many(session, moves, recorded_by, clock.now(), "result recorded")
    return outcomes


def way_to_result(
    assignment: Assignment | None, credit: Credit
) -> tuple[AssignmentStatus, ...] | None:
    """Return the steps that a result means for an assignment, or None when it allows none."""
    if assignment is None:
        return ()
    present, wanted = AssignmentStatus(assignment.status), target_status(credit)
    way = path_to(present, wanted)
    ended = (AssignmentStatus.INCOMPLETE, AssignmentStatus.FAILED, AssignmentStatus.NO_SHOW)
    if way is None and present in (*ended, AssignmentStatus.CREDITED):
        return ()  # a correction: the record changes, the assignment has ended
    return way


def put_record(
    session: WriteSession, before: TrainingRecord | None, fresh: TrainingRecord, credit: Credit
) -> ResultOutcome:
    """Store a record, or correct the one before; the academy's is corrected by the academy only."""
    if before is None:
        session.add(fresh)
        return ResultOutcome.RECORDED
    if before.source == RecordSource.ACADIS and fresh.source != RecordSource.ACADIS:
        is_same = not records.differs(before, credit)
        return ResultOutcome.UNCHANGED if is_same else ResultOutcome.HELD_BY_ACADIS
    if not records.differs(before, credit) and before.source == fresh.source:
        return ResultOutcome.UNCHANGED
    records.change(before, fresh)
    return ResultOutcome.CORRECTED


async def submit_outside(
    session: WriteSession,
    caller: Caller,
    details: OutsideDetails,
    course_number: str | None,
    personnel_ids: Sequence[str],
) -> dict[str, Any]:
    """Report training that people of the own agency completed elsewhere, for approval.

    Raises:
        CommandError: the caller may not or is among the people, somebody is not on the roster,
            or the course is unknown.
        RuleError: a field is missing or wrong.
    """
    require_training_manager(caller)
    checked = checked_outside(details, local_day(clock.now()))
    ids = known([parse_id(each) for each in personnel_ids])
    people = await personnel_by_id(session, caller, ids)
    own = [each for each in ids if each in people and people[each].agency_id == caller.agency_id]
    if not own or len(own) < len(set(personnel_ids)) or len(own) > MAX_OUTSIDE_PEOPLE:
        message = f"Name 1 to {MAX_OUTSIDE_PEOPLE} people of your own roster."
        raise CommandError("NOT_FOUND", message, ("input", "personnelIds"))
    if any(people[each].account_id == caller.subject for each in own):
        message = "Somebody else reports your own training."
        raise CommandError("OWN_TRAINING", message, ("input", "personnelIds"))
    course = None
    if course_number is not None:
        course = await course_by_number(session, course_number)
        if course is None:
            raise not_found("input", "courseNumber")
    row = OutsideTraining(
        id=uuid4(),
        agency_id=caller.agency_id,
        course_id=course.id if course else None,
        title=checked.title,
        description=checked.description,
        starts_on=checked.starts_on,
        ends_on=checked.ends_on,
        category=checked.category,
        hours=checked.hours,
        instruction_provider=checked.instruction_provider,
        status=OutsideStatus.SUBMITTED_FOR_APPROVAL.value,
        submitted_by=caller.subject,
        submitted_at=clock.now(),
        version=1,
    )
    session.add(row)
    await session.flush()
    await repository.add_people(session, row.id, own)
    return {"outsideTraining": str(row.id)}


async def decide_outside(
    session: WriteSession,
    caller: Caller,
    report_id: str,
    comment: str | None,
    *,
    is_approved: bool,
) -> dict[str, Any]:
    """Approve or reject a report; approval writes a record for each person.

    Raises:
        CommandError: the caller may not, submitted it, or is among the people; no such report;
            decided already; rejected without a comment.
    """
    require_training_manager(caller)
    row_id = parse_id(report_id)
    if row_id is not None:
        await repository.lock_outside(session, row_id)
    row = await repository.outside_by_id(session, caller, row_id) if row_id is not None else None
    if row is None:
        raise not_found("input", "outsideTrainingId")
    if row.status != OutsideStatus.SUBMITTED_FOR_APPROVAL:
        raise version_conflict("input", "outsideTrainingId")
    ids = (await repository.people_of(session, [row.id])).get(row.id, [])
    people = await personnel_by_id(session, caller, ids)
    concerned = {person.account_id for person in people.values()}
    if caller.subject == row.submitted_by or caller.subject in concerned:
        message = "Somebody else than who reported it or took part decides."
        raise CommandError("OWN_TRAINING", message, ("input", "outsideTrainingId"))
    note = " ".join((comment or "").split())[:500] or None
    if not is_approved and note is None:
        raise CommandError("COMMENT_NEEDED", "Say why, in a comment.", ("input", "comment"))
    row.status = (OutsideStatus.APPROVED if is_approved else OutsideStatus.REJECTED).value
    row.decided_by, row.decided_at, row.comment = caller.subject, clock.now(), note
    row.version += 1
    if is_approved:
        courses = await courses_by_id(session, [row.course_id] if row.course_id else [])
        course = courses.get(row.course_id) if row.course_id else None
        credit = Credit(Attendance.PRESENT, Outcome.COMPLETED, row.hours, None)
        session.add_all(
            records.new_record(
                RecordKey(each, None, row.course_id, row.title),
                credit,
                row.ends_on,
                course,
                RecordSource.OUTSIDE,
                caller.subject,
                provider=row.instruction_provider,
            )
            for each in ids
        )
        await session.flush()
        await assess(session, ids)
    return {"outsideTraining": str(row.id)}
