"""The states of an enrollment and who may change them. Pure.

There is no state called failed, terminated or non-compliant, and no step from "goal not met" to
an exit: LEAD imposes no sanctions and sets no deadlines (LEAD toolkit, Golden Rule).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from infra.errors import RuleError
from svc_participants.people.rules import YesNo


class EnrollmentStatus(StrEnum):
    """Where an enrollment stands."""

    PENDING_INTAKE = "PENDING_INTAKE"
    ENROLLED_ACTIVE = "ENROLLED_ACTIVE"
    ENROLLED_INACTIVE = "ENROLLED_INACTIVE"
    EXITED = "EXITED"


class InactiveReason(StrEnum):
    """Why somebody is out of touch for now."""

    IN_THE_WIND = "IN_THE_WIND"
    CUSTODY = "CUSTODY"
    HOSPITAL = "HOSPITAL"
    MOVED = "MOVED"


class ExitReason(StrEnum):
    """How an enrollment ended; none of them is a failure."""

    GOALS_MET = "GOALS_MET"
    PERSON_WITHDREW = "PERSON_WITHDREW"
    MOVED = "MOVED"
    TRANSFERRED_SITE = "TRANSFERRED_SITE"
    DECEASED = "DECEASED"
    ADMIN_ERROR = "ADMIN_ERROR"


class EnrollmentDate(StrEnum):
    """A day of an enrollment that can be corrected."""

    ENROLLED = "ENROLLED"
    INTAKE_COMPLETED = "INTAKE_COMPLETED"
    EXITED = "EXITED"


class CorrectionReason(StrEnum):
    """Why a day is corrected: a closed list, since who learns the day by a release reads it too."""

    TYPED_WRONG = "TYPED_WRONG"
    PAPER_DIFFERS = "PAPER_DIFFERS"
    LEARNT_LATER = "LEARNT_LATER"


@dataclass(frozen=True, slots=True)
class Days:
    """The days of one stay."""

    enrolled_on: date
    intake_completed_on: date | None
    exited_on: date | None


_E = EnrollmentStatus
STEPS: dict[EnrollmentStatus, frozenset[EnrollmentStatus]] = {
    _E.PENDING_INTAKE: frozenset({_E.ENROLLED_ACTIVE, _E.EXITED}),
    _E.ENROLLED_ACTIVE: frozenset({_E.ENROLLED_INACTIVE, _E.EXITED}),
    _E.ENROLLED_INACTIVE: frozenset({_E.ENROLLED_ACTIVE, _E.EXITED}),
    _E.EXITED: frozenset(),
}
"""Which status may follow which. Coming back is a new enrollment of the same person."""

_CORRECTED_ON = ("input", "correctedOn")
_BEFORE_ENROLLMENT = frozenset({ExitReason.PERSON_WITHDREW, ExitReason.ADMIN_ERROR})


def check_step(current: EnrollmentStatus, wanted: EnrollmentStatus) -> None:
    """Check a change of status.

    Raises:
        RuleError: not a step from here; the message names those that are.
    """
    allowed = STEPS[current]
    if wanted not in allowed:
        names = ", ".join(sorted(allowed)) or "none"
        raise RuleError("STEP_NOT_ALLOWED", f"From {current} these steps are possible: {names}.")


def check_inactive_reason(wanted: EnrollmentStatus, reason: InactiveReason | None) -> None:
    """Check that being out of touch has a reason, and being active has none.

    Raises:
        RuleError: a reason is missing or out of place.
    """
    if (wanted is _E.ENROLLED_INACTIVE) != (reason is not None):
        raise RuleError(
            "REASON_MISMATCH",
            "Give a reason for ENROLLED_INACTIVE, and only for that.",
            ("input", "inactiveReason"),
        )


def check_exit(current: EnrollmentStatus, reason: ExitReason) -> None:
    """Check an exit.

    Raises:
        RuleError: not a step from here, or a reason that supposes a completed intake.
    """
    check_step(current, _E.EXITED)
    if current is _E.PENDING_INTAKE and reason not in _BEFORE_ENROLLMENT:
        names = ", ".join(sorted(_BEFORE_ENROLLMENT))
        raise RuleError(
            "REASON_MISMATCH", f"Before enrollment the reasons are: {names}.", ("input", "reason")
        )


def check_dates(enrolled_on: date, intake_completed_on: date, today: date) -> None:
    """Check the dates of an enrollment.

    Raises:
        RuleError: a date lies in the future, or the intake after the enrollment.
    """
    if max(enrolled_on, intake_completed_on) > today:
        raise RuleError("DATE_IN_FUTURE", "Dates of what has happened are not in the future.")
    if intake_completed_on > enrolled_on:
        raise RuleError(
            "INTAKE_INCOMPLETE",
            "The psychosocial intake is completed before or on the day of enrollment.",
            ("input", "intakeCompletedOn"),
        )


_DAY = {
    EnrollmentDate.ENROLLED: "enrolled_on",
    EnrollmentDate.INTAKE_COMPLETED: "intake_completed_on",
    EnrollmentDate.EXITED: "exited_on",
}
"""What holds each day, of :class:`Days` as of the row."""


def corrected(days: Days, which: EnrollmentDate, to: date, today: date) -> tuple[Days, date]:
    """Return the days of a stay with one of them corrected, and what stood there before.

    Raises:
        RuleError: there is no such day yet, it is the same, it lies in the future, or it
            contradicts the others.
    """
    before: date | None = getattr(days, _DAY[which])
    if before is None:
        raise RuleError(
            "DATE_MISSING", "There is no such day yet; only one that stands is corrected.",
            ("input", "field"),
        )  # fmt: skip
    if before == to:
        raise RuleError("DATE_UNCHANGED", "This day stands there already.", _CORRECTED_ON)
    check_past(to, today, _CORRECTED_ON[1])
    now = replace(days, **{_DAY[which]: to})
    if now.intake_completed_on is not None and now.intake_completed_on > now.enrolled_on:
        raise RuleError(
            "DATE_CONTRADICTS",
            "The psychosocial intake is completed before or on the day of enrollment.",
            _CORRECTED_ON,
        )
    if now.exited_on is not None:
        check_last_day(now.enrolled_on, now.exited_on, _CORRECTED_ON[1])
    return now, before


def check_last_day(enrolled_on: date | None, exited_on: date, field: str) -> None:
    """Check the last day of a stay; an intake that came to nothing has no first day.

    Raises:
        RuleError: it lies before the first day.
    """
    if enrolled_on is not None and exited_on < enrolled_on:
        raise RuleError(
            "DATE_CONTRADICTS",
            f"The last day is not before the first, {enrolled_on.isoformat()}.",
            ("input", field),
        )


def check_apart(days: Days, others: Iterable[Days], field: str = _CORRECTED_ON[1]) -> None:
    """Check that somebody's stays at one site do not lie one in another; they may touch.

    Raises:
        RuleError: the day would bring a stay into another one.
    """
    for other in others:
        if (other.exited_on is None or days.enrolled_on < other.exited_on) and (
            days.exited_on is None or other.enrolled_on < days.exited_on
        ):
            raise RuleError(
                "DATE_CONTRADICTS",
                "Another enrollment at this site covers that day.",
                ("input", field),
            )


def check_not_in_error(reason: ExitReason | None) -> None:
    """Check that there is anything to correct.

    Raises:
        RuleError: the whole enrollment was entered in error.
    """
    if reason is ExitReason.ADMIN_ERROR:
        raise RuleError("STEP_NOT_ALLOWED", "What was entered in error counts nowhere.")


def check_return(reason: ExitReason | None) -> None:
    """Check that somebody can come back from how the last enrollment ended.

    Raises:
        RuleError: the enrollment is open, or there is nobody to come back.
    """
    if reason is None:
        raise RuleError("ALREADY_ENROLLED", "The enrollment is open.")
    if reason in (ExitReason.DECEASED, ExitReason.ADMIN_ERROR):
        raise RuleError("STEP_NOT_ALLOWED", f"After {reason} there is no coming back.")


def check_consent_to_contact(answer: YesNo) -> None:
    """Check that the person wants to be contacted for the intake.

    Raises:
        RuleError: they were not asked, or do not.
    """
    if answer is not YesNo.YES:
        raise RuleError(
            "CONSENT_TO_CONTACT_MISSING",
            "An intake begins when the person agrees to be contacted for it.",
            ("input", "consentToContact"),
        )


def check_release(*, has_release: bool) -> None:
    """Check that the person has signed a release; one that leaves recipients out is one too.

    Source: LEAD Support Bureau: the intake and the signed release are the only requirements.

    Raises:
        RuleError: none is in force.
    """
    if not has_release:
        raise RuleError(
            "RELEASE_MISSING",
            "Enrolling needs a signed release, which may leave any agency out.",
        )


def check_change(current: EnrollmentStatus, wanted: EnrollmentStatus) -> None:
    """Check a change between being in touch and out of touch.

    Raises:
        RuleError: not a step from here, or one that has a command of its own.
    """
    if current is _E.PENDING_INTAKE or wanted in (_E.EXITED, _E.PENDING_INTAKE):
        raise RuleError("STEP_NOT_ALLOWED", "Enrolling and leaving have mutations of their own.")
    check_step(current, wanted)


def check_past(day: date, today: date, field: str) -> None:
    """Check the day of something that has happened.

    Raises:
        RuleError: it lies in the future.
    """
    if day > today:
        raise RuleError(
            "DATE_IN_FUTURE", "What is recorded has happened already.", ("input", field)
        )


STATUS_MEANINGS = {
    _E.PENDING_INTAKE: "The person agreed; intake is under way.",
    _E.ENROLLED_ACTIVE: "Enrolled and in touch.",
    _E.ENROLLED_INACTIVE: "Enrolled and out of touch for now.",
    _E.EXITED: "Has left; may come back at any time.",
}
INACTIVE_REASON_MEANINGS = {
    InactiveReason.IN_THE_WIND: "Nobody has been able to reach the person.",
    InactiveReason.CUSTODY: "In custody.",
    InactiveReason.HOSPITAL: "In hospital.",
    InactiveReason.MOVED: "Away for now.",
}
DATE_MEANINGS = {
    EnrollmentDate.ENROLLED: "First day.",
    EnrollmentDate.INTAKE_COMPLETED: "Day on which the psychosocial intake was completed.",
    EnrollmentDate.EXITED: "Last day.",
}
CORRECTION_REASON_MEANINGS = {
    CorrectionReason.TYPED_WRONG: "Another day was typed than was meant.",
    CorrectionReason.PAPER_DIFFERS: "The signed paper or the file says another day.",
    CorrectionReason.LEARNT_LATER: "The right day became known only afterwards.",
}
EXIT_REASON_MEANINGS = {
    ExitReason.GOALS_MET: "The person met the goals they had set.",
    ExitReason.PERSON_WITHDREW: "The person no longer wanted to take part.",
    ExitReason.MOVED: "The person moved away.",
    ExitReason.TRANSFERRED_SITE: "Another site goes on.",
    ExitReason.DECEASED: "The person died.",
    ExitReason.ADMIN_ERROR: "Entered in error; counts as if it had never been.",
}
