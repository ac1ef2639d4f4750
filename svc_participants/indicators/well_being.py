"""Indicators of well-being (housing, income, benefits, overdoses), and who has which outcome. Pure.

Sources: HUD HMIS Data Standards 2026, 4.12 (living situations), 4.02 to 4.04 (income, benefits).
"""

from collections.abc import Collection, Sequence

from infra.indicators.definitions import Family, Indicator, Outcome
from svc_participants.care.housing.rules import LivingSituation
from svc_participants.care.income.rules import BenefitState, IncomeSource
from svc_participants.indicators.populations import ENROLLED, NOT_KNOWN
from svc_participants.people.rules import YesNo

HOUSED = (
    Outcome("HOMELESS", "Outside, in a shelter or Safe Haven (HUD 116, 101, 118)."),
    Outcome("INSTITUTION", "In an institution (HUD 204 to 207, 215, 225)."),
    Outcome("TEMPORARY", "In temporary housing (HUD 302, 314, 329, 332, 335, 336)."),
    Outcome("PERMANENT", "In a rented or own home (HUD 410, 411, 421, 435).", is_favourable=True),
    Outcome(NOT_KNOWN, "Not known."),
)
HOUSING_AT_INTAKE = Indicator(
    "HOUSING_AT_INTAKE",
    Family.WELL_BEING,
    "Housing at the beginning",
    ENROLLED,
    "The first living situation on record.",
    HOUSED,
)
HOUSING_LATEST = Indicator(
    "HOUSING_LATEST",
    Family.WELL_BEING,
    "Housing at the end of the year",
    ENROLLED,
    "The last living situation on record in the year.",
    HOUSED,
)
_INCOME = (
    Outcome("EARNED", "Earned income.", is_favourable=True),
    Outcome("OTHER_INCOME", "Income, none of it earned.", is_favourable=True),
    Outcome("NO_INCOME", "No income."),
    Outcome("INCOME_NOT_KNOWN", "Not known."),
)
INCOME_AT_INTAKE = Indicator(
    "INCOME_AT_INTAKE",
    Family.WELL_BEING,
    "Income at the beginning",
    ENROLLED,
    "The first answer on record (HUD 4.02).",
    _INCOME,
)
INCOME_LATEST = Indicator(
    "INCOME_LATEST",
    Family.WELL_BEING,
    "Income at the end of the year",
    ENROLLED,
    "The last answer on record in the year (HUD 4.02).",
    _INCOME,
)
BENEFITS = Indicator(
    "BENEFITS",
    Family.WELL_BEING,
    "Benefits at the end of the year",
    ENROLLED,
    "The best state of any benefit or health insurance on record (HUD 4.02 to 4.04).",
    (
        Outcome("RECEIVED", "Receives one.", is_favourable=True),
        Outcome("SOUGHT", "Has applied or appeals, and receives none."),
        Outcome("NO_BENEFIT", "None on record."),
    ),
)
OVERDOSE = Indicator(
    "OVERDOSE",
    Family.WELL_BEING,
    "Overdoses in the year",
    ENROLLED,
    "As far as the case manager knows.",
    (
        Outcome("NO_OVERDOSE", "None that is known.", is_favourable=True),
        Outcome("OVERDOSE_KNOWN", "One or more."),
    ),
)
NALOXONE = Indicator(
    "NALOXONE",
    Family.WELL_BEING,
    "Naloxone in the year",
    ENROLLED,
    "Given to the person or to somebody close.",
    (
        Outcome("NALOXONE_GIVEN", "Given.", is_favourable=True),
        Outcome("NO_NALOXONE", "Not given."),
    ),
)

WELL_BEING = (
    HOUSING_AT_INTAKE,
    HOUSING_LATEST,
    INCOME_AT_INTAKE,
    INCOME_LATEST,
    BENEFITS,
    OVERDOSE,
    NALOXONE,
)

_L = LivingSituation
_HOUSING: dict[str, str] = {
    **dict.fromkeys(
        (_L.PLACE_NOT_MEANT_FOR_HABITATION, _L.EMERGENCY_SHELTER, _L.SAFE_HAVEN), "HOMELESS"
    ),
    **dict.fromkeys(
        (
            _L.PSYCHIATRIC_FACILITY, _L.SUBSTANCE_USE_FACILITY, _L.HOSPITAL, _L.JAIL_OR_PRISON,
            _L.FOSTER_CARE, _L.LONG_TERM_CARE,
        ),
        "INSTITUTION",
    ),
    **dict.fromkeys(
        (
            _L.TRANSITIONAL_HOUSING, _L.HOTEL_WITHOUT_VOUCHER, _L.RESIDENTIAL_PROJECT,
            _L.HOST_HOME, _L.WITH_FAMILY, _L.WITH_FRIENDS,
        ),
        "TEMPORARY",
    ),
    **dict.fromkeys(
        (
            _L.RENTAL_WITHOUT_SUBSIDY, _L.OWNED_WITHOUT_SUBSIDY, _L.OWNED_WITH_SUBSIDY,
            _L.RENTAL_WITH_SUBSIDY,
        ),
        "PERMANENT",
    ),
}  # fmt: skip


def housing(situation: str | None) -> str:
    """Return the group of a living situation."""
    return _HOUSING.get(situation or "", NOT_KNOWN)


def income(any_source: str | None, sources: Sequence[str]) -> str:
    """Return the outcome of an answer about income."""
    if any_source == YesNo.YES:
        return "EARNED" if IncomeSource.EARNED in sources else "OTHER_INCOME"
    return "NO_INCOME" if any_source == YesNo.NO else "INCOME_NOT_KNOWN"


def benefits(states: Collection[str]) -> str:
    """Return the outcome of the states that somebody's benefits are in."""
    if BenefitState.RECEIVING in states:
        return "RECEIVED"
    sought = {BenefitState.APPLYING, BenefitState.APPEALING}
    return "NO_BENEFIT" if sought.isdisjoint(states) else "SOUGHT"
