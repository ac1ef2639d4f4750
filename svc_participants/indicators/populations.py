"""Who is counted here: people by first referral, people enrolled, people who refer. Pure."""

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
ENROLLED = Population(
    "ENROLLED",
    "People who were enrolled at some time in the year.",
    Grain.YEAR,
    (Split.DOOR, Split.AGENCY, Split.PLACE, Split.PROGRAM, Split.FUNDING_SOURCE, *_OF_PERSON),
)
REFERRERS = Population(
    "REFERRERS",
    "Members of staff and partners who referred somebody in the quarter.",
    Grain.QUARTER,
    (Split.DOOR, Split.AGENCY),
)
