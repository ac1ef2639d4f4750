"""What counts as training had: attendance, credit, certificates and how long they hold. Pure."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from infra.errors import RuleError

MAX_HOURS = Decimal(2000)
MAX_SCORE = Decimal(100)
_CENT = Decimal("0.01")


class Attendance(StrEnum):
    """Whether a person was there."""

    PRESENT = "PRESENT"
    PARTIAL = "PARTIAL"
    ABSENT = "ABSENT"


class Outcome(StrEnum):
    """What came of it."""

    COMPLETED = "COMPLETED"
    INCOMPLETE = "INCOMPLETE"
    FAILED = "FAILED"


class RecordSource(StrEnum):
    """Who says so. The academy's system stands above our own entries."""

    OURS = "OURS"
    ACADIS = "ACADIS"
    OUTSIDE = "OUTSIDE"


@dataclass(frozen=True, slots=True)
class Credit:
    """What is recorded of one person at one session, or elsewhere.

    Attributes:
        attendance: whether the person was there.
        outcome: what came of it.
        hours: credited, also partly; none for who was absent.
        score: 0 to 100, where there was a test.
    """

    attendance: Attendance
    outcome: Outcome
    hours: Decimal
    score: Decimal | None


@dataclass(frozen=True, slots=True)
class RecordKey:
    """Whose record of what."""

    personnel_id: UUID
    session_id: UUID | None
    course_id: UUID | None
    title: str


def checked_credit(
    attendance: Attendance,
    outcome: Outcome | None,
    hours: Decimal | None,
    score: Decimal | None,
    full_hours: Decimal,
) -> Credit:
    """Return what is credited; what is not said follows from attendance.

    Present means completed with all hours; partly there means incomplete, with the hours that are
    said; absent means incomplete without hours.

    Raises:
        RuleError: hours or score out of range, hours without attendance, or completed while absent.
    """
    if score is not None and not (score.is_finite() and 0 <= score <= MAX_SCORE):
        raise RuleError("BAD_SCORE", "A score is 0 to 100.", ("input", "results", "score"))
    field = ("input", "results", "hoursCredited")
    if hours is not None and not (hours.is_finite() and 0 <= hours <= MAX_HOURS):
        raise RuleError("BAD_HOURS", "Credited hours are 0 or more.", field)
    came = Outcome.COMPLETED if attendance is Attendance.PRESENT else Outcome.INCOMPLETE
    what = outcome or came
    if attendance is Attendance.ABSENT:
        if hours or what is Outcome.COMPLETED:
            message = "Who was absent has neither hours nor a completed course."
            raise RuleError("ABSENT_WITH_CREDIT", message, field)
        return Credit(attendance, what, Decimal(0), score)
    if hours is None:
        if attendance is Attendance.PARTIAL:
            raise RuleError("HOURS_NEEDED", "Say how many hours are credited.", field)
        hours = full_hours if what is Outcome.COMPLETED else Decimal(0)
    if hours > full_hours:
        message = f"At most the session's {full_hours.normalize():f} hours are credited."
        raise RuleError("BAD_HOURS", message, field)
    return Credit(attendance, what, hours.quantize(_CENT), score)


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or that month's last day."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def expiry(completed_on: date, validity_months: int | None) -> date | None:
    """Return the last day of a certificate, or None when it holds for good."""
    return None if validity_months is None else months_later(completed_on, validity_months)


def certificate_number(course_number: str | None, record_id: UUID) -> str:
    """Return the number of a certificate: readable, and unguessable by its random part."""
    return f"GT-{course_number or 'EXT'}-{record_id.hex[:12].upper()}"
