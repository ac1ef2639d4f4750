"""Statements about role requests, agreements and seats, narrowed to what the caller may see."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, defer

from infra.authority import expression
from infra.database import AnySession, ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Basis, Category, Role
from svc_consent.agencies.tables import Account, Agency, Membership, Mou
from svc_consent.governance.rules import SeatBody
from svc_consent.governance.tables import MouDocument, RoleRequest, Seat

REQUEST_ORDER = Order((RoleRequest.requested_at, RoleRequest.id), is_descending=True)
SEAT_ORDER = Order((Seat.starts_on, Seat.id))


def administers(caller: Caller, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Return the condition that a column names an agency whose roles the caller may see."""
    alternatives = expression.parse(caller.access.get(Category.AGENCY_ROLES, ""))
    scope = {basis for part in alternatives for basis in part if len(part) == 1}
    if Basis.ANY in scope:
        return true()
    return column == parse_id(caller.agency_id) if Basis.OWN_AGENCY in scope else false()


async def page_of_requests(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[RoleRequest]:
    """Return role requests of the agencies that the caller administers, newest first."""
    rows = select(RoleRequest).where(
        administers(caller, RoleRequest.agency_id),
        RoleRequest.site_id == parse_id(caller.site_id),
    )
    return await page(session, rows, REQUEST_ORDER, request)


async def request_by_id(
    session: AnySession, caller: Caller, row_id: UUID, *, lock: bool = False
) -> RoleRequest | None:
    """Return a role request that the caller may see."""
    rows = select(RoleRequest).where(
        RoleRequest.id == row_id,
        administers(caller, RoleRequest.agency_id),
        RoleRequest.site_id == parse_id(caller.site_id),
    )
    return await session.scalar(rows.with_for_update() if lock else rows)


async def requested_accounts(
    session: ReadSession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, Account]:
    """Return the accounts that requests which the caller may see ask a role for.

    Who was added for the role has none yet, so that no grant makes them visible.
    """
    asked_for = select(RoleRequest.account_id).where(
        administers(caller, RoleRequest.agency_id),
        RoleRequest.site_id == parse_id(caller.site_id),
    )
    rows = await session.scalars(
        select(Account).where(Account.id.in_(ids), Account.id.in_(asked_for))
    )
    return {row.id: row for row in rows}


async def add_request(session: WriteSession, row: RoleRequest) -> bool:
    """Store a request; returns False when the same one is open already."""
    values = {column.name: getattr(row, column.name) for column in RoleRequest.__table__.columns}
    made = await session.scalar(
        insert(RoleRequest).values(**values).on_conflict_do_nothing().returning(RoleRequest.id)
    )
    return made is not None


async def any_account(session: WriteSession, account_id: UUID) -> Account | None:
    """Return an account for the platform's administrator, locked."""
    return await session.scalar(
        select(Account)
        .where(Account.id == account_id, Account.is_blocked.is_(False))
        .with_for_update()
    )


async def agency(session: AnySession, agency_id: UUID) -> Agency | None:
    """Return an agency."""
    return await session.get(Agency, agency_id)


async def membership(session: WriteSession, agency_id: UUID, site_id: UUID) -> Membership | None:
    """Return an agency's membership of a site, locked."""
    return await session.scalar(
        select(Membership)
        .where(Membership.agency_id == agency_id, Membership.site_id == site_id)
        .with_for_update()
    )


async def agreement(session: WriteSession, caller: Caller, mou_id: UUID) -> UUID | None:
    """Return the agency of an agreement that the caller administers, at the own site."""
    found: UUID | None = await session.scalar(
        select(Membership.agency_id)
        .join(Mou, Mou.membership_id == Membership.id)
        .where(
            Mou.id == mou_id,
            administers(caller, Membership.agency_id),
            Membership.site_id == parse_id(caller.site_id),
        )
    )
    return found


async def documents(
    session: ReadSession, caller: Caller, agency_id: UUID, only: UUID | None = None
) -> Sequence[MouDocument]:
    """Return the files of an agency's agreements, or one, newest first, without their content."""
    wanted = true() if only is None else MouDocument.id == only
    rows = await session.scalars(
        select(MouDocument)
        .join(Mou, Mou.id == MouDocument.mou_id)
        .join(Membership, Membership.id == Mou.membership_id)
        .where(wanted, Membership.agency_id == agency_id, administers(caller, Membership.agency_id))
        .options(defer(MouDocument.content, raiseload=True))
        .order_by(MouDocument.added_at.desc(), MouDocument.id)
    )
    return list(rows)


async def document_content(session: ReadSession, caller: Caller, document_id: UUID) -> bytes | None:
    """Return the content of a file of an agreement, if the caller administers its agency."""
    found: bytes | None = await session.scalar(
        select(MouDocument.content)
        .join(Mou, Mou.id == MouDocument.mou_id)
        .join(Membership, Membership.id == Mou.membership_id)
        .where(MouDocument.id == document_id, administers(caller, Membership.agency_id))
    )
    return found


def _visible_seats(caller: Caller) -> ColumnElement[bool]:
    if caller.role is Role.PM and caller.access.get(Category.AGENCY_ROLES):
        return true()
    own = Seat.account_id == parse_id(caller.subject)
    return or_(own, administers(caller, Seat.agency_id))


async def page_of_seats(
    session: ReadSession, caller: Caller, request: PageRequest, body: SeatBody | None
) -> Page[Seat]:
    """Return the seats of the own site, oldest first: all, the own agency's, or the own."""
    rows = select(Seat).where(Seat.site_id == parse_id(caller.site_id), _visible_seats(caller))
    if body is not None:
        rows = rows.where(Seat.body == body.value)
    return await page(session, rows, SEAT_ORDER, request)


async def seat(session: AnySession, caller: Caller, seat_id: UUID) -> Seat | None:
    """Return a seat of the own site that the caller may see."""
    return await session.scalar(
        select(Seat).where(
            Seat.id == seat_id,
            Seat.site_id == parse_id(caller.site_id),
            _visible_seats(caller),
        )
    )
