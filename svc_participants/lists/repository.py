"""Statements about lists of people.

What a list is chosen or sorted by is looked up among the records that the caller may see, in the
same statement that narrows the people: somebody hidden, or of whom what is asked for is hidden,
changes neither rows, nor counts, nor cursors.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Uuid,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    select,
    tuple_,
)

from infra.authority.predicate import visible as visible
from infra.database import ReadSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import FOR_THIS_CALLER, Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Category
from svc_participants.care.encounters.repository import encounter_visible, is_meeting
from svc_participants.care.encounters.tables import EncounterRow
from svc_participants.caseloads.repository import assignment_visible
from svc_participants.caseloads.tables import AssignmentRow
from svc_participants.contacts.repository import IS_REACHED, attempt_visible
from svc_participants.contacts.tables import ContactAttemptRow
from svc_participants.enrollments.repository import newest_of_person
from svc_participants.enrollments.tables import EnrollmentRow
from svc_participants.lists.rules import Choice, ContactOrder
from svc_participants.people.repository import BY_CREATION
from svc_participants.people.tables import ParticipantRow
from svc_participants.programmes.repository import place_visible
from svc_participants.programmes.tables import ProgrammePlaceRow

NEVER = date.min
"""Stands for the day of the last contact where there was none."""

_BY_CONTACT = (EncounterRow.occurred_on, ParticipantRow.id)  # what a place in this order holds


def order_of(choice: Choice) -> Order:
    """Return what a cursor of a list holds, and in which direction the list is read."""
    if choice.order is None:
        return BY_CREATION
    is_descending = choice.order is ContactOrder.LATEST_CONTACT_FIRST
    return Order(_BY_CONTACT, is_descending=is_descending)


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody in a list, and the place in its order."""

    row: ParticipantRow
    key: list[Any]


async def identified_page(
    session: ReadSession, caller: Caller, request: PageRequest, choice: Choice
) -> Page[Listed]:
    """Return a page of the people whose identity the caller may see."""
    return await _page(session, caller, request, choice, list(_chosen(caller, choice)))


async def caseload_page(
    session: ReadSession, caller: Caller, request: PageRequest, choice: Choice
) -> Page[Listed]:
    """Return a page of the people whom the caller works with and may see now."""
    mine = exists().where(
        AssignmentRow.participant_id == ParticipantRow.id,
        AssignmentRow.account_id == caller.subject,
        AssignmentRow.ended_at.is_(None),
    )
    return await _page(session, caller, request, choice, [mine, *_chosen(caller, choice)])


def _chosen(caller: Caller, choice: Choice) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that a choice adds, each narrowed by what it looks at."""
    if choice.status is not None:
        newest = newest_of_person(caller, EnrollmentRow.status, ParticipantRow.id)
        yield newest == choice.status.value
    if choice.inactive_reason is not None:
        newest = newest_of_person(caller, EnrollmentRow.inactive_reason, ParticipantRow.id)
        yield newest == choice.inactive_reason.value
    if choice.programme_id is not None:
        programme_id = parse_id(choice.programme_id)
        yield (
            false()
            if programme_id is None
            else exists().where(
                ProgrammePlaceRow.programme_id == programme_id,
                ProgrammePlaceRow.participant_id == ParticipantRow.id,
                ProgrammePlaceRow.left_on.is_(None),
                place_visible(caller),
            )
        )
    if choice.case_manager_id is not None:
        yield _works_with(caller, AssignmentRow.account_id == choice.case_manager_id)
    if choice.is_assigned is not None:
        yield _works_with(caller) if choice.is_assigned else _nobody_works_with(caller)
    if choice.looks_at_contacts:
        yield visible(caller, Category.CASE_NOTES, ParticipantRow.id)
    if choice.last_contact_before is not None:
        yield _last_contact(caller) < choice.last_contact_before


def _works_with(caller: Caller, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        AssignmentRow.participant_id == ParticipantRow.id,
        AssignmentRow.ended_at.is_(None),
        assignment_visible(caller),
        *more,
    )


def _nobody_works_with(caller: Caller) -> ColumnElement[bool]:
    # That there is none is said only of those about whom the caller would see one.
    return and_(visible(caller, Category.ENROLLMENT, ParticipantRow.id), not_(_works_with(caller)))


def _last_contact(caller: Caller) -> ColumnElement[date]:
    """Return the day on which somebody was last met, as far as the caller may know.

    The newest first and no more than one, so that an index serves it.
    """
    met = (
        select(EncounterRow.occurred_on)
        .where(
            EncounterRow.participant_id == ParticipantRow.id,
            is_meeting(),
            encounter_visible(caller),
        )
        .order_by(EncounterRow.occurred_on.desc())
        .limit(1)
        .correlate(ParticipantRow)
        .scalar_subquery()
    )
    reached = (
        select(cast(func.timezone(str(UTC), ContactAttemptRow.attempted_at), Date))
        .where(
            ContactAttemptRow.participant_id == ParticipantRow.id,
            IS_REACHED,
            attempt_visible(caller),
        )
        .order_by(ContactAttemptRow.attempted_at.desc())
        .limit(1)
        .correlate(ParticipantRow)
        .scalar_subquery()
    )
    return func.coalesce(func.greatest(met, reached), literal(NEVER, Date))


async def _page(
    session: ReadSession,
    caller: Caller,
    request: PageRequest,
    choice: Choice,
    chosen: list[ColumnElement[bool]],
) -> Page[Listed]:
    conditions = [
        visible(caller, Category.IDENTITY, ParticipantRow.id, is_list=True),
        *chosen,
    ]
    if choice.order is None:
        rows = select(ParticipantRow).where(*conditions)
        found = await page(session, rows, BY_CREATION, request)
        listed = [Listed(row, BY_CREATION.key(row)) for row in found.rows]
        return Page(listed, found.has_next, found.total)
    # Looked up once a person: written into each clause, it would be looked up in each.
    every = (
        select(ParticipantRow.id, _last_contact(caller).label("met_on"))
        .where(*conditions)
        .cte("listed")
        .prefix_with("MATERIALIZED")
    )
    is_descending = order_of(choice).is_descending
    statement = select(ParticipantRow, every.c.met_on).join(every, every.c.id == ParticipantRow.id)
    here = tuple_(every.c.met_on, every.c.id)
    if request.after is not None:
        met_on, row_id = request.after
        there = tuple_(literal(met_on, Date), literal(row_id, Uuid))
        statement = statement.where(here < there if is_descending else here > there)
    columns = (every.c.met_on, every.c.id)
    statement = statement.order_by(
        *(each.desc() if is_descending else each.asc() for each in columns)
    ).limit(request.first + 1)
    await session.execute(FOR_THIS_CALLER)
    people = [
        Listed(row, [met_on.isoformat(), str(row.id)])
        for row, met_on in (await session.execute(statement)).all()
    ]
    total = None
    if request.is_counted:
        total = await session.scalar(
            select(func.count()).select_from(ParticipantRow).where(*conditions)
        )
    return Page(people[: request.first], len(people) > request.first, total)
