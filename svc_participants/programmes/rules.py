"""Programmes beside the core, as data of the site. Pure.

Examples in King County: CoLEAD (lodging), JustCARE (encampment resolution), the Third Avenue
project (milieu management); elsewhere in Washington recovery navigators (RNP, RCW 71.24.115) and
arrest and jail alternatives (AJA).
"""

from collections.abc import Collection
from datetime import date
from enum import StrEnum

from infra.errors import RuleError
from infra.vocabulary import Role

MAX_NAME = 100
MAX_CAPACITY = 10_000


class ProgrammeKind(StrEnum):
    """What sort of programme it is; ``CORE`` is LEAD itself, kept to say who pays for it."""

    CORE = "CORE"
    LODGING = "LODGING"
    ENCAMPMENT_RESOLUTION = "ENCAMPMENT_RESOLUTION"
    MILIEU_MANAGEMENT = "MILIEU_MANAGEMENT"
    RECOVERY_NAVIGATION = "RECOVERY_NAVIGATION"
    ARREST_JAIL_ALTERNATIVE = "ARREST_JAIL_ALTERNATIVE"
    OTHER = "OTHER"


class FundingSource(StrEnum):
    """Who pays for the places of a programme."""

    STATE_LEAD = "STATE_LEAD"
    STATE_RNP = "STATE_RNP"
    STATE_AJA = "STATE_AJA"
    COUNTY = "COUNTY"
    CITY = "CITY"
    TRIBAL = "TRIBAL"
    FEDERAL = "FEDERAL"
    OPIOID_SETTLEMENT = "OPIOID_SETTLEMENT"
    PRIVATE = "PRIVATE"
    SEVERAL = "SEVERAL"
    NOT_KNOWN = "NOT_KNOWN"


_F = FundingSource
FUNDING_MEANINGS = {
    _F.STATE_LEAD: "The state's grants for LEAD (RCW 71.24.589).",
    _F.STATE_RNP: "The state's recovery navigator programme (RCW 71.24.115).",
    _F.STATE_AJA: "The state's arrest and jail alternatives (RCW 36.28A.450).",
    _F.COUNTY: "The county.",
    _F.CITY: "The city.",
    _F.TRIBAL: "A tribe.",
    _F.FEDERAL: "The federal government.",
    _F.OPIOID_SETTLEMENT: "Settlements with makers and sellers of opioids.",
    _F.PRIVATE: "Foundations and donors.",
    _F.SEVERAL: "Several of them, not told apart.",
    _F.NOT_KNOWN: "The site has not said.",
}


def check_keeper(role: Role) -> None:
    """Check who keeps the programmes of a site.

    Raises:
        RuleError: another role.
    """
    if role is not Role.PM:
        raise RuleError("NOT_ALLOWED", "The project manager keeps the programmes of the site.")


def check(name: str, capacity: int, lodging_units: int) -> None:
    """Check what a programme is said to be.

    Raises:
        RuleError: no name, or figures out of bounds.
    """
    if not 1 <= len(name.strip()) <= MAX_NAME:
        raise RuleError("TEXT_LENGTH", f"Name it in 1 to {MAX_NAME} letters.", ("input", "name"))
    if not 1 <= capacity <= MAX_CAPACITY:
        raise RuleError("OUT_OF_RANGE", "It has at least one place.", ("input", "capacity"))
    if not 0 <= lodging_units <= capacity:
        raise RuleError(
            "OUT_OF_RANGE", "Units are at most as many as places.", ("input", "lodgingUnits")
        )


def check_entry(*, is_open: bool, entry_doors: Collection[str], doors: Collection[str]) -> None:
    """Check that a programme takes people, and takes them through one of these doors.

    Raises:
        RuleError: it does not.
    """
    if not is_open:
        raise RuleError("PROGRAMME_CLOSED", "This programme takes nobody now.")
    if entry_doors and not set(entry_doors) & set(doors):
        names = ", ".join(sorted(entry_doors))
        raise RuleError("ENTRY_NOT_MET", f"It takes people who came through: {names}.")


def check_room(taken: int, capacity: int, lodged: int, units: int, *, is_lodged: bool) -> None:
    """Check that there is a place, and a unit where one is asked for.

    Raises:
        RuleError: it is full.
    """
    if taken >= capacity:
        raise RuleError("PROGRAMME_FULL", "All places are taken.")
    if is_lodged and lodged >= units:
        raise RuleError("LODGING_FULL", "All units are taken.", ("input", "isLodged"))


def check_left(entered_on: date, left_on: date) -> None:
    """Check the last day of a place.

    Raises:
        RuleError: it lies before the first.
    """
    if left_on < entered_on:
        raise RuleError(
            "DATE_CONTRADICTS",
            f"The last day is not before the first, {entered_on.isoformat()}.",
            ("input", "leftOn"),
        )


KIND_MEANINGS = {
    ProgrammeKind.CORE: "LEAD itself; whoever has no other place is in it.",
    ProgrammeKind.LODGING: "Temporary lodging with case management.",
    ProgrammeKind.ENCAMPMENT_RESOLUTION: "People of an encampment are housed together.",
    ProgrammeKind.MILIEU_MANAGEMENT: "Presence and help in a busy place.",
    ProgrammeKind.RECOVERY_NAVIGATION: "Recovery navigator programme (RCW 71.24.115).",
    ProgrammeKind.ARREST_JAIL_ALTERNATIVE: "Arrest and jail alternatives.",
    ProgrammeKind.OTHER: "Another programme of the site.",
}
