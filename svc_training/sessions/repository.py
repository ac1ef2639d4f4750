"""Every SQL statement about sessions. The catalogue is public: nothing is narrowed."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Select, select, update
from sqlalchemy.orm import joinedload

from infra import clock
from infra.database import AnySession, ReadSession, WriteSession
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from svc_training.catalogue.rules import ImportOutcome
from svc_training.catalogue.tables import Course
from svc_training.sessions.places import SessionPlaces
from svc_training.sessions.rules import SessionDetails
from svc_training.sessions.tables import Session

ORDER = Order((Session.starts_at, Session.id))


def _with_course() -> Select[Session]:
    return select(Session).options(joinedload(Session.course, innerjoin=True))


async def page_of_sessions(
    session: ReadSession,
    course_number: str | None,
    request: PageRequest,
    since: datetime | None = None,
) -> Page[Session]:
    """Return sessions by start, of one course or of all, from a moment on or from the first."""
    rows = _with_course()
    if since is not None:
        rows = rows.where(Session.starts_at >= since)
    if course_number is not None:
        course_ids = select(Course.id).where(Course.number == course_number)
        rows = rows.where(Session.course_id.in_(course_ids))
    return await page(session, rows, ORDER, request)


async def session_by_number(session: AnySession, number: str) -> Session | None:
    """Return the session of a number, with its course."""
    return await session.scalar(_with_course().where(Session.number == number))


async def locked_session(session: WriteSession, number: str) -> Session | None:
    """Return the session of a number as it stands now; nobody else changes it meanwhile."""
    return await session.scalar(
        _with_course()
        .where(Session.number == number)
        .with_for_update(of=Session, key_share=True)
        .execution_options(populate_existing=True)
    )


async def sessions_by_number(session: AnySession, numbers: Sequence[str]) -> dict[str, Session]:
    """Return the sessions with these numbers that exist, with their courses."""
    found = await session.scalars(_with_course().where(Session.number.in_(numbers)))
    return {row.number: row for row in found}


async def sessions_by_id(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, Session]:
    """Return the sessions with these ids that exist, with their courses."""
    found = await session.scalars(_with_course().where(Session.id.in_(ids)))
    return {row.id: row for row in found}


def _columns(details: SessionDetails) -> dict[str, object]:
    location = details.location
    return {
        "title": details.title,
        "starts_at": details.starts_at,
        "ends_at": details.ends_at,
        "zone": details.zone,
        "is_zone_assumed": details.is_zone_assumed,
        "hours": details.hours,
        "location_mode": location.mode.value,
        "location_platform": location.platform.value if location.platform else None,
        "raw_location": location.raw,
        "status": details.status.value,
        "raw_date": details.raw_date,
        "raw_hours": details.raw_hours,
        "raw_status": details.raw_status,
    }


async def put_sessions(
    session: WriteSession, course_id: UUID, wanted: Sequence[SessionDetails]
) -> dict[str, ImportOutcome]:
    """Store sessions as described, by number; a change counts a session's version up.

    Sessions that are stored and not described stay as they are.
    """
    now = clock.now()
    numbers = [details.number for details in wanted]
    found = await session.scalars(select(Session).where(Session.number.in_(numbers)))
    stored = {row.number: row for row in found}
    outcomes: dict[str, ImportOutcome] = {}
    for details in wanted:
        columns = _columns(details)
        row = stored.get(details.number)
        if row is None:
            session.add(
                Session(
                    id=uuid4(),
                    number=details.number,
                    course_id=course_id,
                    version=1,
                    created_at=now,
                    updated_at=now,
                    **columns,
                )
            )
            outcomes[details.number] = ImportOutcome.CREATED
        elif all(getattr(row, name) == value for name, value in columns.items()):
            outcomes[details.number] = ImportOutcome.UNCHANGED
        else:
            for name, value in columns.items():
                setattr(row, name, value)
            row.version += 1
            row.updated_at = now
            outcomes[details.number] = ImportOutcome.UPDATED
    await session.flush()
    return outcomes


async def put_places(
    session: WriteSession, row: Session, expected_version: int, places: SessionPlaces, by: str
) -> bool:
    """Store places and deadlines, and of which agency those are that differ from before.

    Returns:
        False when the version has passed, or the row at hand is of another.
    """
    if row.version != expected_version:
        return False
    columns = dataclasses.asdict(places)
    fresh = {name: by for name, value in columns.items() if getattr(row, name) != value}
    changed = await session.scalar(
        update(Session)
        .where(Session.id == row.id, Session.version == expected_version)
        .values(
            **columns,
            set_by_hand={**row.set_by_hand, **fresh},
            version=expected_version + 1,
            updated_at=clock.now(),
        )
        .returning(Session.id)
        .execution_options(synchronize_session=False)
    )
    return changed is not None
