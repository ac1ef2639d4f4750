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
