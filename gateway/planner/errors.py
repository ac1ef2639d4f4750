"""What the planner refuses."""


class PlanningError(Exception):
    """An operation has no plan; the text names schema coordinates only."""

    code = "OPERATION_CANNOT_BE_PLANNED"
