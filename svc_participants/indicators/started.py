"""What became of people a year after they were first enrolled, and who has which outcome. Pure.

Whoever has left by then counts as it stood on the last day: where people live when they leave is
told together with where the others live, because who has left is what another indicator tells
(decision record 0008). Sources: HUD HMIS Data Standards 2026, 4.12 (living situations); the minimum
indicator set of the design.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from infra.indicators.definitions import Family, Indicator, Outcome
from svc_participants.care.arrangements.rules import ArrangementState
from svc_participants.care.kinds import HelpKind
from svc_participants.indicators.populations import STARTED
from svc_participants.indicators.well_being import HOUSED

_S = ArrangementState
_RECEIVED = frozenset({_S.BEGUN, _S.COMPLETED})
_LINKED = (
    Outcome("CONNECTED", "Began with a provider.", is_favourable=True),
    Outcome("ARRANGED", "Arranged, and not begun."),
    Outcome("NOT_ARRANGED", "None on record."),
)


def _linked(key: str, title: str) -> Indicator:
    definition = "Services arranged within 12 months of the first day, or until the last."
    return Indicator(key, Family.WELL_BEING, title, STARTED, definition, _LINKED)


HOUSING = (
    Indicator(
        "HOUSING_AT_START",
        Family.WELL_BEING,
        "Housing on the first day",
        STARTED,
        "The living situation on record for the first day, else the first after it.",
        HOUSED,
    ),
    Indicator(
        "HOUSING_AFTER_6_MONTHS",
        Family.WELL_BEING,
        "Housing six months on",
        STARTED,
        "The last living situation on record six months after the first day, or on the last.",
        HOUSED,
    ),
    Indicator(
        "HOUSING_AFTER_12_MONTHS",
        Family.WELL_BEING,
        "Housing a year on, or on leaving",
        STARTED,
        "The last living situation on record 12 months after the first day, or on the last.",
        HOUSED,
    ),
)
MEDICAL_CARE = _linked("MEDICAL_CARE", "Connected to health care")
MENTAL_HEALTH_CARE = _linked("MENTAL_HEALTH_CARE", "Connected to mental health care")
TREATMENT = _linked("TREATMENT", "Connected to treatment of substance use")
IDENTITY_PAPERS = Indicator(
    "IDENTITY_PAPERS",
    Family.WELL_BEING,
    "Papers that say who somebody is",
    STARTED,
    "Help with papers within 12 months of the first day, or until the last.",
    (
        Outcome("OBTAINED", "Obtained.", is_favourable=True),
        Outcome("SOUGHT", "Sought, and not there yet."),
        Outcome("NOT_SOUGHT", "No help with papers on record."),
    ),
)
LINKS = {
    HelpKind.MEDICAL_CARE: MEDICAL_CARE,
    HelpKind.MENTAL_HEALTH_CARE: MENTAL_HEALTH_CARE,
    HelpKind.SUBSTANCE_USE_TREATMENT: TREATMENT,
}
KINDS = (*LINKS, HelpKind.IDENTITY_PAPERS)
"""Kinds of help that are counted."""
AFTER_A_YEAR = (*HOUSING, *LINKS.values(), IDENTITY_PAPERS)


@dataclass(frozen=True, slots=True)
class Arranged:
    """One service that was arranged: its kind, and every state that it had come to."""

    kind: str
    reached: Collection[str]


def services(arranged: Iterable[Arranged]) -> Mapping[str, str]:
    """Return somebody's outcome of each indicator of services."""
    reached: dict[str, set[str]] = {}
    for each in arranged:
        reached.setdefault(each.kind, set()).update(each.reached)
    found = {indicator.key: _link(reached.get(kind)) for kind, indicator in LINKS.items()}
    papers = reached.get(HelpKind.IDENTITY_PAPERS)
    if papers is None:
        return found | {IDENTITY_PAPERS.key: "NOT_SOUGHT"}
    outcome = "OBTAINED" if _S.COMPLETED in papers else "SOUGHT"
    return found | {IDENTITY_PAPERS.key: outcome}


def _link(reached: Collection[str] | None) -> str:
    if reached is None:
        return "NOT_ARRANGED"
    return "ARRANGED" if _RECEIVED.isdisjoint(reached) else "CONNECTED"


_FUNDS = ((0, "NONE"), (25_000, "UP_TO_250_DOLLARS"), (100_000, "UP_TO_1000_DOLLARS"))
_NIGHTS = ((0, "NONE"), (30, "UP_TO_30"), (180, "UP_TO_180"))


def funds(cents: int) -> str:
    """Return the band of what was spent on somebody from flexible funds."""
    return next((band for limit, band in _FUNDS if cents <= limit), "MORE")


def nights(count: int) -> str:
    """Return the band of how many nights somebody was lodged."""
    return next((band for limit, band in _NIGHTS if count <= limit), "MORE")
