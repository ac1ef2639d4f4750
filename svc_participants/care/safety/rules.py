"""What is known of naloxone and of overdoses; no more than helps to prevent the next one. Pure."""

from enum import StrEnum

from infra.errors import RuleError

MAX_KITS = 50


class NaloxoneRecipient(StrEnum):
    """To whom naloxone was given."""

    PARTICIPANT = "PARTICIPANT"
    SOMEBODY_CLOSE = "SOMEBODY_CLOSE"


class OverdoseOutcome(StrEnum):
    """How an overdose ended."""

    SURVIVED = "SURVIVED"
    DIED = "DIED"
    NOT_KNOWN = "NOT_KNOWN"


class ToldBy(StrEnum):
    """From whom it is known."""

    PARTICIPANT = "PARTICIPANT"
    SEEN_OURSELVES = "SEEN_OURSELVES"
    SOMEBODY_ELSE = "SOMEBODY_ELSE"


RECIPIENT_MEANINGS = {
    NaloxoneRecipient.PARTICIPANT: "The participant.",
    NaloxoneRecipient.SOMEBODY_CLOSE: "Somebody who is near when it matters.",
}
OUTCOME_MEANINGS = {
    OverdoseOutcome.SURVIVED: "The person lives.",
    OverdoseOutcome.DIED: "The person has died.",
    OverdoseOutcome.NOT_KNOWN: "Not known.",
}
TOLD_MEANINGS = {
    ToldBy.PARTICIPANT: "The participant.",
    ToldBy.SEEN_OURSELVES: "Who recorded it was there.",
    ToldBy.SOMEBODY_ELSE: "Somebody else; no part of the access to one's own record.",
}


def check_kits(kits: int) -> None:
    """Check how many kits were given.

    Raises:
        RuleError: none, or more than anybody carries.
    """
    if not 1 <= kits <= MAX_KITS:
        raise RuleError("NUMBER_RANGE", f"1 to {MAX_KITS} kits.", ("input", "kits"))
