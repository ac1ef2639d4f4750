"""How likely two records are of one person, and why. Pure.

The score is a sum that can be read: each reason has its points. It proposes and never merges.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from infra.errors import RuleError
from infra.vocabulary import Role
from svc_participants.people.name_keys import similarity, sounds_alike

PROPOSED_FROM = 40
MAX_REASON = 500
PHONE_DIGITS = 10


class MatchAspect(StrEnum):
    """What two records have in common."""

    NAME = "NAME"
    SOUND = "SOUND"
    ALIAS = "ALIAS"
    BIRTH = "BIRTH"
    PHONE = "PHONE"
    PLACE = "PLACE"
    CONTRADICTION = "CONTRADICTION"


@dataclass(frozen=True, slots=True)
class Record:
    """What is compared of a record."""

    names: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    born_on: date | None = None
    birth_year: int | None = None
    phone: str | None = None
    places: tuple[str, ...] = ()

    @property
    def year(self) -> int | None:
        """Return the year of birth, known or estimated."""
        return self.born_on.year if self.born_on else self.birth_year


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a score."""

    aspect: MatchAspect
    points: int


def compare(one: Record, other: Record) -> tuple[int, tuple[Reason, ...]]:
    """Return the score of two records, 0 to 100, and its reasons; the same both ways."""
    reasons: list[Reason] = []
    left, right = " ".join(one.names), " ".join(other.names)
    alike = similarity(left, right)
    if alike >= 0.3:
        reasons.append(Reason(MatchAspect.NAME, round(40 * alike)))
    elif sounds_alike(left, right):
        reasons.append(Reason(MatchAspect.SOUND, 15))
    if _share_alias(one, other):
        reasons.append(Reason(MatchAspect.ALIAS, 30))
    reasons += _birth(one, other)
    if one.phone and other.phone and digits(one.phone) == digits(other.phone) != "":
        reasons.append(Reason(MatchAspect.PHONE, 30))
    if any(similarity(a, b) >= 0.5 for a in one.places for b in other.places):
        reasons.append(Reason(MatchAspect.PLACE, 10))
    total = sum(each.points for each in reasons)
    return max(0, min(100, total)), tuple(reasons)


def _share_alias(one: Record, other: Record) -> bool:
    pairs = [(a, b) for a in one.aliases for b in (*other.aliases, *other.names)]
    pairs += [(a, b) for a in other.aliases for b in one.names]
    return any(similarity(a, b) >= 0.6 for a, b in pairs)


def _birth(one: Record, other: Record) -> list[Reason]:
    if one.born_on and other.born_on:
        if one.born_on == other.born_on:
            return [Reason(MatchAspect.BIRTH, 40)]
        swapped = (one.born_on.year, one.born_on.day, one.born_on.month)
        if swapped == (other.born_on.year, other.born_on.month, other.born_on.day):
            return [Reason(MatchAspect.BIRTH, 25)]
        return [Reason(MatchAspect.CONTRADICTION, -30)]
    if one.year is None or other.year is None:
        return []
    apart = abs(one.year - other.year)
    if apart <= 2:
        return [Reason(MatchAspect.BIRTH, 20 - 5 * apart)]
    return [Reason(MatchAspect.CONTRADICTION, -20)] if apart > 8 else []


def digits(number: str) -> str:
    """Return the last digits of a telephone number, by which two are compared; none: empty."""
    return "".join(each for each in number if "0" <= each <= "9")[-PHONE_DIGITS:]


def check_merger(role: Role) -> None:
    """Check who says that two records are of one person: who screens, or who supervises the care.

    Raises:
        RuleError: another role.
    """
    if role not in (Role.PM, Role.SUP):
        raise RuleError("NOT_ALLOWED", "The project manager or the supervisor merges records.")


def check_reason(reason: str) -> None:
    """Check that a merge says why.

    Raises:
        RuleError: it does not, or at length.
    """
    if not reason.strip() or len(reason) > MAX_REASON:
        raise RuleError(
            "REASON_MISSING", f"Say why, in 1 to {MAX_REASON} characters.", ("input", "reason")
        )


def already_merged() -> RuleError:
    """Return the refusal of a second link; chains would say nothing clear."""
    return RuleError("ALREADY_MERGED", "One of the two is merged already; take that apart first.")


ASPECT_MEANINGS = {
    MatchAspect.NAME: "Names share letters.",
    MatchAspect.SOUND: "Names sound alike.",
    MatchAspect.ALIAS: "Another name is shared.",
    MatchAspect.BIRTH: "Births agree, as far as known.",
    MatchAspect.PHONE: "The telephone number is the same.",
    MatchAspect.PLACE: "Usual places are alike.",
    MatchAspect.CONTRADICTION: "Births do not agree.",
}
