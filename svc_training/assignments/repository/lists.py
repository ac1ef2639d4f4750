"""Statements that read assignments, narrowed to what the caller's role may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, cast, select
from sqlalchemy.orm import contains_eager, joinedload

from infra.database import AnySession, ReadSession
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from svc_training.assignments.rules import AssignmentStatus
from svc_training.assignments.tables import ROW_IS_OPEN_AND_DUE, Assignment, AssignmentStep
from svc_training.personnel.repository import of_own_agency, readable
from svc_training.personnel.tables import Personnel
from svc_training.sessions.tables import Session

ROSTER_ORDER = Order((Personnel.family_name, Personnel.given_name, Assignment.id))


OWN_ORDER = Order((Assignment.assigned_at, Assignment.id), is_descending=True)


DUE_ORDER = Order((Assignment.due_on, Assignment.id))


def roster_key(row: Assignment) -> list[Any]:
    """Return an assignment's place in ``ROSTER_ORDER``."""
    return [row.personnel.family_name, row.personnel.given_name, str(row.id)]


def visible_to(caller: Caller) -> Select[Assignment]:
    """Return the assignments that a caller may see, each with person, session and course."""
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
    session: ReadSession,
    caller: Caller,
    session_number: str,
    request: PageRequest,
    personnel_ids: Sequence[UUID] | None = None,
) -> Page[Assignment]:
    """Return who of the caller's agency is assigned to a session, by name: all, or these."""
    session_ids = select(Session.id).where(Session.number == session_number)
    rows = visible_to(caller).where(of_own_agency(caller), Assignment.session_id.in_(session_ids))
    if personnel_ids is not None:
        rows = rows.where(Assignment.personnel_id.in_(personnel_ids))
    return await page(session, rows, ROSTER_ORDER, request)


async def page_of_own(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[Assignment]:
    """Return what the caller is assigned to, newest first."""
    rows = visible_to(caller).where(Personnel.account_id == caller.subject)
    return await page(session, rows, OWN_ORDER, request)


@dataclass(frozen=True, slots=True)
class DueFilter:
    """Which assignments with a due date are wanted."""

    before: date | None = None
    remind_on: date | None = None


async def page_of_due(
    session: ReadSession, caller: Caller, request: PageRequest, wanted: DueFilter
) -> Page[Assignment]:
    """Return what the own agency's people have yet to do, by due date, the oldest first."""
    rows = visible_to(caller).where(
        of_own_agency(caller), Assignment.agency_id == caller.agency_id, ROW_IS_OPEN_AND_DUE
    )
    if wanted.before is not None:
        rows = rows.where(Assignment.due_on < wanted.before)
    if wanted.remind_on is not None:
        rows = rows.where(
            Assignment.reminded_at.is_(None),
            Assignment.reminder_days.is_not(None),
            Assignment.due_on - cast(Assignment.reminder_days, Integer) <= wanted.remind_on,
        )
    return await page(session, rows, DUE_ORDER, request)


async def page_of_agency(
    session: ReadSession,
    caller: Caller,
    request: PageRequest,
    *,
    status: AssignmentStatus | None,
    personnel_id: UUID | None,
) -> Page[Assignment]:
    """Return assignments of the own agency's people, newest first."""
    rows = visible_to(caller).where(of_own_agency(caller), Assignment.agency_id == caller.agency_id)
    if status is not None:
        rows = rows.where(Assignment.status == status.value)
    if personnel_id is not None:
        rows = rows.where(Assignment.personnel_id == personnel_id)
    return await page(session, rows, OWN_ORDER, request)


async def assignments_by_id(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, Assignment]:
    """Return the assignments with these ids that the caller may see."""
    found = await session.scalars(visible_to(caller).where(Assignment.id.in_(ids)))
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
