"""A warm handoff: somebody comes to where the person is. Pure.

Source: LEAD toolkit, chapter 3: a case manager at the scene within 30 minutes where that can be
done. It is the handoff that can fail, never the person: the referral goes on by itself.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from infra.errors import RuleError
from infra.vocabulary import Role

ACCESS: Final = timedelta(hours=24)
"""How long the call opens the form to who was called; handing the person over opens the rest."""
MAX_SHIFT: Final = timedelta(days=7)
MAX_TEXT: Final = 200
MAX_ROTA: Final = 100
"""Most shifts that one answer tells of, the next ones first."""
_PHONE: Final = re.compile(r"\+?[0-9 ().\-/]+(?:(?:x|ext\.?) ?[0-9]{1,6})?", re.IGNORECASE)
_DIGITS: Final = range(7, 22)
"""A local number to an international one (15, ITU-T E.164) with an extension of six."""


class HandoffState(StrEnum):
    """Where a handoff stands."""

    HANDOFF_REQUESTED = "HANDOFF_REQUESTED"
    HANDOFF_EN_ROUTE = "HANDOFF_EN_ROUTE"
    HANDOFF_MET = "HANDOFF_MET"
    HANDOFF_FAILED = "HANDOFF_FAILED"


class FailureReason(StrEnum):
    """Why nobody met the person; none of it is about the person's worth."""

    PERSON_LEFT = "PERSON_LEFT"
    PERSON_DECLINED = "PERSON_DECLINED"
    NOBODY_AVAILABLE = "NOBODY_AVAILABLE"
    NOT_SAFE = "NOT_SAFE"
    TAKEN_TO_HOSPITAL = "TAKEN_TO_HOSPITAL"
    NOT_RECORDED = "NOT_RECORDED"


_H = HandoffState
STEPS: Final[dict[HandoffState, frozenset[HandoffState]]] = {
    _H.HANDOFF_REQUESTED: frozenset({_H.HANDOFF_EN_ROUTE}),
    _H.HANDOFF_EN_ROUTE: frozenset({_H.HANDOFF_MET, _H.HANDOFF_FAILED}),
    _H.HANDOFF_MET: frozenset(),
    _H.HANDOFF_FAILED: frozenset(),
}
"""Which state may follow which. After a failure a new handoff can be asked for.

Whoever was called records these. A call that nobody took ends without them: see `given_up`.
"""

OPEN: Final = (_H.HANDOFF_REQUESTED, _H.HANDOFF_EN_ROUTE)
MAY_REQUEST: Final = frozenset({Role.LEO, Role.LEL})
MAY_RECORD: Final = frozenset({Role.CM, Role.SUP})


def check_step(current: HandoffState, wanted: HandoffState) -> None:
    """Check a step of a handoff.

    Raises:
        RuleError: not a step from here; the message names those that are.
    """
    allowed = STEPS[current]
    if wanted not in allowed:
        names = ", ".join(sorted(allowed)) or "none"
        raise RuleError("STEP_NOT_ALLOWED", f"From {current} these steps are possible: {names}.")


def check_requester(role: Role) -> None:
    """Check who calls: the officer who is with the person.

    Raises:
        RuleError: another role.
    """
    if role not in MAY_REQUEST:
        raise RuleError("NOT_ALLOWED", "The officer who refers asks for a handoff.")


def check_recorder(role: Role) -> None:
    """Check who records the way to the scene: who was called, or their supervisor.

    Raises:
        RuleError: another role.
    """
    if role not in MAY_RECORD:
        raise RuleError("NOT_ALLOWED", "Whoever was called records how it went.")


def check_door(door: str) -> None:
    """Check that a referral is handed over warm: arrest diversions are.

    Raises:
        RuleError: another door.
    """
    if door != "ARREST_DIVERSION":
        raise RuleError("STEP_NOT_ALLOWED", "Only an arrest diversion is handed over at the scene.")


