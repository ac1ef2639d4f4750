"""Statements on court dates of participants: each goes through a match that the caller may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, and_, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from infra.authority.predicate import visible
from infra.database import AnySession
from infra.identity_token import Caller
from infra.pagination import Page
from infra.vocabulary import Category
from svc_cases.cases.tables import Hearing, LegalCase
from svc_cases.coordination.repository import Match, sees_match
from svc_cases.coordination.tables import LeadLink
from svc_cases.court_dates.tables import CourtReminder

CalendarKey = tuple[datetime, UUID, UUID]
"""Sort key: when it starts, then court date and match where that is equal."""


@dataclass(frozen=True, slots=True)
class CourtDay:
    """A court date in a matched case."""

    hearing: Hearing
    match: Match


def _court_days(caller: Caller) -> Select[Hearing, LeadLink, LegalCase]:
    return (
        select(Hearing, LeadLink, LegalCase)
        .join(LegalCase, LegalCase.id == Hearing.case_id)
        .join(LeadLink, and_(LeadLink.case_id == LegalCase.id, LeadLink.ended_at.is_(None)))
        .where(sees_match(caller))
    )


async def calendar_page(
    session: AnySession,
    caller: Caller,
    bounds: tuple[datetime, datetime],
    first: int,
    after: CalendarKey | None,
) -> Page[CourtDay]:
    """Return a page of the court dates in a period, earliest first, cancelled ones too."""
    narrowed = _court_days(caller).where(
        Hearing.starts_at >= bounds[0], Hearing.starts_at < bounds[1]
    )
    total = await session.scalar(
        select(func.count()).select_from(narrowed.with_only_columns(Hearing.id).subquery())
    )
    key = (Hearing.starts_at, Hearing.id, LeadLink.id)
    if after is not None:
        narrowed = narrowed.where(tuple_(*key) > after)
    found = (await session.execute(narrowed.order_by(*key).limit(first + 1))).all()
    rows = [CourtDay(hearing, Match(link, case)) for hearing, link, case in found]
    return Page(rows[:first], has_next=len(rows) > first, total=total)


async def court_day(
    session: AnySession, caller: Caller, link_id: UUID, hearing_id: UUID
) -> CourtDay | None:
    """Return a court date in a match that the caller may see."""
    statement = _court_days(caller).where(Hearing.id == hearing_id, LeadLink.id == link_id)
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else CourtDay(row[0], Match(row[1], row[2]))


async def reminders_of(
    session: AnySession, caller: Caller, days: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], CourtReminder]:
    """Return the latest reminder of each court date, named by court date and match."""
    row = CourtReminder
    statement = (
        select(row)
        .where(
            tuple_(row.hearing_id, row.link_id).in_(days),
            visible(caller, Category.LEGAL_COORD, row.participant_id, row.reminded_on),
        )
        .order_by(row.hearing_id, row.link_id, row.reminded_at.desc(), row.id.desc())
        .ext(distinct_on(row.hearing_id, row.link_id))
    )
    return {(each.hearing_id, each.link_id): each for each in await session.scalars(statement)}
