"""Roles inside an agency (they move ``subject:S``), and its membership (``agency:A``)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from infra.authority.facts import Operation, delete_agency_window, put_agency_window
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import AgencyType, Role
from svc_consent.agencies import rules
from svc_consent.agencies.repository import directory as repository
from svc_consent.agencies.rules import MembershipStatus
from svc_consent.agencies.tables import RoleGrant
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import agency_key, subject_key


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """What is to be granted."""

    account_id: str
    role: Role
    is_liaison: bool
    starts_at: datetime | None
    ends_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """What is to become of a membership."""

    agency_id: str
    status: MembershipStatus
    expected_version: int
    reason: str


def _own_agency(caller: Caller) -> tuple[UUID, UUID]:
    agency_id, site_id = parse_id(caller.agency_id), parse_id(caller.site_id)
    if caller.role is not Role.AGA or agency_id is None or site_id is None:
        raise CommandError("FORBIDDEN", "Only the agency's administrator may do this.")
    return agency_id, site_id


async def grant_role(session: WriteSession, caller: Caller, terms: GrantTerms) -> dict[str, Any]:
    """Give an account a role at the caller's own agency and site.

    Raises:
        CommandError: not an administrator, unknown account, oneself, or granted already.
        RuleError: above the agency's ceiling, no reason, or a period that is none.
    """
    agency_id, site_id = _own_agency(caller)
    account_id = parse_id(terms.account_id)
    if account_id is None:
        raise not_found("input", "accountId")
    if str(account_id) == caller.subject:
        raise CommandError(
            "OWN_GRANT", "Nobody gives a role to themselves.", ("input", "accountId")
        )
    reason = rules.checked_reason(terms.reason)
    agency = (await repository.agencies_by_id(session, [agency_id]))[agency_id]
    agency_type = AgencyType(agency.type)
    rules.check_role(agency_type, terms.role, is_liaison=terms.is_liaison)
    account = await repository.grantable_account(session, caller, account_id)
    if account is None:
        raise not_found("input", "accountId")
    now = await repository.database_now(session)
    period = rules.checked_period(terms.starts_at, terms.ends_at, now)
    standing = await repository.standing_grants(
        session, account_id, agency_id, site_id, terms.role.value
    )
    if rules.overlaps(period, standing):
        raise CommandError(
            "GRANT_EXISTS", "This person holds the role in that time already.", ("input", "role")
        )
    grant = RoleGrant(
        id=uuid4(),
        account_id=account_id,
        agency_id=agency_id,
        site_id=site_id,
        role=terms.role.value,
        is_liaison=terms.is_liaison,
        service_field=rules.SERVICE_FIELDS.get(agency_type) if terms.role is Role.SVC else None,
        starts_at=period[0],
        ends_at=period[1],
        reason=reason,
        approved_by=parse_id(caller.subject),
        granted_at=now,
    )
    session.add(grant)
    await record_change(session, [subject_key(account_id)], [])
    return {"grantId": str(grant.id)}


async def change_membership(
    session: WriteSession, caller: Caller, change: MembershipChange
) -> dict[str, Any]:
    """Suspend, resume or withdraw an agency's membership of the caller's site, at once.

    Touches the agency's periods and nothing of any participant: every provision that names the
    agency is inert while it has no live period.

    Raises:
        CommandError: not this role, no such membership, or changed meanwhile.
        RuleError: no reason, or no such step.
    """
    agency_id, site_id = parse_id(change.agency_id), parse_id(caller.site_id)
    is_own = agency_id is not None and agency_id == parse_id(caller.agency_id)
    leaves = is_own and change.status is MembershipStatus.WITHDRAWN
    if caller.role is not Role.PLA and not (caller.role is Role.AGA and leaves):
        raise CommandError("FORBIDDEN", "An administrator may only withdraw the own agency.")
    reason = rules.checked_reason(change.reason)
    membership = None
    if agency_id is not None and site_id is not None:
        membership = await repository.membership_for_update(session, caller, agency_id, site_id)
    if membership is None:
        raise not_found("input", "agencyId")
    if membership.version != change.expected_version:
        raise version_conflict("input", "expectedVersion")
    rules.check_step(MembershipStatus(membership.status), change.status)
    now = await repository.database_now(session)
    membership.status = change.status.value
    membership.since_at = now
    membership.reason = reason
    membership.changed_by = parse_id(caller.subject)
    membership.version += 1
    operations: list[Operation] = []
    for mou, window in await repository.standing_agreements(session, membership.id, now):
        period: tuple[datetime, datetime | None] | None = None
        if change.status is MembershipStatus.MOU_SIGNED:
            period = max(now, mou.starts_at), mou.ends_at
        elif window is not None and window.starts_at < now:
            period = window.starts_at, min(now, window.ends_at or now)
        if period is not None:
            operations.append(
                put_agency_window(mou.id, str(membership.agency_id), str(site_id), *period)
            )
        elif window is not None:
            operations.append(delete_agency_window(mou.id))
    await record_change(session, [agency_key(membership.agency_id)], operations)
    return {"agencyId": str(membership.agency_id)}


async def revoke_role(
    session: WriteSession, caller: Caller, grant_id: str, expected_version: int, reason: str
) -> dict[str, Any]:
    """Take a role of the caller's own agency away, at once.

    Raises:
        CommandError: not an administrator, no such grant, revoked already, or changed meanwhile.
        RuleError: no reason, or a role above the agency's ceiling.
    """
    agency_id, _ = _own_agency(caller)
    text = rules.checked_reason(reason)
    row_id = parse_id(grant_id)
    grant = None
    if row_id is not None:
        grant = await repository.grant_for_update(session, caller, row_id)
    if grant is None:
        raise not_found("input", "grantId")
    agency = (await repository.agencies_by_id(session, [agency_id]))[agency_id]
    rules.check_revocable(AgencyType(agency.type), Role(grant.role))
    if grant.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    if grant.revoked_at is not None:
        raise CommandError("ALREADY_REVOKED", "The role was taken away before.", ("input",))
    grant.revoked_at = await repository.database_now(session)
    grant.revoked_by = parse_id(caller.subject)
    grant.revocation_reason = text
    grant.version += 1
    await record_change(session, [subject_key(grant.account_id)], [])
    return {"grantId": str(grant.id)}
