"""Changes of the public record: the prosecuting office's own, on its own cases.

Case managers change nothing here. What LEAD knows or asks never shows on a docket, not even as a
corrected date: from such a change an outsider could tell that LEAD takes an interest in a case.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from infra.vocabulary import Role
from svc_cases.cases import repository
from svc_cases.cases.rules import (
    CASE_STEPS,
    CHARGE_STEPS,
    CLOSED_STATUSES,
    MAX_COURTROOM_LENGTH,
    MAX_REASON_LENGTH,
    CaseStatus,
    ChargeStatus,
    DateError,
    DateField,
    HearingKind,
    check_dates,
    is_in_calendar,
    local_day,
)
from svc_cases.cases.tables import Charge, DateCorrection, Hearing, LegalCase


async def _lock_case(
    session: WriteSession, caller: Caller, case_id: UUID, expected_version: int, *, is_linked: bool
) -> LegalCase:
    if caller.role is not Role.PRO:
        raise CommandError("NOT_ALLOWED", "Only a prosecutor may change the office's docket.")
    case = await repository.lock_own_office_case(session, caller, case_id, is_linked=is_linked)
    if case is None:
        raise CommandError("NOT_FOUND", "There is no such case.", ("caseId",))
    if case.version != expected_version:
        raise CommandError(
            "VERSION_CONFLICT", "The case has changed; read it again.", ("expectedVersion",)
        )
    return case


async def today_at(session: WriteSession, case: LegalCase) -> date:
    """Return the calendar day at a case's court."""
    courts = await repository.courts_by_ids(session, [case.court_id])
    return local_day(clock.now(), courts[case.court_id].time_zone)


async def today_at_site(session: WriteSession, site_id: UUID | None) -> date:
    """Return the calendar day at a site, which is that of its courts; in UTC where it has none."""
    return await _day_of_courts(session, site_id) or clock.day_in(UTC)


async def latest_day_at_site(session: WriteSession, site_id: UUID | None) -> date:
    """Return the last day that passes as a site's today: the latest anywhere, without courts."""
    return await _day_of_courts(session, site_id) or clock.latest_day()


async def _day_of_courts(session: WriteSession, site_id: UUID | None) -> date | None:
    zone = None if site_id is None else await repository.zone_of_site(session, site_id)
    return None if zone is None else local_day(clock.now(), zone)


def check_text(text: str, longest: int, field: str) -> str:
    """Return a text without surrounding blanks.

    Raises:
        CommandError: it is empty or too long.
    """
    trimmed = text.strip()
    if not 1 <= len(trimmed) <= longest:
        raise CommandError("TEXT_LENGTH", f"Give 1 to {longest} characters.", (field,))
    return trimmed


async def correct_date(
    session: WriteSession,
    caller: Caller,
    *,
    case_id: UUID,
    field: DateField,
    corrected_on: date,
    reason: str,
    expected_version: int,
    is_linked: bool,
) -> UUID:
    """Correct the incident or filing date of a case and keep what stood there; returns the case.

    Raises:
        CommandError: not allowed, no such case, another version, or dates that contradict.
    """
    case = await _lock_case(session, caller, case_id, expected_version, is_linked=is_linked)
    why = check_text(reason, MAX_REASON_LENGTH, "reason")
    before_on = case.incident_on if field is DateField.INCIDENT else case.filed_on
    if field is DateField.FILING and before_on is None:
        raise CommandError(
            "NOT_FILED", "The case is not filed yet; record a filing decision.", ("caseId",)
        )
    if field is DateField.INCIDENT:
        case.incident_on = corrected_on
    else:
        case.filed_on = corrected_on
    try:
        today = await today_at(session, case)
        check_dates(case.incident_on, case.filed_on, case.closed_on, today)
    except DateError as error:
        raise CommandError("DATE_CONTRADICTS", str(error), ("correctedOn",)) from None
    case.version += 1
    session.add(
        DateCorrection(
            id=uuid4(),
            case_id=case.id,
            field=field.value,
            before_on=before_on,
            after_on=corrected_on,
            reason=why,
            corrected_by=caller.subject,
            agency_id=caller.agency_id,
            corrected_at=clock.now(),
        )
    )
    return case.id


def check_moment(starts_at: datetime) -> None:
    """Check that a court date can be told.

    Raises:
        CommandError: no time zone given, or a time beyond the calendar.
    """
    if starts_at.tzinfo is None:
        raise CommandError("TIME_ZONE_MISSING", "Give the time with its zone.", ("startsAt",))
    if not is_in_calendar(starts_at):
        raise CommandError("TIME_OUT_OF_RANGE", "Give a time within the calendar.", ("startsAt",))


def illegal_step(field: str, allowed: Collection[StrEnum]) -> CommandError:
    """Return the refusal of a step that names the ones which are possible from here."""
    names = ", ".join(sorted(each.value for each in allowed)) or "none"
    return CommandError("ILLEGAL_STEP", f"From here these are possible: {names}.", (field,))


def check_step(field: str, wanted: StrEnum, allowed: Collection[StrEnum]) -> None:
    """Check a step of whatever has a status here.

    Raises:
        CommandError: it is none of those that are possible.
    """
    if wanted not in allowed:
        raise illegal_step(field, allowed)


