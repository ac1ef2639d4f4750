"""Every statement on matches and what hangs on them; each is narrowed by the caller.

A row the caller may not see is, in every statement here, a row that is not there. A match that was
ended is not there either, except where a mutation shows what it has just ended.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import distinct_on

from infra.authority.predicate import agency_of, visible
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import FOR_THIS_CALLER, Order, PageRequest
from infra.pagination import Page
from infra.vocabulary import Category
from svc_cases.cases import repository as cases
from svc_cases.cases.tables import LegalCase
from svc_cases.coordination.rules import (
    ROLES_WITH_UNFILED_CASES,
    UNDECIDED,
    CoordinationStatus,
    QueueKind,
    may_see_matches,
)
from svc_cases.coordination.tables import FilingDecision, LeadLink, Warrant
from svc_cases.counsel.repository import (
    PageKey,
    pages_by_participant,
    totals_by_participant,
)
from svc_cases.requests.repository import is_open, request_visible

BY_MATCH = Order((LeadLink.matched_at, LeadLink.id))
"""Oldest match first."""


@dataclass(frozen=True, slots=True)
class Match:
    """A match together with its case."""

    link: LeadLink
    case: LegalCase


def sees_match(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this match"."""
    if not may_see_matches(caller.role, is_liaison=caller.is_liaison):
        return false()
    return visible(caller, Category.LEGAL_COORD, LeadLink.participant_id, LeadLink.matched_on)


def _matches(caller: Caller, *, with_ended: bool = False) -> Select[LeadLink, LegalCase]:
    statement = (
        select(LeadLink, LegalCase)
        .join(LegalCase, LegalCase.id == LeadLink.case_id)
        .where(sees_match(caller))
    )
    return statement if with_ended else statement.where(LeadLink.ended_at.is_(None))


async def matches_by_ids(
    session: AnySession, caller: Caller, ids: Sequence[UUID], *, with_ended: bool = False
) -> dict[UUID, Match]:
    """Return the matches among some ids that the caller may see."""
    statement = _matches(caller, with_ended=with_ended).where(LeadLink.id.in_(ids))
    found = await session.execute(statement)
    return {link.id: Match(link, case) for link, case in found}


async def lock_match(session: WriteSession, caller: Caller, link_id: UUID) -> Match | None:
    """Return a live match that the caller may see, it and its case locked for a change."""
    statement = _matches(caller).where(LeadLink.id == link_id)
    row = (await session.execute(statement.with_for_update(of=(LeadLink, LegalCase)))).one_or_none()
    return None if row is None else Match(row[0], row[1])


