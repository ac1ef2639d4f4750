"""What this service counts, and which outcome a person has. Pure.

Somebody's intake is the day on which a provider of the site first counted them among its own
(the fact that it hands over). Source: the minimum indicator set of the design.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Self

from infra.indicators.definitions import (
    ABOUT_PERSONS,
    Family,
    Grain,
    Indicator,
    Outcome,
    Population,
    Split,
)
from infra.vocabulary import AgencyType, Basis, Category, Purpose
from svc_consent.agencies.rules import CEILING, SERVICE_FIELDS
from svc_consent.explanations.agreement import packaged_agreement

OF_PEOPLE = (Split.DOOR, *(each for each in Split if each in ABOUT_PERSONS))
"""Splits whose groups ``svc_participants`` alone knows: it counts by them, and tells tables."""

TAKEN_IN = Population(
    "TAKEN_IN",
    "People by the quarter in which a provider of the site took them in.",
    Grain.QUARTER,
    (Split.AGENCY, *OF_PEOPLE),
)
SIGNERS = Population(
    "SIGNERS",
    "People by the quarter in which they signed their first release at the site.",
    Grain.QUARTER,
    (Split.AGENCY, *OF_PEOPLE),
)
HOLDERS = Population(
    "HOLDERS",
    "People with a release at the site in force at the end of the quarter.",
    Grain.QUARTER,
    (Split.AGENCY, *OF_PEOPLE),
)
ASKERS = Population(
    "ASKERS",
    "Accounts of the site with a look-up that was denied in the quarter.",
    Grain.QUARTER,
    (),
)
AT_INTAKE = Indicator(
    "AT_INTAKE",
    Family.CONSENT,
    "Release signed at intake",
    TAKEN_IN,
    "Days from intake to the first release at the site.",
    (
        Outcome("WITHIN_7_DAYS", "Before, or within a week.", is_favourable=True),
        Outcome("LATER", "Later, within 30 days after the quarter."),
        Outcome("NOT_SIGNED", "Not signed."),
    ),
)
SCOPE = Indicator(
    "SCOPE",
    Family.CONSENT,
    "How much is released",
    SIGNERS,
    "The first release as it was signed, against the site's partners and agreement on that day.",
    (
        Outcome("WHOLE", "No kind of partner was left out or told less."),
        Outcome("IN_PART", "A kind of partner was left out or told less."),
    ),
)
KEPT = Indicator(
    "KEPT",
    Family.CONSENT,
    "What became of releases",
    SIGNERS,
    "All of the person's releases at the site, 30 days after the quarter.",
    (
        Outcome("IN_FORCE", "One is in force, none was taken back."),
        Outcome("TAKEN_BACK", "One was taken back."),
        Outcome("RUN_OUT", "None is in force, none was taken back."),
    ),
)
EXPIRING = Indicator(
    "EXPIRING",
    Family.CONSENT,
    "Releases that run out soon",
    HOLDERS,
    "Whether the last one in force ends within 30 days after the quarter.",
    (
        Outcome("LASTS", "One lasts longer, or until something happens.", is_favourable=True),
        Outcome("RENEWED", "Ended within 30 days, and was signed anew.", is_favourable=True),
        Outcome("RAN_OUT", "Ended within 30 days, and was not signed anew."),
    ),
)
DENIED = Indicator(
    "DENIED_LOOKUPS",
    Family.CONSENT,
    "Denied look-ups",
    ASKERS,
    "How often look-ups of the account were denied in the quarter.",
    (
        Outcome("UP_TO_5", "Up to five times."),
        Outcome("UP_TO_20", "Six to twenty times."),
        Outcome("MORE", "More often."),
    ),
)
RELEASES = (AT_INTAKE, SCOPE, KEPT, EXPIRING)
INDICATORS = (*RELEASES, DENIED)


def at_intake(taken_in_at: datetime, signed_at: datetime | None) -> str:
    """Return how soon after intake somebody signed."""
    if signed_at is None:
        return "NOT_SIGNED"
    return "WITHIN_7_DAYS" if signed_at <= taken_in_at + timedelta(days=7) else "LATER"


_EXPRESSLY: Final = "E"
"""Letter of the matrix: told only where a release names the category by itself."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the agreement lets one kind of partner be told by a release, and for what."""

    categories: frozenset[Category]
    purposes: frozenset[Purpose]


