"""What this service counts: everybody on a roster, by whether they have had training. Pure."""

from datetime import date

from infra.indicators.definitions import Family, Grain, Indicator, Outcome, Population, Split

EVERYWHERE = "ALL"
"""Rosters are of agencies, which may work at several sites; so there is one set of tables."""

STAFF = Population(
    "STAFF", "Everybody on a roster at the end of the year.", Grain.YEAR, (Split.AGENCY,)
)
TRAINED = Indicator(
    "TRAINED",
    Family.TRAINING,
    "Who has had training",
    STAFF,
    "When the latest course was completed.",
    (
        Outcome("IN_THE_YEAR", "In the year.", is_favourable=True),
        Outcome("EARLIER", "Earlier."),
        Outcome("NOT_YET", "Not yet."),
    ),
)
INDICATORS = (TRAINED,)


def trained(latest_on: date | None, starts_on: date) -> str:
    """Return when somebody's latest course was completed, seen from a year."""
    if latest_on is None:
        return "NOT_YET"
    return "IN_THE_YEAR" if latest_on >= starts_on else "EARLIER"
