"""Every SQL statement about requirements and who meets them, narrowed by the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    delete,
    func,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import contains_eager

from infra import clock
from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from svc_training.clearances import repository as clearances
from svc_training.clearances.rules import Held, of_all
from svc_training.compliance.rules import (
    FOREVER,
    SMALLEST_AGENCY,
    PersonFacts,
    Rule,
    StandingDays,
    StandingStatus,
    assess,
)
from svc_training.compliance.tables import Exemption, Requirement, Standing
from svc_training.personnel.repository import of_own_agency, readable
from svc_training.personnel.tables import Personnel
from svc_training.records.repository import completions

ORDER = Order(
    (
        Personnel.family_name,
        Personnel.given_name,
        Standing.personnel_id,
        Standing.requirement_id,
    )
)
_CHUNK = 500


def order_key(row: Standing) -> list[Any]:
    """Return a standing's place in ``ORDER``."""
    person = row.personnel
    return [
        person.family_name,
        person.given_name,
        str(row.personnel_id),
        str(row.requirement_id),
    ]


def status_on(today: date) -> ColumnElement[str]:
    """Return the status of a standing on a day; the same order as ``rules.status_on``."""
    return case(
        (Standing.exempt_until >= today, StandingStatus.EXEMPT.value),
        (Standing.held_until >= today, StandingStatus.MET.value),
        (Standing.due_on < today, StandingStatus.OVERDUE.value),
        else_=StandingStatus.DUE.value,
    )


async def requirements(
    session: AnySession, caller: Caller | None, *, active_only: bool = True
) -> list[Requirement]:
    """Return requirements by title: those that hold everywhere, and those of the own agency."""
    of_agency: ColumnElement[bool] = true()
    if caller is not None:
        of_agency = or_(Requirement.agency_id.is_(None), Requirement.agency_id == caller.agency_id)
    statement = select(Requirement).where(of_agency)
    if active_only:
        statement = statement.where(Requirement.is_active)
    return list(await session.scalars(statement.order_by(Requirement.title, Requirement.id)))


async def lock_packaged(session: WriteSession) -> None:
    """Make instances that bring the packaged requirements up to date wait for each other."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended('packaged requirements', 0))")
    )


async def requirement_by_key(
    session: AnySession, key: str, *, is_locked: bool = False
) -> Requirement | None:
    """Return the requirement of a key."""
    wanted = select(Requirement).where(Requirement.key == key)
    return await session.scalar(wanted.with_for_update() if is_locked else wanted)


def rule_of(row: Requirement) -> Rule:
    """Return what deciding needs of a requirement."""
    return Rule(
        applies_to=row.applies_to,
        course_numbers=tuple(row.course_numbers),
        academy_since=row.academy_since,
        in_force_on=row.in_force_on,
        due_on=row.due_on,
        due_days=row.due_days,
        renew_months=row.renew_months,
    )


def _standings(caller: Caller) -> Select[Standing]:
    return (
        select(Standing)
        .join(Standing.personnel)
        .join(Standing.requirement)
        .options(contains_eager(Standing.personnel), contains_eager(Standing.requirement))
        .where(readable(caller), Requirement.is_active)
    )


async def page_of_standings(
    session: ReadSession,
    caller: Caller,
    request: PageRequest,
    *,
    today: date,
    key: str | None,
    status: StandingStatus | None,
) -> Page[Standing]:
    """Return where the own agency's people stand, by name."""
    rows = _standings(caller).where(of_own_agency(caller), Standing.agency_id == caller.agency_id)
    if key is not None:
        rows = rows.where(Requirement.key == key)
    if status is not None:
        rows = rows.where(status_on(today) == status.value)
    return await page(session, rows, ORDER, request)


async def own_standings(session: ReadSession, caller: Caller) -> list[Standing]:
    """Return where the caller stands."""
    rows = _standings(caller).where(Personnel.account_id == caller.subject)
    return list(await session.scalars(rows.order_by(Requirement.title, Requirement.id)))


@dataclass(frozen=True, slots=True)
class Count:
    """How many people stand where with one requirement."""

    requirement_id: UUID
    agency_id: str
    people: int
    by_status: dict[StandingStatus, int]


async def counts(session: ReadSession, today: date, *, agency_id: str | None = None) -> list[Count]:
    """Return counts by requirement: of one agency, or of all that are large enough.

    The caller was found to have that right.
    """
    status = status_on(today)
    per_status = [
        func.count().filter(status == each.value).label(each.value) for each in StandingStatus
    ]
    statement = (
        select(Standing.requirement_id, Standing.agency_id, func.count(), *per_status)
        .join(Requirement, Requirement.id == Standing.requirement_id)
        .where(Requirement.is_active)
        .group_by(Standing.requirement_id, Standing.agency_id)
        .order_by(Standing.requirement_id, Standing.agency_id)
    )
    if agency_id is None:
        statement = statement.where(Requirement.agency_id.is_(None)).having(
            func.count() >= SMALLEST_AGENCY
        )
    else:
        statement = statement.where(Standing.agency_id == agency_id)
    rows = await session.execute(statement)
    return [
        Count(row[0], row[1], row[2], dict(zip(StandingStatus, row[3:], strict=True)))
        for row in rows
    ]


