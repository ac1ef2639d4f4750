"""Statements of the directory. Grants and accounts are narrowed by what the caller may see."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    or_,
    select,
    true,
    update,
)

from infra.authority import expression
from infra.authority.tables import AgencyWindow
from infra.database import AnySession, ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Basis, Category, Role
from svc_consent.agencies.tables import Account, Agency, Membership, Mou, RoleGrant, Site

AGENCY_ORDER = Order((Agency.name, Agency.id))
GRANT_ORDER = Order((RoleGrant.granted_at, RoleGrant.id), is_descending=True)


async def database_now(session: AnySession) -> datetime:
    """Return the one clock that decisions go by."""
    now: datetime | None = await session.scalar(select(func.clock_timestamp()))
    assert now is not None  # noqa: S101 - a clock always answers
    return now


def _scope(caller: Caller) -> set[Basis]:
    alternatives = expression.parse(caller.access.get(Category.AGENCY_ROLES, ""))
    return {basis for part in alternatives for basis in part if len(part) == 1}


def visible_grants(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this grant": all, the own agency's, the own."""
    scope = _scope(caller)
    if Basis.ANY in scope:
        return true()
    grounds: list[ColumnElement[bool]] = []
    if Basis.OWN_AGENCY in scope:
        grounds.append(RoleGrant.agency_id == parse_id(caller.agency_id))
    if scope:
        grounds.append(RoleGrant.account_id == parse_id(caller.subject))
    return or_(false(), *grounds)


def may_see_agency_roles(caller: Caller, agency_id: UUID) -> bool:
    """Return whether the caller may see an agency's membership: the own, or all."""
    scope = _scope(caller)
    return Basis.ANY in scope or (bool(scope) and agency_id == parse_id(caller.agency_id))


async def sites(session: ReadSession) -> Sequence[Site]:
    """Return all sites by name; there are few."""
    return (await session.scalars(select(Site).order_by(Site.name, Site.id))).all()


async def sites_by_id(session: AnySession, ids: Sequence[UUID]) -> dict[UUID, Site]:
    """Return these sites."""
    rows = (await session.scalars(select(Site).where(Site.id.in_(ids)))).all()
    return {row.id: row for row in rows}


async def page_of_agencies(session: ReadSession, request: PageRequest) -> Page[Agency]:
    """Return one page of all agencies, by name."""
    return await page(session, select(Agency), AGENCY_ORDER, request)


async def agencies_by_id(session: AnySession, ids: Sequence[UUID]) -> dict[UUID, Agency]:
    """Return these agencies."""
    rows = (await session.scalars(select(Agency).where(Agency.id.in_(ids)))).all()
    return {row.id: row for row in rows}


async def memberships_of(
    session: ReadSession, agency_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[Membership, list[Mou]]]]:
    """Return the memberships of agencies, each with its agreements, oldest first."""
    found = await session.execute(
        select(Membership, Mou)
        .outerjoin(Mou, Mou.membership_id == Membership.id)
        .where(Membership.agency_id.in_(agency_ids))
        .order_by(Membership.since_at, Membership.id, Mou.starts_at)
    )
    by_agency: dict[UUID, dict[UUID, tuple[Membership, list[Mou]]]] = {}
    for membership, mou in found:
        own = by_agency.setdefault(membership.agency_id, {})
        _, agreements = own.setdefault(membership.id, (membership, []))
        if mou is not None:
            agreements.append(mou)
    return {agency_id: list(own.values()) for agency_id, own in by_agency.items()}


async def membership_for_update(
    session: WriteSession, caller: Caller, agency_id: UUID, site_id: UUID
) -> Membership | None:
    """Return an agency's membership of a site, locked, if the caller may see it."""
    if not may_see_agency_roles(caller, agency_id):
        return None
    row: Membership | None = await session.scalar(
        select(Membership)
        .where(Membership.agency_id == agency_id, Membership.site_id == site_id)
        .with_for_update()
    )
    return row


async def standing_agreements(
    session: WriteSession, membership_id: UUID, now: datetime
) -> list[tuple[Mou, AgencyWindow | None]]:
    """Return agreements that are not over, each with the period in which it counts, if any."""
    found = await session.execute(
        select(Mou, AgencyWindow)
        .outerjoin(AgencyWindow, AgencyWindow.id == Mou.id)
        .where(Mou.membership_id == membership_id, or_(Mou.ends_at.is_(None), Mou.ends_at > now))
    )
    return [(row[0], row[1]) for row in found]


async def page_of_grants(
    session: ReadSession,
    caller: Caller,
    request: PageRequest,
    *,
    agency_id: UUID | None = None,
    account_id: UUID | None = None,
) -> Page[RoleGrant]:
    """Return one page of an agency's or an account's grants, newest first."""
    whose: ColumnElement[bool] = false()  # an id that names nothing has no grants
    if agency_id is not None:
        whose = RoleGrant.agency_id == agency_id
    elif account_id is not None:
        whose = RoleGrant.account_id == account_id
    rows = select(RoleGrant).where(visible_grants(caller), whose)
    return await page(session, rows, GRANT_ORDER, request)


async def grants_by_id(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, RoleGrant]:
    """Return these grants, as far as the caller may see them."""
    rows = await session.scalars(
        select(RoleGrant).where(RoleGrant.id.in_(ids), visible_grants(caller))
    )
    return {row.id: row for row in rows}


async def accounts_by_id(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, Account]:
    """Return these accounts, as far as the caller may see a grant of theirs."""
    seen = select(RoleGrant.account_id).where(visible_grants(caller))
    rows = await session.scalars(select(Account).where(Account.id.in_(ids), Account.id.in_(seen)))
    return {row.id: row for row in rows}


