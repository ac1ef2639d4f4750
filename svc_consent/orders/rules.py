"""What an order must say before anything may leave by it, and the grounds that it makes. Pure.

A subpoena alone releases nothing, and neither does an order alone (42 CFR 2.61): both are needed.
The order opens exactly what it lists (2.64(e), 2.65(e)): these categories, of this period, to this
recipient, until its end. Counsel admits it; somebody else, at the agency that keeps the records,
carries it out.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from infra.authority.facts import VisibilityFact, agency_holder
from infra.errors import RuleError
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_consent.safeguards.rules import DemandKind

ORDERS = frozenset({DemandKind.ORDER_2_64, DemandKind.ORDER_2_65})
ADMITS = frozenset({Role.PRV})
"""Who records that counsel has admitted an order; who carries it out is somebody else."""

ENDS = frozenset({Role.PRV, Role.SUP})
"""Who records that an order was stayed, vacated or is done with; ending is always safe."""

CARRIED_OUT = frozenset(
    {
        Category.IDENTITY, Category.CONTACT, Category.ENROLLMENT, Category.CASE_NOTES,
        Category.PSYCHOSOCIAL, Category.GOALS_PLAN, Category.SUD, Category.MENTAL_HEALTH,
        Category.HEALTH_HIV, Category.HOUSING, Category.INCOME, Category.DEMOGRAPHICS,
    }
)  # fmt: skip
"""What an order can list here. Anything else leaves by hand, through counsel."""

MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order says, as counsel reads it.

    Attributes:
        number: of the order, for the ledger and for whoever asks later.
        counsel: name of the counsel who admitted it.
        categories: what it lists.
        data_from: first day of the records that it lists; None for all before.
        data_to: last day; None for all after.
        expires_at: when it ends.
        has_subpoena: a subpoena compels what the order only authorizes (42 CFR 2.61).
    """

    number: str
    counsel: str
    categories: tuple[Category, ...]
    data_from: date | None
    data_to: date | None
    expires_at: datetime
    has_subpoena: bool


def checked_terms(terms: Terms, kind: DemandKind, now: datetime) -> Terms:
    """Return the terms without surrounding space and double categories.

    Raises:
        RuleError: not an order, no subpoena, something missing, or nothing that it could open.
    """
    if kind not in ORDERS:
        raise RuleError("NOT_AN_ORDER", "Only an order opens anything.", ("input", "demandId"))
    if not terms.has_subpoena:
        raise RuleError(
            "SUBPOENA_NEEDED", "An order is carried out with a subpoena.", ("input", "hasSubpoena")
        )
    number = _text(terms.number, "orderNumber")
    counsel = _text(terms.counsel, "counselName")
    if not terms.categories or not CARRIED_OUT.issuperset(terms.categories):
        raise RuleError(
            "CATEGORIES_NEEDED",
            "Name each category that the order lists, of those that can be carried out here.",
            ("input", "categories"),
        )
    if terms.expires_at <= now:
        raise RuleError("ORDER_ENDED", "The order has ended.", ("input", "expiresAt"))
    if terms.data_from and terms.data_to and terms.data_from > terms.data_to:
        raise RuleError("PERIOD_INVALID", "The period ends before it begins.", ("input", "dataTo"))
    listed = tuple(sorted(set(terms.categories), key=lambda each: each.value))
    return Terms(
        number, counsel, listed, terms.data_from, terms.data_to, terms.expires_at, has_subpoena=True
    )


def _text(value: str, field: str) -> str:
    text = value.strip()
    if not 1 <= len(text) <= MAX_TEXT:
        raise RuleError("TEXT_NEEDED", f"Say it in 1 to {MAX_TEXT} characters.", ("input", field))
    return text


def fact_ids(order_id: UUID, categories: Collection[Category]) -> list[UUID]:
    """Return the ids of the grounds that an order makes."""
    sides = ("keeper", "recipient")
    return [uuid5(order_id, f"{side}:{each.value}") for each in categories for side in sides]


def grounds(
    order_id: UUID,
    participant_id: UUID,
    parties: tuple[str, str],
    terms: Terms,
    starts_at: datetime,
) -> list[VisibilityFact]:
    """Return the grounds of an order, for who reads the records out and for who gets them.

    Args:
        order_id: of the order; their source.
        participant_id: whom it is about.
        parties: holders: the agency that keeps the records, the agency that the order names.
        terms: what it lists, of which period, until when.
        starts_at: when it was admitted.
    """
    ids = iter(fact_ids(order_id, terms.categories))
    return [
        VisibilityFact(
            id=next(ids), participant_id=participant_id, holder=holder, basis=Basis.COURT_ORDER,
            starts_at=starts_at, ends_at=terms.expires_at, category=category,
            purpose=Purpose.HLEGAL, data_from=terms.data_from, data_to=terms.data_to,
            source_id=order_id,
        )
        for category in terms.categories
        for holder in parties
    ]  # fmt: skip


def parties_of(keeper: UUID, recipient: UUID, site_id: UUID) -> tuple[str, str]:
    """Return how both agencies hold something of an order: at this site alone."""
    site = str(site_id)
    return agency_holder(str(keeper), site), agency_holder(str(recipient), site)
