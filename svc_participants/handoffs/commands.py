"""Commands about handoffs: call, come, meet. A call opens the form to who was called, for a day."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.authority import handover
from infra.authority.changes import Operation, VisibilityFact, delete_visibility, put_visibility
from infra.authority.predicate import agency_holder, subject_holder
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.errors import RuleError
from infra.events import agency_key, publish, referral_key, subject_key
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Role
from svc_participants.clocks import commands as clocks
from svc_participants.clocks.rules import ClockKind
from svc_participants.handoffs import repository, rules
from svc_participants.handoffs.tables import HandoffEventRow, HandoffRow, OnCallShiftRow
from svc_participants.people.commands import own_agency
from svc_participants.people.rules import check_version, not_found
from svc_participants.people.site_days import zone_of_site
from svc_participants.protocols.repository import by_id as protocol_by_id
from svc_participants.protocols.rules import read
from svc_participants.referrals import repository as referrals
from svc_participants.referrals.rules import check_text, fact_id

_OPENED = (Category.REFERRAL, Category.ELIGIBILITY, Category.IDENTITY, Category.CONTACT)


def _fact(row: HandoffRow, basis: Basis, category: Category) -> UUID:
    return fact_id(f"handoff:{basis}:{category}", row.id, row.on_call_account)


def opening_facts(row: HandoffRow) -> list[Operation]:
    """Return the facts that a call makes true for who was called, and their agency, for a day."""
    holders = {
        Basis.ASSIGNMENT: subject_holder(row.on_call_account),
        Basis.OWN_AGENCY: agency_holder(str(row.provider_agency_id), str(row.site_id)),
    }
    return [
        put_visibility(
            VisibilityFact(
                id=_fact(row, basis, category),
                participant_id=row.participant_id,
                holder=holder,
                basis=basis,
                category=category,
                starts_at=row.requested_at,
                ends_at=row.requested_at + rules.ACCESS,
                source_id=row.id,
            )
        )
        for basis, holder in holders.items()
        for category in _OPENED
    ]


def closing_facts(row: HandoffRow) -> list[Operation]:
    """Return the operations that take back what the call opened."""
    return [
        delete_visibility(_fact(row, basis, category))
        for basis in (Basis.ASSIGNMENT, Basis.OWN_AGENCY)
        for category in _OPENED
    ]


@dataclass(frozen=True, slots=True)
class Call:
    """A call for somebody to come."""

    referral_id: str
    requested_at: datetime
    place: str | None
    provider_agency_id: str | None


async def request(session: WriteSession, caller: Caller, call: Call) -> dict[str, Any]:
    """Call whoever is on call to where the person is.

    A call that nobody took in time is given up for this one.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, STEP_NOT_ALLOWED, HANDOFF_OPEN or NOBODY_ON_CALL.
    """
    rules.check_requester(caller.role)
    key, now = parse_id(call.referral_id), clock.now()
    referral = None if key is None else await repository.own_referral(session, caller, key)
    if referral is None:
        raise not_found("referralId")
    rules.check_door(referral.door)
    rules.check_moment(call.requested_at, None, now, "requestedAt")
    check_text(call.place, "place", rules.MAX_TEXT)
    standing = await repository.open_for_update(session, referral.id)
    if standing is not None:
        await _give_up(session, caller, standing, now)
    agency = None if call.provider_agency_id is None else parse_id(call.provider_agency_id)
    if call.provider_agency_id is not None and agency is None:
        raise rules.nobody_on_call()
    shifts = await repository.on_call_now(session, referral.site_id, agency)
    live = [s for s in shifts if await referrals.is_live_at_site(session, s.agency_id, s.site_id)]
    if not live:
        raise rules.nobody_on_call()
    limits = read((await protocol_by_id(session, referral.protocol_version_id)).rules).limits
    row = HandoffRow(
        id=uuid4(),
        referral_id=referral.id,
        participant_id=referral.participant_id,
        site_id=referral.site_id,
        provider_agency_id=live[0].agency_id,
        on_call_account=live[0].account_id,
        duty_phone=live[0].duty_phone,
        requested_by=caller.subject,
        place=call.place or referral.place,
        state=rules.HandoffState.HANDOFF_REQUESTED.value,
        target_minutes=limits.handoff_minutes,
        requested_at=call.requested_at,
    )
    session.add(row)
    await session.flush()
    _note(session, row, None, caller, call.requested_at, now)
    zone = (await zone_of_site(session, referral.site_id)).key
    measured = clocks.Measured(row.id, referral.id, referral.participant_id, zone)
    minutes = limits.handoff_minutes
    clocks.start(session, measured, ClockKind.HANDOFF, call.requested_at, minutes=minutes)
    handover.append(session, opening_facts(row))
    called = [subject_key(row.on_call_account), agency_key(row.provider_agency_id)]
    publish(session, "handoffRequested", row.id, called)
    return {"handoff": str(row.id)}


async def _give_up(session: WriteSession, caller: Caller, row: HandoffRow, now: datetime) -> None:
    before = row.state
    reason = rules.given_up(rules.HandoffState(before), row.requested_at, row.target_minutes, now)
    row.state = rules.HandoffState.HANDOFF_FAILED.value
    row.version += 1
    await _fail(session, row, now, reason)
    _note(session, row, before, caller, now, now)
    publish(session, "handoffAnswered", row.id, [referral_key(row.referral_id)])
    await session.flush()


async def _fail(
    session: WriteSession, row: HandoffRow, at: datetime, reason: rules.FailureReason | None
) -> None:
    row.failed_at = at
    row.failure_reason = reason.value if reason else None
    await clocks.end(session, row.id, ClockKind.HANDOFF, at)
    handover.append(session, closing_facts(row))


def _note(
    session: WriteSession,
    row: HandoffRow,
    before: str | None,
    caller: Caller,
    at: datetime,
    now: datetime,
) -> None:
    session.add(
        HandoffEventRow(
            id=uuid4(),
            handoff_id=row.id,
            participant_id=row.participant_id,
            from_state=before,
            to_state=row.state,
            happened_at=at,
            recorded_at=now,
            by_subject=caller.subject,
        )
    )


@dataclass(frozen=True, slots=True)
class Step:
    """What happened on the way."""

    expected_version: int
    state: rules.HandoffState
    happened_at: datetime
    failure_reason: rules.FailureReason | None


async def record(
    session: WriteSession, caller: Caller, handoff_id: UUID | None, step: Step
) -> dict[str, Any]:
    """Record that somebody is on the way, met the person, or did not.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, REASON_MISMATCH or
            a moment out of order.
    """
    rules.check_recorder(caller.role)
    row = None if handoff_id is None else await repository.for_update(session, caller, handoff_id)
    if row is None:
        raise not_found("handoffId")
    check_version(step.expected_version, row.version)
    before, now = row.state, clock.now()
    rules.check_step(rules.HandoffState(before), step.state)
    rules.check_reason(step.state, step.failure_reason)
    last = row.en_route_at or row.requested_at
    rules.check_moment(step.happened_at, last, now, "happenedAt")
    row.state = step.state.value
    row.version += 1
    match step.state:
        case rules.HandoffState.HANDOFF_EN_ROUTE:
            row.en_route_at = step.happened_at
        case rules.HandoffState.HANDOFF_MET:
            row.met_at = step.happened_at
            await clocks.meet(session, row.id, ClockKind.HANDOFF, step.happened_at)
        case _:
            await _fail(session, row, step.happened_at, step.failure_reason)
    _note(session, row, before, caller, step.happened_at, now)
    publish(session, "handoffAnswered", row.id, [referral_key(row.referral_id)])
    return {"handoff": str(row.id)}


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is called, when, and under which number."""

    account_id: str
    duty_phone: str
    starts_at: datetime
    ends_at: datetime


