"""Every statement about provisioning, narrowed to the agency that the caller acts for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select, text
from sqlalchemy.orm import InstrumentedAttribute

from infra.database import AnySession, ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from svc_consent.agencies.tables import Account, Agency, RoleGrant
from svc_consent.governance.repository.requests import administers
from svc_consent.governance.tables import RoleRequest
from svc_consent.provisioning.tables import (
    GroupRole,
    ProvisionedGroup,
    ProvisionedMember,
    ProvisionedUser,
    Provisioner,
)


async def provisioner_of(session: AnySession, caller: Caller) -> Provisioner | None:
    """Return the caller's registration as a provider's client of the agency acted for."""
    return await session.scalar(
        select(Provisioner).where(
            Provisioner.account_id == parse_id(caller.subject),
            Provisioner.agency_id == parse_id(caller.agency_id),
            Provisioner.site_id == parse_id(caller.site_id),
            Provisioner.is_active,
        )
    )


async def put(session: WriteSession, row: Any) -> None:
    """Store a row, or what changed of it."""
    await session.merge(row)
    await session.flush()


async def account_of(session: WriteSession, issuer: str, subject: str) -> Account | None:
    """Return the account of an issuer's subject, locked."""
    return await session.scalar(
        select(Account)
        .where(Account.issuer == issuer, Account.external_subject == subject)
        .with_for_update()
    )


