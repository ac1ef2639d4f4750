"""Recording results, and training completed elsewhere. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from infra.errors import RuleError
from svc_training.assignments.rules import AssignmentStatus
from svc_training.personnel.rules import holds_social_security_number
from svc_training.records.rules import MAX_HOURS, Attendance, Credit, Outcome

MAX_RESULTS = 500
MAX_OUTSIDE_PEOPLE = 200
_MAX_TEXT = 2000
_MAX_TITLE = 200


class ResultOutcome(StrEnum):
    """What recording did for one person."""

    RECORDED = "RECORDED"
    UNCHANGED = "UNCHANGED"
    CORRECTED = "CORRECTED"
    HELD_BY_ACADIS = "HELD_BY_ACADIS"
    NOT_ASSIGNED = "NOT_ASSIGNED"
    NOT_POSSIBLE = "NOT_POSSIBLE"


class OutsideStatus(StrEnum):
    """Where training completed elsewhere stands."""

    SUBMITTED_FOR_APPROVAL = "SUBMITTED_FOR_APPROVAL"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


def target_status(credit: Credit) -> AssignmentStatus:
    """Return the status that an assignment ends in with a result."""
    if credit.attendance is Attendance.ABSENT:
        return AssignmentStatus.NO_SHOW
    return {
        Outcome.COMPLETED: AssignmentStatus.CREDITED,
        Outcome.INCOMPLETE: AssignmentStatus.INCOMPLETE,
        Outcome.FAILED: AssignmentStatus.FAILED,
    }[credit.outcome]


@dataclass(frozen=True, slots=True)
class OutsideDetails:
    """Training completed elsewhere, as a training manager reports it."""

    title: str
    description: str
    starts_on: date
    ends_on: date
    category: str
    hours: Decimal
    instruction_provider: str


def checked_outside(details: OutsideDetails, today: date) -> OutsideDetails:
    """Return a report with blanks squeezed. Every field is needed; the academy rejects else.

    Raises:
        RuleError: a text is missing, too long, or like a social security number; the days are
            in the wrong order or not over; hours out of range.
    """
    texts = {}
    for name, text, longest in (
        ("title", details.title, _MAX_TITLE),
        ("description", details.description, _MAX_TEXT),
        ("category", details.category, _MAX_TITLE),
        ("instructionProvider", details.instruction_provider, _MAX_TITLE),
    ):
        squeezed = " ".join(text.split())
        if not 1 <= len(squeezed) <= longest:
            message = f"This field has 1 to {longest} characters."
            raise RuleError("BAD_TEXT", message, ("input", name))
        if holds_social_security_number(squeezed):
            message = "This looks like a social security number; never write one here."
            raise RuleError("SOCIAL_SECURITY_NUMBER", message, ("input", name))
        texts[name] = squeezed
    if not details.starts_on <= details.ends_on <= today:
        message = "Training that was completed has begun, then ended, and both are past."
        raise RuleError("BAD_DATES", message, ("input", "endsOn"))
    if not (details.hours.is_finite() and 0 < details.hours <= MAX_HOURS):
        raise RuleError("BAD_HOURS", "Hours are more than 0.", ("input", "hours"))
    return OutsideDetails(
        texts["title"],
        texts["description"],
        details.starts_on,
        details.ends_on,
        texts["category"],
        details.hours.quantize(Decimal("0.01")),
        texts["instructionProvider"],
    )
