"""Access reviews: every grant of an agency is kept or removed, by a deadline.

An agency's administrator goes through the roles under its ceiling; the platform's goes through
administrators, privacy officers and the platform's own administrators. Nobody decides about
himself.

What nobody has decided by then no longer counts, whether or not somebody closes the review: the
deadline is an end of each grant that waits (``svc_consent.agencies.tables.lapse``). Beginning a
review and keeping a grant change that end, so both have a place in the order. A platform
administrator's role alone ends when somebody else closes its review, so that one is always left.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found
from infra.vocabulary import AgencyType, Role
from svc_consent.agencies import rules as agency_rules
from svc_consent.agencies.commands import take_away
from svc_consent.agencies.repository import directory
from svc_consent.agencies.rules import checked_reason
from svc_consent.agencies.tables import RoleGrant
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import subject_key
from svc_consent.governance import rules
from svc_consent.governance.commands import require
from svc_consent.governance.repository import reviews as repository
from svc_consent.governance.rules import ReviewDecision
from svc_consent.governance.tables import ReviewCampaign
from svc_consent.history.repository import record
from svc_consent.history.rules import EventKind


async def open_review(
    session: WriteSession,
    caller: Caller,
    title: str,
    deadline_at: datetime,
    wanted_agency: str | None = None,
) -> dict[str, Any]:
    """Begin a review of the grants at an agency that count now and are the caller's to review.

    Each ends at the deadline unless it is kept.

    Args:
        wanted_agency: whose administrators and privacy officers the platform's goes through;
            none but the own for an agency's.

    Raises:
        CommandError: not an administrator, no such agency, or there is nothing to review.
        RuleError: no title, or a deadline that is past or too far away.
    """
    site_id = require(caller, Role.AGA, Role.PLA)
    name = rules.checked_name(title, "title", needed=True)
    now = await directory.database_now(session)
    rules.checked_deadline(deadline_at, now)
    is_own = caller.role is Role.AGA
    agency_id = parse_id(caller.agency_id if is_own else wanted_agency)
    agency = None
    if agency_id is not None and (not is_own or wanted_agency in (None, caller.agency_id)):
        agency = (await directory.agencies_by_id(session, [agency_id])).get(agency_id)
    if agency_id is None or agency is None:
        raise not_found("input", "agencyId")
    mine = agency_rules.removable_roles(caller.role, AgencyType(agency.type))
    grants = [
        each
        for each in await repository.live_grants(session, caller, agency_id, now)
        if Role(each.role) in mine
    ]
    if not grants:
        raise CommandError("NOTHING_TO_REVIEW", "Nobody holds a role that you review.")
    row = ReviewCampaign(
        id=uuid4(),
        agency_id=agency_id,
        site_id=site_id,
        title=name or "",
        opened_by=UUID(caller.subject),
        opened_at=now,
        deadline_at=deadline_at,
        version=1,
    )
    session.add(row)
    await session.flush()
    await repository.add_items(session, row.id, [each.id for each in grants])
    record(session, EventKind.REVIEW_OPENED, caller, now, agency_id=agency_id, reason=row.title)
    await record_change(session, [subject_key(each.account_id) for each in grants], [])
    return {"review": str(row.id)}


async def _open_campaign(session: WriteSession, caller: Caller, campaign_id: str) -> ReviewCampaign:
    require(caller, Role.AGA, Role.PLA)
    row_id = parse_id(campaign_id)
    row = await repository.campaign(session, caller, row_id, lock=True) if row_id else None
    is_others = caller.role is Role.AGA and row is not None
    if row is None or (is_others and str(row.agency_id) != caller.agency_id):
        raise not_found("input", "reviewId")
    rules.check_reviewer(caller.role, Role(row.reviewer))
    if row.closed_at is not None:
        message = "This review is closed."
        raise CommandError("REVIEW_CLOSED", message, ("input", "reviewId"))
    return row


async def decide(
    session: WriteSession,
    caller: Caller,
    campaign_id: str,
    grant_id: str,
    decision: ReviewDecision,
    reason: str,
) -> dict[str, Any]:
    """Keep a grant, or remove it at once; what has lapsed is not kept any more.

    Raises:
        CommandError: not an administrator, no such review or grant, closed, or past its deadline.
        RuleError: another role's review, one's own grant, no reason, or the last of the
            platform's administrators.
    """
    row = await _open_campaign(session, caller, campaign_id)
    text = checked_reason(reason)
    wanted = parse_id(grant_id)
    item = await repository.item(session, row.id, wanted) if wanted else None
    grant = await repository.reviewed_grant(session, caller, row, wanted) if wanted else None
    if item is None or grant is None:
        raise not_found("input", "grantId")
    rules.check_not_own(caller.subject, str(grant.account_id))
    now = await directory.database_now(session)
    if now >= row.deadline_at:
        message = "The deadline is past: what nobody kept counts no longer. Close the review."
        raise CommandError("REVIEW_CLOSED", message, ("input", "reviewId"))
    item.decision, item.reason = decision.value, text
    item.decided_by, item.decided_at = UUID(caller.subject), now
    if decision is ReviewDecision.KEEP:
        record(
            session, EventKind.REVIEW_KEPT, caller, now, agency_id=row.agency_id,
            account_id=grant.account_id, role=grant.role, reason=text,
        )  # fmt: skip
        await record_change(session, [subject_key(grant.account_id)], [])
    elif grant.revoked_at is None:
        await take_away(session, caller, [grant], f"Access review: {text}")
    return {"review": str(row.id)}


async def close_review(session: WriteSession, caller: Caller, campaign_id: str) -> dict[str, Any]:
    """Close a review; after its deadline, what has lapsed is removed for good.

    Nobody decides about the own role, so it waits for somebody else and lapses like any other;
    but that of the platform's administrator who closes stays.

    Raises:
        CommandError: not an administrator, no such review, closed, or undecided before the
            deadline.
        RuleError: another role's review, or the last of the platform's administrators.
    """
    row = await _open_campaign(session, caller, campaign_id)
    now = await directory.database_now(session)
    undecided = [each for each in await repository.items(session, row.id) if each.decision is None]
    grants: list[RoleGrant] = []
    for each in undecided:
        grant = await repository.reviewed_grant(session, caller, row, each.grant_id)
        if grant is not None and grant.revoked_at is None:
            grants.append(grant)
    if grants and now < row.deadline_at:
        message = "Before the deadline every role must be kept or removed, yours by others."
        raise CommandError("UNDECIDED", message, ("input", "reviewId"))
    row.closed_at = now
    row.version += 1
    record(session, EventKind.REVIEW_CLOSED, caller, now, agency_id=row.agency_id, reason=row.title)
    await session.flush()
    going = [
        each
        for each in grants
        if not rules.outlives_review(Role(each.role), str(each.account_id), caller.subject)
    ]
    if going:
        for grant in going:  # since then it has not counted; what is explained later says so
            if grant.role != Role.PLA:
                grant.ends_at = min(row.deadline_at, grant.ends_at or row.deadline_at)
        await take_away(session, caller, going, "Access review: nobody kept it in time.")
    return {"review": str(row.id)}
