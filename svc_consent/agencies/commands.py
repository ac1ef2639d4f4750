"""Giving and taking roles inside an agency. Both change what a person holds: ``subject:S``."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import AgencyType, Role
from svc_consent.agencies import rules
from svc_consent.agencies.repository import directory as repository
from svc_consent.agencies.tables import RoleGrant
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import subject_key


@dataclass(frozen=True, slots=True)
class GrantTerms:
    """What is to be granted."""

    account_id: str
    role: Role
    is_liaison: bool
    starts_at: datetime | None
    ends_at: datetime | None
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


async def revoke_role(
    session: WriteSession, caller: Caller, grant_id: str, expected_version: int, reason: str
) -> dict[str, Any]:
    """Take a role of the caller's own agency away, at once.

    Raises:
        CommandError: not an administrator, no such grant, revoked already, or changed meanwhile.
        RuleError: no reason.
    """
    _own_agency(caller)
    text = rules.checked_reason(reason)
    row_id = parse_id(grant_id)
    grant = None
    if row_id is not None:
        grant = await repository.grant_for_update(session, caller, row_id)
    if grant is None:
        raise not_found("input", "grantId")
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
