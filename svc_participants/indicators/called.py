"""How soon a case manager meets somebody who was handed over at the scene. Pure.

Told in bands of people: the median of a few calls would be somebody's own minutes (decision record
0008). A failed handoff is not the person's failure (``svc_participants.handoffs.rules``), so why it
failed is not told apart. Source: the minimum indicator set of the design; LEAD toolkit, chapter 3
(at the scene within 30 minutes).
"""

from infra.indicators.definitions import Family, Indicator, Outcome
from svc_participants.indicators.populations import CALLED

HANDOFF = Indicator(
    "HANDOFF",
    Family.SPEED,
    "From the call to meeting at the scene",
    CALLED,
    "Whole minutes until the case manager met the person, against the protocol's target of that "
    "day (30 where the site agreed no other).",
    (
        Outcome("WITHIN_TARGET", "Within the target.", is_favourable=True),
        Outcome("WITHIN_TWICE", "Within twice the target."),
        Outcome("AFTER_TWICE", "Later."),
        Outcome("NOT_MET", "They did not meet, or nobody noted it."),
    ),
)


def handoff(minutes: int | None, target: int) -> str:
    """Return the outcome of a call.

    Args:
        minutes: whole minutes until they met; None: they did not.
        target: minutes of the protocol under which the call was made.
    """
    if minutes is None:
        return "NOT_MET"
    if minutes <= target:
        return "WITHIN_TARGET"
    return "WITHIN_TWICE" if minutes <= 2 * target else "AFTER_TWICE"
