"""Since when an agency's agreement with a site counts: what is signed may begin later."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.web.console.moments import read_moment
from infra import clock

_COUNTING = frozenset({"MOU_SIGNED", "EXPIRED"})
"""Memberships whose agreements count in their time; EXPIRED is one without any left."""


def begins_at(membership: Mapping[str, Any]) -> datetime | None:
    """Return when a signed membership begins to count, or None where it does or no day is known."""
    if membership["status"] != "MOU_SIGNED":
        return None
    now = clock.now()
    agreements = [each for each in membership["agreements"] or () if not _is_over(each, now)]
    starts = sorted(read_moment(each["startsAt"]) for each in agreements if each["startsAt"])
    return starts[0] if starts and starts[0] > now else None


def state_of(membership: Mapping[str, Any], agreement: Mapping[str, Any]) -> str:
    """Return where one agreement stands: ``over``, ``stopped``, ``coming`` or ``live``."""
    now = clock.now()
    if _is_over(agreement, now):
        return "over"
    if membership["status"] not in _COUNTING:
        return "stopped"
    starts = agreement["startsAt"]
    return "coming" if starts and read_moment(starts) > now else "live"


def _is_over(agreement: Mapping[str, Any], now: datetime) -> bool:
    ends = agreement["endsAt"]
    return bool(ends) and read_moment(ends) <= now
