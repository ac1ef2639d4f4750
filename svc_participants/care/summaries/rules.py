"""The favourable-safe summary: what justice partners may read, and what silence looks like. Pure.

Golden Rule 1: written or approved by the case manager, never made from notes; and a fixed
"nothing to add" stands for anything that is not said, so that silence signals nothing (GR-4, GR-5).
"""

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


ENGAGEMENT_MEANINGS = {
    Engagement.GETTING_STARTED: "Getting to know each other.",
    Engagement.IN_TOUCH: "In touch.",
    Engagement.CLOSELY_ENGAGED: "Working together closely.",
}
STATE_MEANINGS = {
    SummaryState.DRAFT: "Not approved; no partner sees it.",
    SummaryState.APPROVED: "What partners with a release see.",
    SummaryState.REPLACED: "A newer wording stands in its place.",
}


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


def check_draft(state: SummaryState) -> None:
    """Check that a wording can be approved.

    Raises:
        RuleError: it is approved or replaced already.
    """
    if state is not SummaryState.DRAFT:
        raise RuleError("STEP_NOT_ALLOWED", "Only a draft can be approved.")
