"""Every SQL statement about requests for assistance: the own agency's, or all for the Bureau."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, false, select, true

from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Role
from svc_training.assistance.tables import AssistanceRequest, AssistanceStep

ORDER = Order((AssistanceRequest.requested_at, AssistanceRequest.id), is_descending=True)
MAY_ASK = frozenset({Role.PM, Role.TRM, Role.AGA, Role.SUP, Role.LEL})
"""Roles that ask for help in the name of their agency, and read what it has asked."""


def readable(caller: Caller) -> ColumnElement[bool]:
    """Return the condition that a request is the caller's to read."""
    if caller.role is Role.LSB:
        return true()
    if caller.role in MAY_ASK and caller.agency_id:
        return AssistanceRequest.agency_id == caller.agency_id
    return false()


async def page_of_requests(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[AssistanceRequest]:
    """Return requests, newest first."""
    return await page(session, select(AssistanceRequest).where(readable(caller)), ORDER, request)


async def request_by_id(
    session: AnySession, caller: Caller, row_id: UUID, *, lock: bool = False
) -> AssistanceRequest | None:
    """Return a request that the caller may read."""
    rows = select(AssistanceRequest).where(AssistanceRequest.id == row_id, readable(caller))
    return await session.scalar(rows.with_for_update() if lock else rows)


async def steps_of(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, list[AssistanceStep]]:
    """Return the steps of requests that the caller was found to read, oldest first."""
    rows = await session.scalars(
        select(AssistanceStep)
        .where(AssistanceStep.request_id.in_(ids))
        .order_by(AssistanceStep.request_id, AssistanceStep.version)
    )
    found: dict[UUID, list[AssistanceStep]] = {}
    for row in rows:
        found.setdefault(row.request_id, []).append(row)
    return found


async def add_step(session: WriteSession, row: AssistanceRequest, step: AssistanceStep) -> None:
    """Store a request together with the step that it has taken."""
    session.add(row)
    await session.flush()
    session.add(step)
    await session.flush()
