"""The case managers of an agency, for those who work with its people."""

from uuid import UUID

from sqlalchemy import func, or_, select

from infra.database import ReadSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.vocabulary import Role
from svc_consent.agencies.tables import Account, RoleGrant

WHO_ASKS = frozenset({Role.CM, Role.SUP})
MAX_COLLEAGUES = 1000
"""Most that one answer names; a provider has some dozens."""


async def case_managers(session: ReadSession, caller: Caller) -> list[tuple[UUID, str]]:
    """Return account and name of who is a case manager now where the caller works, by name.

    Nobody who may not work with the agency's people hears of them, and nobody of other agencies.
    """
    agency_id, site_id = parse_id(caller.agency_id), parse_id(caller.site_id)
    if caller.role not in WHO_ASKS or agency_id is None or site_id is None:
        return []
    now = func.clock_timestamp()
    found = await session.execute(
        select(Account.id, Account.name)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(
            RoleGrant.agency_id == agency_id,
            RoleGrant.site_id == site_id,
            RoleGrant.role == Role.CM.value,
            RoleGrant.revoked_at.is_(None),
            RoleGrant.starts_at <= now,
            or_(RoleGrant.counts_until.is_(None), RoleGrant.counts_until > now),
            Account.is_blocked.is_(False),
            Account.is_inactive.is_(False),
        )
        .distinct()
        .order_by(Account.name, Account.id)
        .limit(MAX_COLLEAGUES)
    )
    return [(row[0], row[1]) for row in found]
