"""Commands about enrollments. Assigned case manager, supervisor of the own agency."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.authority import handover
from infra.authority.changes import Operation, delete_visibility
from infra.database import WriteSession
from infra.errors import RuleError
from infra.identity_token import Caller
from svc_participants.clocks import commands as clocks
from svc_participants.clocks.rules import ClockKind
from svc_participants.enrollments import repository, rules
from svc_participants.enrollments.tables import (
    DateCorrectionRow,
    EnrollmentEventRow,
    EnrollmentRow,
)
from svc_participants.people.commands import own_agency
from svc_participants.people.repository import take_turn
from svc_participants.people.rules import YesNo, check_version, not_found
from svc_participants.people.site_days import today_at
from svc_participants.referrals import commands as referrals
from svc_participants.referrals.repository import by_id as referral_by_id
from svc_participants.referrals.repository import last_step_at, of_participant, site_program
from svc_participants.referrals.rules import ReferralStatus, moment_of
from svc_participants.referrals.rules import check_step as check_referral_step


@dataclass(frozen=True, slots=True)
class EnrollRequest:
    """What an enrollment needs."""

    expected_version: int
    enrolled_on: date
    intake_completed_on: date


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """A change between being in touch and out of touch."""

    expected_version: int
    status: rules.EnrollmentStatus
    inactive_reason: rules.InactiveReason | None
    happened_on: date


@dataclass(frozen=True, slots=True)
class ExitRequest:
    """How and when an enrollment ended."""

    expected_version: int
    reason: rules.ExitReason
    exited_on: date


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """Somebody comes back."""

    expected_version: int
    enrolled_on: date


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """Which day of an enrollment was another one, and why that is known only now."""

    expected_version: int
    field: rules.EnrollmentDate
    corrected_on: date
    reason: rules.CorrectionReason


async def start_intake(
    session: WriteSession,
    caller: Caller,
    referral_id: str,
    expected_version: int,
    consent_to_contact: YesNo,
    started_at: datetime | None = None,
) -> dict[str, Any]:
    """Begin the intake of somebody who wants to take part; the enrollment is pending.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, CONSENT_TO_CONTACT_MISSING,
            DATE_IN_FUTURE, DATE_TOO_EARLY or ALREADY_ENROLLED.
    """
    referral = await referrals.handed_over(session, caller, referral_id)
    check_version(expected_version, referral.version)
    now = clock.now()
    check_referral_step(ReferralStatus(referral.status), ReferralStatus.INTAKE_STARTED)
    rules.check_consent_to_contact(consent_to_contact)
    last = await last_step_at(session, referral.id) or referral.submitted_at
    began_at = moment_of(started_at, last, now, "startedAt")
    referrals.record_step(
        session, referral, ReferralStatus.INTAKE_STARTED, caller.subject, began_at
    )
    await take_turn(session, referral.participant_id)
    row = await repository.open_at_site(session, referral.participant_id, referral.site_id)
    agency = own_agency(caller)
    if row is not None:
        if row.provider_agency_id != agency or row.status != "PENDING_INTAKE":
            raise RuleError("ALREADY_ENROLLED", "An enrollment at this site is open already.")
        row.referral_id = referral.id
        row.consent_to_contact = consent_to_contact.value
        return {"enrollment": str(row.id)}
    row = EnrollmentRow(
        id=uuid4(),
        participant_id=referral.participant_id,
        site_id=referral.site_id,
        provider_agency_id=agency,
        referral_id=referral.id,
        status=rules.EnrollmentStatus.PENDING_INTAKE.value,
        consent_to_contact=consent_to_contact.value,
        created_at=now,
    )
    session.add(row)
    return {"enrollment": str(row.id)}


async def enroll(
    session: WriteSession, caller: Caller, enrollment_id: UUID | None, request: EnrollRequest
) -> EnrollmentRow:
    """Enroll somebody whose psychosocial intake is complete and who has signed a release.

    From now on the project management agency needs a release to know who the person is. Whether
    the intake is there is known where it is kept (``care.enrolling``).

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, INTAKE_INCOMPLETE,
            DATE_CONTRADICTS, RELEASE_MISSING or a date in the future.
    """
    whose = enrollment_id and await repository.whose(session, caller, enrollment_id)
    if whose is not None:
        await take_turn(session, whose)  # before the row, in the order of an intake that begins
    row = await _mine(session, caller, enrollment_id, request.expected_version)
    rules.check_step(rules.EnrollmentStatus(row.status), rules.EnrollmentStatus.ENROLLED_ACTIVE)
    now = clock.now()
    rules.check_dates(
        request.enrolled_on, request.intake_completed_on, await today_at(session, caller)
    )
    first_day = rules.Days(request.enrolled_on, None, None)
    rules.check_apart(first_day, await repository.other_stays(session, row), "enrolledOn")
    rules.check_release(has_release=await repository.has_release(session, row.participant_id))
    if row.referral_id is not None:
        referral = await referral_by_id(session, row.referral_id)
        referrals.record_step(session, referral, ReferralStatus.ENROLLED, caller.subject, now)
        await clocks.meet_on(
            session, referral.id, ClockKind.INTAKE, request.intake_completed_on, now
        )
    row.enrolled_on = request.enrolled_on
    row.intake_completed_on = request.intake_completed_on
    _step(session, row, rules.EnrollmentStatus.ENROLLED_ACTIVE, caller, request.enrolled_on, now)
    program = await site_program(session, row.site_id)
    project_agency_id = program.project_agency_id if program else None
    operations: list[Operation] = [
        referrals.own_agency_fact(row.participant_id, row.provider_agency_id, row.site_id, now)
    ]
    for referral_id in await of_participant(session, row.participant_id, row.site_id):
        operations += referrals.end_of_identity_facts(referral_id, project_agency_id)
    handover.append(session, operations)
    return row


async def change_status(
    session: WriteSession, caller: Caller, enrollment_id: UUID | None, request: StatusRequest
) -> dict[str, Any]:
    """Record that somebody is out of touch, or in touch again.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, REASON_MISMATCH or a date in
            the future.
    """
    row = await _mine(session, caller, enrollment_id, request.expected_version)
    rules.check_change(rules.EnrollmentStatus(row.status), request.status)
    rules.check_inactive_reason(request.status, request.inactive_reason)
    now = clock.now()
    rules.check_past(request.happened_on, await today_at(session, caller), "happenedOn")
    row.inactive_reason = request.inactive_reason.value if request.inactive_reason else None
    _step(session, row, request.status, caller, request.happened_on, now)
    return {"enrollment": str(row.id)}


async def exit_enrollment(
    session: WriteSession, caller: Caller, enrollment_id: UUID | None, request: ExitRequest
) -> EnrollmentRow:
    """End an enrollment. What was entered in error ends as if it had never been.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, REASON_MISMATCH,
            DATE_CONTRADICTS or a date in the future.
    """
    row = await _mine(session, caller, enrollment_id, request.expected_version)
    rules.check_exit(rules.EnrollmentStatus(row.status), request.reason)
    now = clock.now()
    rules.check_past(request.exited_on, await today_at(session, caller), "exitedOn")
    rules.check_last_day(row.enrolled_on, request.exited_on, "exitedOn")
    row.exited_on, row.exit_reason = request.exited_on, request.reason.value
    row.inactive_reason = None
    _step(session, row, rules.EnrollmentStatus.EXITED, caller, request.exited_on, now)
    await session.flush()
    agency = row.provider_agency_id
    if not await repository.is_served_by(session, row.participant_id, agency):
        fact = referrals.own_agency_fact_id(row.participant_id, agency, row.site_id)
        handover.append(session, [delete_visibility(fact)])
    return row


async def reenroll(
    session: WriteSession, caller: Caller, enrollment_id: UUID | None, request: ReturnRequest
) -> dict[str, Any]:
    """Enroll somebody who comes back: a new enrollment of the same person, the old one stays.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, ALREADY_ENROLLED, STEP_NOT_ALLOWED,
            RELEASE_MISSING, DATE_CONTRADICTS or a date in the future.
    """
    last = await _mine(session, caller, enrollment_id, request.expected_version)
    rules.check_return(rules.ExitReason(last.exit_reason) if last.exit_reason else None)
    now = clock.now()
    rules.check_past(request.enrolled_on, await today_at(session, caller), "enrolledOn")
    await take_turn(session, last.participant_id)
    if await repository.open_at_site(session, last.participant_id, last.site_id) is not None:
        raise RuleError("ALREADY_ENROLLED", "An enrollment at this site is open already.")
    rules.check_release(has_release=await repository.has_release(session, last.participant_id))
    row = EnrollmentRow(
        id=uuid4(),
        participant_id=last.participant_id,
        site_id=last.site_id,
        provider_agency_id=last.provider_agency_id,
        referral_id=None,
        status=rules.EnrollmentStatus.EXITED.value,
        consent_to_contact=last.consent_to_contact,
        enrolled_on=request.enrolled_on,
        intake_completed_on=last.intake_completed_on,
        created_at=now,
        version=1,
    )
    session.add(row)
    await session.flush()
    first_day = rules.Days(request.enrolled_on, None, None)
    rules.check_apart(first_day, await repository.other_stays(session, row), "enrolledOn")
    _step(session, row, rules.EnrollmentStatus.ENROLLED_ACTIVE, caller, request.enrolled_on, now)
    fact = referrals.own_agency_fact(row.participant_id, row.provider_agency_id, row.site_id, now)
    handover.append(session, [fact])
    return {"enrollment": str(row.id)}


async def correct_date(
    session: WriteSession, caller: Caller, enrollment_id: UUID | None, request: CorrectionRequest
) -> dict[str, Any]:
    """Correct a day of an enrollment and keep what stood there.

    Whatever is read from the day follows by itself: how cases relate to the enrollment, what a
    release's period covers, figures that are not published yet. The clock of the intake is met
    when the intake was completed.

    Raises:
        RuleError: NOT_FOUND, VERSION_CONFLICT, STEP_NOT_ALLOWED, DATE_MISSING, DATE_UNCHANGED,
            DATE_CONTRADICTS or a date in the future.
    """
    row = await _mine(session, caller, enrollment_id, request.expected_version)
    rules.check_not_in_error(rules.ExitReason(row.exit_reason) if row.exit_reason else None)
    if row.enrolled_on is None:
        raise RuleError("DATE_MISSING", "The intake is under way; there is no day yet.")
    await take_turn(session, row.participant_id)
    now = clock.now()
    stood = rules.Days(row.enrolled_on, row.intake_completed_on, row.exited_on)
    days, before = rules.corrected(
        stood, request.field, request.corrected_on, await today_at(session, caller)
    )
    if request.field is not rules.EnrollmentDate.INTAKE_COMPLETED:
        rules.check_apart(days, await repository.other_stays(session, row))
    row.enrolled_on, row.exited_on = days.enrolled_on, days.exited_on
    if days.intake_completed_on != row.intake_completed_on:
        row.intake_completed_on = days.intake_completed_on
        if row.referral_id is not None:
            await clocks.correct_met(
                session, row.referral_id, ClockKind.INTAKE, request.corrected_on, now
            )
    row.version += 1
    session.add(
        DateCorrectionRow(
            id=uuid4(),
            enrollment_id=row.id,
            participant_id=row.participant_id,
            field=request.field.value,
            before_on=before,
            after_on=request.corrected_on,
            reason=request.reason.value,
            corrected_at=now,
            by_subject=caller.subject,
        )
    )
    return {"enrollment": str(row.id)}


async def _mine(
    session: WriteSession, caller: Caller, enrollment_id: UUID | None, expected_version: int
) -> EnrollmentRow:
    row = None
    if enrollment_id is not None:
        row = await repository.for_update(session, caller, enrollment_id)
    if row is None:
        raise not_found("enrollmentId")
    check_version(expected_version, row.version)
    return row


def _step(
    session: WriteSession,
    row: EnrollmentRow,
    wanted: rules.EnrollmentStatus,
    caller: Caller,
    happened_on: date,
    now: datetime,
) -> None:
    session.add(
        EnrollmentEventRow(
            id=uuid4(),
            enrollment_id=row.id,
            participant_id=row.participant_id,
            from_status=row.status,
            to_status=wanted.value,
            happened_on=happened_on,
            happened_at=now,
            by_subject=caller.subject,
        )
    )
    row.status = wanted.value
    row.version += 1
