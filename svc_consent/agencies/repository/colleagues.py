"""Who serves at an agency: its case managers for who works with them, all for who trains them."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, func, or_, select

from infra.database import ReadSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Role
from svc_consent.agencies.tables import Account, RoleGrant

WHO_ASKS = frozenset({Role.CM, Role.SUP})
WHO_TRAINS = frozenset({Role.TRM})
MAX_COLLEAGUES = 1000
"""Most that one answer names; a provider has some dozens."""
ORDER = Order((Account.name, Account.id))


async def case_managers(session: ReadSession, caller: Caller) -> list[tuple[UUID, str]]:
    """Return account and name of who is a case manager now where the caller works, by name.

    Nobody who may not work with the agency's people hears of them, and nobody of other agencies.
    """
    agency_id, site_id = parse_id(caller.agency_id), parse_id(caller.site_id)
    if caller.role not in WHO_ASKS or agency_id is None or site_id is None:
        return []
    found = await session.execute(
        select(Account.id, Account.name)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(
            RoleGrant.agency_id == agency_id,
            RoleGrant.site_id == site_id,
            RoleGrant.role == Role.CM.value,
            *_live(),
            *_may_sign_in(),
        )
        .distinct()
        .order_by(Account.name, Account.id)
        .limit(MAX_COLLEAGUES)
    )
    return [(row[0], row[1]) for row in found]


async def page_of_colleagues(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[Account]:
    """Return who may sign in for the caller's agency now, whatever their role, by name.

    A roster is the agency's and not a site's, so its people at every site are named. Nobody but
    who manages the agency's training hears of them, and nobody of other agencies.
    """
    agency_id = parse_id(caller.agency_id)
    if caller.role not in WHO_TRAINS or agency_id is None:
        return await page(session, select(Account).where(false()), ORDER, request)
    return await page(session, _serving(agency_id), ORDER, request)


async def is_serving(session: ReadSession, account_id: UUID, agency_id: UUID) -> bool:
    """Return whether an account is among those who may sign in for an agency now."""
    found = await session.scalars(_serving(agency_id).where(Account.id == account_id))
    return found.first() is not None


def _serving(agency_id: UUID) -> Select[Account]:
    granted = select(RoleGrant.account_id).where(RoleGrant.agency_id == agency_id, *_live())
    return select(Account).where(Account.id.in_(granted), *_may_sign_in())


def _live() -> tuple[ColumnElement[bool], ...]:
    now = func.clock_timestamp()
    return (
        RoleGrant.revoked_at.is_(None),
        RoleGrant.starts_at <= now,
        or_(RoleGrant.counts_until.is_(None), RoleGrant.counts_until > now),
    )


def _may_sign_in() -> tuple[ColumnElement[bool], ...]:
    return (Account.is_blocked.is_(False), Account.is_inactive.is_(False))
