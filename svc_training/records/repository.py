"""Every SQL statement about training records, narrowed to what the caller's role may see."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload

from infra import clock
from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from svc_training.catalogue.tables import Course
from svc_training.personnel.repository import of_own_agency, readable
from svc_training.personnel.tables import Personnel
from svc_training.records.rules import (
    Credit,
    Outcome,
    RecordKey,
    RecordSource,
    certificate_number,
    expiry,
)
from svc_training.records.tables import TrainingRecord
from svc_training.sessions.tables import Session

ORDER = Order((TrainingRecord.completed_on, TrainingRecord.id), is_descending=True)


def _visible_to(caller: Caller) -> Select[TrainingRecord]:
    return (
        select(TrainingRecord)
        .join(TrainingRecord.personnel)
        .options(
            contains_eager(TrainingRecord.personnel),
            joinedload(TrainingRecord.course),
            joinedload(TrainingRecord.session).joinedload(Session.course),
        )
        .where(readable(caller))
    )


async def page_of_records(
    session: ReadSession,
    caller: Caller,
    request: PageRequest,
    *,
    personnel_id: UUID | None = None,
    session_number: str | None = None,
) -> Page[TrainingRecord]:
    """Return records, newest first: of a person, of the agency's people at a session, or all."""
    narrowed: ColumnElement[bool] = true()
    if personnel_id is not None:
        narrowed = TrainingRecord.personnel_id == personnel_id
    elif session_number is not None:
        wanted = select(Session.id).where(Session.number == session_number)
        narrowed = TrainingRecord.session_id.in_(wanted)
    # The record's own copy of the agency is what the index orders an agency's records by.
    own = TrainingRecord.agency_id == caller.agency_id
    rows = _visible_to(caller).where(of_own_agency(caller), own, narrowed)
    return await page(session, rows, ORDER, request)


async def page_of_own(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[TrainingRecord]:
    """Return the caller's own records, newest first."""
    rows = _visible_to(caller).where(Personnel.account_id == caller.subject)
    return await page(session, rows, ORDER, request)


async def records_by_id(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, TrainingRecord]:
    """Return the records with these ids that the caller may see."""
    rows = await session.scalars(_visible_to(caller).where(TrainingRecord.id.in_(ids)))
    return {row.id: row for row in rows}


async def records_at(
    session: WriteSession, session_id: UUID, personnel_ids: Sequence[UUID]
) -> dict[UUID, TrainingRecord]:
    """Return what is recorded of people at a session, locked."""
    rows = await session.scalars(
        select(TrainingRecord)
        .where(
            TrainingRecord.session_id == session_id,
            TrainingRecord.personnel_id.in_(personnel_ids),
        )
        .with_for_update()
    )
    return {row.personnel_id: row for row in rows}


async def completed(
    session: AnySession, personnel_ids: Sequence[UUID], course_ids: Iterable[UUID], on: date
) -> set[tuple[UUID, UUID]]:
    """Return who has completed which of these courses with a certificate that holds on a day."""
    rows = await session.execute(
        select(TrainingRecord.personnel_id, TrainingRecord.course_id).where(
            TrainingRecord.personnel_id.in_(personnel_ids),
            TrainingRecord.course_id.in_(list(course_ids)),
            TrainingRecord.outcome == Outcome.COMPLETED.value,
            or_(TrainingRecord.expires_on.is_(None), TrainingRecord.expires_on >= on),
        )
    )
    return {(row[0], row[1]) for row in rows if row[1] is not None}


async def completions(
    session: AnySession, personnel_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[str, date, date | None]]]:
    """Return the courses that people completed: number, day, and last day of the certificate."""
    rows = await session.execute(
        select(
            TrainingRecord.personnel_id,
            Course.number,
            TrainingRecord.completed_on,
            TrainingRecord.expires_on,
        )
        .join(Course, Course.id == TrainingRecord.course_id)
        .where(
            TrainingRecord.personnel_id.in_(personnel_ids),
            TrainingRecord.outcome == Outcome.COMPLETED.value,
        )
    )
    found: dict[UUID, list[tuple[str, date, date | None]]] = {}
    for row in rows:
        found.setdefault(row[0], []).append((row[1], row[2], row[3]))
    return found


def new_record(
    key: RecordKey,
    credit: Credit,
    completed_on: date,
    course: Course | None,
    source: RecordSource,
    recorded_by: str,
    *,
    provider: str | None = None,
    number: str | None = None,
    expires_on: date | None = None,
) -> TrainingRecord:
    """Return a record to store; a completed one without a certificate's number is given one."""
    row_id = uuid4()
    is_complete = credit.outcome is Outcome.COMPLETED
    months = course.validity_months if course else None
    holds = expires_on or expiry(completed_on, months)
    issued = number or certificate_number(course.number if course else None, row_id)
    return TrainingRecord(
        id=row_id,
        personnel_id=key.personnel_id,
        session_id=key.session_id,
        course_id=key.course_id,
        title=key.title,
        completed_on=completed_on,
        certificate_number=issued if is_complete else None,
        expires_on=holds if is_complete else None,
        instruction_provider=provider,
        source=source.value,
        recorded_by=recorded_by,
        recorded_at=clock.now(),
        version=1,
        **credit_columns(credit),
    )


def credit_columns(credit: Credit) -> dict[str, Any]:
    """Return the columns that say what is credited."""
    return {
        "attendance": credit.attendance.value,
        "outcome": credit.outcome.value,
        "hours_credited": credit.hours,
        "score": credit.score,
    }


def differs(row: TrainingRecord, credit: Credit) -> bool:
    """Return whether a record says something else than this."""
    return any(getattr(row, name) != value for name, value in credit_columns(credit).items())


def change(row: TrainingRecord, fresh: TrainingRecord) -> None:
    """Make a stored record say what a fresh one says; its number stays when it has one."""
    for name in (
        "attendance",
        "outcome",
        "hours_credited",
        "score",
        "completed_on",
        "expires_on",
        "instruction_provider",
        "source",
        "recorded_by",
        "recorded_at",
    ):
        setattr(row, name, getattr(fresh, name))
    is_complete = fresh.outcome == Outcome.COMPLETED
    row.certificate_number = (
        (row.certificate_number or fresh.certificate_number) if is_complete else None
    )
    row.version += 1
