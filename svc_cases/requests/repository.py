"""Statements on requests; each is narrowed by the caller, and by to whom the request was written.

A request about a warrant tells that there is one, so it takes WARRANTS as well.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, true

from infra.authority.predicate import agency_of, visible
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_cases.requests.rules import READS_ALL, RequestKind, RequestStatus
from svc_cases.requests.tables import CoordinationRequest


def request_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may read this request"."""
    row = CoordinationRequest
    is_addressed: ColumnElement[bool] = true()
    if caller.role not in READS_ALL:
        is_addressed = row.recipient_agency_id == agency_of(caller)
    return and_(
        visible(caller, Category.LEGAL_COORD, row.participant_id, row.requested_on),
        or_(
            row.kind != RequestKind.QUASH_WARRANT.value,
            visible(caller, Category.WARRANTS, row.participant_id, row.requested_on),
        ),
        is_addressed,
    )


def is_open(link_id: Any) -> ColumnElement[bool]:
    """Return the condition "this request of a match awaits an answer"."""
    row = CoordinationRequest
    return and_(row.link_id == link_id, row.status == RequestStatus.OPEN.value)


class RequestsOfMatch(BatchLoader[list[CoordinationRequest]]):
    """Requests in matches that the caller has reached, newest first."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may read."""
        row = CoordinationRequest
        return (
            select(row)
            .where(row.link_id == IDS, request_visible(caller))
            .order_by(row.link_id, row.requested_at.desc(), row.id.desc())
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[CoordinationRequest]]:
        """By match."""
        found: dict[UUID, list[CoordinationRequest]] = {}
        for (row,) in rows:
            found.setdefault(row.link_id, []).append(row)
        return found


async def requests_by_ids(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, CoordinationRequest]:
    """Return the requests among some ids that the caller may read."""
    statement = select(CoordinationRequest).where(
        CoordinationRequest.id.in_(ids), request_visible(caller)
    )
    return {row.id: row for row in await session.scalars(statement)}


async def lock_request(
    session: WriteSession, caller: Caller, request_id: UUID
) -> CoordinationRequest | None:
    """Return a request that the caller may read, locked for a change."""
    statement = select(CoordinationRequest).where(
        CoordinationRequest.id == request_id, request_visible(caller)
    )
    return (await session.scalars(statement.with_for_update())).one_or_none()
