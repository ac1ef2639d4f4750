"""Every SQL statement about personal calendars and what they show."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import exists, select, text, update
from sqlalchemy.orm import contains_eager, joinedload

from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from svc_training.assignments.tables import Assignment
from svc_training.calendars.rules import MAX_SESSIONS, EndedWhy
from svc_training.calendars.tables import CalendarSubscription
from svc_training.personnel.repository import of_own_agency, readable
from svc_training.personnel.tables import Personnel
from svc_training.sessions.tables import Session


async def is_on_roster(session: AnySession, caller: Caller) -> bool:
    """Return whether the caller has an entry of the own agency's roster, and may read it."""
    entry = select(Personnel.id).where(
        Personnel.account_id == caller.subject,
        Personnel.is_active.is_(True),
        of_own_agency(caller),
        readable(caller),
    )
    return bool(await session.scalar(select(exists(entry))))


async def current(session: AnySession, account_id: str) -> CalendarSubscription | None:
    """Return an account's address that has not ended."""
    return await session.scalar(
        select(CalendarSubscription).where(
            CalendarSubscription.account_id == account_id, CalendarSubscription.ended_at.is_(None)
        )
    )


async def lock(session: WriteSession, account_id: str) -> None:
    """Let nobody else change an account's addresses until this transaction has ended."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"calendar\n{account_id}"},
    )


async def add(
    session: WriteSession, caller: Caller, *, is_manager: bool, secret_hash: str, made_at: datetime
) -> None:
    """Store an address of the caller's."""
    session.add(
        CalendarSubscription(
            id=uuid4(),
            account_id=caller.subject,
            agency_id=caller.agency_id,
            is_manager=is_manager,
            secret_hash=secret_hash,
            made_at=made_at,
        )
    )
    await session.flush()


async def end(
    session: WriteSession, account_id: str, why: EndedWhy, ended_at: datetime, digest: str = ""
) -> None:
    """End an account's address, or only the one of this hash."""
    ending = update(CalendarSubscription).where(
        CalendarSubscription.account_id == account_id, CalendarSubscription.ended_at.is_(None)
    )
    if digest:
        ending = ending.where(CalendarSubscription.secret_hash == digest)
    await session.execute(ending.values(ended_at=ended_at, ended_why=why.value))


async def live(session: ReadSession, digest: str) -> CalendarSubscription | None:
    """Return the address of a secret's hash, unless it has ended."""
    return await session.scalar(
        select(CalendarSubscription).where(
            CalendarSubscription.secret_hash == digest, CalendarSubscription.ended_at.is_(None)
        )
    )


async def has_entry(session: ReadSession, account_id: str, agency_id: str) -> bool:
    """Return whether an account is on an agency's roster now."""
    entry = select(Personnel.id).where(
        Personnel.account_id == account_id,
        Personnel.agency_id == agency_id,
        Personnel.is_active.is_(True),
    )
    return bool(await session.scalar(select(exists(entry))))


async def own_assignments(
    session: ReadSession, account_id: str, agency_id: str, since: datetime
) -> Sequence[Assignment]:
    """Return an account's own assignments at one agency, to sessions that end later than this."""
    found = await session.scalars(
        select(Assignment)
        .join(Assignment.personnel)
        .join(Assignment.session)
        .options(
            contains_eager(Assignment.session).options(joinedload(Session.course, innerjoin=True))
        )
        .where(
            Personnel.account_id == account_id,
            Personnel.agency_id == agency_id,
            Personnel.is_active.is_(True),
            Session.ends_at >= since,
        )
        .order_by(Session.starts_at.desc(), Session.id, Assignment.assigned_at)
        .limit(MAX_SESSIONS)
    )
    return list(found)
