"""Requests to the prosecuting office: their kinds, and which step may follow which. Pure.

Sources: LEAD toolkit, second Golden Rule (the office keeps its discretion: a request binds nobody)
and information-sharing Golden Rule (only what is written for the office reaches it, GR-3, GR-4).
"""

from enum import StrEnum

from infra.vocabulary import Role

MAX_CONTEXT_LENGTH = 1000
MAX_ANSWER_LENGTH = 500


class RequestKind(StrEnum):
    """What is asked for."""

    HOLD = "HOLD"
    DECLINE = "DECLINE"
    QUASH_WARRANT = "QUASH_WARRANT"
    CONTINUANCE = "CONTINUANCE"
    CONTEXT = "CONTEXT"


class RequestStatus(StrEnum):
    """What has become of a request. None of these says anything about the participant."""

    OPEN = "OPEN"
    GRANTED = "GRANTED"
    NOT_GRANTED = "NOT_GRANTED"
    NOTED = "NOTED"
    WITHDRAWN = "WITHDRAWN"


_NOTHING: frozenset[RequestStatus] = frozenset()
REQUEST_STEPS: dict[RequestKind, dict[RequestStatus, frozenset[RequestStatus]]] = {
    kind: {
        **dict.fromkeys(RequestStatus, _NOTHING),
        # Context asks for nothing: it is read, and that is all.
        RequestStatus.OPEN: frozenset(
            {RequestStatus.NOTED, RequestStatus.WITHDRAWN}
            if kind is RequestKind.CONTEXT
            else {RequestStatus.GRANTED, RequestStatus.NOT_GRANTED, RequestStatus.WITHDRAWN}
        ),
    }
    for kind in RequestKind
}
"""Which status may follow which; an answer is never changed, a new request is made."""

ANSWERS: frozenset[RequestStatus] = frozenset(
    {RequestStatus.GRANTED, RequestStatus.NOT_GRANTED, RequestStatus.NOTED}
)
"""What the office says; withdrawing is for who asked."""

READS_ALL: frozenset[Role] = frozenset({Role.CM, Role.SUP, Role.PM, Role.DEF, Role.PAR, Role.REP})
"""Who reads every request about a participant they see; others those to their own agency."""


def is_about_warrant(kind: RequestKind) -> bool:
    """Return whether a request of this kind tells that there is a warrant."""
    return kind is RequestKind.QUASH_WARRANT