def check_reason(wanted: HandoffState, reason: FailureReason | None) -> None:
    """Check that a failed handoff says why, and no other does.

    Raises:
        RuleError: a reason is missing or out of place.
    """
    if (wanted is _H.HANDOFF_FAILED) != (reason is not None):
        raise RuleError(
            "REASON_MISMATCH", "Give a reason for HANDOFF_FAILED, and only for that.",
            ("input", "failureReason"),
        )  # fmt: skip
    if reason is FailureReason.NOT_RECORDED:
        message = "Who records how it went knows why: give that reason."
        raise RuleError("REASON_MISMATCH", message, ("input", "failureReason"))


def given_up(
    state: HandoffState, requested_at: datetime, target_minutes: int, now: datetime
) -> FailureReason:
    """Return as what an open handoff ends when the officer calls again.

    Nobody said within the protocol's minutes that they come, or somebody came and the day has
    passed in which they could write down how it went.

    Raises:
        RuleError: it is too early to call again.
    """
    waited = now - requested_at
    if state is _H.HANDOFF_REQUESTED and waited >= min(timedelta(minutes=target_minutes), ACCESS):
        return FailureReason.NOBODY_AVAILABLE
    if waited > ACCESS:
        return FailureReason.NOT_RECORDED
    said = "Somebody has been called already"
    if state is _H.HANDOFF_EN_ROUTE:
        raise RuleError("HANDOFF_OPEN", f"{said}, and is on the way.")
    message = f"{said}. If nobody says within {target_minutes} minutes that they come, call again."
    raise RuleError("HANDOFF_OPEN", message)


def check_moment(at: datetime, last: datetime | None, now: datetime, field: str) -> None:
    """Check when something happened: not yet to come, and not before what came before it.

    Raises:
        RuleError: out of order.
    """
    if at > now:
        raise RuleError(
            "DATE_IN_FUTURE", "What is recorded has happened already.", ("input", field)
        )
    if last is not None and at < last:
        raise RuleError(
            "DATE_TOO_EARLY", "It comes after what is recorded already.", ("input", field)
        )
    if now - at > ACCESS:
        raise RuleError("DATE_TOO_EARLY", "A handoff is recorded within a day.", ("input", field))


def minutes_until(met_at: datetime, requested_at: datetime) -> int:
    """Return after how many whole minutes they met."""
    return (met_at - requested_at) // timedelta(minutes=1)


def check_shift(starts_at: datetime, ends_at: datetime, phone: str) -> None:
    """Check a stretch on the rota.

    Raises:
        RuleError: it ends before it starts, is too long, or has no number that can be called.
    """
    if not timedelta() < ends_at - starts_at <= MAX_SHIFT:
        raise RuleError("OUT_OF_RANGE", "A shift lasts up to seven days.", ("input", "endsAt"))
    if not phone.strip() or len(phone) > MAX_TEXT:
        raise RuleError("TEXT_MISSING", "Give the number to call.", ("input", "dutyPhone"))
    digits = sum(sign.isdigit() for sign in phone)
    if not _PHONE.fullmatch(phone.strip()) or digits not in _DIGITS:
        message = "Write a number that can be dialled, for example 206-555-0142 or +1 206 555 0142."
        raise RuleError("BAD_PHONE", message, ("input", "dutyPhone"))


def nobody_on_call() -> RuleError:
    """Return the refusal of a call that nobody would hear."""
    return RuleError(
        "NOBODY_ON_CALL", "Nobody is on call now; the referral goes on without a warm handoff."
    )


STATE_MEANINGS = {
    _H.HANDOFF_REQUESTED: "Somebody was called.",
    _H.HANDOFF_EN_ROUTE: "A case manager is on the way.",
    _H.HANDOFF_MET: "The case manager met the person.",
    _H.HANDOFF_FAILED: "They did not meet; the referral goes on.",
}
REASON_MEANINGS = {
    FailureReason.PERSON_LEFT: "The person had gone.",
    FailureReason.PERSON_DECLINED: "The person did not want to now.",
    FailureReason.NOBODY_AVAILABLE: "Nobody could come.",
    FailureReason.NOT_SAFE: "The scene was not safe.",
    FailureReason.TAKEN_TO_HOSPITAL: "The person was taken to hospital.",
    FailureReason.NOT_RECORDED: (
        "Nobody wrote down within a day how it went, and there was another call; never given."
    ),
}
