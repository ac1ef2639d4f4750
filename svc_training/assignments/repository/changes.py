"""Statements that change assignments, and those that lock what a change depends on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, bindparam, or_, select, text, true, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import BigInteger, String, Uuid

from infra.database import WriteSession
from infra.identity_token import Caller
from svc_training.assignments.repository.lists import visible_to
from svc_training.assignments.rules import (
    HAS_TRAINING,
    AssignmentStatus,
    AssignmentTerms,
)
from svc_training.assignments.tables import NOT_ENDED, ROW_NOT_ENDED, Assignment, AssignmentStep
from svc_training.personnel.repository import of_own_agency, readable
from svc_training.personnel.tables import Personnel
from svc_training.records.rules import Outcome
from svc_training.records.tables import TrainingRecord
from svc_training.sessions.tables import Session


async def lock_session(session: WriteSession, session_id: UUID) -> None:
    """Make registrations for one session wait for each other until the transaction ends."""
    await session.execute(select(Session.id).where(Session.id == session_id).with_for_update())


async def at_session(
    session: WriteSession, caller: Caller, session_id: UUID, ids: Sequence[UUID] | None
) -> list[Assignment]:
    """Return the own agency's assignments to a session, in the order of assignment, locked."""
    narrowed = true() if ids is None else Assignment.id.in_(ids)
    found = await session.scalars(
        visible_to(caller)
        .where(of_own_agency(caller), Assignment.session_id == session_id, ROW_NOT_ENDED, narrowed)
        .order_by(Assignment.assigned_at, Assignment.id)
        .with_for_update(of=Assignment)
    )
    return list(found)


async def of_people_at_session(
    session: WriteSession, session_id: UUID, personnel_ids: Sequence[UUID]
) -> dict[UUID, Assignment]:
    """Return the newest assignment of each of these people to a session, locked."""
    found = await session.scalars(
        select(Assignment)
        .where(Assignment.session_id == session_id, Assignment.personnel_id.in_(personnel_ids))
        .order_by(Assignment.assigned_at, Assignment.id)
        .with_for_update()
    )
    return {row.personnel_id: row for row in found}


@dataclass(frozen=True, slots=True)
class Move:
    """Steps that one assignment takes in one go, from the version at hand."""

    assignment_id: UUID
    version: int
    steps: tuple[AssignmentStatus, ...]


_MOVE_MANY = text(
    "update assignment a set status = v.status, version = v.version + v.steps,"
    " updated_at = :at from unnest(:ids, :versions, :statuses, :steps)"
    " as v (id, version, status, steps)"
    " where a.id = v.id and a.version = v.version returning a.id"
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("versions", type_=ARRAY(BigInteger)),
    bindparam("statuses", type_=ARRAY(String)),
    bindparam("steps", type_=ARRAY(BigInteger)),
)


async def move_many(
    session: WriteSession, moves: Sequence[Move], changed_by: str, at: datetime, comment: str | None
) -> set[UUID]:
    """Take many steps; returns the assignments that were still at the version at hand."""
    wanted = [each for each in moves if each.steps]
    if not wanted:
        return set()
    moved = await session.execute(
        _MOVE_MANY,
        {
            "ids": [each.assignment_id for each in wanted],
            "versions": [each.version for each in wanted],
            "statuses": [each.steps[-1].value for each in wanted],
            "steps": [len(each.steps) for each in wanted],
            "at": at,
        },
    )
    done = {row[0] for row in moved}
    rows = [
        {
            "assignment_id": each.assignment_id,
            "version": each.version + number,
            "status": status.value,
            "comment": comment if number == len(each.steps) else None,
            "changed_by": changed_by,
            "changed_at": at,
        }
        for each in wanted
        if each.assignment_id in done
        for number, status in enumerate(each.steps, start=1)
    ]
    if rows:
        await session.execute(insert(AssignmentStep), rows)
    return done


async def mark_reminded(session: WriteSession, ids: Sequence[UUID], at: datetime) -> None:
    """Note that people have been reminded."""
    await session.execute(
        update(Assignment)
        .where(Assignment.id.in_(ids))
        .values(reminded_at=at)
        .execution_options(synchronize_session=False)
    )


async def of_batch(session: WriteSession, batch_id: UUID) -> list[Assignment]:
    """Return the assignments that a batch made, locked."""
    found = await session.scalars(
        select(Assignment).where(Assignment.batch_id == batch_id).with_for_update()
    )
    return list(found)


async def roster_ids(
    session: WriteSession, caller: Caller, wanted: Sequence[UUID] | None, limit: int
) -> list[UUID]:
    """Return who of these people is on the caller's agency's roster.

    None asks for the whole agency: for all who are with it now.
    """
    statement = select(Personnel.id).where(of_own_agency(caller), readable(caller))
    asked = Personnel.is_active.is_(True) if wanted is None else Personnel.id.in_(wanted)
    statement = statement.where(asked)
    ordered = statement.order_by(Personnel.family_name, Personnel.given_name, Personnel.id)
    return list(await session.scalars(ordered.limit(limit)))


async def trained(
    session: WriteSession, course_id: UUID, personnel_ids: Sequence[UUID], on: date
) -> dict[UUID, UUID | None]:
    """Return who of these people has a course's training, with the assignment that gave it.

    A record counts too, as long as its certificate holds on a day, also one without assignment.
    """
    recorded = await session.scalars(
        select(TrainingRecord.personnel_id).where(
            TrainingRecord.course_id == course_id,
            TrainingRecord.personnel_id.in_(personnel_ids),
            TrainingRecord.outcome == Outcome.COMPLETED.value,
            or_(TrainingRecord.expires_on.is_(None), TrainingRecord.expires_on >= on),
        )
    )
    had: dict[UUID, UUID | None] = dict.fromkeys(recorded)
    found = await session.execute(
        select(Assignment.personnel_id, Assignment.id)
        .join(Session, Session.id == Assignment.session_id)
        .where(
            Session.course_id == course_id,
            Assignment.personnel_id.in_(personnel_ids),
            Assignment.status.in_([status.value for status in HAS_TRAINING]),
            ~_has_expired(on),
        )
    )
    return had | {row[0]: row[1] for row in found}


def _has_expired(on: date) -> ColumnElement[bool]:
    return (
        select(TrainingRecord.id)
        .where(
            TrainingRecord.personnel_id == Assignment.personnel_id,
            TrainingRecord.session_id == Assignment.session_id,
            TrainingRecord.expires_on < on,
        )
        .exists()
    )


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
    *,
    agency_id: str,
    batch_id: UUID | None = None,
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
            "agency_id": agency_id,
            "batch_id": batch_id,
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
