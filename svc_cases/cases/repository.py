"""Every statement on the public record.

None of them joins, reads or depends on a table that knows participants: whether somebody is in
LEAD cannot change a row, an order, a count or a plan here. Public means filed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, text, tuple_

from infra.batch_loader import IDS
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.pagination import Page
from infra.vocabulary import STAFF_PURPOSES, Category
from svc_cases.cases.rules import bounds_of_day
from svc_cases.cases.tables import Charge, Court, DateCorrection, Hearing, LegalCase, Statute

_NUMBER_LOCK = text("select pg_advisory_xact_lock(hashtextextended('case ' || :number, 0))")


@dataclass(frozen=True, slots=True)
class DocketRow:
    """A case on the docket of a day, with the time of its first hearing on it."""

    case: LegalCase
    first_hearing_at: datetime


def may_read_record(caller: Caller) -> bool:
    """Return whether this caller may look anything up in the public record, for its purpose.

    Purposes about the own staff record open no case (design section 6).
    """
    if caller.purpose is None or caller.purpose in STAFF_PURPOSES:
        return False
    return bool(caller.access.get(Category.LEGAL_PUBLIC))


def is_public(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "on the public record, for a caller who may read it"."""
    return LegalCase.filed_on.is_not(None) if may_read_record(caller) else false()


def office_id(caller: Caller) -> UUID | None:
    """Return the caller's agency as this database names agencies."""
    try:
        return UUID(caller.agency_id)
    except ValueError:
        return None


def site_of(caller: Caller) -> UUID | None:
    """Return the caller's site as this database names sites."""
    try:
        return UUID(caller.site_id)
    except ValueError:
        return None


async def lock_number(session: WriteSession, number: str) -> None:
    """Take turns with whoever else puts a case of this number on a docket, to commit."""
    await session.execute(_NUMBER_LOCK, {"number": number})


async def is_number_public(session: AnySession, number: str) -> bool:
    """Return whether a case of this number is on the public record, whoever asks."""
    statement = select(LegalCase.id).where(
        LegalCase.number == number, LegalCase.filed_on.is_not(None)
    )
    return (await session.scalar(statement)) is not None


async def unfiled_of_office(session: WriteSession, office: UUID, number: str) -> LegalCase | None:
    """Return an office's case of this number that is not filed, locked: for its own docket only."""
    statement = select(LegalCase).where(
        LegalCase.number == number,
        LegalCase.prosecutor_agency_id == office,
        LegalCase.filed_on.is_(None),
    )
    return (await session.scalars(statement.with_for_update())).one_or_none()


async def public_case_by_number(
    session: AnySession, caller: Caller, number: str
) -> LegalCase | None:
    """Return the public case with exactly this number."""
    statement = select(LegalCase).where(LegalCase.number == number, is_public(caller))
    return (await session.scalars(statement)).one_or_none()


async def public_cases_by_ids(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, LegalCase]:
    """Return the public ones among some cases."""
    statement = select(LegalCase).where(LegalCase.id.in_(ids), is_public(caller))
    return {row.id: row for row in await session.scalars(statement)}


async def lock_own_office_case(
    session: WriteSession, caller: Caller, case_id: UUID, *, is_linked: bool
) -> LegalCase | None:
    """Return a case of the caller's own prosecuting office, locked for a change.

    Args:
        session: the transaction of the change.
        caller: who asks.
        case_id: which case.
        is_linked: whether the caller reaches it also before it is filed.
    """
    reachable = LegalCase.id == case_id if is_linked else is_public(caller)
    statement = select(LegalCase).where(
        LegalCase.id == case_id,
        LegalCase.prosecutor_agency_id == office_id(caller),
        reachable,
    )
    return (await session.scalars(statement.with_for_update())).one_or_none()


def _of_own_office(caller: Caller) -> ColumnElement[bool]:
    office = office_id(caller)
    return or_(LegalCase.prosecutor_agency_id == office, LegalCase.court_id == office)


