"""What this service counts, and which outcome a person has. Pure.

Before and after are reckoned from the first *referral*, not from enrollment: between the two lies
time in which people who do well are more likely to enroll. Everybody who was referred is counted,
also who has no case: figures of those alone who have one would say that LEAD does worse than it
does. A case counts on the day of its incident and only once it is filed.

Those who were referred are the people whom ``svc_participants`` counts by the quarter of their
first referral, and so are counted by quarter here too: tables of years would give back what its
tables of quarters hide. By offence or office they are not split: whoever has no case would be a
group of which the outcome is known. Source: the minimum indicator set of the design, RCW 71.24.909.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from infra.indicators.definitions import (
    ABOUT_PERSONS,
    Family,
    Grain,
    Indicator,
    Outcome,
    Population,
    Split,
)
from svc_cases.cases.rules import ChargeClass
from svc_cases.coordination.rules import UNDECIDED, CoordinationStatus, WarrantStatus

WINDOWS = (6, 12, 24)
OTHER_OFFENCE = "OTHER"
NOT_KNOWN = "NOT_KNOWN"
OFFENCES = ("35A", "35B", "23C", "240", "40A", "290", "90C", "90J", "90B", "90E", "90G")
"""NIBRS offences that LEAD is about; everything else is one group."""

OF_PEOPLE = (
    Split.DOOR,
    Split.PLACE,
    Split.PROGRAM,
    Split.FUNDING_SOURCE,
    *(each for each in Split if each in ABOUT_PERSONS),
)
"""Splits whose groups ``svc_participants`` tells: nothing here knows who somebody is."""

_FELONIES = frozenset({ChargeClass.FELONY_A, ChargeClass.FELONY_B, ChargeClass.FELONY_C})

MATCHED = Population(
    "MATCHED",
    "Participants by the year in which a case of theirs was first matched.",
    Grain.YEAR,
    (Split.OFFENCE, Split.AGENCY, *OF_PEOPLE),
)
WITH_WARRANT = Population(
    "WITH_WARRANT",
    "Participants by the year in which a warrant of theirs was first recorded.",
    Grain.YEAR,
    (Split.AGENCY, *OF_PEOPLE),
)
INVITED = Population(
    "INVITED",
    "Members of the work group who were invited to a meeting in the quarter.",
    Grain.QUARTER,
    (Split.AGENCY,),
)
AGREED = Population(
    "AGREED",
    "Participants about whom the work group agreed an action in the quarter.",
    Grain.QUARTER,
    OF_PEOPLE,
)
DIVERSION = Indicator(
    "DIVERSION",
    Family.LEGAL,
    "Diverted for the same offence",
    MATCHED,
    "Whether the arrest of any matched case was diverted; the offence is the first case's.",
    (
        Outcome("DIVERTED", "An arrest was diverted.", is_favourable=True),
        Outcome("NOT_DIVERTED", "No arrest was diverted."),
    ),
)
FILING = Indicator(
    "FILING",
    Family.LEGAL,
    "What the prosecutor decided",
    MATCHED,
    "Over all matched cases, 30 days after the year.",
    (
        Outcome("NONE_FILED", "All held, declined or lapsed.", is_favourable=True),
        Outcome("SOME_FILED", "At least one was filed."),
        Outcome("UNDER_REVIEW", "None filed, at least one not decided."),
    ),
)
WARRANTS = Indicator(
    "WARRANTS",
    Family.LEGAL,
    "What became of warrants",
    WITH_WARRANT,
    "The warrant that was recorded last, 30 days after the year.",
    (
        Outcome("QUASHED", "Quashed or recalled.", is_favourable=True),
        Outcome("SERVED_OR_EXPIRED", "Served or expired."),
        Outcome("IN_FORCE", "Issued, in force, or to be quashed."),
    ),
)
ATTENDANCE = Indicator(
    "ATTENDANCE",
    Family.SYSTEM,
    "Who comes to the work group",
    INVITED,
    "Over all meetings of the quarter that took place and to which somebody was invited.",
    (
        Outcome("ALL", "Came each time."),
        Outcome("SOME", "Came now and then."),
        Outcome("NONE", "Did not come, or was not noted."),
    ),
)
ACTIONS = Indicator(
    "ACTIONS",
    Family.SYSTEM,
    "What the work group agreed to do",
    AGREED,
    "Over all actions of the quarter about the person, 30 days after it.",
    (
        Outcome("ALL_CLOSED", "All done, or not wanted any more.", is_favourable=True),
        Outcome("SOME_OPEN", "At least one is open."),
        Outcome("ALL_OPEN", "None is done yet."),
    ),
)
_CHANGE = (
    Outcome("NEITHER", "None before and none after.", is_favourable=True),
    Outcome("FEWER", "Fewer after.", is_favourable=True),
    Outcome("SAME", "As many after."),
    Outcome("MORE", "More after."),
)
REFERRED = {
    months: Population(
        f"ALL_REFERRED_{months}M",
        f"People by the quarter of their first referral at the site, after {months} months.",
        Grain.QUARTER,
        OF_PEOPLE,
        settling_months=months,
    )
    for months in WINDOWS
}
MATCHED_BY_YEAR = {months: f"REFERRED_{months}M" for months in WINDOWS}
"""Populations of former tables, of matched participants alone; no quarter of theirs is counted."""

CHANGE = {
    months: (
        Indicator(
            f"FILED_CASES_{months}M",
            Family.LEGAL,
            f"Cases {months} months before and after referral",
            population,
            f"Filed cases by day of the incident, {months} months before and after.",
            _CHANGE,
        ),
        Indicator(
            f"FILED_FELONIES_{months}M",
            Family.LEGAL,
            f"Felony cases {months} months before and after referral",
            population,
            f"Filed cases with a felony charge, {months} months before and after.",
            _CHANGE,
        ),
    )
    for months, population in REFERRED.items()
}
PUBLIC = (*(each for pair in CHANGE.values() for each in pair),)
COORDINATION = (DIVERSION, FILING, ACTIONS)
INDICATORS = (*PUBLIC, *COORDINATION, WARRANTS, ATTENDANCE)


@dataclass(frozen=True, slots=True)
class MatchedCase:
    """A case of a participant, as far as it is counted."""

    incident_on: date | None
    is_filed: bool
    is_diverted: bool
    status: str
    offence: str | None
    classes: Sequence[str]

    @property
    def is_felony(self) -> bool:
        """Return whether any of its charges is a felony."""
        return any(each in _FELONIES for each in self.classes)


def offence(code: str | None) -> str:
    """Return the group of an offence."""
    return code if code in OFFENCES else OTHER_OFFENCE


def months_from(day: date, months: int) -> date:
    """Return the day some months later (or earlier), the last of the month where there is none."""
    count = day.year * 12 + day.month - 1 + months
    year, month = count // 12, count % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    return date(year, month, 28)


def change(cases: Sequence[MatchedCase], referred_on: date, months: int) -> str:
    """Return how the number of filed cases changed with the first referral.

    The day of the referral itself counts neither before nor after: it is what was diverted.
    """
    begins, ends = months_from(referred_on, -months), months_from(referred_on, months)
    days = [each.incident_on for each in cases if each.is_filed and each.incident_on is not None]
    before = sum(begins <= day < referred_on for day in days)
    after = sum(referred_on < day <= ends for day in days)
    if before == after:
        return "SAME" if before else "NEITHER"
    return "FEWER" if after < before else "MORE"


def felony_change(cases: Sequence[MatchedCase], referred_on: date, months: int) -> str:
    """Return how the number of filed felony cases changed."""
    return change([each for each in cases if each.is_felony], referred_on, months)


def filing(cases: Sequence[MatchedCase]) -> str:
    """Return what the prosecutor decided over all of somebody's cases."""
    if any(each.is_filed or each.status == CoordinationStatus.FILED for each in cases):
        return "SOME_FILED"
    if any(each.status in UNDECIDED for each in cases):
        return "UNDER_REVIEW"
    return "NONE_FILED"


def diversion(cases: Sequence[MatchedCase]) -> str:
    """Return whether an arrest was diverted."""
    return "DIVERTED" if any(each.is_diverted for each in cases) else "NOT_DIVERTED"


def warrant(status: str) -> str:
    """Return the outcome of a warrant."""
    if status in (WarrantStatus.QUASHED, WarrantStatus.RECALLED):
        return "QUASHED"
    if status in (WarrantStatus.SERVED, WarrantStatus.EXPIRED):
        return "SERVED_OR_EXPIRED"
    return "IN_FORCE"


def actions(agreed: int, closed: int) -> str:
    """Return how far the work group has come with what it agreed about somebody."""
    if closed == agreed:
        return "ALL_CLOSED"
    return "SOME_OPEN" if closed else "ALL_OPEN"


def attendance(invited: int, came: int) -> str:
    """Return how often somebody came."""
    if came == 0:
        return "NONE"
    return "ALL" if came == invited else "SOME"