async def agency_named(session: WriteSession, name: str) -> Agency | None:
    """Return an agency of this name, in whatever capitals; nobody adds it meanwhile."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"agency\n{name.lower()}"},
    )
    return await session.scalar(select(Agency).where(func.lower(Agency.name) == name.lower()))


async def account(session: WriteSession, account_id: UUID) -> Account | None:
    """Return an account, locked."""
    return await session.scalar(select(Account).where(Account.id == account_id).with_for_update())


async def is_known_elsewhere(session: WriteSession, account_id: UUID, agency_id: UUID) -> bool:
    """Return whether another agency has or had the account in a role, or provisions it."""
    granted = await session.scalar(
        select(func.count())
        .select_from(RoleGrant)
        .where(RoleGrant.account_id == account_id, RoleGrant.agency_id.is_distinct_from(agency_id))
    )
    provisioned = await session.scalar(
        select(func.count())
        .select_from(ProvisionedUser)
        .where(ProvisionedUser.account_id == account_id, ProvisionedUser.removed_at.is_(None))
    )
    return bool(granted or provisioned)


async def had_roles(session: WriteSession, account_id: UUID) -> bool:
    """Return whether an account holds or held any role."""
    found = await session.scalar(
        select(func.count()).select_from(RoleGrant).where(RoleGrant.account_id == account_id)
    )
    return bool(found)


def _users(caller: Caller) -> Select[ProvisionedUser]:
    return select(ProvisionedUser).where(
        administers(caller, ProvisionedUser.agency_id), ProvisionedUser.removed_at.is_(None)
    )


def _groups(caller: Caller) -> Select[ProvisionedGroup]:
    return select(ProvisionedGroup).where(administers(caller, ProvisionedGroup.agency_id))


async def user(
    session: AnySession, caller: Caller, row_id: UUID, *, lock: bool = False
) -> ProvisionedUser | None:
    """Return a person whom the caller may see."""
    rows = _users(caller).where(ProvisionedUser.id == row_id)
    return await session.scalar(rows.with_for_update() if lock else rows)


async def users_by_id(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, ProvisionedUser]:
    """Return these people, as far as the caller may see them."""
    rows = await session.scalars(_users(caller).where(ProvisionedUser.id.in_(ids)))
    return {row.id: row for row in rows}


async def has_user_name(
    session: WriteSession, agency_id: UUID, name: str, but: UUID | None
) -> bool:
    """Return whether somebody else of the agency has a user name; case does not matter."""
    rows = select(ProvisionedUser.id).where(
        ProvisionedUser.agency_id == agency_id,
        ProvisionedUser.removed_at.is_(None),
        func.lower(ProvisionedUser.user_name) == name.lower(),
    )
    found = list(await session.scalars(rows))
    return any(each != but for each in found)


async def group(
    session: AnySession, caller: Caller, row_id: UUID, *, lock: bool = False
) -> ProvisionedGroup | None:
    """Return a group that the caller may see."""
    rows = _groups(caller).where(ProvisionedGroup.id == row_id)
    return await session.scalar(rows.with_for_update() if lock else rows)


async def groups_named(session: WriteSession, agency_id: UUID, name: str) -> list[ProvisionedGroup]:
    """Return the group of a name at an agency."""
    rows = select(ProvisionedGroup).where(
        ProvisionedGroup.agency_id == agency_id, ProvisionedGroup.display_name == name
    )
    return list(await session.scalars(rows))


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows from a place on, and how many there are in all."""

    total: int
    rows: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: those whose attribute has a value, from a place (from 1) on."""

    attribute: str | None
    value: str
    start: int
    count: int


_USER_COLUMNS: dict[str, InstrumentedAttribute[Any]] = {
    "userName": ProvisionedUser.user_name,
    "externalId": ProvisionedUser.external_id,
    "displayName": ProvisionedUser.display_name,
}
_GROUP_COLUMNS: dict[str, InstrumentedAttribute[Any]] = {
    "displayName": ProvisionedGroup.display_name,
    "externalId": ProvisionedGroup.external_id,
}


async def list_users(session: ReadSession, caller: Caller, wanted: Wanted) -> Listing:
    """Return people of the agency in the order in which they came."""
    rows = _users(caller)
    if wanted.attribute is not None:
        column = _USER_COLUMNS[wanted.attribute]
        if wanted.attribute == "externalId":  # case matters to it (RFC 7643, 3.1)
            rows = rows.where(column == wanted.value)
        else:
            rows = rows.where(func.lower(column) == wanted.value.lower())
    order = (ProvisionedUser.created_at, ProvisionedUser.id)
    return await _listed(session, rows, order, wanted)


async def list_groups(session: ReadSession, caller: Caller, wanted: Wanted) -> Listing:
    """Return groups of the agency in the order in which they came."""
    rows = _groups(caller)
    if wanted.attribute is not None:
        rows = rows.where(_GROUP_COLUMNS[wanted.attribute] == wanted.value)
    order = (ProvisionedGroup.created_at, ProvisionedGroup.id)
    return await _listed(session, rows, order, wanted)


async def _listed(
    session: ReadSession, rows: Select[Any], order: tuple[Any, ...], wanted: Wanted
) -> Listing:
    total = await session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    page = rows.order_by(*order).offset(wanted.start - 1).limit(wanted.count)
    return Listing(total, list(await session.scalars(page)))


async def members_of(
    session: AnySession, group_ids: Sequence[UUID]
) -> list[tuple[ProvisionedMember, ProvisionedUser]]:
    """Return who is in groups that the caller was found to see."""
    found = await session.execute(
        select(ProvisionedMember, ProvisionedUser)
        .join(ProvisionedUser, ProvisionedUser.id == ProvisionedMember.user_id)
        .where(ProvisionedMember.group_id.in_(group_ids))
        .order_by(ProvisionedUser.user_name, ProvisionedUser.id)
    )
    return [(row[0], row[1]) for row in found]


async def memberships_of(
    session: AnySession, user_ids: Sequence[UUID]
) -> list[tuple[ProvisionedMember, ProvisionedGroup]]:
    """Return in which groups people are whom the caller was found to see."""
    found = await session.execute(
        select(ProvisionedMember, ProvisionedGroup)
        .join(ProvisionedGroup, ProvisionedGroup.id == ProvisionedMember.group_id)
        .where(ProvisionedMember.user_id.in_(user_ids))
        .order_by(ProvisionedGroup.display_name)
    )
    return [(row[0], row[1]) for row in found]


async def leave(session: WriteSession, group_id: UUID, user_ids: Sequence[UUID]) -> None:
    """Take people out of a group."""
    await session.execute(
        delete(ProvisionedMember).where(
            ProvisionedMember.group_id == group_id, ProvisionedMember.user_id.in_(user_ids)
        )
    )


async def remove_group(session: WriteSession, group_id: UUID) -> None:
    """Take a group away that has no members any more."""
    await session.execute(delete(ProvisionedGroup).where(ProvisionedGroup.id == group_id))


async def role_of_group(session: AnySession, agency_id: UUID, name: str) -> GroupRole | None:
    """Return which role a group of this name proposes, if any."""
    return await session.get(GroupRole, (agency_id, name))


async def group_roles(session: ReadSession, caller: Caller) -> list[GroupRole]:
    """Return what groups propose at the agencies that the caller administers."""
    rows = select(GroupRole).where(administers(caller, GroupRole.agency_id))
    return list(await session.scalars(rows.order_by(GroupRole.display_name)))


async def role_of_group_for_update(
    session: WriteSession, agency_id: UUID, name: str
) -> GroupRole | None:
    """Return a mapping, locked; nobody adds it meanwhile where there is none."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"provisioned_group_role\n{agency_id}\n{name}"},
    )
    return await role_of_group(session, agency_id, name)


async def remove_group_role(session: WriteSession, agency_id: UUID, name: str) -> None:
    """Take a mapping away."""
    await session.execute(
        delete(GroupRole).where(GroupRole.agency_id == agency_id, GroupRole.display_name == name)
    )


async def grants_made(
    session: WriteSession, grant_ids: Sequence[UUID], agency_id: UUID
) -> list[RoleGrant]:
    """Return grants of an agency that are not revoked, locked."""
    rows = select(RoleGrant).where(
        RoleGrant.id.in_(grant_ids),
        RoleGrant.agency_id == agency_id,
        RoleGrant.revoked_at.is_(None),
    )
    return list(await session.scalars(rows.with_for_update()))


async def requests_made(
    session: WriteSession, request_ids: Sequence[UUID], agency_id: UUID
) -> list[RoleRequest]:
    """Return requests of an agency, locked."""
    rows = select(RoleRequest).where(
        RoleRequest.id.in_(request_ids), RoleRequest.agency_id == agency_id
    )
    return list(await session.scalars(rows.with_for_update()))
