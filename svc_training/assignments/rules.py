"""How far an assignment is, and which steps are allowed.

The machine follows a place in a class from the manager's intent to the credit: assigned,
notified, registered; waitlisted, alternate, accepted or denied; attended or not; completed or
not; credited; later due again or expired. A place can be given up until the class has begun.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from infra.errors import RuleError

MAX_PEOPLE = 1000
MAX_REMINDER_DAYS = 365
MAX_CATEGORY_LENGTH = 80
MAX_COMMENT_LENGTH = 500
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


class AssignmentStatus(StrEnum):
    """How far an assignment is."""

    ASSIGNED = "ASSIGNED"
    NOTIFIED = "NOTIFIED"
    REGISTERED = "REGISTERED"
    WAITLISTED = "WAITLISTED"
    ALTERNATE = "ALTERNATE"
    ACCEPTED = "ACCEPTED"
    DENIED = "DENIED"
    ATTENDED = "ATTENDED"
    NO_SHOW = "NO_SHOW"
    CANCELLED = "CANCELLED"
    LATE_CANCELLED = "LATE_CANCELLED"
    COMPLETED = "COMPLETED"
    INCOMPLETE = "INCOMPLETE"
    FAILED = "FAILED"
    CREDITED = "CREDITED"
    RECERT_DUE = "RECERT_DUE"
    EXPIRED = "EXPIRED"


_S = AssignmentStatus

NEXT: dict[AssignmentStatus, tuple[AssignmentStatus, ...]] = {
    _S.ASSIGNED: (_S.NOTIFIED, _S.CANCELLED),
    _S.NOTIFIED: (_S.REGISTERED, _S.CANCELLED),
    _S.REGISTERED: (_S.WAITLISTED, _S.ALTERNATE, _S.ACCEPTED, _S.DENIED, _S.CANCELLED),
    _S.WAITLISTED: (_S.ALTERNATE, _S.ACCEPTED, _S.DENIED, _S.CANCELLED),
    _S.ALTERNATE: (_S.WAITLISTED, _S.ACCEPTED, _S.DENIED, _S.CANCELLED),
    _S.ACCEPTED: (_S.ATTENDED, _S.NO_SHOW, _S.CANCELLED, _S.LATE_CANCELLED),
    _S.DENIED: (),
    _S.ATTENDED: (_S.COMPLETED, _S.INCOMPLETE, _S.FAILED),
    _S.NO_SHOW: (),
    _S.CANCELLED: (),
    _S.LATE_CANCELLED: (),
    _S.COMPLETED: (_S.CREDITED,),
    _S.INCOMPLETE: (),
    _S.FAILED: (),
    _S.CREDITED: (_S.RECERT_DUE, _S.EXPIRED),
    _S.RECERT_DUE: (_S.EXPIRED,),
    _S.EXPIRED: (),
}
"""Allowed steps."""

ENDED: frozenset[AssignmentStatus] = frozenset(
    {
        _S.DENIED,
        _S.NO_SHOW,
        _S.CANCELLED,
        _S.LATE_CANCELLED,
        _S.INCOMPLETE,
        _S.FAILED,
        _S.RECERT_DUE,
        _S.EXPIRED,
    }
)
"""Statuses after which the same person may be assigned to the same session once more."""

HAS_TRAINING: frozenset[AssignmentStatus] = frozenset({_S.COMPLETED, _S.CREDITED})
"""Statuses in which the person has the course's training."""


TAKES_A_PLACE: frozenset[AssignmentStatus] = frozenset(
    {
        _S.REGISTERED,
        _S.ACCEPTED,
        _S.ATTENDED,
        _S.COMPLETED,
        _S.INCOMPLETE,
        _S.FAILED,
        _S.CREDITED,
        _S.NO_SHOW,
        _S.LATE_CANCELLED,
    }
)
"""Statuses that use up a place of the session."""

WAITS: frozenset[AssignmentStatus] = frozenset({_S.WAITLISTED, _S.ALTERNATE})
"""Statuses that wait for a place."""

