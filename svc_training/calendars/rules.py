"""What a personal calendar shows of the own sessions: when and what, and whether it stands.

No name, no place that somebody wrote by hand, and nothing of how the person did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from svc_training.assignments.rules import ENDED, AssignmentStatus
from svc_training.sessions.rules import SessionStatus

SHOWN_BACK = timedelta(days=366)
"""Sessions that ended longer ago are not shown."""
MAX_SESSIONS = 500

_S = AssignmentStatus
_GIVEN_UP = frozenset({_S.CANCELLED, _S.LATE_CANCELLED, _S.DENIED})
_NOT_SETTLED = frozenset({_S.ASSIGNED, _S.NOTIFIED, _S.WAITLISTED, _S.ALTERNATE})


class EndedWhy(StrEnum):
    """Why an address is good no more."""

    REPLACED = "REPLACED"
    BY_OWNER = "BY_OWNER"
    LEFT = "LEFT"


class Standing(StrEnum):
    """Whether something in a calendar takes place for its owner (RFC 5545, STATUS)."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Step:
    """One assignment of the person to a session, as far as it matters here."""

    status: AssignmentStatus
    version: int
    changed_at: datetime


def standing(session_status: SessionStatus, steps: Sequence[Step]) -> Standing:
    """Return how a session stands for who was assigned to it, perhaps more than once."""
    if session_status is SessionStatus.CANCELLED:
        return Standing.CANCELLED
    live = [step for step in steps if step.status not in ENDED]
    last = max(live or steps, key=lambda step: step.changed_at).status
    if last in _GIVEN_UP:
        return Standing.CANCELLED
    return Standing.TENTATIVE if last in _NOT_SETTLED else Standing.CONFIRMED


def sequence(session_version: int, steps: Sequence[Step]) -> int:
    """Return a number that grows with each change of the session or of an assignment."""
    return session_version - 1 + sum(step.version for step in steps)
