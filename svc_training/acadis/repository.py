"""Every SQL statement about the exchange. Reads for a caller are narrowed to the own agency."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, delete, false, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert

from infra import clock
from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from svc_training.acadis.tables import (
    ExchangeBatch,
    ExchangeConflict,
    ExchangeCursor,
    ExchangeOrganization,
    ExchangeRoster,
)
from svc_training.assignments.tables import ROW_NOT_ENDED, Assignment
from svc_training.catalogue.tables import Course
from svc_training.personnel.commands import is_training_manager, reads_own_agency
from svc_training.personnel.tables import Personnel
from svc_training.sessions.tables import Session

BATCH_ORDER = Order((ExchangeBatch.finished_at, ExchangeBatch.id), is_descending=True)
ROSTER = "ROSTER:"
"""What the source of a cursor begins with that says when a session's roster was read."""

HOLDS_A_PLACE = ("REGISTERED", "WAITLISTED", "ALTERNATE", "ACCEPTED")
GIVEN_UP = ("CANCELLED", "LATE_CANCELLED")
CONFLICT_ORDER = Order((ExchangeConflict.found_at, ExchangeConflict.id), is_descending=True)
ORGANIZATION_ORDER = Order((ExchangeOrganization.organization_id,))


async def batch(session: AnySession, source: str, batch_id: str) -> ExchangeBatch | None:
    """Return the import of a batch, if there was one."""
    return await session.scalar(
        select(ExchangeBatch).where(
            ExchangeBatch.source == source, ExchangeBatch.batch_id == batch_id
        )
    )


