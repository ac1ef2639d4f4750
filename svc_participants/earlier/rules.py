"""What an earlier system may say of somebody's stay with LEAD, and who may bring it in. Pure.

It says the first day, how the person stands and since when. What the platform keeps itself is not
taken on trust: no release, no psychosocial intake, no clock, and nothing that was in error.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from infra.errors import RuleError
from infra.vocabulary import Category, Role
from svc_participants.enrollments.rules import (
    EnrollmentStatus,
    ExitReason,
    InactiveReason,
    check_last_day,
    check_past,
)
from svc_participants.people.rules import writing_access

LEAD_BEGAN: Final = date(2011, 10, 1)
"""The first site began in this month (Seattle); nobody was enrolled before."""
MAX_SOURCE: Final = 60

_E = EnrollmentStatus
STANDINGS: Final = (_E.ENROLLED_ACTIVE, _E.ENROLLED_INACTIVE, _E.EXITED)
"""Where somebody can stand who was enrolled before: not in an intake, which is taken here."""
_EXITS: Final = frozenset(ExitReason) - {ExitReason.ADMIN_ERROR}
_SOURCE = re.compile(r"[^\W_][\w .&'()/-]*")


@dataclass(frozen=True, slots=True)
class EarlierStay:
    """One stay as an earlier system has it; ``status_since`` is the last day of one that ended."""

    enrolled_on: date
    status: EnrollmentStatus
    status_since: date | None
    inactive_reason: InactiveReason | None
    exit_reason: ExitReason | None
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of it, with the day from which it held."""

    before: EnrollmentStatus
    after: EnrollmentStatus
    on: date


def check_bringer(role: Role, access: str, *, is_known: bool) -> None:
    """Check who brings somebody in: who may enroll, and a supervisor for a new record.

    A case manager writes about people assigned to them, and nobody is assigned to a record that
    begins with this.

    Args:
        role: role of the acting grant.
        access: the role's access expression for enrollments.
        is_known: whether the person has a record here.

    Raises:
        RuleError: this role does not.
    """
    if not writing_access(role, Category.ENROLLMENT, access):
        raise RuleError("NOT_ALLOWED", "Case managers and their supervisors bring enrollments in.")
    if not is_known and role is not Role.SUP:
        raise RuleError("NOT_ALLOWED", "Who has no record here yet is brought in by a supervisor.")


def check(stay: EarlierStay, today: date) -> None:
    """Check what an earlier system says.

    Raises:
        RuleError: TEXT_MISSING, TEXT_LENGTH, CONTENT_FORM, STEP_NOT_ALLOWED, REASON_MISMATCH,
            DATE_MISSING, DATE_IN_FUTURE, DATE_TOO_EARLY or DATE_CONTRADICTS.
    """
    check_source(stay.source)
    if stay.status not in STANDINGS:
        raise RuleError(
            "STEP_NOT_ALLOWED",
            f"Who was enrolled before stands at one of these: {_names(STANDINGS)}.",
            ("input", "status"),
        )
    _check_reason(stay.status, _E.ENROLLED_INACTIVE, stay.inactive_reason, InactiveReason)
    _check_reason(stay.status, _E.EXITED, stay.exit_reason, _EXITS)
    check_past(stay.enrolled_on, today, "enrolledOn")
    if stay.enrolled_on < LEAD_BEGAN:
        raise RuleError(
            "DATE_TOO_EARLY",
            f"LEAD began on {LEAD_BEGAN.isoformat()}; nobody was enrolled before.",
            ("input", "enrolledOn"),
        )
    _check_since(stay, today)


def _check_since(stay: EarlierStay, today: date) -> None:
    since, field = stay.status_since, ("input", "statusSince")
    if stay.status is _E.ENROLLED_ACTIVE:
        if since not in (None, stay.enrolled_on):
            raise RuleError(
                "DATE_CONTRADICTS",
                f"For ENROLLED_ACTIVE leave it out, or give the first day, "
                f"{stay.enrolled_on.isoformat()}: when somebody was out of touch is not known.",
                field,
            )
        return
    if since is None:
        raise RuleError(
            "DATE_MISSING", f"Say from which day {stay.status} holds; of an exit, the last.", field
        )
    check_past(since, today, "statusSince")
    check_last_day(stay.enrolled_on, since, "statusSince")


def _check_reason(
    status: EnrollmentStatus,
    needs: EnrollmentStatus,
    reason: StrEnum | None,
    allowed: Iterable[StrEnum],
) -> None:
    known = tuple(allowed)
    if (status is needs) != (reason is not None) or (reason is not None and reason not in known):
        raise RuleError(
            "REASON_MISMATCH",
            f"For {needs} give one of these, for any other status none: {_names(known)}.",
            ("input", "inactiveReason" if needs is _E.ENROLLED_INACTIVE else "exitReason"),
        )


def check_source(source: str) -> None:
    """Check the name of an earlier system: a name, no sentence about anybody.

    Raises:
        RuleError: there is none, it is too long, or it holds what names do not.
    """
    field = ("input", "source")
    if not source.strip():
        raise RuleError("TEXT_MISSING", "Name the system that it comes from.", field)
    if len(source) > MAX_SOURCE:
        raise RuleError("TEXT_LENGTH", f"Write at most {MAX_SOURCE} characters.", field)
    if not _SOURCE.fullmatch(source):
        raise RuleError(
            "CONTENT_FORM", "A name has letters, digits, blanks and .&'()/-_ alone.", field
        )


def steps_of(stay: EarlierStay) -> list[Step]:
    """Return the steps that led to where somebody stands, oldest first."""
    found = [Step(_E.PENDING_INTAKE, _E.ENROLLED_ACTIVE, stay.enrolled_on)]
    if stay.status is not _E.ENROLLED_ACTIVE and stay.status_since is not None:
        found.append(Step(_E.ENROLLED_ACTIVE, stay.status, stay.status_since))
    return found


def check_first(*, has_any: bool) -> None:
    """Check that no enrollment of the person at the site is on record.

    Raises:
        RuleError: there is one; its days are corrected, or the person comes back.
    """
    if has_any:
        raise RuleError(
            "ALREADY_ENROLLED",
            "An enrollment at this site is on record: correctEnrollmentDate, "
            "changeEnrollmentStatus, exitEnrollment and reenroll change what it says.",
        )


def _names(members: Iterable[StrEnum]) -> str:
    return ", ".join(sorted(members))
