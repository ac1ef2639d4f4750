"""How a request for technical assistance goes its way. Pure."""

from enum import StrEnum

from infra.errors import RuleError

MAX_QUESTION, MAX_COMMENT = 4000, 2000


class AssistanceTopic(StrEnum):
    """What help is asked for."""

    EXPLORING = "EXPLORING"
    DEVELOPING = "DEVELOPING"
    LAUNCHING = "LAUNCHING"
    OPERATING = "OPERATING"
    TRAINING = "TRAINING"
    EVALUATION = "EVALUATION"
    OTHER = "OTHER"


class AssistanceStatus(StrEnum):
    """Where a request stands."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    IN_PROGRESS = "IN_PROGRESS"
    ANSWERED = "ANSWERED"
    CLOSED = "CLOSED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"


_S = AssistanceStatus
NEXT: dict[AssistanceStatus, tuple[AssistanceStatus, ...]] = {
    _S.OPEN: (_S.ACKNOWLEDGED, _S.DECLINED, _S.WITHDRAWN),
    _S.ACKNOWLEDGED: (_S.IN_PROGRESS, _S.ANSWERED, _S.DECLINED, _S.WITHDRAWN),
    _S.IN_PROGRESS: (_S.ANSWERED, _S.DECLINED, _S.WITHDRAWN),
    _S.ANSWERED: (_S.IN_PROGRESS, _S.CLOSED),
    _S.CLOSED: (),
    _S.DECLINED: (),
    _S.WITHDRAWN: (),
}
"""Allowed steps. An answer that does not help goes back to the Bureau."""

BY_REQUESTER = frozenset({_S.WITHDRAWN, _S.CLOSED, _S.IN_PROGRESS})
"""Steps that the agency takes: withdraw, close, or ask further after an answer."""

BY_BUREAU = frozenset({_S.ACKNOWLEDGED, _S.IN_PROGRESS, _S.ANSWERED, _S.DECLINED})
"""Steps that the Bureau takes."""


def check_step(present: AssistanceStatus, wanted: AssistanceStatus) -> None:
    """Let an allowed step pass.

    Raises:
        RuleError: the step is not allowed; the message names those that are.
    """
    allowed = NEXT[present]
    if wanted in allowed:
        return
    steps = ", ".join(status.value for status in allowed) or "none: it has ended"
    message = f"A request that is {present.value} cannot become {wanted.value}; allowed: {steps}."
    raise RuleError("ILLEGAL_STEP", message, ("input", "status"))


def checked_text(text: str | None, longest: int, field: str, *, needed: bool) -> str | None:
    """Return a text without blanks at its ends.

    Raises:
        RuleError: missing or too long.
    """
    stripped = (text or "").strip()
    if len(stripped) > longest or (needed and not stripped):
        message = f"Write {'1' if needed else '0'} to {longest} characters."
        raise RuleError("BAD_TEXT", message, ("input", field))
    return stripped or None
