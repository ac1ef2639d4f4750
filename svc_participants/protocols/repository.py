"""Statements about protocols. A site's rules are no data about a person; drafts are its own."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select

from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Role
from svc_participants.protocols.rules import ProtocolState
from svc_participants.protocols.tables import ProtocolVersionRow

NEWEST_FIRST = Order((ProtocolVersionRow.number, ProtocolVersionRow.id), is_descending=True)
_AUTHORS = (Role.PM, Role.PCG)


class ProtocolLoader(BatchLoader[ProtocolVersionRow]):
    """Adopted protocol versions by id, of any site."""

    def statement(self, caller: Caller) -> AnySelect:  # noqa: ARG002 - the same for everybody
        """All that were adopted."""
        return select(ProtocolVersionRow).where(
            ProtocolVersionRow.id == IDS,
            ProtocolVersionRow.state == ProtocolState.ADOPTED.value,
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, ProtocolVersionRow]:
        """By id."""
        return {row.id: row for (row,) in rows}


def _readable(caller: Caller) -> ColumnElement[bool]:
    here = ProtocolVersionRow.site_id == parse_id(caller.site_id)
    if caller.role in _AUTHORS:
        return here
    return and_(here, ProtocolVersionRow.state == ProtocolState.ADOPTED.value)


async def versions_page(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[ProtocolVersionRow]:
    """Return a page of the versions at the caller's site; drafts for those who agree on them."""
    rows = select(ProtocolVersionRow).where(_readable(caller))
    return await page(session, rows, NEWEST_FIRST, request)


async def readable(
    session: AnySession, caller: Caller, protocol_id: UUID
) -> ProtocolVersionRow | None:
    """Return a version that the caller may read."""
    row: ProtocolVersionRow | None = await session.scalar(
        select(ProtocolVersionRow).where(ProtocolVersionRow.id == protocol_id, _readable(caller))
    )
    return row


async def for_update(
    session: WriteSession, caller: Caller, protocol_id: UUID
) -> ProtocolVersionRow | None:
    """Return a version of the caller's site, locked."""
    row: ProtocolVersionRow | None = await session.scalar(
        select(ProtocolVersionRow)
        .where(ProtocolVersionRow.id == protocol_id, _readable(caller))
        .with_for_update()
    )
    return row


async def next_number(session: WriteSession, site_id: UUID) -> int:
    """Return the number of a new version; locks the site's, so that each number comes once."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"protocol:{site_id}"))))
    highest = await session.scalar(
        select(func.max(ProtocolVersionRow.number)).where(ProtocolVersionRow.site_id == site_id)
    )
    return (highest or 0) + 1


async def live(session: AnySession, site_id: UUID, today: date) -> ProtocolVersionRow | None:
    """Return the newest protocol of a site that is in effect on a day of the site."""
    statement: Select[Any] = (
        select(ProtocolVersionRow)
        .where(
            ProtocolVersionRow.site_id == site_id,
            ProtocolVersionRow.state == ProtocolState.ADOPTED.value,
            ProtocolVersionRow.effective_on <= today,
        )
        .order_by(ProtocolVersionRow.effective_on.desc(), ProtocolVersionRow.number.desc())
        .limit(1)
    )
    row: ProtocolVersionRow | None = await session.scalar(statement)
    return row


async def by_id(session: AnySession, protocol_id: UUID) -> ProtocolVersionRow:
    """Return the version that a referral was judged under."""
    row: ProtocolVersionRow = await session.get_one(ProtocolVersionRow, protocol_id)
    return row