async def grantable_account(
    session: WriteSession, caller: Caller, account_id: UUID
) -> Account | None:
    """Return an account that an administrator may give a role to, locked.

    Either the own agency knows it already (a grant, ended ones too), or it has none anywhere and
    waits for its first.
    """
    seen = select(RoleGrant.account_id).where(visible_grants(caller))
    anywhere = select(RoleGrant.account_id)
    row: Account | None = await session.scalar(
        select(Account)
        .where(
            Account.id == account_id,
            Account.is_blocked.is_(False),
            or_(Account.id.in_(seen), Account.id.not_in(anywhere)),
        )
        .with_for_update()
    )
    return row


async def roles_held(
    session: WriteSession, caller: Caller, account_id: UUID, site_id: UUID, now: datetime
) -> tuple[list[Role], list[Role]]:
    """Return the roles of an account at a site that are not over: those visible, and all."""
    found = await session.execute(
        select(RoleGrant.role, visible_grants(caller)).where(
            RoleGrant.account_id == account_id,
            RoleGrant.site_id == site_id,
            RoleGrant.revoked_at.is_(None),
            or_(RoleGrant.counts_until.is_(None), RoleGrant.counts_until > now),
        )
    )
    rows = [(Role(row[0]), bool(row[1])) for row in found]
    return [role for role, is_visible in rows if is_visible], [role for role, _ in rows]


async def revoke_grants_of(
    session: WriteSession, agency_id: UUID, site_id: UUID, now: datetime, by: UUID | None
) -> None:
    """Take every role of an agency at a site away, in one statement."""
    await session.execute(
        update(RoleGrant)
        .where(
            RoleGrant.agency_id == agency_id,
            RoleGrant.site_id == site_id,
            RoleGrant.revoked_at.is_(None),
        )
        .values(
            revoked_at=now,
            revoked_by=by,
            revocation_reason="The agency has withdrawn.",
            version=RoleGrant.version + 1,
        )
        .execution_options(synchronize_session=False)
    )


async def standing_grants(
    session: WriteSession, account_id: UUID, agency_id: UUID, site_id: UUID, role: str
) -> list[tuple[datetime, datetime | None]]:
    """Return the periods of grants of the same role that have not been revoked."""
    found = await session.execute(
        select(RoleGrant.starts_at, RoleGrant.counts_until).where(
            RoleGrant.account_id == account_id,
            RoleGrant.agency_id == agency_id,
            RoleGrant.site_id == site_id,
            RoleGrant.role == role,
            RoleGrant.revoked_at.is_(None),
        )
    )
    return [(row[0], row[1]) for row in found]


async def account_for_update(
    session: WriteSession, caller: Caller, account_id: UUID, site_id: UUID
) -> Account | None:
    """Return an account with a role at a site, ended ones too, as far as visible; locked."""
    here = select(RoleGrant.account_id).where(RoleGrant.site_id == site_id, visible_grants(caller))
    row: Account | None = await session.scalar(
        select(Account).where(Account.id == account_id, Account.id.in_(here)).with_for_update()
    )
    return row


async def grant_for_update(
    session: WriteSession, caller: Caller, grant_id: UUID
) -> RoleGrant | None:
    """Return a grant of the caller's own agency, or the platform's of the own site, locked."""
    within = RoleGrant.agency_id == parse_id(caller.agency_id)
    if caller.role is Role.PLA:
        within = RoleGrant.site_id == parse_id(caller.site_id)
    row: RoleGrant | None = await session.scalar(
        select(RoleGrant)
        .where(RoleGrant.id == grant_id, within, visible_grants(caller))
        .with_for_update()
    )
    return row


async def administering_of(session: WriteSession, account_id: UUID) -> dict[UUID, UUID | None]:
    """Return an account's grants as the platform's administrator, each with its site."""
    return await _administering(session, RoleGrant.account_id == account_id)


async def administering_at(
    session: WriteSession, agency_id: UUID, site_id: UUID
) -> dict[UUID, UUID | None]:
    """Return the grants of the platform's administrators that an agency has at a site."""
    return await _administering(
        session, and_(RoleGrant.agency_id == agency_id, RoleGrant.site_id == site_id)
    )


async def _administering(
    session: WriteSession, whose: ColumnElement[bool]
) -> dict[UUID, UUID | None]:
    found = await session.execute(
        select(RoleGrant.id, RoleGrant.site_id).where(
            whose, RoleGrant.role == Role.PLA.value, RoleGrant.revoked_at.is_(None)
        )
    )
    return {row.id: row.site_id for row in found}


async def platform_grants(session: WriteSession, site_id: UUID) -> set[UUID]:
    """Return the grants of the platform's administrators at a site that count now."""
    now = await database_now(session)
    is_live = exists().where(
        AgencyWindow.agency_id == cast(RoleGrant.agency_id, Text),
        AgencyWindow.site_id == str(site_id),
        AgencyWindow.starts_at <= now,
        or_(AgencyWindow.ends_at.is_(None), AgencyWindow.ends_at > now),
    )
    found = await session.scalars(
        select(RoleGrant.id)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(
            RoleGrant.role == Role.PLA.value,
            RoleGrant.site_id == site_id,
            RoleGrant.revoked_at.is_(None),
            RoleGrant.starts_at <= now,
            or_(RoleGrant.counts_until.is_(None), RoleGrant.counts_until > now),
            Account.is_blocked.is_(False),
            Account.is_inactive.is_(False),
            is_live,
        )
    )
    return set(found)