NOT_REGISTERED: frozenset[AssignmentStatus] = frozenset({_S.ASSIGNED, _S.NOTIFIED})
"""Statuses from which a person can be registered, and in which an assignment can be undone."""


class RegistrationOutcome(StrEnum):
    """What a registration did for one person."""

    REGISTERED = "REGISTERED"
    WAITLISTED = "WAITLISTED"
    PREREQUISITES_UNMET = "PREREQUISITES_UNMET"
    NO_PLACE_LEFT = "NO_PLACE_LEFT"
    ALREADY_REGISTERED = "ALREADY_REGISTERED"


class AssignmentOutcome(StrEnum):
    """What an assignment did for one person."""

    ASSIGNED = "ASSIGNED"
    ALREADY_ASSIGNED = "ALREADY_ASSIGNED"
    ALREADY_TRAINED = "ALREADY_TRAINED"
    NEEDS_PERSON_RECORD = "NEEDS_PERSON_RECORD"


@dataclass(frozen=True, slots=True)
class AssignmentTerms:
    """What holds for everybody who is assigned in one action.

    Attributes:
        category: the agency's training category.
        due_on: until when the training is to be had, if there is a date.
        reminder_days: from how many days before that on the person is to be reminded, if so.
    """

    category: str
    due_on: date | None
    reminder_days: int | None


def checked_terms(terms: AssignmentTerms) -> AssignmentTerms:
    """Return the terms with blanks squeezed.

    Raises:
        RuleError: the category is empty or too long, the date is not of these two centuries, the
            reminder is out of range or has no date to remind of.
    """
    squeezed = re.sub(r"\s+", " ", terms.category).strip()
    if not 1 <= len(squeezed) <= MAX_CATEGORY_LENGTH or "\x00" in squeezed:
        message = f"A training category has 1 to {MAX_CATEGORY_LENGTH} characters."
        raise RuleError("BAD_CATEGORY", message, ("input", "category"))
    if terms.due_on is not None and not _FIRST_YEAR <= terms.due_on.year <= _LAST_YEAR:
        message = f"The due date lies between {_FIRST_YEAR} and {_LAST_YEAR}."
        raise RuleError("BAD_DUE_DATE", message, ("input", "dueOn"))
    if terms.reminder_days is not None:
        if not 0 <= terms.reminder_days <= MAX_REMINDER_DAYS:
            message = f"A reminder is 0 to {MAX_REMINDER_DAYS} days before the due date."
            raise RuleError("BAD_REMINDER", message, ("input", "reminderDays"))
        if terms.due_on is None:
            message = "A reminder needs a due date."
            raise RuleError("REMINDER_WITHOUT_DUE_DATE", message, ("input", "reminderDays"))
    return AssignmentTerms(squeezed, terms.due_on, terms.reminder_days)


def checked_comment(comment: str | None) -> str | None:
    """Return a comment without blanks at its ends, None for an empty one.

    Raises:
        RuleError: too long.
    """
    stripped = (comment or "").strip()
    if len(stripped) > MAX_COMMENT_LENGTH or "\x00" in stripped:
        message = f"A comment has at most {MAX_COMMENT_LENGTH} characters."
        raise RuleError("BAD_COMMENT", message, ("input", "comment"))
    return stripped or None


def checked_reason(reason: str | None, *, is_before_others: bool) -> str | None:
    """Return why somebody gets a place, or a better one in the list, before others; else None.

    Raises:
        RuleError: others stand before and no reason is given, or it is too long.
    """
    stripped = (reason or "").strip()
    field = ("input", "exceptionReason")
    if len(stripped) > MAX_COMMENT_LENGTH or "\x00" in stripped:
        message = f"A reason has at most {MAX_COMMENT_LENGTH} characters."
        raise RuleError("BAD_COMMENT", message, field)
    if not is_before_others:
        return None
    if not stripped:
        message = "Others stand before this person on the waiting list; say why it is not them."
        raise RuleError("ORDER_REASON_MISSING", message, field)
    return stripped