async def add_hearing(
    session: WriteSession,
    caller: Caller,
    *,
    case_id: UUID,
    kind: HearingKind,
    starts_at: datetime,
    courtroom: str | None,
    expected_version: int,
) -> UUID:
    """Put a court date on the docket of a filed case; returns the case.

    Raises:
        CommandError: not allowed, no such public case, another version, no time zone given, or a
            time beyond the calendar.
    """
    case = await _lock_case(session, caller, case_id, expected_version, is_linked=False)
    check_moment(starts_at)
    room = None
    if courtroom is not None:
        room = check_text(courtroom, MAX_COURTROOM_LENGTH, "courtroom")
    case.version += 1
    session.add(
        Hearing(id=uuid4(), case_id=case.id, kind=kind.value, starts_at=starts_at, courtroom=room)
    )
    return case.id


async def file_case(session: WriteSession, case: LegalCase, filed_on: date) -> None:
    """Put a case on the public record, as the prosecutor's filing does.

    Raises:
        CommandError: the dates contradict, or a case of this number is on the record already.
    """
    await repository.lock_number(session, case.number)
    if case.filed_on is None and await repository.is_number_public(session, case.number):
        raise CommandError("NUMBER_TAKEN", "A case of this number is filed.", ("linkId",))
    try:
        check_dates(case.incident_on, filed_on, case.closed_on, await today_at(session, case))
    except DateError as error:
        raise CommandError("DATE_CONTRADICTS", str(error), ("filedOn",)) from None
    case.filed_on = filed_on
    case.status = CaseStatus.PENDING.value
    case.version += 1
    for charge in await repository.charges_of(session, [case.id]):
        if charge.status == ChargeStatus.NOT_FILED.value:
            charge.status = ChargeStatus.PENDING.value


async def change_hearing(
    session: WriteSession,
    caller: Caller,
    *,
    case_id: UUID,
    hearing_id: UUID,
    starts_at: datetime | None,
    courtroom: str | None,
    is_cancelled: bool,
    expected_version: int,
) -> UUID:
    """Move a court date, or cancel it; returns the case.

    Raises:
        CommandError: not allowed, no such public case or court date, another version, a bad time,
            or a court date that is cancelled already.
    """
    case = await _lock_case(session, caller, case_id, expected_version, is_linked=False)
    found = await repository.hearings_of(session, [case.id])
    hearing = next((each for each in found if each.id == hearing_id), None)
    if hearing is None:
        raise CommandError("NOT_FOUND", "There is no such court date.", ("hearingId",))
    if hearing.is_cancelled:
        raise CommandError("CANCELLED", "This court date is cancelled already.", ("hearingId",))
    if starts_at is not None:
        check_moment(starts_at)
        hearing.starts_at = starts_at
    if courtroom is not None:
        hearing.courtroom = check_text(courtroom, MAX_COURTROOM_LENGTH, "courtroom")
    hearing.is_cancelled = is_cancelled
    case.version += 1
    return case.id


async def record_case_status(
    session: WriteSession,
    caller: Caller,
    *,
    case_id: UUID,
    status: CaseStatus,
    closed_on: date | None,
    expected_version: int,
) -> UUID:
    """Record how a filed case stands now; a closed one with its day. Returns the case.

    Raises:
        CommandError: not allowed, no such public case, another version, an illegal step, or a day
            of closing that is missing, not wanted or contradicts.
    """
    case = await _lock_case(session, caller, case_id, expected_version, is_linked=False)
    check_step("status", status, CASE_STEPS[CaseStatus(case.status)])
    if (status in CLOSED_STATUSES) is not (closed_on is not None):
        raise CommandError(
            "CLOSING_DAY", "Give the day of closing with a closing status only.", ("closedOn",)
        )
    try:
        today = await today_at(session, case)
        check_dates(case.incident_on, case.filed_on, closed_on, today)
    except DateError as error:
        raise CommandError("DATE_CONTRADICTS", str(error), ("closedOn",)) from None
    case.status, case.closed_on = status.value, closed_on
    case.version += 1
    return case.id


async def add_charge(
    session: WriteSession, caller: Caller, *, case_id: UUID, statute: str, expected_version: int
) -> UUID:
    """Put a charge on a filed case: an offence of the site's list of statutes; returns the case.

    Everything that the charge says comes from the list. There is no place for words of anybody's.

    Raises:
        CommandError: not allowed, no such public case, another version, or no such statute then.
    """
    case = await _lock_case(session, caller, case_id, expected_version, is_linked=False)
    day = case.incident_on or case.filed_on or await today_at(session, case)
    found = await repository.statute_on(session, case.site_id, statute, day)
    if found is None:
        raise CommandError(
            "STATUTE_UNKNOWN", "The list has no such statute for that day.", ("statute",)
        )
    existing = await repository.charges_of(session, [case.id])
    session.add(
        Charge(
            id=uuid4(),
            case_id=case.id,
            position=max((each.position for each in existing), default=0) + 1,
            statute=found.code,
            description=found.title,
            nibrs=found.nibrs,
            charge_class=found.charge_class,
            status=ChargeStatus.PENDING.value,
        )
    )
    case.version += 1
    return case.id


async def record_charge_status(
    session: WriteSession,
    caller: Caller,
    *,
    case_id: UUID,
    charge_id: UUID,
    status: ChargeStatus,
    expected_version: int,
) -> UUID:
    """Record how a charge stands now; returns the case.

    Raises:
        CommandError: not allowed, no such public case or charge, another version, or an illegal
            step.
    """
    case = await _lock_case(session, caller, case_id, expected_version, is_linked=False)
    found = await repository.charges_of(session, [case.id])
    charge = next((each for each in found if each.id == charge_id), None)
    if charge is None:
        raise CommandError("NOT_FOUND", "There is no such charge.", ("chargeId",))
    check_step("status", status, CHARGE_STEPS[ChargeStatus(charge.status)])
    charge.status = status.value
    case.version += 1
    return case.id
