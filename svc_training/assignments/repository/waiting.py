"""Statements about the places of a session: how many are taken, and who waits, in which order."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Subquery, func, select

from infra.database import AnySession, ReadSession
from infra.identity_token import Caller
from svc_training.assignments.repository.lists import visible_to
from svc_training.assignments.rules import TAKES_A_PLACE, WAITS, AssignmentStatus, Places
from svc_training.assignments.tables import Assignment, AssignmentStep
from svc_training.personnel.repository import of_own_agency
from svc_training.sessions.tables import Session

_TAKES = sorted(status.value for status in TAKES_A_PLACE)
_WAITS = sorted(status.value for status in WAITS)


async def places(session: AnySession, wanted: Session) -> Places:
    """Return how many places of a session are taken, over all agencies."""
    takes, waits = Assignment.status.in_(_TAKES), Assignment.status.in_(_WAITS)
    row = (
        await session.execute(
            select(func.count().filter(takes), func.count().filter(waits)).where(
                Assignment.session_id == wanted.id
            )
        )
    ).one()
    return Places(wanted.capacity, row[0], wanted.waitlist_capacity, row[1])


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits, with the place among all who do (from 1), and since when."""

    assignment: Assignment
    position: int
    since: datetime


async def waiting_of(
    session: ReadSession, caller: Caller, session_id: UUID, limit: int
) -> list[Waiting]:
    """Return who of the caller's agency waits for a session, the next one first.

    Positions count everybody who waits, of every agency: alternates, then the waiting list, each
    by since when, and those of one moment in the order of assignment.
    """
    everybody = _everybody(session_id)
    rows = await session.execute(
        visible_to(caller)
        .join(everybody, everybody.c.id == Assignment.id)
        .add_columns(everybody.c.position, everybody.c.since)
        .where(of_own_agency(caller))
        .order_by(everybody.c.position)
        .limit(limit)
    )
    return [Waiting(row[0], row[1], row[2]) for row in rows]


async def position_of(session: AnySession, assignment: Assignment) -> int | None:
    """Return an assignment's place among all who wait for its session; None if it does not."""
    everybody = _everybody(assignment.session_id)
    wanted = select(everybody.c.position).where(everybody.c.id == assignment.id)
    return await session.scalar(wanted)


async def alternates(session: AnySession, session_id: UUID) -> int:
    """Return how many alternates a session has: they stand before the waiting list."""
    found = await session.scalar(
        select(func.count()).where(
            Assignment.session_id == session_id,
            Assignment.status == AssignmentStatus.ALTERNATE.value,
        )
    )
    return found or 0


def _everybody(session_id: UUID) -> Subquery:
    since = func.coalesce(
        select(func.min(AssignmentStep.changed_at))
        .where(AssignmentStep.assignment_id == Assignment.id, AssignmentStep.status.in_(_WAITS))
        .correlate(Assignment)
        .scalar_subquery(),
        Assignment.updated_at,
    )
    order = (
        Assignment.status != AssignmentStatus.ALTERNATE.value,
        since,
        Assignment.assigned_at,
        Assignment.id,
    )
    return (
        select(
            Assignment.id,
            since.label("since"),
            func.row_number().over(order_by=order).label("position"),
        )
        .where(Assignment.session_id == session_id, Assignment.status.in_(_WAITS))
        .subquery()
    )
