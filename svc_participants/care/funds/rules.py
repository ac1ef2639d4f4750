"""How a spending from flexible funds goes on, and when it needs a second person. Pure.

The limits are the site's (``fund_limit``): up to ``each_cents`` the case manager decides alone,
above it a supervisor who has not asked for it; ``year_cents`` for one person in 365 days is never
passed.
"""

from dataclasses import dataclass
from enum import StrEnum

from infra.errors import RuleError
from infra.vocabulary import Role

YEAR_DAYS = 365
MAX_CENTS = 100_000_000


class SpendPurpose(StrEnum):
    """What money is spent on."""

    HOUSING = "HOUSING"
    FOOD = "FOOD"
    CLOTHES = "CLOTHES"
    TRANSPORT = "TRANSPORT"
    PHONE = "PHONE"
    PAPERS = "PAPERS"
    HEALTH_ITEMS = "HEALTH_ITEMS"
    WORK = "WORK"
    OTHER = "OTHER"


class SpendState(StrEnum):
    """Where a spending stands."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    NOT_APPROVED = "NOT_APPROVED"
    SPENT = "SPENT"
    WITHDRAWN = "WITHDRAWN"


_P, _S = SpendPurpose, SpendState
PURPOSE_MEANINGS = {
    _P.HOUSING: "Rent, deposit, a night in a room.",
    _P.FOOD: "Food.",
    _P.CLOTHES: "Clothes and shoes.",
    _P.TRANSPORT: "Getting there.",
    _P.PHONE: "A telephone and its credit.",
    _P.PAPERS: "Fees for papers.",
    _P.HEALTH_ITEMS: "Glasses and what one buys at a pharmacy without prescription.",
    _P.WORK: "Tools, training, work clothes.",
    _P.OTHER: "Anything else.",
}
STATE_MEANINGS = {
    _S.REQUESTED: "Waits for a supervisor.",
    _S.APPROVED: "May be spent.",
    _S.NOT_APPROVED: "A supervisor has said no.",
    _S.SPENT: "Spent.",
    _S.WITHDRAWN: "Not wanted any more; nothing was spent.",
}
STEPS: dict[SpendState, frozenset[SpendState]] = {
    _S.REQUESTED: frozenset({_S.APPROVED, _S.NOT_APPROVED, _S.WITHDRAWN}),
    _S.APPROVED: frozenset({_S.SPENT, _S.WITHDRAWN}),
    _S.NOT_APPROVED: frozenset(),
    _S.SPENT: frozenset(),
    _S.WITHDRAWN: frozenset(),
}
"""What may follow on each state."""
COUNTED = frozenset({_S.REQUESTED, _S.APPROVED, _S.SPENT})
"""States that count against the year's limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A site's limits, in US cents."""

    each_cents: int
    year_cents: int


def state_of_new(limits: Limits | None, amount_cents: int, counted_cents: int) -> SpendState:
    """Return the state in which a spending begins.

    Args:
        limits: the site's, None where it has set none.
        amount_cents: what is to be spent.
        counted_cents: what counts against the year's limit already.

    Raises:
        RuleError: no limits are set, not an amount, or the year's limit would be passed.
    """
    field = ("input", "amountCents")
    if limits is None:
        raise RuleError("FUND_NOT_SET_UP", "The site has set no limits for flexible funds yet.")
    if not 1 <= amount_cents <= MAX_CENTS:
        raise RuleError("NUMBER_RANGE", f"1 to {MAX_CENTS} cents.", field)
    if counted_cents + amount_cents > limits.year_cents:
        left = max(0, limits.year_cents - counted_cents)
        raise RuleError("FUND_LIMIT", f"{left} cents are left for this person this year.", field)
    return SpendState.APPROVED if amount_cents <= limits.each_cents else SpendState.REQUESTED


def check_decision(role: Role, decider: str, requester: str, wanted: SpendState) -> None:
    """Check who decides: a supervisor who has not asked for it.

    Raises:
        RuleError: somebody else's task, or the own request.
    """
    if wanted not in (SpendState.APPROVED, SpendState.NOT_APPROVED):
        return
    if role is not Role.SUP:
        raise RuleError("NOT_ALLOWED", "Supervisors decide what lies above the limit.")
    if decider == requester:
        raise RuleError("OWN_REQUEST", "Nobody decides on what they have asked for themselves.")


def check_limits(each_cents: int, year_cents: int) -> None:
    """Check limits that a site sets.

    Raises:
        RuleError: out of range, or the single limit above the year's.
    """
    if not 0 <= each_cents <= year_cents <= MAX_CENTS:
        raise RuleError("NUMBER_RANGE", f"0 <= eachCents <= yearCents <= {MAX_CENTS}.", ("input",))
