"""The favourable-safe summary: what justice partners may read, and what silence looks like. Pure.

Golden Rule 1: written or approved by the case manager, never made from notes; and a fixed
"nothing to add" stands for anything that is not said, so that silence signals nothing (GR-4, GR-5).
"""

from collections.abc import Iterable
from enum import StrEnum

from infra.errors import RuleError

NOTHING_TO_ADD = "There is nothing helpful to add at this time."
"""The one wording for: no summary, none approved, none in the period, or none on purpose."""

MAX_LENGTH = 2_000


class Engagement(StrEnum):
    """How much somebody and the case manager are in touch, in a plain band."""

    GETTING_STARTED = "GETTING_STARTED"
    IN_TOUCH = "IN_TOUCH"
    CLOSELY_ENGAGED = "CLOSELY_ENGAGED"


class SummaryState(StrEnum):
    """Where a wording stands."""

    DRAFT = "DRAFT"
    APPROVED = "APPROVED"
    REPLACED = "REPLACED"
    WITHDRAWN = "WITHDRAWN"


ENGAGEMENT_MEANINGS = {
    Engagement.GETTING_STARTED: "Getting to know each other.",
    Engagement.IN_TOUCH: "In touch.",
    Engagement.CLOSELY_ENGAGED: "Working together closely.",
}
STATE_MEANINGS = {
    SummaryState.DRAFT: "Not approved; no partner sees it.",
    SummaryState.APPROVED: "What partners with a release see.",
    SummaryState.REPLACED: "A newer wording stands in its place.",
    SummaryState.WITHDRAWN: "Taken back; partners see that there is nothing to add.",
}

STEPS: dict[SummaryState, frozenset[SummaryState]] = {
    SummaryState.DRAFT: frozenset({SummaryState.APPROVED, SummaryState.WITHDRAWN}),
    SummaryState.APPROVED: frozenset({SummaryState.REPLACED, SummaryState.WITHDRAWN}),
    SummaryState.REPLACED: frozenset(),
    SummaryState.WITHDRAWN: frozenset(),
}
"""What may follow on each state. A wording that was read by partners is never a draft again."""

REPEATED_WORDS = 8
"""A run of as many words that stands in a note too has been taken from it."""


def check_content(statement: str | None, *, is_nothing_to_add: bool, has_more: bool) -> None:
    """Check a wording: a statement, or "nothing to add" and then nothing else.

    Raises:
        RuleError: neither, both, or too long.
    """
    if is_nothing_to_add and (statement or has_more):
        raise RuleError("CONTRADICTS", "Nothing to add means that nothing is said.", ("input",))
    if not is_nothing_to_add and not (statement and statement.strip()):
        raise RuleError("TEXT_MISSING", "Write a statement, or say nothingToAdd.", ("input",))
    if statement and len(statement) > MAX_LENGTH:
        raise RuleError("TEXT_LENGTH", f"Write at most {MAX_LENGTH} characters.", ("input",))


def _runs(text: str) -> set[tuple[str, ...]]:
    words = ["".join(filter(str.isalnum, each)).casefold() for each in text.split()]
    kept = [each for each in words if each]
    return {
        tuple(kept[place : place + REPEATED_WORDS])
        for place in range(len(kept) - REPEATED_WORDS + 1)
    }


def check_own_words(summary: Iterable[str | None], notes: Iterable[str]) -> None:
    """Check that a summary is written for its readers, not taken from notes (GR-4).

    Raises:
        RuleError: it repeats eight words or more of a note.
    """
    said: set[tuple[str, ...]] = set()
    for text in summary:
        said |= _runs(text or "")
    if said and any(said & _runs(each) for each in notes):
        raise RuleError(
            "REPEATS_A_NOTE",
            f"A summary is no part of a note: {REPEATED_WORDS} words or more are the same.",
            ("input",),
        )