async def put_exemption(
    session: WriteSession,
    requirement_id: UUID,
    personnel_id: UUID,
    reason: str,
    ends_on: date | None,
    granted_by: str,
) -> None:
    """Store that a person is exempt, or change why and until when."""
    changed = {
        "reason": reason,
        "ends_on": ends_on,
        "granted_by": granted_by,
        "granted_at": clock.now(),
    }
    await session.execute(
        insert(Exemption)
        .values(id=uuid4(), requirement_id=requirement_id, personnel_id=personnel_id, **changed)
        .on_conflict_do_update(index_elements=["requirement_id", "personnel_id"], set_=changed)
    )


async def end_exemption(session: WriteSession, requirement_id: UUID, personnel_id: UUID) -> bool:
    """Take an exemption away; returns False when there was none."""
    gone = await session.scalar(
        delete(Exemption)
        .where(Exemption.requirement_id == requirement_id, Exemption.personnel_id == personnel_id)
        .returning(Exemption.id)
    )
    return gone is not None


async def unassessed(session: WriteSession, limit: int) -> list[UUID]:
    """Return people whose entry is new or has changed, locked against another worker."""
    rows = await session.scalars(
        select(Personnel.id)
        .where(~Personnel.is_assessed)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(rows)


async def mark_for_assessment(session: WriteSession, agency_id: str | None) -> None:
    """Have an agency's people, or everybody, assessed afresh."""
    whom = true() if agency_id is None else Personnel.agency_id == agency_id
    await session.execute(
        update(Personnel)
        .where(whom)
        .values(is_assessed=False)
        .execution_options(synchronize_session=False)
    )


async def assess_people(session: WriteSession, personnel_ids: Sequence[UUID]) -> None:
    """Work out where people stand with every requirement, and store it."""
    known = await requirements(session, None)
    for start in range(0, len(personnel_ids), _CHUNK):
        await _assess_chunk(session, known, personnel_ids[start : start + _CHUNK])


async def _assess_chunk(
    session: WriteSession, known: Sequence[Requirement], ids: Sequence[UUID]
) -> None:
    people = list(await session.scalars(select(Personnel).where(Personnel.id.in_(ids))))
    had = await completions(session, ids)
    exempt = {
        (row.personnel_id, row.requirement_id): row.ends_on or FOREVER
        for row in await session.scalars(select(Exemption).where(Exemption.personnel_id.in_(ids)))
    }
    rows = []
    for person in people:
        for each in known:
            if each.agency_id not in (None, person.agency_id):
                continue
            facts = _facts(person, had.get(person.id, ()), exempt.get((person.id, each.id)))
            standing = assess(rule_of(each), facts)
            if standing is not None:
                rows.append(_row(person, each, standing))
    await session.execute(delete(Standing).where(Standing.personnel_id.in_(ids)))
    if rows:
        await session.execute(insert(Standing), rows)
    await clearances.replace(session, ids, _clearances(people, known, rows))
    await session.execute(
        update(Personnel)
        .where(Personnel.id.in_(ids))
        .values(is_assessed=True)
        .execution_options(synchronize_session=False)
    )


def _clearances(
    people: Sequence[Personnel], known: Sequence[Requirement], rows: Sequence[dict[str, Any]]
) -> list[Held]:
    """Return what these people hold: a kind is open while all that lead to it are met."""
    opens = {each.id: each.clearance for each in known if each.clearance is not None}
    days: dict[tuple[UUID, str], list[date | None]] = {}
    for row in rows:
        if row["requirement_id"] in opens:
            either = [day for day in (row["held_until"], row["exempt_until"]) if day is not None]
            key = row["personnel_id"], opens[row["requirement_id"]]
            days.setdefault(key, []).append(max(either, default=None))
    held = []
    for person in people:
        for kind in sorted({kind for who, kind in days if who == person.id}):
            until = of_all(days[person.id, kind])
            if until is not None and person.account_id is not None:
                held.append(Held(person.id, person.account_id, person.agency_id, kind, until))
    return held


def _facts(
    person: Personnel, had: Sequence[tuple[str, date, date | None]], exempt_until: date | None
) -> PersonFacts:
    return PersonFacts(
        appointment_type=person.appointment_type,
        is_certified=person.is_certified,
        is_active=person.is_active,
        has_account=person.account_id is not None,
        hired_on=person.hired_on,
        academy_on=person.academy_on,
        completions=had,
        exempt_until=exempt_until,
    )


def _row(person: Personnel, each: Requirement, standing: StandingDays) -> dict[str, Any]:
    return {
        "personnel_id": person.id,
        "requirement_id": each.id,
        "agency_id": person.agency_id,
        "held_until": standing.held_until,
        "exempt_until": standing.exempt_until,
        "due_on": standing.due_on,
        "reason": standing.reason,
        "basis": standing.basis.value,
    }
