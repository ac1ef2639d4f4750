"""Areas of goals, stages of change, and markers of progress. Pure.

Progress is incremental and measured against the participant's own goals; there is no marker for
failing, and nothing here leads to an exit (LEAD toolkit, frequently asked questions).
"""

from enum import StrEnum

from infra.errors import RuleError


class GoalArea(StrEnum):
    """What part of life a goal is about."""

    HOUSING = "HOUSING"
    HEALTH = "HEALTH"
    WORK_AND_INCOME = "WORK_AND_INCOME"
    LEGAL = "LEGAL"
    FAMILY_AND_FRIENDS = "FAMILY_AND_FRIENDS"
    DAILY_LIFE = "DAILY_LIFE"
    OTHER = "OTHER"


class StageOfChange(StrEnum):
    """Where somebody stands with a change (transtheoretical model)."""

    PRECONTEMPLATION = "PRECONTEMPLATION"
    CONTEMPLATION = "CONTEMPLATION"
    PREPARATION = "PREPARATION"
    ACTION = "ACTION"
    MAINTENANCE = "MAINTENANCE"


class GoalState(StrEnum):
    """Whether somebody still works on a goal."""

    OPEN = "OPEN"
    REACHED = "REACHED"
    SET_ASIDE = "SET_ASIDE"


class ProgressMarker(StrEnum):
    """What kind of step it was."""

    FIRST_STEP = "FIRST_STEP"
    STEP_FORWARD = "STEP_FORWARD"
    HELD_STEADY = "HELD_STEADY"
    TRIED_AGAIN = "TRIED_AGAIN"
    REACHED = "REACHED"
    SET_ASIDE = "SET_ASIDE"


AREA_MEANINGS = {
    GoalArea.HOUSING: "A place to live.",
    GoalArea.HEALTH: "Body and mind.",
    GoalArea.WORK_AND_INCOME: "Work, benefits, papers.",
    GoalArea.LEGAL: "Courts and warrants.",
    GoalArea.FAMILY_AND_FRIENDS: "The people who matter.",
    GoalArea.DAILY_LIFE: "Getting through the day.",
    GoalArea.OTHER: "Anything else.",
}
STAGE_MEANINGS = {
    StageOfChange.PRECONTEMPLATION: "Not thinking about it yet.",
    StageOfChange.CONTEMPLATION: "Thinking about it.",
    StageOfChange.PREPARATION: "Getting ready.",
    StageOfChange.ACTION: "Doing it.",
    StageOfChange.MAINTENANCE: "Keeping it up.",
}
STATE_MEANINGS = {
    GoalState.OPEN: "Being worked on.",
    GoalState.REACHED: "Reached, in the participant's own view.",
    GoalState.SET_ASIDE: "Put aside by the participant.",
}
MARKER_MEANINGS = {
    ProgressMarker.FIRST_STEP: "The first step.",
    ProgressMarker.STEP_FORWARD: "A further step.",
    ProgressMarker.HELD_STEADY: "Kept what was gained.",
    ProgressMarker.TRIED_AGAIN: "Tried again.",
    ProgressMarker.REACHED: "Reached the goal.",
    ProgressMarker.SET_ASIDE: "Put the goal aside.",
}


def state_after(current: GoalState, marker: ProgressMarker) -> GoalState:
    """Return a goal's state after a step; any step takes up a goal that was put aside.

    Raises:
        RuleError: the goal is reached already.
    """
    check_open(current)
    if marker is ProgressMarker.REACHED:
        return GoalState.REACHED
    return GoalState.SET_ASIDE if marker is ProgressMarker.SET_ASIDE else GoalState.OPEN


def check_open(current: GoalState) -> None:
    """Check that a goal is not reached yet.

    Raises:
        RuleError: it is.
    """
    if current is GoalState.REACHED:
        raise RuleError("GOAL_REACHED", "This goal is reached; add a new one for what comes next.")
