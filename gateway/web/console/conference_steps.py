"""Which steps a meeting and an item of its agenda can take next: pages offer these and no other.

The service decides; the tables here are its own, which a test compares.
"""

from collections.abc import Mapping
from typing import Final

from gateway.web.console.roles import CHAIRING, PREPARING

MEETING_STEPS: Final[Mapping[str, str]] = {
    "SCHEDULED": "AGENDA_OPEN",
    "AGENDA_OPEN": "AGENDA_LOCKED",
    "AGENDA_LOCKED": "IN_SESSION",
    "IN_SESSION": "CLOSED",
    "CLOSED": "MINUTES_APPROVED",
}
"""A meeting goes forward only, one step at a time."""
PROPOSING: Final = "AGENDA_OPEN"
"""While a meeting stands so, somebody can be proposed for its agenda."""
WRITING: Final = frozenset({"IN_SESSION", "CLOSED"})
"""While a meeting stands so, attendance, notes and actions are recorded."""
WITH_MINUTES: Final = frozenset({"CLOSED", "MINUTES_APPROVED"})
"""Steps of a meeting that bring minutes along."""
OVER: Final = "MINUTES_APPROVED"

ITEM_STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "PROPOSED": ("ADMITTED", "WITHDRAWN", "REMOVED_CONSENT"),
    "ADMITTED": ("DISCUSSED", "DEFERRED", "WITHDRAWN", "REMOVED_CONSENT"),
    "DISCUSSED": ("ACTIONS_SET", "DEFERRED", "WITHDRAWN", "REMOVED_CONSENT"),
    "ACTIONS_SET": ("REMOVED_CONSENT",),
    "DEFERRED": ("REMOVED_CONSENT",),
}
"""Steps of an item; what is not named has left the agenda."""
OFF_AGENDA: Final = frozenset({"WITHDRAWN", "REMOVED_CONSENT"})
"""Steps that take an item off, which are for who works with the person as well."""
ON_SCREEN: Final = frozenset({"ADMITTED", "DISCUSSED", "ACTIONS_SET", "DEFERRED"})
"""Statuses of an item to which notes and actions are written."""
_MEETINGS: Final = frozenset({*MEETING_STEPS, OVER})
ITEM_STEP_WHILE: Final[Mapping[str, frozenset[str]]] = {
    "ADMITTED": frozenset({"AGENDA_OPEN", "AGENDA_LOCKED"}),
    "DISCUSSED": WRITING,
    "ACTIONS_SET": WRITING,
    "DEFERRED": WRITING | {"AGENDA_OPEN", "AGENDA_LOCKED"},
    "WITHDRAWN": _MEETINGS - {OVER},
    "REMOVED_CONSENT": _MEETINGS,
}
"""While the meeting stands so, an item may come to a status."""

TOPICS: Final = (
    "NEW_REFERRAL", "HANDOFF", "SUCCESS", "CONCERN", "COURT_DATE", "WARRANT", "FILING", "BARRIER",
)  # fmt: skip
CLOSINGS: Final = ("DONE", "DROPPED")
"""What becomes of an action that is open."""


def item_steps(item: str, meeting: str, role: str) -> list[str]:
    """Return the steps to offer a role for an item, by where the item and its meeting stand."""
    if role not in PREPARING:
        return []
    return [
        step
        for step in ITEM_STEPS.get(item, ())
        if meeting in ITEM_STEP_WHILE[step] and (role in CHAIRING or step in OFF_AGENDA)
    ]