@dataclass(frozen=True, slots=True)
class Named:
    """One provision of a release, by the kind of its recipient."""

    kind: AgencyType
    categories: frozenset[Category]
    purposes: frozenset[Purpose]
    is_denial: bool = False

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Return a provision as it is stored."""
        return cls(
            AgencyType(stored["kind"]),
            frozenset(Category(each) for each in stored["categories"]),
            frozenset(Purpose(each) for each in stored["purposes"]),
            stored["is_denial"],
        )


@lru_cache(maxsize=1)
def told_by_release() -> Mapping[AgencyType, Told]:
    """Return what each kind of partner may be told by a release, as the agreement has it.

    Kinds that a release lets know who somebody is, and that can ask at all: a court gets what is
    pushed to it, a business hears no more than that its own referral led somewhere. Categories that
    the agreement opens to anybody only where a form names them by itself (treatment, notes) are
    beside this: not everybody has such a thing to tell.
    """
    agreement = packaged_agreement()
    opened = {
        column: {
            category: cell
            for category, cell in cells.items()
            if Basis.RELEASE.value in cell.grounds and agreement.purposes[column]
        }
        for column, cells in agreement.cells.items()
    }
    expressly = {
        category
        for cells in opened.values()
        for category, cell in cells.items()
        if cell.kind == _EXPRESSLY
    }
    found = {}
    for kind, roles in CEILING.items():
        service = SERVICE_FIELDS.get(kind)
        of_roles = {
            agreement.column_of(each, is_liaison=True, service_field=service) for each in roles
        }
        columns = [each for each in of_roles if Category.IDENTITY in opened[each]]
        if columns:
            found[kind] = Told(
                frozenset().union(*(opened[each] for each in columns)) - expressly,
                frozenset().union(*(agreement.purposes[each] for each in columns)),
            )
    return found


def scope(partners: Collection[str], provisions: Sequence[Named]) -> str:
    """Return how much was released.

    Args:
        partners: kinds of agencies, beside the one that tells, in the site's agreement on the day
            of the signature.
        provisions: of the release.
    """
    if any(each.is_denial for each in provisions):
        return "IN_PART"
    told = told_by_release()
    is_whole = all(
        _permitted(kind, told[kind], provisions) >= told[kind].categories
        for kind in map(AgencyType, partners)
        if kind in told
    )
    return "WHOLE" if is_whole else "IN_PART"


def _permitted(kind: AgencyType, told: Told, provisions: Sequence[Named]) -> frozenset[Category]:
    """Return what a kind of partner is told, for a purpose that it can state."""
    permits = [
        each.categories
        for each in provisions
        if each.kind is kind and not each.purposes.isdisjoint(told.purposes)
    ]
    return frozenset().union(*permits)


def expiring(*, lasts: bool, is_renewed: bool) -> str:
    """Return how somebody's releases stand soon after a quarter."""
    if lasts:
        return "LASTS"
    return "RENEWED" if is_renewed else "RAN_OUT"


def kept(*, was_taken_back: bool, is_in_force: bool) -> str:
    """Return what became of somebody's releases."""
    if was_taken_back:
        return "TAKEN_BACK"
    return "IN_FORCE" if is_in_force else "RUN_OUT"


def denied(times: int) -> str:
    """Return the band of denied look-ups."""
    if times <= 5:
        return "UP_TO_5"
    return "UP_TO_20" if times <= 20 else "MORE"
