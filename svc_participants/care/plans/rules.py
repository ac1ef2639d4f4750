"""What a plan holds and how its steps move. Pure.

A plan is what somebody and their case manager have agreed, in the participant's own words; a step
has no deadline, can be put aside and taken up again, and leads to nothing but the next step (LEAD
toolkit: individual plans, no sanctions, no deadlines).
"""

from enum import StrEnum

from infra.errors import RuleError


class StepState(StrEnum):
    """Where a planned step stands."""

    PLANNED = "PLANNED"
    UNDER_WAY = "UNDER_WAY"
    DONE = "DONE"
    SET_ASIDE = "SET_ASIDE"


class StepDoer(StrEnum):
    """Who takes a step."""

    PARTICIPANT = "PARTICIPANT"
    CASE_MANAGER = "CASE_MANAGER"
    TOGETHER = "TOGETHER"
    SOMEBODY_ELSE = "SOMEBODY_ELSE"


STATE_MEANINGS = {
    StepState.PLANNED: "To be taken when the time is right.",
    StepState.UNDER_WAY: "Being taken.",
    StepState.DONE: "Taken.",
    StepState.SET_ASIDE: "Put aside for now.",
}
DOER_MEANINGS = {
    StepDoer.PARTICIPANT: "The participant.",
    StepDoer.CASE_MANAGER: "The case manager.",
    StepDoer.TOGETHER: "Both together.",
    StepDoer.SOMEBODY_ELSE: "Somebody else whom they have agreed on.",
}

STEPS: dict[StepState, frozenset[StepState]] = {
    StepState.PLANNED: frozenset({StepState.UNDER_WAY, StepState.DONE, StepState.SET_ASIDE}),
    StepState.UNDER_WAY: frozenset({StepState.DONE, StepState.SET_ASIDE, StepState.PLANNED}),
    StepState.SET_ASIDE: frozenset({StepState.PLANNED, StepState.UNDER_WAY}),
    StepState.DONE: frozenset({StepState.UNDER_WAY}),
}
"""What may follow on each state: nothing is final, so nothing is lost by pausing."""


def check_plan(hopes: str) -> None:
    """Check that a plan says what the participant wants.

    Raises:
        RuleError: it says nothing.
    """
    if not hopes.strip():
        raise RuleError("TEXT_MISSING", "A plan begins with what the person wants.", ("input",))