async def page_of_batches(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[ExchangeBatch]:
    """Return imports of the own agency, newest first."""
    own: ColumnElement[bool] = false()
    if reads_own_agency(caller):
        own = ExchangeBatch.agency_id == caller.agency_id
    return await page(session, select(ExchangeBatch).where(own), BATCH_ORDER, request)


def _own_conflicts(caller: Caller) -> ColumnElement[bool]:
    return ExchangeConflict.agency_id == caller.agency_id if reads_own_agency(caller) else false()


async def page_of_conflicts(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[ExchangeConflict]:
    """Return open conflicts of the own agency, newest first."""
    rows = select(ExchangeConflict).where(
        _own_conflicts(caller), ExchangeConflict.settled_at.is_(None)
    )
    return await page(session, rows, CONFLICT_ORDER, request)


async def conflict(session: WriteSession, caller: Caller, row_id: UUID) -> ExchangeConflict | None:
    """Return a conflict of the own agency, locked."""
    return await session.scalar(
        select(ExchangeConflict)
        .where(ExchangeConflict.id == row_id, _own_conflicts(caller))
        .with_for_update()
    )


async def list_conflict(session: WriteSession, values: dict[str, Any]) -> bool:
    """List a conflict; returns False when the same one is open already."""
    row = {"id": uuid4(), "found_at": clock.now(), **values}
    made = await session.scalar(
        insert(ExchangeConflict)
        .values(**row)
        .on_conflict_do_nothing()
        .returning(ExchangeConflict.id)
    )
    return made is not None


async def list_conflict_of_catalogue(
    session: WriteSession,
    *,
    kind: str,
    agency_id: str,
    session_number: str,
    ours: str | None,
    theirs: str | None,
) -> bool:
    """List a conflict about a session or course and nobody's, or bring an open one up to date.

    Returns:
        False when it is listed as it is now, or was settled so and nothing is new since.
    """
    about = (
        ExchangeConflict.kind == kind,
        ExchangeConflict.session_number == session_number,
        ExchangeConflict.personnel_id.is_(None),
    )
    row = await session.scalar(
        select(ExchangeConflict)
        .where(*about)
        .order_by(ExchangeConflict.settled_at.desc().nulls_first())
        .limit(1)
        .with_for_update()
    )
    if row is not None and (row.agency_id, row.ours, row.theirs) == (agency_id, ours, theirs):
        return False
    said = {"agency_id": agency_id, "ours": ours, "theirs": theirs}
    if row is None or row.settled_at is not None:
        return await list_conflict(
            session, {"kind": kind, "session_number": session_number, **said}
        )
    for name, value in {**said, "found_at": clock.now()}.items():
        setattr(row, name, value)
    await session.flush()
    return True


async def agencies(session: AnySession, only: str | None) -> dict[str, str]:
    """Return the agency of each linked organization: of one agency, or all."""
    narrowed = true() if only is None else ExchangeOrganization.agency_id == only
    rows = await session.scalars(select(ExchangeOrganization).where(narrowed))
    return {row.organization_id: row.agency_id for row in rows}


async def link(session: WriteSession, organization_id: str, agency_id: str, by: str) -> str:
    """Link an organization to an agency; returns the agency that it is linked to now."""
    await session.execute(
        insert(ExchangeOrganization)
        .values(
            organization_id=organization_id,
            agency_id=agency_id,
            linked_by=by,
            linked_at=clock.now(),
        )
        .on_conflict_do_nothing()
    )
    found = await session.get(ExchangeOrganization, organization_id)
    assert found is not None  # noqa: S101 - just made, or there before
    return found.agency_id


async def page_of_organizations(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[ExchangeOrganization]:
    """Return the organizations that are linked to the own agency, to who may link one."""
    own: ColumnElement[bool] = false()
    if is_training_manager(caller):
        own = ExchangeOrganization.agency_id == caller.agency_id
    return await page(session, select(ExchangeOrganization).where(own), ORGANIZATION_ORDER, request)


async def people(
    session: AnySession, external_ids: Sequence[str], only: str | None
) -> dict[str, list[Personnel]]:
    """Return roster entries by the academy's id: of one agency, or of all."""
    narrowed = true() if only is None else Personnel.agency_id == only
    rows = await session.scalars(
        select(Personnel).where(Personnel.external_id.in_(external_ids), narrowed)
    )
    found: dict[str, list[Personnel]] = {}
    for row in rows:
        found.setdefault(row.external_id or "", []).append(row)
    return found


async def put_roster(
    session: WriteSession, person: str, session_number: str, status: str, at: datetime
) -> None:
    """Keep what the academy's system says of a person at a session."""
    await session.execute(
        insert(ExchangeRoster)
        .values(person_external_id=person, session_number=session_number, status=status, seen_at=at)
        .on_conflict_do_update(
            index_elements=["person_external_id", "session_number"],
            set_={"status": status, "seen_at": at},
        )
    )


async def change_roster(
    session: WriteSession, person: str, session_number: str, status: str
) -> None:
    """Keep what became of a place that the academy's system had told us of, if it had."""
    await session.execute(
        update(ExchangeRoster)
        .where(
            ExchangeRoster.person_external_id == person,
            ExchangeRoster.session_number == session_number,
        )
        .values(status=status, seen_at=clock.now())
        .execution_options(synchronize_session=False)
    )


async def said_of(session: AnySession, session_number: str) -> dict[str, str]:
    """Return what the academy's system last said of each person at a session."""
    rows = await session.execute(
        select(ExchangeRoster.person_external_id, ExchangeRoster.status).where(
            ExchangeRoster.session_number == session_number
        )
    )
    return {row[0]: row[1] for row in rows}


async def keep_roster(session: WriteSession, session_number: str, people: Sequence[str]) -> int:
    """Forget places at a session that the academy's system no longer has; returns how many."""
    gone = await session.scalars(
        delete(ExchangeRoster)
        .where(
            ExchangeRoster.session_number == session_number,
            ExchangeRoster.person_external_id.not_in(people),
            ExchangeRoster.status.in_(HOLDS_A_PLACE),
        )
        .returning(ExchangeRoster.person_external_id)
    )
    await put_cursor(session, f"{ROSTER}{session_number}", clock.now().isoformat())
    return len(list(gone))


async def to_compare(
    session: ReadSession, since: datetime, limit: int
) -> list[tuple[str, str | None]]:
    """Return sessions that one of the two has people at, and that had not ended: with the course.

    Those whose roster was never read, or longest ago, come first.
    """
    ours = select(Assignment.session_id).where(ROW_NOT_ENDED)
    theirs = select(ExchangeRoster.session_number)
    rows = await session.execute(
        select(Session.number, Course.number)
        .join(Course, Course.id == Session.course_id)
        .outerjoin(ExchangeCursor, ExchangeCursor.source == ROSTER + Session.number)
        .where(Session.ends_at > since, or_(Session.id.in_(ours), Session.number.in_(theirs)))
        .order_by(ExchangeCursor.updated_at.asc().nulls_first(), Session.number)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


async def cursor(session: AnySession, source: str) -> str | None:
    """Return how far a source has been read."""
    found = await session.get(ExchangeCursor, source)
    return None if found is None else found.cursor


async def put_cursor(session: WriteSession, source: str, value: str) -> None:
    """Keep how far a source has been read."""
    changed = {"cursor": value, "updated_at": clock.now()}
    await session.execute(
        insert(ExchangeCursor)
        .values(source=source, **changed)
        .on_conflict_do_update(index_elements=["source"], set_=changed)
    )


async def only_here(
    session: ReadSession, agency_id: str | None, limit: int
) -> list[tuple[str, str, str, str | None]]:
    """Return live assignments that the academy's system does not have: name, session, status, id.

    Only sessions about which it has said anything; a person without its id is among them.
    """
    narrowed = true() if agency_id is None else Assignment.agency_id == agency_id
    read = select(func.substr(ExchangeCursor.source, len(ROSTER) + 1)).where(
        ExchangeCursor.source.startswith(ROSTER)
    )
    known = select(ExchangeRoster.session_number).union(read)
    rows = await session.execute(
        select(
            Personnel.given_name + " " + Personnel.family_name,
            Session.number,
            Assignment.status,
            Personnel.external_id,
        )
        .join(Personnel, Personnel.id == Assignment.personnel_id)
        .join(Session, Session.id == Assignment.session_id)
        .outerjoin(
            ExchangeRoster,
            and_(
                ExchangeRoster.person_external_id == Personnel.external_id,
                ExchangeRoster.session_number == Session.number,
            ),
        )
        .where(
            narrowed,
            ROW_NOT_ENDED,
            Session.number.in_(known),
            ExchangeRoster.person_external_id.is_(None),
        )
        .order_by(Session.number, Personnel.family_name, Personnel.id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


async def only_there(
    session: ReadSession, agency_id: str | None, limit: int
) -> list[tuple[str, str, str]]:
    """Return what the academy's system has and we have not: its person id, session, status.

    Also a place that it holds for somebody whom we have cancelled. People of no roster are among
    them only when all agencies are looked at.
    """
    joined = and_(
        Personnel.external_id == ExchangeRoster.person_external_id,
        true() if agency_id is None else Personnel.agency_id == agency_id,
    )
    whom = true() if agency_id is None else Personnel.id.is_not(None)
    rows = await session.execute(
        select(
            ExchangeRoster.person_external_id,
            ExchangeRoster.session_number,
            ExchangeRoster.status,
        )
        .outerjoin(Personnel, joined)
        .outerjoin(Session, Session.number == ExchangeRoster.session_number)
        .outerjoin(
            Assignment,
            and_(
                Assignment.personnel_id == Personnel.id,
                Assignment.session_id == Session.id,
                or_(
                    Assignment.status.not_in(GIVEN_UP),
                    ExchangeRoster.status.not_in(HOLDS_A_PLACE),
                ),
            ),
        )
        .where(whom, Assignment.id.is_(None))
        .order_by(ExchangeRoster.session_number, ExchangeRoster.person_external_id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows]