async def put_on_call(session: WriteSession, caller: Caller, shift: Shift) -> dict[str, Any]:
    """Put a case manager of the own agency on the rota.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, OUT_OF_RANGE, TEXT_MISSING or BAD_PHONE.
    """
    _check_supervisor(caller)
    site_id = parse_id(caller.site_id)
    if site_id is None or parse_id(shift.account_id) is None:
        raise not_found("accountId")
    rules.check_shift(shift.starts_at, shift.ends_at, shift.duty_phone)
    row = OnCallShiftRow(
        id=uuid4(),
        site_id=site_id,
        agency_id=own_agency(caller),
        account_id=shift.account_id,
        duty_phone=shift.duty_phone,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        recorded_by=caller.subject,
    )
    session.add(row)
    return {"shift": str(row.id)}


async def take_off_call(
    session: WriteSession, caller: Caller, shift_id: UUID | None, expected_version: int
) -> dict[str, Any]:
    """End a shift of the own agency now.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND or VERSION_CONFLICT.
    """
    _check_supervisor(caller)
    row = None if shift_id is None else await repository.own_shift(session, caller, shift_id)
    if row is None:
        raise not_found("shiftId")
    check_version(expected_version, row.version)
    row.ends_at = max(row.starts_at, min(row.ends_at, clock.now()))
    row.version += 1
    return {"shift": str(row.id)}


def _check_supervisor(caller: Caller) -> None:
    if caller.role is not Role.SUP:
        raise RuleError("NOT_ALLOWED", "Supervisors keep the rota of their own agency.")
