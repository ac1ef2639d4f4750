"""Every SQL statement about assignments, narrowed to what the caller's role may see."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import contains_eager, joinedload

from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from svc_training.assignments.rules import HAS_TRAINING, AssignmentStatus, AssignmentTerms
from svc_training.assignments.tables import NOT_ENDED, Assignment, AssignmentStep
from svc_training.personnel.repository import of_own_agency, readable
from svc_training.personnel.tables import Personnel
from svc_training.sessions.tables import Session

ROSTER_ORDER = Order((Personnel.family_name, Personnel.given_name, Assignment.id))
OWN_ORDER = Order((Assignment.assigned_at, Assignment.id), is_descending=True)


def roster_key(row: Assignment) -> list[Any]:
    """Return an assignment's place in ``ROSTER_ORDER``."""
    return [row.personnel.family_name, row.personnel.given_name, str(row.id)]


def _visible_to(caller: Caller) -> Select[Assignment]:
    return (
        select(Assignment)
        .join(Assignment.personnel)
        .options(
            contains_eager(Assignment.personnel),
            joinedload(Assignment.session, innerjoin=True).joinedload(
                Session.course, innerjoin=True
            ),
        )
        .where(readable(caller))
    )


async def page_of_roster(
    session: ReadSession, caller: Caller, session_number: str, request: PageRequest
) -> Page[Assignment]:
    """Return who of the caller's agency is assigned to a session, by name."""
    session_ids = select(Session.id).where(Session.number == session_number)
    rows = _visible_to(caller).where(of_own_agency(caller), Assignment.session_id.in_(session_ids))
    return await page(session, rows, ROSTER_ORDER, request)


async def page_of_own(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[Assignment]:
    """Return what the caller is assigned to, newest first."""
    rows = _visible_to(caller).where(Personnel.account_id == caller.subject)
    return await page(session, rows, OWN_ORDER, request)


async def assignments_by_id(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, Assignment]:
    """Return the assignments with these ids that the caller may see."""
    found = await session.scalars(_visible_to(caller).where(Assignment.id.in_(ids)))
    return {row.id: row for row in found}


async def steps_of(
    session: ReadSession, assignment_ids: Sequence[UUID]
) -> dict[UUID, list[AssignmentStep]]:
    """Return the steps of assignments that the caller was found to see, oldest first."""
    found = await session.scalars(
        select(AssignmentStep)
        .where(AssignmentStep.assignment_id.in_(assignment_ids))
        .order_by(AssignmentStep.assignment_id, AssignmentStep.version)
    )
    steps: dict[UUID, list[AssignmentStep]] = {}
    for step in found:
        steps.setdefault(step.assignment_id, []).append(step)
    return steps


async def roster_ids(
    session: WriteSession, caller: Caller, wanted: Sequence[UUID] | None, limit: int
) -> list[UUID]:
    """Return who of these people is on the caller's agency's roster; None asks for all of it."""
    statement = select(Personnel.id).where(of_own_agency(caller), readable(caller))
    if wanted is not None:
        statement = statement.where(Personnel.id.in_(wanted))
    ordered = statement.order_by(Personnel.family_name, Personnel.given_name, Personnel.id)
    return list(await session.scalars(ordered.limit(limit)))


async def trained(
    session: WriteSession, course_id: UUID, personnel_ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Return who of these people has a course's training, with the assignment that gave it."""
    found = await session.execute(
        select(Assignment.personnel_id, Assignment.id)
        .join(Session, Session.id == Assignment.session_id)
        .where(
            Session.course_id == course_id,
            Assignment.personnel_id.in_(personnel_ids),
            Assignment.status.in_([status.value for status in HAS_TRAINING]),
        )
    )
    return {row[0]: row[1] for row in found}


async def live(
    session: WriteSession, session_id: UUID, personnel_ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Return the assignments of these people to a session that have not ended."""
    found = await session.execute(
        select(Assignment.personnel_id, Assignment.id).where(
            Assignment.session_id == session_id,
            Assignment.personnel_id.in_(personnel_ids),
            NOT_ENDED,
        )
    )
    return {row[0]: row[1] for row in found}


async def assign(
    session: WriteSession,
    session_id: UUID,
    personnel_ids: Sequence[UUID],
    terms: AssignmentTerms,
    assigned_by: str,
    assigned_at: datetime,
) -> dict[UUID, UUID]:
    """Assign people who have no live assignment to a session; returns those newly assigned."""
    if not personnel_ids:
        return {}
    status = AssignmentStatus.ASSIGNED.value
    rows = [
        {
            "id": uuid4(),
            "personnel_id": personnel_id,
            "session_id": session_id,
            "category": terms.category,
            "due_on": terms.due_on,
            "reminder_days": terms.reminder_days,
            "status": status,
            "assigned_by": assigned_by,
            "assigned_at": assigned_at,
            "updated_at": assigned_at,
            "version": 1,
        }
        for personnel_id in personnel_ids
    ]
    added = await session.execute(
        insert(Assignment)
        .values(rows)
        .on_conflict_do_nothing(
            index_elements=["personnel_id", "session_id"], index_where=NOT_ENDED
        )
        .returning(Assignment.personnel_id, Assignment.id)
    )
    made = {row[0]: row[1] for row in added}
    if made:
        await session.execute(
            insert(AssignmentStep).values(
                [
                    {
                        "assignment_id": assignment_id,
                        "version": 1,
                        "status": status,
                        "comment": None,
                        "changed_by": assigned_by,
                        "changed_at": assigned_at,
                    }
                    for assignment_id in made.values()
                ]
            )
        )
    return made


async def move(
    session: WriteSession,
    assignment: Assignment,
    step: AssignmentStep,
) -> bool:
    """Take a step from the version before it; returns False when that version has passed."""
    moved = await session.scalar(
        update(Assignment)
        .where(Assignment.id == assignment.id, Assignment.version == step.version - 1)
        .values(status=step.status, version=step.version, updated_at=step.changed_at)
        .returning(Assignment.id)
        .execution_options(synchronize_session=False)
    )
    if moved is None:
        return False
    session.add(step)
    await session.flush()
    return True
