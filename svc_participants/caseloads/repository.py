"""All statements about assignments; the caseload as a list of people is in ``lists``."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, select

from infra.authority.predicate import visible
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category, Role
from svc_participants.caseloads.tables import AssignmentRow
from svc_participants.people.repository import may_write

NEWEST_FIRST = Order((AssignmentRow.created_at, AssignmentRow.id), is_descending=True)


def assignment_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see who works with this participant"."""
    return visible(
        caller, Category.ENROLLMENT, AssignmentRow.participant_id, AssignmentRow.starts_on
    )


class AssignmentLoader(BatchLoader[AssignmentRow]):
    """Assignments by id."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may see."""
        return select(AssignmentRow).where(AssignmentRow.id == IDS, assignment_visible(caller))

    def collect(self, rows: Iterable[Any]) -> dict[UUID, AssignmentRow]:
        """By id."""
        return {row.id: row for (row,) in rows}


class AssignmentsOfParticipant(OwnerPages[AssignmentRow]):
    """Assignments of participants, newest first."""

    row = AssignmentRow
    owner = AssignmentRow.participant_id
    order = NEWEST_FIRST

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Those that the caller may see."""
        return assignment_visible(caller)


async def open_count(session: WriteSession, account_id: str) -> int:
    """Return the size of a caseload; locks it, so that two supervisors cannot both fill it."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(account_id))))
    return (
        await session.scalar(
            select(func.count()).where(
                AssignmentRow.account_id == account_id, AssignmentRow.ended_at.is_(None)
            )
        )
        or 0
    )


async def is_assigned(session: WriteSession, participant_id: UUID, account_id: str) -> bool:
    """Return whether an assignment is open; the caller's right was checked before."""
    found = await session.scalar(
        select(AssignmentRow.id).where(
            AssignmentRow.participant_id == participant_id,
            AssignmentRow.account_id == account_id,
            AssignmentRow.ended_at.is_(None),
        )
    )
    return found is not None


async def open_of_participant(
    session: WriteSession, participant_id: UUID, agency_id: UUID
) -> list[AssignmentRow]:
    """Return an agency's open assignments of a participant, locked; the right was checked."""
    found = await session.scalars(
        select(AssignmentRow)
        .where(
            AssignmentRow.participant_id == participant_id,
            AssignmentRow.agency_id == agency_id,
            AssignmentRow.ended_at.is_(None),
        )
        .with_for_update()
    )
    return list(found)


async def told_of(
    session: ReadSession, caller: Caller, assignment_id: UUID
) -> AssignmentRow | None:
    """Return an assignment of whose change the caller is told: the own, for SUP the agency's."""
    whose = AssignmentRow.account_id == caller.subject
    if caller.role is Role.SUP:
        whose = AssignmentRow.agency_id == parse_id(caller.agency_id)
    row: AssignmentRow | None = await session.scalar(
        select(AssignmentRow).where(
            AssignmentRow.id == assignment_id, whose, assignment_visible(caller)
        )
    )
    return row


async def for_update(
    session: WriteSession, caller: Caller, assignment_id: UUID
) -> AssignmentRow | None:
    """Return an assignment of the caller's own agency, locked, that the caller may change."""
    agency = parse_id(caller.agency_id)
    row: AssignmentRow | None = await session.scalar(
        select(AssignmentRow)
        .where(
            AssignmentRow.id == assignment_id,
            false() if agency is None else AssignmentRow.agency_id == agency,
            may_write(caller, Category.ENROLLMENT, AssignmentRow.participant_id),
        )
        .with_for_update(of=AssignmentRow)
    )
    return row


def end(row: AssignmentRow, at: datetime) -> None:
    """End an assignment."""
    row.ended_at = at
    row.version += 1
