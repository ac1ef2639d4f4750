"""Starting a batch, running one chunk of it, and undoing it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.entity_references import known, parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found
from svc_training.assignments.commands import (
    AssignmentRequest,
    assign_people,
    people_wanted,
    too_many,
)
from svc_training.assignments.repository import changes
from svc_training.assignments.rules import (
    MAX_PEOPLE,
    AssignmentOutcome,
    AssignmentStatus,
    AssignmentTerms,
    checked_terms,
)
from svc_training.bulk import repository
from svc_training.bulk.rules import CHUNK, BatchStatus, is_undoable
from svc_training.bulk.tables import AssignmentBatch
from svc_training.personnel.commands import require_training_manager
from svc_training.personnel.repository import roster_of
from svc_training.sessions.repository import session_by_number


async def start(
    session: WriteSession, caller: Caller, request: AssignmentRequest
) -> dict[str, Any]:
    """Start a batch; its chunks run in the background, whether or not anybody looks.

    Raises:
        CommandError: the caller may not, the session is unknown, nobody or too many are named.
        RuleError: the terms are not acceptable.
    """
    require_training_manager(caller)
    terms = checked_terms(request.terms)
    wanted = people_wanted(request)
    found = await session_by_number(session, request.session_number)
    if found is None:
        raise not_found("input", "sessionNumber")
    if wanted is None:
        roster = await changes.roster_ids(session, caller, None, MAX_PEOPLE + 1)
        if len(roster) > MAX_PEOPLE:
            raise too_many("wholeAgency")
        wanted = [str(each) for each in roster]
    if not wanted:
        raise CommandError("NOBODY", "The roster is empty.", ("input", "wholeAgency"))
    batch = AssignmentBatch(
        id=uuid4(),
        agency_id=caller.agency_id,
        session_id=found.id,
        category=terms.category,
        due_on=terms.due_on,
        reminder_days=terms.reminder_days,
        status=BatchStatus.RUNNING.value,
        total=len(wanted),
        done=0,
        assigned=0,
        kept=0,
        requested_by=caller.subject,
        requested_at=clock.now(),
        version=1,
    )
    await repository.add(session, batch, wanted)
    return {"batch": str(batch.id)}


@dataclass(frozen=True, slots=True)
class _Requester:
    subject: str
    agency_id: str


async def run_chunk(session: WriteSession) -> bool:
    """Assign the next people of some running batch; returns whether there were any."""
    batch = await repository.next_running(session)
    if batch is None:
        return False
    people = await repository.waiting(session, batch.id, CHUNK)
    ids = known([parse_id(each.personnel_id) for each in people])
    on_roster = await roster_of(session, batch.agency_id, ids)
    terms = AssignmentTerms(batch.category, batch.due_on, batch.reminder_days)
    by = _Requester(batch.requested_by, batch.agency_id)
    given = await assign_people(session, batch.session, on_roster, terms, by=by, batch_id=batch.id)
    outcomes: list[tuple[int, str, UUID | None]] = []
    for each in people:
        what, assignment_id = given.outcome(parse_id(each.personnel_id))
        outcomes.append((each.position, what.value, assignment_id))
        batch.assigned += what is AssignmentOutcome.ASSIGNED
    if outcomes:
        await repository.settle(session, batch.id, outcomes)
    batch.done += len(people)
    batch.version += 1
    if batch.done >= batch.total or not people:
        batch.status, batch.finished_at = BatchStatus.DONE.value, clock.now()
    await session.flush()
    return True


async def undo(session: WriteSession, caller: Caller, batch_id: str) -> dict[str, Any]:
    """Take a batch back: whoever is not registered yet is no longer assigned; a run stops.

    Who has been registered meanwhile keeps the place, and is counted as kept.

    Raises:
        CommandError: the caller may not, no such batch, or undone before.
    """
    require_training_manager(caller)
    row_id = parse_id(batch_id)
    if row_id is not None:
        await repository.lock(session, row_id)
    batch = await repository.batch_by_id(session, caller, row_id) if row_id is not None else None
    if batch is None:
        raise not_found("input", "batchId")
    if batch.status == BatchStatus.UNDONE:
        raise CommandError("ALREADY_UNDONE", "The batch was undone before.", ("input", "batchId"))
    rows = await changes.of_batch(session, batch.id)
    moves = [
        changes.Move(row.id, row.version, (AssignmentStatus.CANCELLED,))
        for row in rows
        if is_undoable(AssignmentStatus(row.status))
    ]
    now = clock.now()
    done = await changes.move_many(session, moves, caller.subject, now, "batch undone")
    batch.kept = sum(1 for row in rows if not is_undoable(AssignmentStatus(row.status)))
    batch.kept += len(moves) - len(done)
    batch.status, batch.undone_by, batch.undone_at = BatchStatus.UNDONE.value, caller.subject, now
    batch.version += 1
    await session.flush()
    return {"batch": str(batch.id)}
