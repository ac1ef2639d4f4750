"""Who is counted here: people by first referral, call or stay, and people who refer. Pure."""

from infra.indicators.definitions import Grain, Population, Split

NOT_KNOWN = "NOT_KNOWN"
_OF_PERSON = (Split.RACE, Split.GENDER, Split.SEX, Split.AGE, Split.DISABILITY)

REFERRED = Population(
    "REFERRED",
    "People by the quarter of their first referral.",
    Grain.QUARTER,
    (
        Split.DOOR,
        Split.AGENCY,
        Split.PLACE,
        Split.PROGRAM,
        Split.FUNDING_SOURCE,
        *_OF_PERSON,
    ),
)
CALLED = Population(
    "CALLED",
    "People to whom a case manager was called in the quarter, by the first of these calls.",
    Grain.QUARTER,
    (Split.AGENCY, Split.PLACE, *_OF_PERSON),
)
"""Apart from those referred: one door has calls at all, and a group without any hides its figures.
Nor a part of them: a later referral, or one of another quarter, can be handed over as well."""
ENROLLED = Population(
    "ENROLLED",
    "People who were enrolled at some time in the year.",
    Grain.YEAR,
    (Split.DOOR, Split.AGENCY, Split.PLACE, Split.PROGRAM, Split.FUNDING_SOURCE, *_OF_PERSON),
)
STARTED = Population(
    "STARTED_12M",
    "People by the year in which they were first enrolled, after 12 months.",
    Grain.YEAR,
    ENROLLED.splits,
    settling_months=12,
)
"""Apart from those of a year: a rare outcome hides a group in all figures of its population."""
SERVED = Population(
    "SERVED",
    "People who were enrolled at some time in the quarter.",
    Grain.QUARTER,
    (Split.AGENCY, *_OF_PERSON),
)
REFERRERS = Population(
    "REFERRERS",
    "Members of staff and partners who referred somebody in the quarter.",
    Grain.QUARTER,
    (Split.DOOR, Split.AGENCY),
)
