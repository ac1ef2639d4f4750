"""What a case on a docket is: its words, and what its dates may be. Pure.

Sources: NCSC National Open Court Data Standards (case, charge, hearing), NIBRS (offence codes, for
statistics only; the statute is the legal code), Washington's charge classes (RCW 9A.20.010).
A case is public from the day it is filed; before that no public field tells anything of it.
"""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID
from zoneinfo import ZoneInfo

from infra.errors import GoldenThreadError

CaseId = NewType("CaseId", UUID)

MAX_REASON_LENGTH = 500
MAX_COURTROOM_LENGTH = 40


class CaseStatus(StrEnum):
    """How a case stands on the public docket. Nothing that LEAD does is ever a value here."""

    NOT_FILED = "NOT_FILED"
    PENDING = "PENDING"
    CONTINUED = "CONTINUED"
    DEFERRED = "DEFERRED"
    DISMISSED = "DISMISSED"
    RESOLVED_PLEA = "RESOLVED_PLEA"
    RESOLVED_TRIAL = "RESOLVED_TRIAL"
    TRANSFERRED = "TRANSFERRED"
    INTERNAL_UNKNOWN = "INTERNAL_UNKNOWN"
    EXTERNAL_UNKNOWN = "EXTERNAL_UNKNOWN"


class ChargeStatus(StrEnum):
    """How one charge stands; "we could not map it" is apart from "the court says unknown"."""

    NOT_FILED = "NOT_FILED"
    PENDING = "PENDING"
    DISMISSED = "DISMISSED"
    CONVICTED = "CONVICTED"
    ACQUITTED = "ACQUITTED"
    ADJUDICATED = "ADJUDICATED"
    TRANSFERRED_AWAY = "TRANSFERRED_AWAY"
    INTERNAL_UNKNOWN = "INTERNAL_UNKNOWN"
    EXTERNAL_UNKNOWN = "EXTERNAL_UNKNOWN"


_DECIDED = frozenset(
    {
        CaseStatus.DISMISSED,
        CaseStatus.RESOLVED_PLEA,
        CaseStatus.RESOLVED_TRIAL,
        CaseStatus.TRANSFERRED,
    }
)
CLOSED_STATUSES: frozenset[CaseStatus] = _DECIDED
"""A case with one of these is closed, on a day that is given with it."""

_OPEN = frozenset({CaseStatus.PENDING, CaseStatus.CONTINUED, CaseStatus.DEFERRED})
_UNKNOWN = frozenset({CaseStatus.INTERNAL_UNKNOWN, CaseStatus.EXTERNAL_UNKNOWN})
CASE_STEPS: dict[CaseStatus, frozenset[CaseStatus]] = {
    # Filing is the liaison's decision or the court's import, never a plain change of status.
    CaseStatus.NOT_FILED: frozenset(),
    CaseStatus.PENDING: (_OPEN | _DECIDED | _UNKNOWN) - {CaseStatus.PENDING},
    CaseStatus.CONTINUED: (_OPEN | _DECIDED | _UNKNOWN) - {CaseStatus.CONTINUED},
    CaseStatus.DEFERRED: (_OPEN | _DECIDED | _UNKNOWN) - {CaseStatus.DEFERRED},
    CaseStatus.DISMISSED: frozenset(),
    CaseStatus.RESOLVED_PLEA: frozenset(),
    CaseStatus.RESOLVED_TRIAL: frozenset(),
    CaseStatus.TRANSFERRED: frozenset(),
    # What was not known may turn out to be anything.
    CaseStatus.INTERNAL_UNKNOWN: _OPEN | _DECIDED | {CaseStatus.EXTERNAL_UNKNOWN},
    CaseStatus.EXTERNAL_UNKNOWN: _OPEN | _DECIDED | {CaseStatus.INTERNAL_UNKNOWN},
}
"""Which status of a docket entry may follow which."""

