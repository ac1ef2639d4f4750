"""How many people one case manager works with. Pure.

Source: LEAD toolkit, caseload standards: an average up to 20, never above 25. A site may set
lower figures, never higher ones.
"""

from infra.errors import RuleError
from infra.vocabulary import Role

WARNING = 20
LIMIT = 25


def check_supervisor(role: Role) -> None:
    """Check who gives out caseloads.

    Raises:
        RuleError: not a supervisor.
    """
    if role is not Role.SUP:
        raise RuleError("NOT_ALLOWED", "Supervisors assign the people of their own agency.")


def check_capacity(open_assignments: int, limit: int) -> None:
    """Check that a caseload has room for one more.

    Raises:
        RuleError: it is full.
    """
    if open_assignments >= min(limit, LIMIT):
        raise RuleError("CASELOAD_FULL", f"A caseload holds at most {min(limit, LIMIT)} people.")


def is_near_limit(open_assignments: int, warning: int) -> bool:
    """Return whether a caseload has reached the size at which the supervisor is warned."""
    return open_assignments >= min(warning, WARNING)


def already_assigned() -> RuleError:
    """Return the refusal of a second assignment to the same person."""
    return RuleError("ALREADY_ASSIGNED", "This case manager works with the participant already.")


def already_ended() -> RuleError:
    """Return the refusal to end an assignment twice."""
    return RuleError("ALREADY_ENDED", "This assignment has ended already.")
