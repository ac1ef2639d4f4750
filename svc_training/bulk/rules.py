"""Batches of assignments: how large, in which chunks, and what an undo takes back."""

from enum import StrEnum

from svc_training.assignments.rules import NOT_REGISTERED, AssignmentStatus

CHUNK = 100
"""People assigned in one transaction: short, so that others get their turn in between."""


class BatchStatus(StrEnum):
    """Where a batch stands."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    UNDONE = "UNDONE"


def is_undoable(status: AssignmentStatus) -> bool:
    """Return whether an undo takes an assignment back: nobody has been registered yet."""
    return status in NOT_REGISTERED