def _docket(caller: Caller, court: Court, on: date) -> Select[LegalCase, datetime]:
    start, end = bounds_of_day(on, court.time_zone)
    that_day = (
        select(Hearing.case_id, func.min(Hearing.starts_at).label("first_at"))
        .where(Hearing.starts_at >= start, Hearing.starts_at < end, Hearing.is_cancelled.is_(False))
        .group_by(Hearing.case_id)
        .subquery()
    )
    return (
        select(LegalCase, that_day.c.first_at)
        .join(that_day, that_day.c.case_id == LegalCase.id)
        .where(and_(LegalCase.court_id == court.id, _of_own_office(caller), is_public(caller)))
        .order_by(that_day.c.first_at, LegalCase.number)
    )


async def docket_page(
    session: AnySession,
    caller: Caller,
    court: Court,
    on: date,
    first: int,
    after: tuple[datetime, str] | None,
) -> Page[DocketRow]:
    """Return a page of the caller's own office's docket at a court on a day: all of its cases."""
    docket = _docket(caller, court, on)
    total = await session.scalar(select(func.count()).select_from(docket.order_by(None).subquery()))
    if after is not None:
        first_at = docket.selected_columns["first_at"]
        docket = docket.where(tuple_(first_at, LegalCase.number) > after)
    found = (await session.execute(docket.limit(first + 1))).all()
    rows = [DocketRow(case, first_at) for case, first_at in found]
    return Page(rows[:first], has_next=len(rows) > first, total=total)


# What no caller narrows is built once; a case was reached before by a statement that is narrowed.
_COURTS = select(Court).where(Court.id == IDS)
_CHARGES = (
    select(Charge).where(Charge.case_id == IDS).order_by(Charge.case_id, Charge.position, Charge.id)
)
_HEARINGS = (
    select(Hearing)
    .where(Hearing.case_id == IDS)
    .order_by(Hearing.case_id, Hearing.starts_at, Hearing.id)
)
_CORRECTIONS = (
    select(DateCorrection)
    .where(DateCorrection.case_id == IDS)
    .order_by(DateCorrection.case_id, DateCorrection.corrected_at, DateCorrection.id)
)


async def courts(session: AnySession) -> Sequence[Court]:
    """Return all courts, by code."""
    return (await session.scalars(select(Court).order_by(Court.code))).all()


async def courts_by_ids(session: AnySession, ids: Sequence[UUID]) -> dict[UUID, Court]:
    """Return some courts."""
    return {row.id: row for row in await session.scalars(_COURTS, {"ids": ids})}


async def zone_of_site(session: AnySession, site_id: UUID) -> str | None:
    """Return the time zone of a site's courts, of which the first by its code speaks for all."""
    zone: str | None = await session.scalar(
        select(Court.time_zone).where(Court.site_id == site_id).order_by(Court.code).limit(1)
    )
    return zone


async def court_by_code(session: AnySession, code: str) -> Court | None:
    """Return the court with this code."""
    return (await session.scalars(select(Court).where(Court.code == code))).one_or_none()


async def charges_of(session: AnySession, case_ids: Sequence[UUID]) -> Sequence[Charge]:
    """Return the charges of cases that the caller has reached already."""
    return (await session.scalars(_CHARGES, {"ids": case_ids})).all()


async def hearings_of(session: AnySession, case_ids: Sequence[UUID]) -> Sequence[Hearing]:
    """Return the hearings of cases that the caller has reached already."""
    return (await session.scalars(_HEARINGS, {"ids": case_ids})).all()


async def corrections_of(session: AnySession, case_ids: Sequence[UUID]) -> Sequence[DateCorrection]:
    """Return the corrected dates of cases that the caller has reached already, oldest first."""
    return (await session.scalars(_CORRECTIONS, {"ids": case_ids})).all()


async def statutes_of(session: AnySession, site_id: UUID) -> Sequence[Statute]:
    """Return a site's list of statutes with all editions, by code."""
    statement = (
        select(Statute).where(Statute.site_id == site_id).order_by(Statute.code, Statute.from_on)
    )
    return (await session.scalars(statement)).all()


async def statute_on(session: AnySession, site_id: UUID, code: str, day: date) -> Statute | None:
    """Return the edition of a statute that is in force at a site on a day."""
    statement = select(Statute).where(
        Statute.site_id == site_id,
        Statute.code == code,
        Statute.from_on <= day,
        or_(Statute.to_on.is_(None), Statute.to_on >= day),
    )
    return (await session.scalars(statement)).first()
