"""How a clock runs: in the site's own time, from when something happened, not from when it was
typed; standing still while the person is in custody or in hospital. Pure.

A limit in days ends with the last local day; a limit in minutes counts minutes. What stood still
is added. A clock that has run out says so and does nothing else: LEAD sets no deadlines to a
person, these are the site's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra.errors import RuleError

MINUTE: Final = timedelta(minutes=1)


class ClockKind(StrEnum):
    """What a clock measures."""

    HANDOFF = "HANDOFF"
    INTAKE = "INTAKE"
    WAITLIST = "WAITLIST"


class ClockState(StrEnum):
    """How a clock stands; only that it ran out follows from the time alone."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    OVERDUE = "OVERDUE"
    MET = "MET"
    ENDED = "ENDED"


class ClockStep(StrEnum):
    """What can be done with a clock."""

    PAUSE = "PAUSE"
    RESUME = "RESUME"
    MEET = "MEET"
    END = "END"


class PauseReason(StrEnum):
    """Why time does not count."""

    CUSTODY = "CUSTODY"
    HOSPITAL = "HOSPITAL"


_C = ClockState
STEPS: Final[dict[ClockState, dict[ClockStep, ClockState]]] = {
    _C.RUNNING: {
        ClockStep.PAUSE: _C.PAUSED,
        ClockStep.MEET: _C.MET,
        ClockStep.END: _C.ENDED,
    },
    _C.OVERDUE: {
        ClockStep.PAUSE: _C.PAUSED,
        ClockStep.MEET: _C.MET,
        ClockStep.END: _C.ENDED,
    },
    _C.PAUSED: {
        ClockStep.RESUME: _C.RUNNING,
        ClockStep.MEET: _C.MET,
        ClockStep.END: _C.ENDED,
    },
    _C.MET: {},
    _C.ENDED: {},
}
"""What may be done where. After RESUME a clock is RUNNING or OVERDUE, as its time says."""


@dataclass(frozen=True, slots=True)
class Pause:
    """One stretch that does not count; open while ``ended_at`` is None."""

    reason: PauseReason
    began_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock; exactly one of the two limits is set."""

    zone: str
    started_at: datetime
    limit_minutes: int | None = None
    limit_days: int | None = None
    pauses: tuple[Pause, ...] = ()
    met_at: datetime | None = None
    ended_at: datetime | None = None


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises:
        RuleError: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RuleError(
            "TIME_ZONE_UNKNOWN", "Name a zone like America/Los_Angeles.", ("input", "timeZone")
        ) from None


def stood_still(pauses: Sequence[Pause], until: datetime) -> timedelta:
    """Return how long a clock stood still, up to a moment."""
    total = timedelta()
    for each in pauses:
        end = min(each.ended_at or until, until)
        total += max(timedelta(), end - each.began_at)
    return total


def due_at(clock: Clock, now: datetime) -> datetime:
    """Return when a clock runs out, as far as can be said now: an open pause moves it on."""
    still = stood_still(clock.pauses, now)
    if clock.limit_minutes is not None:
        return clock.started_at + clock.limit_minutes * MINUTE + still
    zone = zone_of(clock.zone)
    last_day = clock.started_at.astimezone(zone).date() + timedelta(days=clock.limit_days or 0)
    midnight = datetime.combine(last_day + timedelta(days=1), time(), zone)
    if not still:
        return midnight
    # A stay that ends at noon gives the rest of that day too: whole local days are counted.
    moved = (midnight - timedelta(microseconds=1)).astimezone(zone) + still
    return datetime.combine(moved.date() + timedelta(days=1), time(), zone)


def state_of(clock: Clock, now: datetime) -> ClockState:
    """Return how a clock stands now."""
    if clock.met_at is not None:
        return ClockState.MET
    if clock.ended_at is not None:
        return ClockState.ENDED
    if any(each.ended_at is None for each in clock.pauses):
        return ClockState.PAUSED
    return ClockState.OVERDUE if now >= due_at(clock, now) else ClockState.RUNNING


def elapsed(clock: Clock, now: datetime) -> timedelta:
    """Return the time that counts: from the start until it was met, or until now."""
    end = clock.met_at or clock.ended_at or now
    return max(timedelta(), end - clock.started_at - stood_still(clock.pauses, end))


def is_met_in_time(clock: Clock) -> bool | None:
    """Return whether a clock was met before it ran out; None while it was not met."""
    if clock.met_at is None:
        return None
    return clock.met_at <= due_at(clock, clock.met_at)


def met_on(zone: str, started_at: datetime, day: date, now: datetime) -> datetime:
    """Return when a clock was met by what was done on a local day: by the day's end at the latest.

    What was done before the clock started met it at once.
    """
    midnight = datetime.combine(day + timedelta(days=1), time(), zone_of(zone))
    return max(started_at, min(midnight - timedelta(microseconds=1), now))


def check_step(state: ClockState, step: ClockStep) -> None:
    """Check what is to be done with a clock.

    Raises:
        RuleError: not possible here; the message names what is.
    """
    if step not in STEPS[state]:
        names = ", ".join(sorted(STEPS[state])) or "none"
        raise RuleError("STEP_NOT_ALLOWED", f"From {state} these steps are possible: {names}.")


def check_moment(clock: Clock, at: datetime, now: datetime) -> None:
    """Check when something is said to have happened to a clock.

    Raises:
        RuleError: before it started or before its last pause, or not yet.
    """
    earliest = max([clock.started_at, *(each.ended_at or each.began_at for each in clock.pauses)])
    if at > now:
        raise RuleError(
            "DATE_IN_FUTURE", "What is recorded has happened already.", ("input", "happenedAt")
        )
    if at < earliest:
        raise RuleError(
            "DATE_TOO_EARLY", "It comes after what is recorded already.", ("input", "happenedAt")
        )


KIND_MEANINGS = {
    ClockKind.HANDOFF: "From the call to meeting the person at the scene.",
    ClockKind.INTAKE: "From the referral to the completed intake.",
    ClockKind.WAITLIST: "From being put on the waiting list to a decision.",
}
STATE_MEANINGS = {
    _C.RUNNING: "Time counts.",
    _C.PAUSED: "Time does not count now.",
    _C.OVERDUE: "The time has run out; nothing follows by itself.",
    _C.MET: "What was to be done is done.",
    _C.ENDED: "No longer measured.",
}
REASON_MEANINGS = {
    PauseReason.CUSTODY: "The person is in custody.",
    PauseReason.HOSPITAL: "The person is in hospital.",
}
