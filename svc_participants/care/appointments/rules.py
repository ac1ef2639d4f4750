"""How an appointment goes, and how somebody is reminded of it. Pure.

An appointment that was not kept leads to nothing but another one.
"""

from datetime import datetime
from enum import StrEnum

from infra.errors import RuleError


class AppointmentState(StrEnum):
    """How an appointment went."""

    PLANNED = "PLANNED"
    KEPT = "KEPT"
    NOT_KEPT = "NOT_KEPT"
    CALLED_OFF = "CALLED_OFF"


class ReminderWay(StrEnum):
    """How somebody wants to be reminded."""

    NONE = "NONE"
    CALL = "CALL"
    MESSAGE = "MESSAGE"
    IN_PERSON = "IN_PERSON"


_A = AppointmentState
STATE_MEANINGS = {
    _A.PLANNED: "Ahead.",
    _A.KEPT: "Took place.",
    _A.NOT_KEPT: "Did not take place; a new one can be made.",
    _A.CALLED_OFF: "Called off by anybody.",
}
WAY_MEANINGS = {
    ReminderWay.NONE: "Not at all.",
    ReminderWay.CALL: "By a call.",
    ReminderWay.MESSAGE: "By a message that names no provider and no reason.",
    ReminderWay.IN_PERSON: "By somebody who comes by.",
}
STEPS: dict[AppointmentState, frozenset[AppointmentState]] = {
    _A.PLANNED: frozenset({_A.KEPT, _A.NOT_KEPT, _A.CALLED_OFF}),
    _A.KEPT: frozenset(),
    _A.NOT_KEPT: frozenset({_A.KEPT}),
    _A.CALLED_OFF: frozenset({_A.PLANNED}),
}
"""What may follow on each state; NOT_KEPT is corrected when it turns out otherwise."""


def check_reminder(way: ReminderWay, remind_at: datetime | None, starts_at: datetime) -> None:
    """Check when somebody is to be reminded.

    Raises:
        RuleError: a way without a time, a time without a way, or one after the appointment.
    """
    field = ("input", "remindAt")
    if (way is ReminderWay.NONE) != (remind_at is None):
        raise RuleError("REMINDER_INCOMPLETE", "Say when and how, or neither.", field)
    if remind_at is not None and remind_at >= starts_at:
        raise RuleError("DATE_ORDER", "A reminder comes before the appointment.", field)


def check_planned(state: AppointmentState) -> None:
    """Check that an appointment is still ahead.

    Raises:
        RuleError: it is not.
    """
    if state is not AppointmentState.PLANNED:
        raise RuleError("STEP_NOT_ALLOWED", "Only what is ahead can be moved or reminded of.")
