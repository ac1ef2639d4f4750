"""What this service counts: populations, indicators, and which outcome a person has. Pure.

Sources: the minimum indicator set of the design; RCW 71.24.909 (splits); HUD 4.12 (living
situations). The counterfactual guards against net-widening: where nothing would have happened
without LEAD, LEAD has drawn somebody in. Nothing that one indicator tells apart adds up to what
another one tells apart (decision record 0008).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from infra.indicators.definitions import Family, Indicator, Outcome, Split
from svc_participants.enrollments.rules import EnrollmentStatus, ExitReason
from svc_participants.indicators.called import HANDOFF
from svc_participants.indicators.populations import (
    ENROLLED,
    NOT_KNOWN,
    REFERRED,
    REFERRERS,
    SERVED,
)
from svc_participants.indicators.started import AFTER_A_YEAR
from svc_participants.indicators.well_being import WELL_BEING
from svc_participants.people.rules import NO_ANSWER, GenderIdentity, Race
from svc_participants.programmes.rules import FundingSource, ProgrammeKind
from svc_participants.protocols import rules as protocols
from svc_participants.referrals.rules import Counterfactual, DeclineReason, Door, ReferralStatus

SEVERAL = "SEVERAL"
ELSEWHERE = protocols.ELSEWHERE
_AGES = ((25, "UNDER_25"), (35, "25_TO_34"), (45, "35_TO_44"), (55, "45_TO_54"), (65, "55_TO_64"))
_OLDEST = "65_AND_OVER"
_DAYS_OF_A_MONTH = 365.25 / 12
DECISION = Indicator(
    "DECISION",
    Family.REACH,
    "What became of referrals",
    REFERRED,
    "The referral's last status 30 days after the quarter.",
    (
        Outcome("TAKEN_UP", "Taken up.", is_favourable=True),
        Outcome("WAITLISTED", "Eligible, waits for capacity."),
        Outcome("OUTSIDE_PROTOCOL", "Declined: outside the protocol."),
        Outcome("OTHER_AREA_OR_SERVED", "Declined: another area, or served elsewhere."),
        Outcome("OTHER", "Withdrawn, a duplicate, expired or not decided."),
    ),
)
COUNTERFACTUAL = Indicator(
    "COUNTERFACTUAL",
    Family.REACH,
    "What would have happened without LEAD",
    REFERRED,
    "As the referrer said on the form. The share of nothing is net-widening.",
    (
        Outcome("WOULD_BOOK", "Would have been booked.", is_favourable=True),
        Outcome("WOULD_CITE", "Would have been cited.", is_favourable=True),
        Outcome("WOULD_NOT_ACT", "Nothing would have been done."),
        Outcome("UNKNOWN", "The referrer could not say."),
    ),
)
FIRST_CONTACT = Indicator(
    "FIRST_CONTACT",
    Family.SPEED,
    "From referral to first contact",
    REFERRED,
    "Days until a case manager reached the person.",
    (
        Outcome("WITHIN_1_DAY", "Within a day.", is_favourable=True),
        Outcome("WITHIN_7_DAYS", "Within a week.", is_favourable=True),
        Outcome("WITHIN_30_DAYS", "Within 30 days."),
        Outcome("LATER_OR_NEVER", "Later, or not reached."),
    ),
)
INTAKE = Indicator(
    "INTAKE",
    Family.SPEED,
    "From referral to intake",
    REFERRED,
    "Days until intake was completed.",
    (
        Outcome("WITHIN_14_DAYS", "Within two weeks.", is_favourable=True),
        Outcome("WITHIN_30_DAYS", "Within 30 days.", is_favourable=True),
        Outcome("LATER_OR_NEVER", "Later, or not at all."),
    ),
)
WAIT = Indicator(
    "WAIT",
    Family.SPEED,
    "Days on the waiting list",
    REFERRED,
    "From being put on the list to leaving it, or to 30 days after the quarter.",
    (
        Outcome("NO_WAIT", "Was never on the list.", is_favourable=True),
        Outcome("UP_TO_30_DAYS", "Up to 30 days."),
        Outcome("LONGER", "Longer."),
    ),
)
ENGAGEMENT = Indicator(
    "ENGAGEMENT",
    Family.ENGAGEMENT,
    "Staying in touch",
    ENROLLED,
    "On the last day of the year, with what came before in the year.",
    (
        Outcome("IN_TOUCH", "In touch throughout.", is_favourable=True),
        Outcome("CAME_BACK", "Was out of touch and came back.", is_favourable=True),
        Outcome("OUT_OF_TOUCH", "Out of touch."),
        Outcome("GOALS_MET", "Left with the own goals met.", is_favourable=True),
        Outcome("LEFT", "Left for another reason."),
    ),
)
CASELOAD = Indicator(
    "CASELOAD",
    Family.ENGAGEMENT,
    "How many people the case manager works with",
    ENROLLED,
    "The smallest caseload that the person was on at the end of the year.",
    (
        Outcome("UP_TO_20", "Up to 20 people.", is_favourable=True),
        Outcome("21_TO_25", "21 to 25 people."),
        Outcome("MORE", "More than 25 people."),
        Outcome("NONE", "No case manager on that day."),
    ),
)
CONTACTS = Indicator(
    "CONTACTS",
    Family.ENGAGEMENT,
    "Contacts a month",
    SERVED,
    "How often somebody was met or spoken to, by the month of being enrolled in the quarter.",
    (
        Outcome("FOUR_OR_MORE", "Four times a month or more.", is_favourable=True),
        Outcome("ONE_TO_FOUR", "Once to four times a month.", is_favourable=True),
        Outcome("LESS_THAN_ONE", "Less than once a month."),
        Outcome("NONE", "Not once in the quarter."),
    ),
)
REFERRALS_MADE = Indicator(
    "REFERRALS_MADE",
    Family.SYSTEM,
    "Who refers",
    REFERRERS,
    "How many referrals somebody made in the quarter.",
    (
        Outcome("ONE", "One."),
        Outcome("TWO_TO_FIVE", "Two to five."),
        Outcome("MORE", "More than five."),
    ),
)

INDICATORS = (
    DECISION,
    COUNTERFACTUAL,
    FIRST_CONTACT,
    INTAKE,
    WAIT,
    HANDOFF,
    ENGAGEMENT,
    CASELOAD,
    CONTACTS,
    *WELL_BEING,
    *AFTER_A_YEAR,
    REFERRALS_MADE,
)

PERSON_CATEGORIES = {
    Split.DOOR: [*(each.value for each in Door), NOT_KNOWN],
    Split.RACE: [*(each.value for each in Race if each not in NO_ANSWER), SEVERAL, NOT_KNOWN],
    Split.GENDER: [*(each.value for each in GenderIdentity if each not in NO_ANSWER), NOT_KNOWN],
    Split.SEX: ["FEMALE", "MALE", NOT_KNOWN],
    Split.AGE: [*(band for _, band in _AGES), _OLDEST, NOT_KNOWN],
    Split.DISABILITY: ["YES", "NO", NOT_KNOWN],
    Split.PROGRAM: [each.value for each in ProgrammeKind],
    Split.FUNDING_SOURCE: [each.value for each in FundingSource],
}
"""Categories that are the same everywhere; agencies and places come from the site's data."""


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a person that a table can be split by."""

    race: Sequence[str]
    gender: str | None
    sex: str | None
    disability: str | None
    born_on: date | None
    birth_year: int | None


def of_person(about: About, on: date) -> dict[Split, str]:
    """Return a person's categories on a day."""
    races = [each for each in about.race if each not in NO_ANSWER]
    return {
        Split.RACE: SEVERAL if len(races) > 1 else (races[0] if races else NOT_KNOWN),
        Split.GENDER: _answer(about.gender),
        Split.SEX: _answer(about.sex),
        Split.DISABILITY: _answer(about.disability),
        Split.AGE: age_band(about, on),
    }