def check_step(present: AssignmentStatus, wanted: AssignmentStatus) -> None:
    """Let an allowed step pass.

    Raises:
        RuleError: the step is not allowed; the message names those that are.
    """
    allowed = NEXT[present]
    if wanted in allowed:
        return
    steps = ", ".join(status.value for status in allowed) or "none: it has ended"
    message = (
        f"An assignment that is {present.value} cannot become {wanted.value}; allowed: {steps}."
    )
    raise RuleError("ILLEGAL_STEP", message, ("input", "status"))


def path_to(
    present: AssignmentStatus, wanted: AssignmentStatus
) -> tuple[AssignmentStatus, ...] | None:
    """Return the shortest way of allowed steps to a status, empty for none needed, or None."""
    ways: dict[AssignmentStatus, tuple[AssignmentStatus, ...]] = {present: ()}
    frontier = [present]
    while frontier and wanted not in ways:
        reached = []
        for status in frontier:
            for following in NEXT[status]:
                if following not in ways:
                    ways[following] = (*ways[status], following)
                    reached.append(following)
        frontier = reached
    return ways.get(wanted)


@dataclass(frozen=True, slots=True)
class Places:
    """How many places a session has and how many are taken; None is no limit."""

    capacity: int | None
    taken: int
    waitlist_capacity: int | None
    waiting: int

    @property
    def free(self) -> int | None:
        """How many places nobody has, also none where there are more people than places."""
        return None if self.capacity is None else max(self.capacity - self.taken, 0)

    def is_next(self, position: int) -> bool:
        """Return whether a place that is free is the turn of who waits at a position (from 1).

        Where no number of places is known here, who waits does so by the academy's word, and the
        place is the academy's to give.
        """
        return self.free is not None and position <= self.free

    def next_outcome(self) -> RegistrationOutcome:
        """Return what happens to the next person who registers: who waits comes before them."""
        if self.capacity is None or self.taken + self.waiting < self.capacity:
            return RegistrationOutcome.REGISTERED
        if self.waitlist_capacity is None or self.waiting < self.waitlist_capacity:
            return RegistrationOutcome.WAITLISTED
        return RegistrationOutcome.NO_PLACE_LEFT

    def after(self, outcome: RegistrationOutcome) -> "Places":
        """Return the places once a person has got this outcome."""
        if outcome is RegistrationOutcome.REGISTERED:
            return Places(self.capacity, self.taken + 1, self.waitlist_capacity, self.waiting)
        if outcome is RegistrationOutcome.WAITLISTED:
            return Places(self.capacity, self.taken, self.waitlist_capacity, self.waiting + 1)
        return self


def check_window(opens_at: datetime | None, closes_at: datetime | None, now: datetime) -> None:
    """Let a registration within its time pass.

    Raises:
        RuleError: not open yet, or closed.
    """
    if opens_at is not None and now < opens_at:
        message = f"Registration opens at {opens_at.isoformat()}."
        raise RuleError("REGISTRATION_NOT_OPEN", message, ("input", "sessionNumber"))
    if closes_at is not None and now >= closes_at:
        message = f"Registration closed at {closes_at.isoformat()}."
        raise RuleError("REGISTRATION_CLOSED", message, ("input", "sessionNumber"))


def check_cancellation(
    wanted: AssignmentStatus, cancel_by_at: datetime | None, now: datetime
) -> None:
    """Check that a cancellation is called late when it is, and only then.

    Raises:
        RuleError: the other of the two is meant.
    """
    if cancel_by_at is None:
        return
    is_late = now >= cancel_by_at
    if wanted is AssignmentStatus.CANCELLED and is_late:
        message = f"Cancellation was free until {cancel_by_at.isoformat()}: use LATE_CANCELLED."
        raise RuleError("CANCELLED_LATE", message, ("input", "status"))
    if wanted is AssignmentStatus.LATE_CANCELLED and not is_late:
        message = f"Cancellation is free until {cancel_by_at.isoformat()}: use CANCELLED."
        raise RuleError("NOT_LATE", message, ("input", "status"))
