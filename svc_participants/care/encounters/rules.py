"""What came of a contact. Pure."""

from enum import StrEnum

from infra.errors import RuleError

MAX_MINUTES = 24 * 60


class EncounterOutcome(StrEnum):
    """What came of a contact."""

    MET = "MET"
    NOT_TODAY = "NOT_TODAY"
    LEFT_WORD = "LEFT_WORD"
    NOT_FOUND = "NOT_FOUND"


MET = (EncounterOutcome.MET, EncounterOutcome.NOT_TODAY)
"""Somebody saw or spoke to the person."""

OUTCOME_MEANINGS = {
    EncounterOutcome.MET: "Met or spoke.",
    EncounterOutcome.NOT_TODAY: "Met; the person did not want to talk today.",
    EncounterOutcome.LEFT_WORD: "Not met; left word with somebody or in writing.",
    EncounterOutcome.NOT_FOUND: "Not found where they usually are.",
}


def check_minutes(minutes: int | None) -> None:
    """Check how long a contact took.

    Raises:
        RuleError: less than a minute or more than a day.
    """
    if minutes is not None and not 1 <= minutes <= MAX_MINUTES:
        raise RuleError("NUMBER_RANGE", f"1 to {MAX_MINUTES} minutes.", ("input", "minutes"))