_CHARGE_ENDS = frozenset(
    {
        ChargeStatus.DISMISSED,
        ChargeStatus.CONVICTED,
        ChargeStatus.ACQUITTED,
        ChargeStatus.ADJUDICATED,
        ChargeStatus.TRANSFERRED_AWAY,
    }
)
_CHARGE_UNKNOWN = frozenset({ChargeStatus.INTERNAL_UNKNOWN, ChargeStatus.EXTERNAL_UNKNOWN})
CHARGE_STEPS: dict[ChargeStatus, frozenset[ChargeStatus]] = {
    ChargeStatus.NOT_FILED: frozenset(),
    ChargeStatus.PENDING: _CHARGE_ENDS | _CHARGE_UNKNOWN,
    ChargeStatus.INTERNAL_UNKNOWN: _CHARGE_ENDS
    | {ChargeStatus.PENDING, ChargeStatus.EXTERNAL_UNKNOWN},
    ChargeStatus.EXTERNAL_UNKNOWN: _CHARGE_ENDS
    | {ChargeStatus.PENDING, ChargeStatus.INTERNAL_UNKNOWN},
    **{each: frozenset[ChargeStatus]() for each in _CHARGE_ENDS},
}
"""Which status of a charge may follow which; it is put on the docket with the case's filing."""


class ChargeClass(StrEnum):
    """Washington's classes of offences."""

    FELONY_A = "FELONY_A"
    FELONY_B = "FELONY_B"
    FELONY_C = "FELONY_C"
    GROSS_MISDEMEANOR = "GROSS_MISDEMEANOR"
    MISDEMEANOR = "MISDEMEANOR"
    INFRACTION = "INFRACTION"
    CIVIL = "CIVIL"


class HearingKind(StrEnum):
    """What a court date is for."""

    ARRAIGNMENT = "ARRAIGNMENT"
    PRETRIAL = "PRETRIAL"
    MOTION = "MOTION"
    TRIAL = "TRIAL"
    SENTENCING = "SENTENCING"
    REVIEW = "REVIEW"


class DateField(StrEnum):
    """A date of a case that can be corrected."""

    INCIDENT = "INCIDENT"
    FILING = "FILING"


class DayOutOfRangeError(GoldenThreadError):
    """A day is too far away to be reckoned with. The text depends on the input alone."""

    code = "BAD_USER_INPUT"


class DateError(ValueError):
    """A date of a case contradicts another, or the calendar. The text may be shown."""


def check_dates(
    incident_on: date | None, filed_on: date | None, closed_on: date | None, today: date
) -> None:
    """Check that the dates of a case can be true together.

    Args:
        incident_on: day of the incident, if known.
        filed_on: day of filing, None while nothing is filed.
        closed_on: day on which the case was closed, if it was.
        today: the day at the court.

    Raises:
        DateError: one lies in the future, or before another that must precede it.
    """
    if incident_on is not None and incident_on > today:
        raise DateError("The incident cannot lie in the future.")
    if filed_on is not None and filed_on > today:
        raise DateError("The filing cannot lie in the future.")
    if incident_on is not None and filed_on is not None and filed_on < incident_on:
        raise DateError("A case cannot be filed before its incident.")
    if closed_on is not None and (filed_on is None or closed_on < filed_on):
        raise DateError("A case cannot be closed before it is filed.")


def local_day(moment: datetime, zone: str) -> date:
    """Return the calendar day at a place (IANA zone) of an aware time point."""
    return moment.astimezone(ZoneInfo(zone)).date()


def bounds_of_day(day: date, zone: str) -> tuple[datetime, datetime]:
    """Return the first instant of a day at a place, and the first one after it.

    Raises:
        DayOutOfRangeError: the first or last day of the calendar; its bounds cannot be told in UTC.
    """
    if not date.min < day < date.max:
        raise DayOutOfRangeError("'on' must lie within the calendar")
    place = ZoneInfo(zone)
    start = datetime.combine(day, time.min, tzinfo=place)
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=place)
    return start, end


def is_in_calendar(moment: datetime) -> bool:
    """Return whether an aware time point can be told in UTC, which ends with the year 9999."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True


def docket_name(given_name: str, family_name: str) -> str:
    """Return a defendant's name as dockets write it: family name first."""
    return f"{family_name}, {given_name}"
