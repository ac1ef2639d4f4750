"""Who provisions for an agency, and what its groups mean: kept by people."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import AgencyType, Role
from svc_consent.agencies import rules as agency_rules
from svc_consent.agencies.repository.directory import agencies_by_id, database_now
from svc_consent.agencies.tables import Account
from svc_consent.governance.commands import require
from svc_consent.history.repository import record
from svc_consent.history.rules import EventKind
from svc_consent.provisioning import proposing, repository, rules
from svc_consent.provisioning.commands import join
from svc_consent.provisioning.rules import SubjectAttribute
from svc_consent.provisioning.tables import GroupRole, Provisioner


@dataclass(frozen=True, slots=True)
class ClientTerms:
    """A provider's client to register for an agency, or to stop."""

    agency_id: str
    issuer: str
    client_id: str
    subject_attribute: SubjectAttribute
    is_active: bool
    reason: str


async def register_client(
    session: WriteSession, caller: Caller, terms: ClientTerms
) -> dict[str, Any]:
    """Register a provider's client for an agency; its role is asked for and approved as any other.

    Raises:
        CommandError: not the platform's administrator, or no such agency.
        RuleError: a text is missing or too long, or no reason.
    """
    site_id = require(caller, Role.PLA)
    reason = agency_rules.checked_reason(terms.reason)
    issuer = rules.checked_text(terms.issuer, "issuer", needed=True) or ""
    client_id = rules.checked_text(terms.client_id, "clientId", needed=True) or ""
    agency_id = parse_id(terms.agency_id)
    if agency_id is None or agency_id not in await agencies_by_id(session, [agency_id]):
        raise not_found("input", "agencyId")
    now = await database_now(session)
    account = await repository.account_of(session, issuer, client_id)
    if account is None:
        account = Account(
            id=uuid4(), issuer=issuer, external_subject=client_id, name=f"Client {client_id}",
            is_blocked=False, is_inactive=False, created_at=now, version=1,
        )  # fmt: skip
        session.add(account)
        await session.flush()
    row = Provisioner(
        account_id=account.id,
        agency_id=agency_id,
        site_id=site_id,
        issuer=issuer,
        subject_attribute=terms.subject_attribute.value,
        is_active=terms.is_active,
        changed_by=UUID(caller.subject),
        changed_at=now,
    )
    await repository.put(session, row)
    record(
        session, EventKind.PROVISIONER_REGISTERED, caller, now, agency_id=agency_id,
        account_id=account.id, reason=reason,
    )  # fmt: skip
    await session.flush()
    return {"account": str(account.id)}


@dataclass(frozen=True, slots=True)
class GroupRoleTerms:
    """Which role a group proposes; none takes the mapping away.

    Attributes:
        expected_version: of the mapping as whoever changes it has read it, None for a new one.
    """

    display_name: str
    role: Role | None
    is_liaison: bool
    reason: str
    expected_version: int | None


async def map_group(session: WriteSession, caller: Caller, terms: GroupRoleTerms) -> dict[str, Any]:
    """Keep which role a group of the own agency's provider proposes; its members are proposed now.

    Raises:
        CommandError: not the agency's administrator, nothing to take away, or the mapping has
            changed meanwhile.
        RuleError: no name or reason, or a role above the agency's ceiling.
    """
    require(caller, Role.AGA)
    agency_id = parse_id(caller.agency_id)
    if agency_id is None or await repository.provisioner_of(session, caller) is not None:
        raise CommandError("FORBIDDEN", "A person keeps what groups mean.")
    reason = agency_rules.checked_reason(terms.reason)
    name = rules.checked_text(terms.display_name, "displayName", needed=True) or ""
    agency = (await agencies_by_id(session, [agency_id]))[agency_id]
    now = await database_now(session)
    kept = await repository.role_of_group_for_update(session, agency_id, name)
    if kept is None and terms.role is None:
        raise not_found("input", "displayName")
    if (kept.version if kept else None) != terms.expected_version:
        raise version_conflict("input", "expectedVersion")
    if terms.role is None:
        await repository.remove_group_role(session, agency_id, name)
    else:
        agency_rules.check_role(AgencyType(agency.type), terms.role, is_liaison=terms.is_liaison)
        mapped = GroupRole(
            agency_id=agency_id,
            display_name=name,
            role=terms.role.value,
            is_liaison=terms.is_liaison,
            mapped_by=UUID(caller.subject),
            mapped_at=now,
            version=kept.version + 1 if kept else 1,
        )
        await repository.put(session, mapped)
    record(
        session, EventKind.GROUP_MAPPED, caller, now, agency_id=agency_id,
        role=terms.role.value if terms.role else None, reason=f"{name}: {reason}",
    )  # fmt: skip
    current = await repository.role_of_group(session, agency_id, name)
    for group in await repository.groups_named(session, agency_id, name):
        members = await repository.members_of(session, [group.id])
        await proposing.take_back(session, caller, agency_id, [member for member, _ in members])
        for _, user in members:
            await join(session, caller, group.id, current, user)
    await session.flush()
    return {"displayName": name}