async def match_of(
    session: AnySession, caller: Caller, case_id: UUID, participant_id: UUID
) -> Match | None:
    """Return the live match of a case to a participant."""
    statement = _matches(caller).where(
        LeadLink.case_id == case_id, LeadLink.participant_id == participant_id
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else Match(row[0], row[1])


async def case_to_match(
    session: AnySession, caller: Caller, site_id: UUID, number: str
) -> LegalCase | None:
    """Return the case of this number at a site, if the caller may know that there is one.

    That is a case on the public record, or one that the caller sees through a live match already.
    Numbers run in sequence: to find any other here would tell who has a case that is held back.
    One statement for all of it, so that hidden and absent take the same way.
    """
    seen_already = exists().where(
        LeadLink.case_id == LegalCase.id, LeadLink.ended_at.is_(None), sees_match(caller)
    )
    statement = (
        select(LegalCase)
        .where(
            LegalCase.number == number,
            LegalCase.site_id == site_id,
            or_(cases.is_public(caller), seen_already),
        )
        # The public one, where an office holds another of this number that is not filed.
        .order_by(LegalCase.filed_on, LegalCase.id)
        .limit(1)
    )
    return (await session.scalars(statement)).one_or_none()


async def matches_of_cases(
    session: AnySession, caller: Caller, case_ids: Sequence[UUID]
) -> dict[UUID, Match]:
    """Return for each case the first live match that the caller may see."""
    statement = (
        _matches(caller)
        .where(LeadLink.case_id.in_(case_ids))
        .order_by(LeadLink.case_id, LeadLink.matched_at, LeadLink.id)
        .ext(distinct_on(LeadLink.case_id))
    )
    found = await session.execute(statement)
    return {link.case_id: Match(link, case) for link, case in found}


async def match_pages(
    session: AnySession,
    caller: Caller,
    participant_ids: Sequence[UUID],
    first: int,
    after: PageKey | None,
) -> dict[UUID, Page[Match]]:
    """Return one page of live matches for each participant, in the order they were made."""
    narrowed = _matches(caller).where(LeadLink.participant_id.in_(participant_ids))
    totals = await totals_by_participant(session, narrowed, LeadLink.participant_id)
    key = (LeadLink.matched_at, LeadLink.id)
    if after is not None:
        narrowed = narrowed.where(tuple_(*key) > after)
    place = func.row_number().over(partition_by=LeadLink.participant_id, order_by=key)
    placed = narrowed.with_only_columns(LeadLink.id, place.label("place")).subquery()
    statement = (
        select(LeadLink, LegalCase)
        .join(LegalCase, LegalCase.id == LeadLink.case_id)
        .join(placed, placed.c.id == LeadLink.id)
        .where(placed.c.place <= first + 1)
        .order_by(LeadLink.participant_id, *key)
    )
    rows: dict[UUID, list[Match]] = {}
    for link, case in await session.execute(statement):
        rows.setdefault(link.participant_id, []).append(Match(link, case))
    return pages_by_participant(participant_ids, rows, totals, first)


def _in_queue(kind: QueueKind | None) -> ColumnElement[bool]:
    is_filed = LegalCase.filed_on.is_not(None)
    decision = LeadLink.coordination_status
    parts = {
        QueueKind.TO_DECIDE: and_(~is_filed, decision.in_([each.value for each in UNDECIDED])),
        QueueKind.HELD: and_(~is_filed, decision == CoordinationStatus.HELD_FOR_LEAD.value),
        QueueKind.OPEN_CASES: and_(is_filed, LegalCase.closed_on.is_(None)),
    }
    return parts[kind] if kind is not None else or_(*parts.values())


async def queue_page(
    session: AnySession, caller: Caller, kind: QueueKind | None, request: PageRequest
) -> Page[Match]:
    """Return a page of the liaison's queue: matched cases of the own office, oldest match first."""
    # `sees_match` looks at each row; the list begins with whose release is in force, which is few.
    released = visible(caller, Category.LEGAL_COORD, LeadLink.participant_id, is_list=True)
    narrowed = _matches(caller).where(released, LegalCase.prosecutor_agency_id == agency_of(caller))
    if kind is QueueKind.REQUESTED:
        # That there is a request is told by the row, so the request itself must be readable.
        asked = exists().where(is_open(LeadLink.id), request_visible(caller))
        narrowed = narrowed.where(asked)
    else:
        narrowed = narrowed.where(_in_queue(kind))
    return await _page(session, narrowed, request)


async def matches_of_number(
    session: AnySession, caller: Caller, numbers: Collection[str], request: PageRequest
) -> Page[Match]:
    """Return a page of the matches of the case with one of these numbers, oldest match first.

    Begins with the number: whoever sees no match of it reads one index entry, found or not.
    """
    narrowed = _matches(caller).where(LegalCase.number.in_(numbers))
    if caller.role not in ROLES_WITH_UNFILED_CASES:
        narrowed = narrowed.where(LegalCase.filed_on.is_not(None))
    return await _page(session, narrowed, request)


async def _page(
    session: AnySession, narrowed: Select[LeadLink, LegalCase], request: PageRequest
) -> Page[Match]:
    statement = narrowed if request.after is None else narrowed.where(BY_MATCH.after(request.after))
    await session.execute(FOR_THIS_CALLER)
    ordered = statement.order_by(*BY_MATCH.clauses()).limit(request.first + 1)
    rows = [Match(link, case) for link, case in await session.execute(ordered)]
    has_next, total = len(rows) > request.first, None
    if request.is_counted and request.after is None and not has_next:
        total = len(rows)  # the page is the list
    elif request.is_counted:
        counted = narrowed.with_only_columns(LeadLink.id).subquery()
        total = await session.scalar(select(func.count()).select_from(counted))
    return Page(rows[: request.first], has_next, total)


async def warrants_of(
    session: AnySession, caller: Caller, link_ids: Sequence[UUID]
) -> Sequence[Warrant]:
    """Return the warrants in matches that the caller has reached, where WARRANTS are open to it."""
    statement = (
        select(Warrant)
        .where(
            Warrant.link_id.in_(link_ids),
            visible(caller, Category.WARRANTS, Warrant.participant_id, Warrant.recorded_on),
        )
        .order_by(Warrant.link_id, Warrant.issued_on, Warrant.id)
    )
    return (await session.scalars(statement)).all()


async def lock_warrant(
    session: WriteSession, caller: Caller, link_id: UUID, warrant_id: UUID
) -> Warrant | None:
    """Return a warrant of a match that the caller has reached, locked for a change."""
    statement = select(Warrant).where(
        Warrant.id == warrant_id,
        Warrant.link_id == link_id,
        visible(caller, Category.WARRANTS, Warrant.participant_id, Warrant.recorded_on),
    )
    return (await session.scalars(statement.with_for_update())).one_or_none()


async def sees_matters_of(session: AnySession, caller: Caller, participant_id: UUID) -> bool:
    """Return whether LEGAL_COORD of a participant is open to the caller now."""
    if not may_see_matches(caller.role, is_liaison=caller.is_liaison):
        return False
    column: ColumnElement[Any] = literal(participant_id)
    return bool(await session.scalar(select(visible(caller, Category.LEGAL_COORD, column))))


async def is_matched(session: AnySession, case_id: UUID, participant_id: UUID) -> bool:
    """Return whether there is a live match of a case to a participant, seen by the caller or not.

    For a caller who may know that the case is this participant's: nothing is told, no second match
    is made.
    """
    statement = select(LeadLink.id).where(
        LeadLink.case_id == case_id,
        LeadLink.participant_id == participant_id,
        LeadLink.ended_at.is_(None),
    )
    return (await session.scalar(statement)) is not None


async def sees_warrants_of(session: AnySession, caller: Caller, participant_id: UUID) -> bool:
    """Return whether WARRANTS of a participant are open to the caller."""
    column: ColumnElement[Any] = literal(participant_id)
    return bool(await session.scalar(select(visible(caller, Category.WARRANTS, column))))


async def decisions_of(
    session: AnySession, caller: Caller, link_ids: Sequence[UUID]
) -> Sequence[FilingDecision]:
    """Return the latest filing decision of each match that the caller has reached."""
    statement = (
        select(FilingDecision)
        .where(
            FilingDecision.link_id.in_(link_ids),
            visible(
                caller,
                Category.LEGAL_COORD,
                FilingDecision.participant_id,
                FilingDecision.decided_on,
            ),
        )
        .order_by(
            FilingDecision.link_id, FilingDecision.recorded_at.desc(), FilingDecision.id.desc()
        )
        .ext(distinct_on(FilingDecision.link_id))
    )
    return (await session.scalars(statement)).all()
