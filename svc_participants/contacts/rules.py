"""What an attempt to reach somebody is. Pure."""

from datetime import datetime
from enum import StrEnum

from infra.errors import RuleError

MAX_PLACE = 200


class AttemptMode(StrEnum):
    """How it was tried."""

    STREET = "STREET"
    PHONE = "PHONE"
    TEXT_MESSAGE = "TEXT_MESSAGE"
    VISIT = "VISIT"
    THROUGH_OTHERS = "THROUGH_OTHERS"


class AttemptOutcome(StrEnum):
    """What came of it."""

    REACHED = "REACHED"
    MESSAGE_LEFT = "MESSAGE_LEFT"
    NOT_FOUND = "NOT_FOUND"


def check(attempted_at: datetime, place: str | None, now: datetime) -> None:
    """Check an attempt.

    Raises:
        RuleError: it has not happened yet, or the place is too long.
    """
    if attempted_at > now:
        raise RuleError(
            "DATE_IN_FUTURE", "What is recorded has happened already.", ("input", "attemptedAt")
        )
    if place is not None and len(place) > MAX_PLACE:
        raise RuleError("TEXT_LENGTH", f"Write at most {MAX_PLACE} characters.", ("input", "place"))


MODE_MEANINGS = {
    AttemptMode.STREET: "Looked for on the street.",
    AttemptMode.PHONE: "Called.",
    AttemptMode.TEXT_MESSAGE: "Wrote a message.",
    AttemptMode.VISIT: "Went to where the person stays.",
    AttemptMode.THROUGH_OTHERS: "Asked somebody to tell them.",
}
OUTCOME_MEANINGS = {
    AttemptOutcome.REACHED: "The person was reached.",
    AttemptOutcome.MESSAGE_LEFT: "A message was left.",
    AttemptOutcome.NOT_FOUND: "The person was not found.",
}
