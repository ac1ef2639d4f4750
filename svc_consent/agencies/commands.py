"""Roles inside an agency (they move ``subject:S``), and its membership (``agency:A``)."""

from collections.abc import Mapping, Sequence
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
from svc_consent.agencies.tables import Account, Agency, RoleGrant
from svc_consent.authority.repository import lock_order, record_change
from svc_consent.authority.rules import agency_key, subject_key
from svc_consent.history import repository as history
from svc_consent.history.rules import EventKind


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
class BlockChange:
    """Whether an account is to be shut out."""

    account_id: str
    is_blocked: bool
    expected_version: int
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
        CommandError: not an administrator, unknown account, oneself, granted already, or a role
            that needs a second person.
        RuleError: above the agency's ceiling, no reason, a period that is none, or a role that
            does not go together with another one held.
    """
    agency_id, site_id = _own_agency(caller)
    if terms.account_id == caller.subject:
        raise CommandError(
            "OWN_GRANT", "Nobody gives a role to themselves.", ("input", "accountId")
        )
    reason = rules.checked_reason(terms.reason)
    agency = (await repository.agencies_by_id(session, [agency_id]))[agency_id]
    rules.check_role(AgencyType(agency.type), terms.role, is_liaison=terms.is_liaison)
    if rules.needs_second_person(terms.role, is_liaison=terms.is_liaison):
        message = "This role needs a second person: ask for it with requestRole."
        raise CommandError("SECOND_PERSON_NEEDED", message, ("input", "role"))
    account = await account_to_grant(session, caller, terms.account_id)
    return await put_grant(
        session,
        caller,
        terms,
        account.id,
        agency,
        site_id,
        reason=reason,
        granted_by=parse_id(caller.subject),
    )


async def account_to_grant(session: WriteSession, caller: Caller, account_id: str) -> Account:
    """Return the account that a role is to be given to, locked.

    Raises:
        CommandError: absent, blocked, or somebody whom another agency has.
    """
    row_id = parse_id(account_id)
    account = await repository.grantable_account(session, caller, row_id) if row_id else None
    if account is None:
        raise not_found("input", "accountId")
    return account


async def put_grant(
    session: WriteSession,
    caller: Caller,
    terms: GrantTerms,
    account_id: UUID,
    agency: Agency,
    site_id: UUID,
    *,
    reason: str,
    granted_by: UUID | None,
) -> dict[str, Any]:
    """Store a grant whose giver was found to have the right; the account is locked.

    Raises:
        CommandError: granted already in that time.
        RuleError: a period that is none, or a role that does not go together with another.
    """
    now = await repository.database_now(session)
    period = rules.checked_period(terms.starts_at, terms.ends_at, now)
    known, held = await repository.roles_held(session, caller, account_id, site_id, now)
    rules.check_separation(terms.role, known, held)
    standing = await repository.standing_grants(
        session, account_id, agency.id, site_id, terms.role.value
    )
    if rules.overlaps(period, standing):
        raise CommandError(
            "GRANT_EXISTS", "This person holds the role in that time already.", ("input", "role")
        )
    field = rules.SERVICE_FIELDS.get(AgencyType(agency.type))
    grant = RoleGrant(
        id=uuid4(),
        account_id=account_id,
        agency_id=agency.id,
        site_id=site_id,
        role=terms.role.value,
        is_liaison=terms.is_liaison,
        service_field=field if terms.role is Role.SVC else None,
        starts_at=period[0],
        ends_at=period[1],
        reason=reason,
        approved_by=granted_by,
        granted_at=now,
    )
    session.add(grant)
    history.record(
        session,
        EventKind.ROLE_GRANTED,
        caller,
        now,
        agency_id=agency.id,
        account_id=account_id,
        role=terms.role.value,
        reason=reason,
    )
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
        RuleError: no reason, no such step, or the platform would have no administrator left.
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
    now = await repository.database_now(session)
    rules.check_step(MembershipStatus(membership.status), change.status)
    if change.status is not MembershipStatus.MOU_SIGNED:
        going = await repository.administering_at(session, membership.agency_id, membership.site_id)
        await _keep_an_administrator(session, going)
    membership.status = change.status.value
    membership.since_at = now
    membership.reason = reason
    membership.changed_by = parse_id(caller.subject)
    membership.version += 1
    if change.status is MembershipStatus.WITHDRAWN:
        # Joining again must not revive them: a new agreement begins without anybody in a role.
        await repository.revoke_grants_of(
            session, membership.agency_id, membership.site_id, now, parse_id(caller.subject)
        )
    history.record(
        session,
        EventKind.MEMBERSHIP_CHANGED,
        caller,
        now,
        agency_id=membership.agency_id,
        reason=f"{change.status.value}: {reason}",
    )
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
    """Take a role away, at once: of the own agency, or at any of the site what no agency gives.

    Raises:
        CommandError: not an administrator, no such grant, revoked already, or changed meanwhile.
        RuleError: no reason, somebody else's to take away, as the platform's administrator one's
            own, or the last of the platform's administrators.
    """
    if caller.role is not Role.PLA:
        _own_agency(caller)
    text = rules.checked_reason(reason)
    row_id = parse_id(grant_id)
    grant = None
    if row_id is not None:
        grant = await repository.grant_for_update(session, caller, row_id)
    if grant is None or grant.agency_id is None:
        raise not_found("input", "grantId")
    agency = (await repository.agencies_by_id(session, [grant.agency_id]))[grant.agency_id]
    rules.check_revocable(caller.role, AgencyType(agency.type), Role(grant.role))
    rules.check_not_own(caller.role, caller.subject, str(grant.account_id))
    if grant.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    if grant.revoked_at is not None:
        raise CommandError("ALREADY_REVOKED", "The role was taken away before.", ("input",))
    await take_away(session, caller, [grant], text)
    return {"grantId": str(grant.id)}


async def set_account_blocked(
    session: WriteSession, caller: Caller, change: BlockChange
) -> dict[str, Any]:
    """Shut an account of the caller's site out of everything, or let it in again, at once.

    Its roles stay as they are and count for nothing meanwhile, at every site.

    Raises:
        CommandError: not this role, no such account, oneself, so already, or changed meanwhile.
        RuleError: no reason, or the last of the platform's administrators.
    """
    site_id, account_id = parse_id(caller.site_id), parse_id(change.account_id)
    if caller.role is not Role.PLA or site_id is None:
        raise CommandError("FORBIDDEN", "Only the platform's administrator may do this.")
    reason = rules.checked_reason(change.reason)
    if change.account_id == caller.subject:
        raise CommandError("OWN_ACCOUNT", "Nobody shuts out themselves.", ("input", "accountId"))
    account = None
    if account_id is not None:
        account = await repository.account_for_update(session, caller, account_id, site_id)
    if account is None:
        raise not_found("input", "accountId")
    if account.version != change.expected_version:
        raise version_conflict("input", "expectedVersion")
    if account.is_blocked is change.is_blocked:
        raise CommandError("NOTHING_TO_CHANGE", "The account is so already.", ("input", "blocked"))
    if change.is_blocked:
        going = await repository.administering_of(session, account.id)
        await _keep_an_administrator(session, going)
    account.is_blocked = change.is_blocked
    account.version += 1
    kind = EventKind.ACCOUNT_BLOCKED if change.is_blocked else EventKind.ACCOUNT_UNBLOCKED
    now = await repository.database_now(session)
    agency_id = parse_id(caller.agency_id)
    history.record(
        session, kind, caller, now, agency_id=agency_id, account_id=account.id, reason=reason
    )
    await record_change(session, [subject_key(account.id)], [])
    return {"accountId": str(account.id)}


async def take_away(
    session: WriteSession, caller: Caller, grants: Sequence[RoleGrant], reason: str
) -> None:
    """Revoke grants, which the caller was found to have the right to, in one revision.

    Raises:
        RuleError: the platform would have no administrator left.
    """
    await _keep_an_administrator(
        session, {each.id: each.site_id for each in grants if each.role == Role.PLA}
    )
    now = await repository.database_now(session)
    for grant in grants:
        grant.revoked_at = now
        grant.revoked_by = parse_id(caller.subject)
        grant.revocation_reason = reason
        grant.version += 1
        history.record(
            session,
            EventKind.ROLE_REVOKED,
            caller,
            now,
            agency_id=grant.agency_id,
            account_id=grant.account_id,
            role=grant.role,
            reason=reason,
        )
    await record_change(session, [subject_key(each.account_id) for each in grants], [])


async def _keep_an_administrator(session: WriteSession, going: Mapping[UUID, UUID | None]) -> None:
    """Check that the platform keeps an administrator wherever some of their grants go.

    Args:
        going: grants of platform administrators that will not count any more, each with its site.

    Raises:
        RuleError: at a site nobody would be left.
    """
    if not going:
        return
    await lock_order(session)  # two who take each other's away come one after the other
    for site_id in set(going.values()):
        if site_id is not None:
            live = await repository.platform_grants(session, site_id)
            rules.check_somebody_stays(live, going)
