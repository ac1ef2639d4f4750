"""Writing and reading what was done in the directory."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from infra.database import ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from svc_consent.history.rules import EventKind
from svc_consent.history.tables import DirectoryEvent

ORDER = Order((DirectoryEvent.at, DirectoryEvent.id), is_descending=True)


def record(
    session: WriteSession,
    kind: EventKind,
    caller: Caller,
    at: datetime,
    *,
    agency_id: UUID | None,
    account_id: UUID | None = None,
    role: str | None = None,
    reason: str | None = None,
) -> None:
    """Write down a change, in the transaction that makes it."""
    session.add(
        DirectoryEvent(
            id=uuid4(),
            kind=kind.value,
            site_id=UUID(caller.site_id),
            agency_id=agency_id,
            account_id=account_id,
            role=role,
            actor_id=UUID(caller.subject),
            reason=reason,
            at=at,
        )
    )


async def page_of_events(
    session: ReadSession, request: PageRequest, agency_id: UUID
) -> Page[DirectoryEvent]:
    """Return what was done about an agency, newest first; the caller was found to see it."""
    rows = select(DirectoryEvent).where(DirectoryEvent.agency_id == agency_id)
    return await page(session, rows, ORDER, request)
