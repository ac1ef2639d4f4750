"""Commands about referrals: submit, decide, record outreach."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from infra import clock
from infra.authority import handover
from infra.authority.changes import Operation, delete_visibility
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.errors import RuleError
from infra.events import agency_key, publish
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.clocks import commands as clocks
from svc_participants.clocks.rules import ClockKind, ClockState
from svc_participants.contacts.repository import attempts_since
from svc_participants.people.commands import own_agency
from svc_participants.people.repository import may_write
from svc_participants.people.rules import check_version, not_found
from svc_participants.people.site_days import zone_of_site
from svc_participants.protocols import judgement
from svc_participants.protocols.repository import by_id
from svc_participants.protocols.rules import read
from svc_participants.referrals import authority_facts as facts
from svc_participants.referrals import repository, rules
from svc_participants.referrals.authority_facts import (
    author_fact,
    end_of_identity_facts,
    own_agency_fact,
    own_agency_fact_id,
    screening_facts,
)
from svc_participants.referrals.forms import Person, ReferralForm
from svc_participants.referrals.steps import measured, record_step
from svc_participants.referrals.submissions import submit, submit_from_public
from svc_participants.referrals.tables import ReferralRow

__all__ = [
    "DecisionRequest",
    "Person",
    "ReferralForm",
    "author_fact",
    "decide",
    "end_of_identity_facts",
    "handed_over",
    "own_agency_fact",
    "own_agency_fact_id",
    "record_outreach",
    "record_step",
    "screening_facts",
    "submit",
    "submit_from_public",
]


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """A decision with what it needs."""

    decision: rules.Decision
    expected_version: int
    provider_agency_id: str | None
    reason: rules.DeclineReason | None
    duplicate_of_id: str | None
    exception_reason: str | None = None
    decided_at: datetime | None = None


async def decide(
    session: WriteSession, caller: Caller, referral_id: str, request: DecisionRequest
) -> dict[str, Any]:
    """Decide on a referral: the project manager, or the liaison on its own agency's.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, DATE_IN_FUTURE,
            DATE_TOO_EARLY, PROVIDER_NOT_AT_SITE, or what the decision needs is missing.
    """
    rules.check_decider(caller.role, request.decision)
    key = parse_id(referral_id)
    row = None if key is None else await repository.for_decision(session, caller, key)
    if row is None:
        raise not_found("referralId")
    check_version(request.expected_version, row.version)
    now, wanted = clock.now(), rules.DECIDED_AS[request.decision]
    reason = request.reason.value if request.reason else None
    is_outside = row.judgement.get("judged_as") == judgement.JudgedAs.OUTSIDE_PROTOCOL.value
    rules.check_step(rules.ReferralStatus(row.status), wanted)
    rules.check_exception(
        is_outside=is_outside,
        decision=request.decision,
        reason=request.exception_reason,
        is_before_others=request.decision is rules.Decision.APPROVE
        and await repository.is_before_others(session, caller, row),
    )
    last = await repository.last_step_at(session, row.id) or row.submitted_at
    decided_at = rules.moment_of(request.decided_at, last, now, "decidedAt")
    if request.decision is rules.Decision.EXPIRE:
        waiting = await clocks.state(session, row.id, ClockKind.WAITLIST, decided_at)
        rules.check_expiry(is_overdue=waiting is ClockState.OVERDUE)
    record_step(session, row, wanted, caller.subject, decided_at, reason)
    row.decided_at, row.decision_reason = decided_at, reason
    row.exception_reason = request.exception_reason
    operations: list[Operation] = []
    if request.decision is rules.Decision.APPROVE:
        row.provider_agency_id = provider = await _provider(session, row, request)
        # What opens, opens now: a decision that is told later was no right to see before.
        operations.append(facts.own_agency_fact(row.participant_id, provider, row.site_id, now))
        publish(session, "referralReceived", row.id, [agency_key(provider)])
    if request.decision is rules.Decision.DECLINE and reason is None:
        raise _needs("reason", "Say which criterion it does not meet.")
    if request.decision is rules.Decision.MARK_DUPLICATE:
        other = await _surviving(session, caller, row, request.duplicate_of_id)
        row.duplicate_of_id = other.id
        # Whoever was first keeps the place in the order, whichever form goes on.
        other.queued_since = min(other.queued_since, row.queued_since)
    await _move_clocks(session, row, decided_at)
    operations += await _after_step(session, row)
    handover.append(session, operations)
    return {"referral": str(row.id)}


async def _move_clocks(session: WriteSession, row: ReferralRow, decided_at: datetime) -> None:
    status = rules.ReferralStatus(row.status)
    if status is rules.ReferralStatus.WAITLISTED:
        limits = read((await by_id(session, row.protocol_version_id)).rules).limits
        zone = (await zone_of_site(session, row.site_id)).key
        days = limits.waitlist_days
        clocks.start(session, measured(row, zone), ClockKind.WAITLIST, decided_at, days=days)
        return
    await clocks.meet(session, row.id, ClockKind.WAITLIST, decided_at)
    if status in rules.SCREENING_ENDED:
        await clocks.end(session, row.id, ClockKind.INTAKE, decided_at)


async def _provider(session: WriteSession, row: ReferralRow, request: DecisionRequest) -> UUID:
    """Return the provider that takes a referral up; being named opens the person to it."""
    if not request.provider_agency_id:
        raise _needs("providerAgencyId", "Name the provider that takes it up.")
    provider = parse_id(request.provider_agency_id)
    if provider is None or not await repository.is_live_at_site(session, provider, row.site_id):
        raise rules.provider_not_at_site()
    return provider


async def _surviving(
    session: WriteSession, caller: Caller, row: ReferralRow, other_id: str | None
) -> ReferralRow:
    key = parse_id(other_id or "")
    other = None if key is None else await repository.for_decision(session, caller, key)
    if other is None or other.id == row.id:
        raise not_found("duplicateOfId")
    rules.check_survivor(rules.ReferralStatus(other.status))
    return other


async def _after_step(session: WriteSession, row: ReferralRow) -> list[Operation]:
    operations: list[Operation] = []
    status = rules.ReferralStatus(row.status)
    if status not in rules.AWAITING_DECISION:
        waiting = facts.screening_id(row.id, row.author_agency_id, Category.ELIGIBILITY)
        operations.append(delete_visibility(waiting))
    if status in rules.SCREENING_ENDED:
        program = await repository.site_program(session, row.site_id)
        operations += facts.end_of_identity_facts(
            row.id, program.project_agency_id if program else None
        )
    return operations


def _needs(name: str, message: str) -> RuleError:
    return RuleError("INPUT_MISSING", message, ("input", name))


async def record_outreach(
    session: WriteSession,
    caller: Caller,
    referral_id: str,
    expected_version: int,
    wanted: rules.ReferralStatus,
    happened_at: datetime | None = None,
) -> dict[str, Any]:
    """Record a step of outreach on a referral that was handed to the caller's agency.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, DATE_IN_FUTURE,
            DATE_TOO_EARLY or ATTEMPTS_MISSING.
    """
    row = await handed_over(session, caller, referral_id)
    check_version(expected_version, row.version)
    if wanted not in rules.OUTREACH_STEPS:
        raise RuleError(
            "STEP_NOT_ALLOWED", "Deciding, intake and enrollment have mutations of their own."
        )
    now = clock.now()
    rules.check_step(rules.ReferralStatus(row.status), wanted)
    rules.check_outreach_moment(happened_at, row.submitted_at, now)
    if wanted is rules.ReferralStatus.UNABLE_TO_LOCATE:
        protocol = await by_id(session, row.protocol_version_id)
        since = await repository.began(session, row.id, rules.ReferralStatus.OUTREACH)
        made = await attempts_since(session, row.participant_id, own_agency(caller), since)
        rules.check_attempts(made, read(protocol.rules).limits.contact_attempts)
    record_step(session, row, wanted, caller.subject, happened_at or now)
    return {"referral": str(row.id)}


async def handed_over(session: WriteSession, caller: Caller, referral_id: str) -> ReferralRow:
    """Return a referral, locked, that was handed to the caller's agency.

    Raises:
        RuleError: NOT_FOUND.
    """
    key = parse_id(referral_id)
    mine = may_write(caller, Category.REFERRAL, ReferralRow.participant_id)
    row = None if key is None else await repository.for_outreach(session, caller, key, mine)
    if row is None:
        raise not_found("referralId")
    return row
