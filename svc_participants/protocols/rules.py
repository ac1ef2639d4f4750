"""What a site's protocol says: a rule set as data, checked before it is stored. Pure.

Everything local is data: an agreed version is kept for good, and each referral is judged under
the version in effect when it came in (LEAD toolkit: eligibility and charges are the site's own).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from infra.errors import RuleError
from infra.vocabulary import Role

NIBRS_VERSION: Final = "2023"
_NIBRS: Final = """
    09A 09B 09C 100 11A 11B 11C 11D 120 13A 13B 13C 200 210 220 23A 23B 23C 23D 23E 23F 23G 23H
    240 250 26A 26B 26C 26D 26E 26F 26G 270 280 290 35A 35B 36A 36B 370 39A 39B 39C 39D 40A 40B 40C
    510 520 64A 64B 720 90A 90B 90C 90D 90E 90F 90G 90H 90J 90Z"""
NIBRS_CODES: Final = frozenset(_NIBRS.split())
"""Offence codes of the National Incident-Based Reporting System; Group B has changed over time."""
_RCW = re.compile(r"(?:RCW )?(\d{1,2}[A-Z]?\.\d{2,3}[A-Z]?\.\d{3,4})(?:\([0-9a-zA-Z]+\))*")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,39}")
MAX_ENTRIES = 200
MAX_TEXT = 500
MAX_POINTS = 1000
MAX_DISTRICTS = 40
MAX_DISTRICT = 60
ELSEWHERE: Final = "ELSEWHERE"
"""Group of whoever was met in none of the districts."""


class ProtocolState(StrEnum):
    """Where a version of a protocol stands."""

    DRAFT = "DRAFT"
    ADOPTED = "ADOPTED"


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge that may be diverted: by statute, by NIBRS code, or both; up to an amount."""

    rcw: str | None = None
    nibrs: str | None = None
    maximum_grams: float | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A criterion that leaves somebody out, asked for at these doors (none named: at all)."""

    code: str
    text: str
    doors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Priority:
    """Points for a referral that meets all that is stated; None is met by everything."""

    points: int
    reason: str
    door: str | None = None
    urgency: str | None = None
    intercept_point: str | None = None
    counterfactual: str | None = None
    need: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The clocks and counts of a protocol.

    Attributes:
        handoff_minutes: a case manager reaches the scene within these.
        intake_days: the intake is complete within these, counted from the referral.
        waitlist_days: a place on the waiting list lapses after these.
        inactive_days: somebody whom nobody has met for these is looked for.
        contact_attempts: that many before "unable to locate".
    """

    handoff_minutes: int = 30
    intake_days: int = 30
    waitlist_days: int = 90
    inactive_days: int = 60
    contact_attempts: int = 3


