"""Which steps an assignment, or a prerequisite, can take next: pages offer these and no other.

The service decides; the tables here are its own, which a test compares.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from gateway.web.console.moments import read_moment

NEXT: Final[Mapping[str, tuple[str, ...]]] = {
    "ASSIGNED": ("NOTIFIED", "CANCELLED"),
    "NOTIFIED": ("REGISTERED", "CANCELLED"),
    "REGISTERED": ("WAITLISTED", "ALTERNATE", "ACCEPTED", "DENIED", "CANCELLED"),
    "WAITLISTED": ("ALTERNATE", "ACCEPTED", "DENIED", "CANCELLED"),
    "ALTERNATE": ("WAITLISTED", "ACCEPTED", "DENIED", "CANCELLED"),
    "ACCEPTED": ("ATTENDED", "NO_SHOW", "CANCELLED", "LATE_CANCELLED"),
    "ATTENDED": ("COMPLETED", "INCOMPLETE", "FAILED"),
    "COMPLETED": ("CREDITED",),
    "CREDITED": ("RECERT_DUE", "EXPIRED"),
    "RECERT_DUE": ("EXPIRED",),
}
"""Steps of an assignment; what is not named has ended."""
ELSEWHERE: Final = frozenset(
    {"REGISTERED", "ATTENDED", "NO_SHOW", "COMPLETED", "INCOMPLETE", "FAILED"}
)
"""Steps with a page of their own: registering, which minds places, and results."""
NOT_REGISTERED: Final = frozenset({"ASSIGNED", "NOTIFIED"})
"""Statuses from which somebody can be registered."""
WAITS: Final = frozenset({"WAITLISTED", "ALTERNATE"})
"""Statuses that wait for a place, in an order; passing over others takes a reason."""
FULFILLMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "DOCUMENT_SUBMITTED": ("MET", "WAIVER_REQUESTED"),
    "WAIVER_REQUESTED": ("WAIVED", "REJECTED"),
}
"""Steps of a prerequisite that a training manager decides."""


def steps(status: str, session: Mapping[str, Any], now: datetime) -> list[str]:
    """Return the steps to offer; a cancellation is called late when it is, and only then."""
    offered = [each for each in NEXT.get(status, ()) if each not in ELSEWHERE]
    if session["cancelByAt"] is None:
        return offered
    is_late = now >= read_moment(session["cancelByAt"])
    other = "CANCELLED" if is_late else "LATE_CANCELLED"
    return [each for each in offered if each != other]


def cancelling(status: str, session: Mapping[str, Any], now: datetime) -> str:
    """Return the step by which a place is given up at this moment, empty when none is."""
    offered = steps(status, session, now)
    return next((each for each in offered if each in ("CANCELLED", "LATE_CANCELLED")), "")
