"""Commands of screening: the order of the queue, corrections, and what the site settles."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from infra import clock
from infra.authority import handover
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from svc_participants.clocks import commands as clocks
from svc_participants.clocks.rules import ClockKind, zone_of
from svc_participants.people.rules import check_version, not_found
from svc_participants.referrals import repository as referrals
from svc_participants.referrals.authority_facts import screening_facts
from svc_participants.referrals.rules import ReferralStatus
from svc_participants.referrals.tables import ReferralEventRow, ReferralRow
from svc_participants.screening import repository, rules


async def _screened(
    session: WriteSession, caller: Caller, referral_id: str, expected_version: int
) -> ReferralRow:
    rules.check_coordinator(caller.role)
    key = parse_id(referral_id)
    row = None if key is None else await referrals.for_decision(session, caller, key)
    if row is None:
        raise not_found("referralId")
    check_version(expected_version, row.version)
    return row


def _note(
    session: WriteSession, row: ReferralRow, before: str, caller: Caller, reason: str
) -> None:
    row.version += 1
    session.add(
        ReferralEventRow(
            id=uuid4(),
            referral_id=row.id,
            participant_id=row.participant_id,
            from_status=before,
            to_status=row.status,
            reason=reason,
            by_subject=caller.subject,
            happened_at=clock.now(),
        )
    )


async def adjust_priority(
    session: WriteSession,
    caller: Caller,
    referral_id: str,
    expected_version: int,
    points: int,
    reason: str,
) -> dict[str, Any]:
    """Move a referral's place by points, with a reason that stays in its history.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, VERSION_CONFLICT, REASON_MISSING, STEP_NOT_ALLOWED or
            OUT_OF_RANGE.
    """
    row = await _screened(session, caller, referral_id, expected_version)
    rules.check_reason(reason)
    rules.check_adjustment(ReferralStatus(row.status), points)
    judged = dict(row.judgement)
    agreed = int(judged.get("points", 0)) - int(judged.get("adjusted", 0))
    known = [each for each in judged.get("reasons", ()) if each != judged.get("adjusted_because")]
    row.judgement = judged | {
        "points": agreed + points,
        "adjusted": points,
        "adjusted_because": reason,
        "reasons": [*known, reason],
    }
    row.priority_rank = -(agreed + points)
    _note(session, row, row.status, caller, reason)
    return {"referral": str(row.id)}


async def undo_duplicate(
    session: WriteSession, caller: Caller, referral_id: str, expected_version: int, reason: str
) -> dict[str, Any]:
    """Take a mark as duplicate back: both referrals stand as they stood.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, VERSION_CONFLICT, REASON_MISSING or STEP_NOT_ALLOWED.
    """
    row = await _screened(session, caller, referral_id, expected_version)
    rules.check_reason(reason)
    rules.check_undo(ReferralStatus(row.status))
    before = await repository.status_before_duplicate(session, row.id)
    survivor_id, row.duplicate_of_id = row.duplicate_of_id, None
    row.status = before or ReferralStatus.SCREENING.value
    row.decided_at = row.decision_reason = None
    for kind in (ClockKind.INTAKE, ClockKind.WAITLIST):
        await clocks.reopen(session, row.id, kind)
    await session.flush()
    if survivor_id is not None:
        survivor = await referrals.by_id(session, survivor_id)
        others = await repository.earliest_of(session, survivor_id)
        own = survivor.submitted_at
        survivor.queued_since = own if others is None else min(own, others.queued_since)
    _note(session, row, ReferralStatus.DUPLICATE.value, caller, reason)
    program = await referrals.site_program(session, row.site_id)
    handover.append(session, screening_facts(row, program.project_agency_id if program else None))
    return {"referral": str(row.id)}


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What a site settles for itself; ``is_name_said`` where the public name was spoken of."""

    expected_version: int
    caseload_warning: int
    caseload_limit: int
    time_zone: str
    public_name: str | None
    is_name_said: bool = True


async def change_site(
    session: WriteSession, caller: Caller, settings: SiteSettings
) -> dict[str, Any]:
    """Change the settings of the caller's site; the public name stays where nobody spoke of it.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, VERSION_CONFLICT, OUT_OF_RANGE or TIME_ZONE_UNKNOWN.
    """
    rules.check_coordinator(caller.role)
    rules.check_caseload(settings.caseload_warning, settings.caseload_limit)
    rules.check_public_name(settings.public_name)
    zone_of(settings.time_zone)
    site_id = parse_id(caller.site_id)
    row = None if site_id is None else await repository.program_for_update(session, site_id)
    if row is None:
        raise not_found("expectedVersion")
    check_version(settings.expected_version, row.version)
    row.caseload_warning = settings.caseload_warning
    row.caseload_limit = settings.caseload_limit
    row.time_zone = settings.time_zone
    if settings.is_name_said:
        row.public_name = settings.public_name
    row.version += 1
    return {"site": str(row.site_id)}
