"""What a protocol says of one referral. Pure.

A judgement never decides: whoever screens does, and says why where the decision departs from it.
What the form leaves open speaks neither for nor against; it is still to be asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from svc_participants.protocols.rules import Charge, Priority, Protocol, rcw_citation


class JudgedAs(StrEnum):
    """What the protocol says of a referral."""

    ELIGIBLE = "ELIGIBLE"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    OUTSIDE_PROTOCOL = "OUTSIDE_PROTOCOL"


class Aspect(StrEnum):
    """What a finding is about."""

    AGE = "AGE"
    CHARGE = "CHARGE"
    AMOUNT = "AMOUNT"
    EXCLUSION = "EXCLUSION"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a referral form says, as far as a protocol asks.

    Attributes:
        exclusions: code -> YES, NO, or a reason for having no answer.
        age_low: youngest that the person can be on the day of the referral.
        age_high: oldest that the person can be.
    """

    door: str
    urgency: str
    intercept_point: str
    counterfactual: str
    needs: tuple[str, ...] = ()
    rcw: str | None = None
    nibrs: str | None = None
    grams: float | None = None
    age_low: int | None = None
    age_high: int | None = None
    exclusions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that speaks against a referral, or that is still to be asked."""

    aspect: Aspect
    is_open: bool
    text: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a protocol says of a referral, with what it rests on."""

    judged_as: JudgedAs
    findings: tuple[Finding, ...]
    points: int
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the form in which it is stored."""
        return {
            "judged_as": self.judged_as.value,
            "findings": [
                {"aspect": f.aspect.value, "is_open": f.is_open, "text": f.text}
                for f in self.findings
            ],
            "points": self.points,
            "reasons": list(self.reasons),
        }


def facts_as_json(facts: Facts) -> dict[str, Any]:
    """Return the form in which facts are stored, so that another version can be tried on them."""
    return asdict(facts)


def read_facts(stored: Mapping[str, Any]) -> Facts:
    """Return stored facts."""
    return Facts(**{**stored, "needs": tuple(stored["needs"])})


def ages(born_on: date | None, year: int | None, today: date) -> tuple[int | None, int | None]:
    """Return the youngest and the oldest that somebody can be today.

    Args:
        born_on: date of birth, where it is known.
        year: estimated year of birth; the estimate may be off by two years either way.
        today: day of the referral in the site's zone.
    """
    if born_on is not None:
        had_birthday = (today.month, today.day) >= (born_on.month, born_on.day)
        age = today.year - born_on.year - (not had_birthday)
        return age, age
    if year is None:
        return None, None
    return max(0, today.year - year - 3), today.year - year + 2


def judge(protocol: Protocol, facts: Facts, charge_door: str = "ARREST_DIVERSION") -> Judgement:
    """Judge a referral under a protocol.

    Args:
        protocol: the version that applies.
        facts: what the form says.
        charge_door: the one door at which a charge must be on the list.
    """
    findings = [*_age_findings(protocol, facts), *_exclusion_findings(protocol, facts)]
    if facts.door == charge_door:
        findings += _charge_findings(protocol, facts)
    against = any(not each.is_open for each in findings)
    judged_as = JudgedAs.NEEDS_REVIEW if findings else JudgedAs.ELIGIBLE
    points, reasons = score(protocol.priorities, facts)
    return Judgement(
        JudgedAs.OUTSIDE_PROTOCOL if against else judged_as, tuple(findings), points, reasons
    )


def _age_findings(protocol: Protocol, facts: Facts) -> list[Finding]:
    least = protocol.minimum_age_years
    if least is None:
        return []
    if facts.age_low is None or facts.age_high is None:
        return [
            Finding(
                Aspect.AGE, is_open=True, text=f"The protocol asks for {least} years; ask the age."
            )
        ]
    if facts.age_high < least:
        return [Finding(Aspect.AGE, is_open=False, text=f"The protocol asks for {least} years.")]
    if facts.age_low < least:
        return [Finding(Aspect.AGE, is_open=True, text=f"The age may be below {least} years; ask.")]
    return []


def _charge_findings(protocol: Protocol, facts: Facts) -> list[Finding]:
    cited = None if facts.rcw is None else rcw_citation(facts.rcw)
    matching = [each for each in protocol.charges if _matches(each, cited, facts.nibrs)]
    if not matching:
        return [
            Finding(
                Aspect.CHARGE, is_open=False, text="The charge is not on the list of the protocol."
            )
        ]
    if any(each.maximum_grams is None for each in matching):
        return []
    most = max(each.maximum_grams or 0.0 for each in matching)
    if facts.grams is None:
        return [
            Finding(
                Aspect.AMOUNT,
                is_open=True,
                text=f"Up to {most:g} grams are diverted; ask how much.",
            )
        ]
    if facts.grams > most:
        return [Finding(Aspect.AMOUNT, is_open=False, text=f"Up to {most:g} grams are diverted.")]
    return []


def _matches(charge: Charge, cited: str | None, nibrs: str | None) -> bool:
    """Return whether a charge is this one: the statute decides where both name one."""
    if charge.rcw is not None and cited is not None:
        return rcw_citation(charge.rcw) == cited
    if charge.nibrs is not None and nibrs is not None:
        return charge.nibrs == nibrs
    return False


def _exclusion_findings(protocol: Protocol, facts: Facts) -> list[Finding]:
    found = []
    for each in protocol.exclusions:
        if each.doors and facts.door not in each.doors:
            continue
        answer = facts.exclusions.get(each.code, "NOT_ASKED")
        if answer == "YES":
            found.append(Finding(Aspect.EXCLUSION, is_open=False, text=each.text))
        elif answer != "NO":
            found.append(Finding(Aspect.EXCLUSION, is_open=True, text=each.text))
    return found


def score(priorities: Sequence[Priority], facts: Facts) -> tuple[int, tuple[str, ...]]:
    """Return the points of a referral and the reasons for them, in the protocol's order."""
    met = [each for each in priorities if _is_met(each, facts)]
    return sum(each.points for each in met), tuple(each.reason for each in met)


def _is_met(priority: Priority, facts: Facts) -> bool:
    pairs = (
        (priority.door, facts.door),
        (priority.urgency, facts.urgency),
        (priority.intercept_point, facts.intercept_point),
        (priority.counterfactual, facts.counterfactual),
    )
    if any(wanted not in (None, given) for wanted, given in pairs):
        return False
    return priority.need is None or priority.need in facts.needs


JUDGED_AS_MEANINGS = {
    JudgedAs.ELIGIBLE: "Within the protocol.",
    JudgedAs.NEEDS_REVIEW: "Something is still to be asked.",
    JudgedAs.OUTSIDE_PROTOCOL: "At least one criterion is not met.",
}
ASPECT_MEANINGS = {
    Aspect.AGE: "The minimum age.",
    Aspect.CHARGE: "The list of divertible charges.",
    Aspect.AMOUNT: "The largest amount.",
    Aspect.EXCLUSION: "An exclusion of the site.",
}