@dataclass(frozen=True, slots=True)
class Protocol:
    """A whole rule set; ``districts`` are those that figures are split by."""

    minimum_age_years: int | None = None
    charges: tuple[Charge, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    priorities: tuple[Priority, ...] = ()
    limits: Limits = field(default_factory=Limits)
    districts: tuple[str, ...] = ()


def _refused(message: str, *path: str) -> RuleError:
    return RuleError("PROTOCOL_NOT_VALID", message, ("input", *path))


def rcw_citation(text: str) -> str | None:
    """Return the section of the Revised Code of Washington that a citation names, or None."""
    found = _RCW.fullmatch(text.strip())
    return found.group(1) if found else None


def check(protocol: Protocol, words: Mapping[str, Collection[str]]) -> None:
    """Check a rule set before it is stored.

    Args:
        protocol: as authored.
        words: what may stand in a priority, by its attribute (``door``, ``urgency``, …).

    Raises:
        RuleError: PROTOCOL_NOT_VALID, with the place and what would be right.
    """
    age, limits = protocol.minimum_age_years, protocol.limits
    if age is not None and not 12 <= age <= 99:
        raise _refused("A minimum age lies between 12 and 99 years.", "minimumAgeYears")
    for name, entries in (
        ("charges", protocol.charges),
        ("exclusions", protocol.exclusions),
        ("priorities", protocol.priorities),
    ):
        if len(entries) > MAX_ENTRIES:
            raise _refused(f"At most {MAX_ENTRIES} entries.", name)
    for charge in protocol.charges:
        _check_charge(charge)
    codes = [each.code for each in protocol.exclusions]
    if len(codes) != len(set(codes)):
        raise _refused("Each exclusion has a code of its own.", "exclusions")
    for exclusion in protocol.exclusions:
        if not _CODE.fullmatch(exclusion.code):
            raise _refused("A code is capital letters, digits and _.", "exclusions")
        _check_sentence(exclusion.text, "exclusions")
        if not set(exclusion.doors) <= set(words["door"]):
            raise _refused("There is no such door.", "exclusions")
    for priority in protocol.priorities:
        _check_priority(priority, words)
    _check_limits(limits)
    _check_districts(protocol.districts)


def _check_districts(districts: Collection[str]) -> None:
    if len(districts) > MAX_DISTRICTS:
        raise _refused(f"At most {MAX_DISTRICTS} districts.", "districts")
    if any(not 1 <= len(each.strip()) <= MAX_DISTRICT for each in districts):
        raise _refused(f"Name a district in 1 to {MAX_DISTRICT} characters.", "districts")
    named = {each.strip().casefold() for each in districts}
    if len(named) != len(districts) or ELSEWHERE.casefold() in named:
        raise _refused(f"Each district has a name of its own, none is {ELSEWHERE}.", "districts")


def _check_charge(charge: Charge) -> None:
    if charge.rcw is None and charge.nibrs is None:
        raise _refused("Name a charge by statute, NIBRS code, or both.", "charges")
    if charge.rcw is not None and rcw_citation(charge.rcw) is None:
        raise _refused("Cite a statute like RCW 69.50.4013.", "charges")
    if charge.nibrs is not None and charge.nibrs not in NIBRS_CODES:
        raise _refused(f"{charge.nibrs[:8]} is no NIBRS code of {NIBRS_VERSION}.", "charges")
    if charge.maximum_grams is not None and not 0 < charge.maximum_grams <= 1000:
        raise _refused("An amount lies between 0 and 1000 grams.", "charges")


def _check_priority(priority: Priority, words: Mapping[str, Collection[str]]) -> None:
    if not 1 <= abs(priority.points) <= MAX_POINTS:
        raise _refused(f"Points lie between 1 and {MAX_POINTS}, or below 0.", "priorities")
    _check_sentence(priority.reason, "priorities")
    for name, allowed in words.items():
        stated = getattr(priority, name)
        if stated is not None and stated not in allowed:
            raise _refused(f"There is no such {name.replace('_', ' ')}.", "priorities")


def _check_sentence(text: str, field_name: str) -> None:
    if not text.strip() or len(text) > MAX_TEXT:
        raise _refused(f"Say it in 1 to {MAX_TEXT} characters.", field_name)


def _check_limits(limits: Limits) -> None:
    bounds = {
        "handoff_minutes": (5, 240),
        "intake_days": (1, 180),
        "waitlist_days": (1, 730),
        "inactive_days": (7, 365),
        "contact_attempts": (1, 20),
    }
    for name, (least, most) in bounds.items():
        if not least <= getattr(limits, name) <= most:
            head, *rest = name.split("_")
            camel = head + "".join(each.capitalize() for each in rest)
            raise _refused(f"It lies between {least} and {most}.", "limits", camel)


def as_json(protocol: Protocol) -> dict[str, Any]:
    """Return the form in which a rule set is stored."""
    return asdict(protocol)


def read(stored: Mapping[str, Any]) -> Protocol:
    """Read a stored rule set.

    Raises:
        TypeError: it has a part that is none of a rule set's; nothing is skipped silently.
    """
    return Protocol(
        minimum_age_years=stored.get("minimum_age_years"),
        charges=tuple(Charge(**each) for each in stored.get("charges", ())),
        exclusions=tuple(
            Exclusion(**{**each, "doors": tuple(each.get("doors", ()))})
            for each in stored.get("exclusions", ())
        ),
        priorities=tuple(Priority(**each) for each in stored.get("priorities", ())),
        limits=Limits(**stored.get("limits", {})),
        districts=tuple(stored.get("districts", ())),
    )


def check_author(role: Role) -> None:
    """Check who authors and adopts protocols: the project manager, for what the PCG has agreed.

    Raises:
        RuleError: another role.
    """
    if role is not Role.PM:
        raise RuleError("NOT_ALLOWED", "The project manager keeps the protocol of the site.")


def check_adoption(state: ProtocolState, effective_on: date, today: date) -> None:
    """Check that a version may come into effect: a draft, and not in the past.

    Raises:
        RuleError: it is adopted already, or would change how past referrals were judged.
    """
    if state is not ProtocolState.DRAFT:
        raise RuleError("STEP_NOT_ALLOWED", "From ADOPTED these steps are possible: none.")
    if effective_on < today:
        raise RuleError(
            "DATE_IN_PAST", "A protocol counts from today or later.", ("input", "effectiveOn")
        )


STATE_MEANINGS = {
    ProtocolState.DRAFT: "Being written; judges nothing.",
    ProtocolState.ADOPTED: "Agreed; judges referrals from its day on, until a newer one does.",
}