def _answer(value: str | None) -> str:
    return NOT_KNOWN if value is None or value in NO_ANSWER else value


def age_band(about: About, on: date) -> str:
    """Return the band of somebody's age on a day."""
    if about.born_on is not None:
        had_birthday = (on.month, on.day) >= (about.born_on.month, about.born_on.day)
        years = on.year - about.born_on.year - (not had_birthday)
    elif about.birth_year is not None:
        years = on.year - about.birth_year
    else:
        return NOT_KNOWN
    return next((band for limit, band in _AGES if years < limit), _OLDEST)


def district(place: str | None, districts: Sequence[str]) -> str:
    """Return the district of the site's list that a place names, or elsewhere."""
    named = (place or "").casefold()
    return next((each for each in districts if each.casefold() in named), ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a referral or an enrollment: to which status, and when."""

    to: str
    at: datetime


_TAKEN_UP = frozenset(
    {
        ReferralStatus.APPROVED, ReferralStatus.OUTREACH, ReferralStatus.CONTACTED,
        ReferralStatus.UNABLE_TO_LOCATE, ReferralStatus.ACCEPTED_BY_PERSON,
        ReferralStatus.DECLINED_BY_PERSON, ReferralStatus.INTAKE_STARTED,
        ReferralStatus.INTAKE_LAPSED, ReferralStatus.ENROLLED,
    }
)  # fmt: skip
_ELSEWHERE_REASONS = frozenset({DeclineReason.OUTSIDE_AREA, DeclineReason.SERVED_ELSEWHERE})


def decision(status: str, reason: str | None) -> str:
    """Return what became of a referral that stands at a status."""
    if status in _TAKEN_UP:
        return "TAKEN_UP"
    if status == ReferralStatus.WAITLISTED:
        return "WAITLISTED"
    if status == ReferralStatus.DECLINED_INELIGIBLE:
        return "OTHER_AREA_OR_SERVED" if reason in _ELSEWHERE_REASONS else "OUTSIDE_PROTOCOL"
    return "OTHER"


def counterfactual(code: str) -> str:
    """Return the outcome of what would have happened."""
    return code if code in COUNTERFACTUAL.codes else Counterfactual.UNKNOWN.value


def _days_to(submitted_at: datetime, steps: Sequence[Step], status: ReferralStatus) -> float | None:
    reached = [each.at for each in steps if each.to == status]
    return (min(reached) - submitted_at) / timedelta(days=1) if reached else None


def _band(days: float | None, bands: Sequence[tuple[float, str]], otherwise: str) -> str:
    if days is None:
        return otherwise
    return next((name for limit, name in bands if days <= limit), otherwise)


def first_contact(submitted_at: datetime, steps: Sequence[Step]) -> str:
    """Return how long it took until the person was reached."""
    days = _days_to(submitted_at, steps, ReferralStatus.CONTACTED)
    bands = ((1, "WITHIN_1_DAY"), (7, "WITHIN_7_DAYS"), (30, "WITHIN_30_DAYS"))
    return _band(days, bands, "LATER_OR_NEVER")


def intake(submitted_on: date, completed_on: date | None) -> str:
    """Return how long it took until intake was completed."""
    days = None if completed_on is None else (completed_on - submitted_on).days
    return _band(days, ((14, "WITHIN_14_DAYS"), (30, "WITHIN_30_DAYS")), "LATER_OR_NEVER")


def wait(status: str, steps: Sequence[Step], until: datetime) -> str:
    """Return how long somebody was on the waiting list."""
    put_on = [each.at for each in steps if each.to == ReferralStatus.WAITLISTED]
    if not put_on:
        return "LONGER" if status == ReferralStatus.WAITLISTED else "NO_WAIT"
    left = [each.at for each in steps if each.at > put_on[0]]
    days = ((min(left) if left else until) - put_on[0]) / timedelta(days=1)
    return _band(days, ((30, "UP_TO_30_DAYS"),), "LONGER")


def engagement(
    steps: Sequence[Step], starts_at: datetime, status: str, exit_reason: str | None
) -> str:
    """Return how somebody stood at the end of a year.

    Args:
        steps: of the enrollment up to the end of the year, in order.
        starts_at: beginning of the year.
        status: at the end of the year.
        exit_reason: of an enrollment that has ended by then.
    """
    if status == EnrollmentStatus.EXITED:
        return "GOALS_MET" if exit_reason == ExitReason.GOALS_MET else "LEFT"
    if status == EnrollmentStatus.ENROLLED_INACTIVE:
        return "OUT_OF_TOUCH"
    before = [each.to for each in steps if each.at < starts_at]
    during = [each.to for each in steps if each.at >= starts_at]
    was_out = [*before[-1:], *during]
    return "CAME_BACK" if EnrollmentStatus.ENROLLED_INACTIVE in was_out else "IN_TOUCH"


def caseload(sizes: Sequence[int]) -> str:
    """Return the band of the smallest caseload that somebody is on."""
    if not sizes:
        return "NONE"
    return _band(min(sizes), ((20, "UP_TO_20"), (25, "21_TO_25")), "MORE")


def contacts(made: int, first_day: date, last_day: date) -> str:
    """Return how often a month somebody was met in a stretch of time, both days included.

    A stretch of less than a month counts as a month: one contact in a week is not four a month.
    """
    if not made:
        return "NONE"
    months = max(1.0, ((last_day - first_day).days + 1) / _DAYS_OF_A_MONTH)
    a_month = made / months
    if a_month >= 4:
        return "FOUR_OR_MORE"
    return "ONE_TO_FOUR" if a_month >= 1 else "LESS_THAN_ONE"


def referrals_made(count: int) -> str:
    """Return the band of how many referrals somebody made."""
    return _band(count, ((1, "ONE"), (5, "TWO_TO_FIVE")), "MORE")
