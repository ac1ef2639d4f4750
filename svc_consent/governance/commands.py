"""Requests for roles, agreements, and seats."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from infra.authority.facts import put_agency_window
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import AgencyType, Role
from svc_consent.agencies import rules as agency_rules
from svc_consent.agencies.commands import GrantTerms, account_to_grant, put_grant
from svc_consent.agencies.repository.directory import database_now
from svc_consent.agencies.rules import MembershipStatus, checked_reason
from svc_consent.agencies.tables import Membership, Mou
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import agency_key
from svc_consent.governance import rules
from svc_consent.governance.repository import requests as repository
from svc_consent.governance.rules import RequestStatus, SeatBody
from svc_consent.governance.tables import MouDocument, RoleRequest, Seat
from svc_consent.history.repository import record
from svc_consent.history.rules import EventKind


def require(caller: Caller, *roles: Role) -> UUID:
    """Return the caller's site when the caller acts in one of these roles.

    Raises:
        CommandError: another role.
    """
    site_id = parse_id(caller.site_id)
    if caller.role not in roles or site_id is None:
        raise CommandError("FORBIDDEN", "Your role may not do this.")
    return site_id


async def request_role(
    session: WriteSession, caller: Caller, agency_id: str, terms: GrantTerms
) -> dict[str, Any]:
    """Ask for a role that a second person approves.

    Raises:
        CommandError: not an administrator, unknown agency or account, oneself, or asked already.
        RuleError: a role above the ceiling, or no reason.
    """
    site_id = require(caller, Role.AGA, Role.PLA)
    row_id = parse_id(agency_id)
    agency = await repository.agency(session, row_id) if row_id else None
    if agency is None or (caller.role is Role.AGA and agency_id != caller.agency_id):
        raise not_found("input", "agencyId")
    if terms.account_id == caller.subject:
        message = "Nobody asks for a role for themselves."
        raise CommandError("OWN_GRANT", message, ("input", "accountId"))
    reason = checked_reason(terms.reason)
    kind = AgencyType(agency.type)
    is_own = str(agency.id) == caller.agency_id
    rules.check_requestable(caller.role, kind, terms.role, is_own_agency=is_own)
    if caller.role is Role.AGA:
        agency_rules.check_role(kind, terms.role, is_liaison=terms.is_liaison)
        account = await account_to_grant(session, caller, terms.account_id)
    else:
        account_id = parse_id(terms.account_id)
        found = await repository.any_account(session, account_id) if account_id else None
        if found is None:
            raise not_found("input", "accountId")
        account = found
    now = await database_now(session)
    agency_rules.checked_period(terms.starts_at, terms.ends_at, now)
    row = RoleRequest(
        id=uuid4(),
        account_id=account.id,
        agency_id=agency.id,
        site_id=site_id,
        role=terms.role.value,
        is_liaison=terms.is_liaison,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        reason=reason,
        status=RequestStatus.REQUESTED.value,
        requested_by=UUID(caller.subject),
        requested_at=now,
        version=1,
    )
    if not await repository.add_request(session, row):
        message = "This role has been asked for already and waits for a decision."
        raise CommandError("REQUESTED_ALREADY", message, ("input", "role"))
    record(
        session, EventKind.ROLE_REQUESTED, caller, now, agency_id=agency.id,
        account_id=account.id, role=row.role, reason=reason,
    )  # fmt: skip
    return {"request": str(row.id)}


async def decide_request(
    session: WriteSession, caller: Caller, request_id: str, reason: str, *, is_approved: bool
) -> dict[str, Any]:
    """Approve or decline a request; approval grants the role in the same transaction.

    Raises:
        CommandError: not an administrator, no such request, decided already.
        RuleError: not a second person, no reason, or the role does not go together with another.
    """
    require(caller, Role.AGA, Role.PLA)
    text = checked_reason(reason)
    row_id = parse_id(request_id)
    row = await repository.request_by_id(session, caller, row_id, lock=True) if row_id else None
    if row is None:
        raise not_found("input", "requestId")
    if row.status != RequestStatus.REQUESTED:
        raise version_conflict("input", "requestId")
    rules.check_approver(
        approver=caller.subject,
        requested_by=str(row.requested_by),
        account_id=str(row.account_id),
    )
    agency = await repository.agency(session, row.agency_id)
    account = await repository.any_account(session, row.account_id)
    if agency is None or account is None:
        raise not_found("input", "requestId")
    if caller.role is Role.AGA and row.role == Role.PRV:
        raise CommandError("FORBIDDEN", "The platform's administrators decide about this role.")
    now = await database_now(session)
    row.decided_by, row.decided_at, row.decision_reason = UUID(caller.subject), now, text
    row.version += 1
    if not is_approved:
        row.status = RequestStatus.DECLINED.value
        record(
            session, EventKind.ROLE_DECLINED, caller, now, agency_id=row.agency_id,
            account_id=row.account_id, role=row.role, reason=text,
        )  # fmt: skip
        await session.flush()
        return {"request": str(row.id)}
    row.status = RequestStatus.APPROVED.value
    terms = GrantTerms(
        account_id=str(row.account_id),
        role=Role(row.role),
        is_liaison=row.is_liaison,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reason=row.reason,
    )
    row.grant_id = None
    made = await put_grant(
        session, caller, terms, row.account_id, agency, row.site_id,
        reason=row.reason, granted_by=UUID(caller.subject),
    )  # fmt: skip
    row.grant_id = UUID(made["grantId"])
    await session.flush()
    return {"request": str(row.id)}


async def invite_agency(
    session: WriteSession, caller: Caller, agency_id: str, reason: str
) -> dict[str, Any]:
    """Make an agency a prospective member of the own site; nothing is shared with it yet.

    Raises:
        CommandError: not the platform's administrator, no such agency, or a member already.
        RuleError: no reason.
    """
    site_id = require(caller, Role.PLA)
    text = checked_reason(reason)
    row_id = parse_id(agency_id)
    agency = await repository.agency(session, row_id) if row_id else None
    if agency is None:
        raise not_found("input", "agencyId")
    if await repository.membership(session, agency.id, site_id) is not None:
        message = "The agency has a membership of this site: change that one."
        raise CommandError("ALREADY_THERE", message, ("input", "agencyId"))
    now = await database_now(session)
    session.add(
        Membership(
            id=uuid4(),
            agency_id=agency.id,
            site_id=site_id,
            status=MembershipStatus.PROSPECTIVE.value,
            since_at=now,
            changed_by=UUID(caller.subject),
            reason=text,
            version=1,
        )
    )
    record(session, EventKind.MEMBERSHIP_INVITED, caller, now, agency_id=agency.id, reason=text)
    await session.flush()
    return {"agencyId": str(agency.id)}


async def sign_mou(
    session: WriteSession,
    caller: Caller,
    agency_id: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
) -> dict[str, Any]:
    """Record a signed memorandum: from its first day the agency is a live member.

    An agency that had withdrawn begins anew: the roles that its people held stay revoked.

    Raises:
        CommandError: not the platform's administrator, or no membership to sign for.
        RuleError: no reason, or a period that is none.
    """
    site_id = require(caller, Role.PLA)
    text = checked_reason(reason)
    row_id = parse_id(agency_id)
    membership = await repository.membership(session, row_id, site_id) if row_id else None
    if membership is None or membership.status == MembershipStatus.SUSPENDED:
        raise not_found("input", "agencyId")
    now = await database_now(session)
    begins, ends = agency_rules.checked_period(starts_at, ends_at, now)
    mou = Mou(id=uuid4(), membership_id=membership.id, starts_at=begins, ends_at=ends, version=1)
    session.add(mou)
    membership.status = MembershipStatus.MOU_SIGNED.value
    membership.since_at = now
    membership.changed_by = UUID(caller.subject)
    membership.reason = text
    membership.version += 1
    record(session, EventKind.MOU_SIGNED, caller, now, agency_id=membership.agency_id, reason=text)
    window = put_agency_window(mou.id, str(membership.agency_id), str(site_id), begins, ends)
    await record_change(session, [agency_key(membership.agency_id)], [window])
    return {"agencyId": str(membership.agency_id), "mou": str(mou.id)}


async def add_document(
    session: WriteSession, caller: Caller, mou_id: str, document: rules.Document
) -> dict[str, Any]:
    """Add a file to an agreement.

    Raises:
        CommandError: not an administrator, or no such agreement of an agency administered.
    """
    require(caller, Role.AGA, Role.PLA)
    row_id = parse_id(mou_id)
    agency_id = await repository.agreement(session, caller, row_id) if row_id else None
    if agency_id is None or row_id is None:
        raise not_found("input", "mouId")
    now = await database_now(session)
    session.add(
        MouDocument(
            id=uuid4(),
            mou_id=row_id,
            file_name=document.file_name,
            media_type=document.media_type,
            digest=document.digest,
            content=document.content,
            added_by=UUID(caller.subject),
            added_at=now,
        )
    )
    record(
        session, EventKind.MOU_DOCUMENT_ADDED, caller, now, agency_id=agency_id,
        reason=document.digest,
    )  # fmt: skip
    await session.flush()
    return {"agencyId": str(agency_id)}


@dataclass(frozen=True, slots=True)
class SeatTerms:
    """Who sits where, from when."""

    body: SeatBody
    name: str
    title: str | None
    agency_id: str | None
    account_id: str | None
    starts_on: date


async def seat_member(session: WriteSession, caller: Caller, terms: SeatTerms) -> dict[str, Any]:
    """Give somebody a seat of the own site.

    Raises:
        CommandError: another role, or no such agency or account.
        RuleError: no name.
    """
    site_id = require(caller, Role.PLA, Role.PM)
    name = rules.checked_name(terms.name, "name", needed=True)
    title = rules.checked_name(terms.title, "title", needed=False)
    agency_id, account_id = parse_id(terms.agency_id), parse_id(terms.account_id)
    if terms.agency_id is not None and (
        agency_id is None or await repository.agency(session, agency_id) is None
    ):
        raise not_found("input", "agencyId")
    if terms.account_id is not None and (
        account_id is None or await repository.any_account(session, account_id) is None
    ):
        raise not_found("input", "accountId")
    row = Seat(
        id=uuid4(),
        site_id=site_id,
        body=terms.body.value,
        agency_id=agency_id,
        account_id=account_id,
        name=name or "",
        title=title,
        starts_on=terms.starts_on,
        version=1,
    )
    session.add(row)
    now = await database_now(session)
    record(
        session, EventKind.SEAT_TAKEN, caller, now, agency_id=agency_id, account_id=account_id,
        reason=terms.body.value,
    )  # fmt: skip
    await session.flush()
    return {"seat": str(row.id)}


async def end_seat(
    session: WriteSession, caller: Caller, seat_id: str, ends_on: date, expected_version: int
) -> dict[str, Any]:
    """End somebody's seat on a day.

    Raises:
        CommandError: another role, no such seat, changed meanwhile, or a day before its start.
    """
    require(caller, Role.PLA, Role.PM)
    row_id = parse_id(seat_id)
    row = await repository.seat(session, caller, row_id) if row_id else None
    if row is None:
        raise not_found("input", "seatId")
    if row.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    if ends_on < row.starts_on:
        message = "A seat ends on or after the day on which it began."
        raise CommandError("BAD_DATE", message, ("input", "endsOn"))
    row.ends_on = ends_on
    row.version += 1
    now = await database_now(session)
    record(
        session, EventKind.SEAT_ENDED, caller, now, agency_id=row.agency_id,
        account_id=row.account_id, reason=row.body,
    )  # fmt: skip
    await session.flush()
    return {"seat": str(row.id)}
