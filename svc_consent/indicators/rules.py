"""What this service counts, and which outcome a person has. Pure.

Somebody's intake is the day on which a provider of the site first counted them among its own
(the fact that it hands over). Source: the minimum indicator set of the design.
"""

from datetime import datetime, timedelta

from infra.indicators.definitions import Family, Grain, Indicator, Outcome, Population, Split

TAKEN_IN = Population(
    "TAKEN_IN",
    "People by the quarter in which a provider of the site took them in.",
    Grain.QUARTER,
    (Split.AGENCY,),
)
SIGNERS = Population(
    "SIGNERS",
    "People by the quarter in which they signed their first release at the site.",
    Grain.QUARTER,
    (Split.AGENCY,),
)
ASKERS = Population(
    "ASKERS",
    "Accounts of the site with a look-up that was denied in the quarter.",
    Grain.QUARTER,
    (),
)
AT_INTAKE = Indicator(
    "AT_INTAKE",
    Family.CONSENT,
    "Release signed at intake",
    TAKEN_IN,
    "Days from intake to the first release at the site.",
    (
        Outcome("WITHIN_7_DAYS", "Before, or within a week.", is_favourable=True),
        Outcome("LATER", "Later, within 30 days after the quarter."),
        Outcome("NOT_SIGNED", "Not signed."),
    ),
)
SCOPE = Indicator(
    "SCOPE",
    Family.CONSENT,
    "How much is released",
    SIGNERS,
    "The first release as it was signed.",
    (
        Outcome("WHOLE", "No recipient was left out or told less."),
        Outcome("IN_PART", "A recipient was left out or told less."),
    ),
)
KEPT = Indicator(
    "KEPT",
    Family.CONSENT,
    "What became of releases",
    SIGNERS,
    "All of the person's releases at the site, 30 days after the quarter.",
    (
        Outcome("IN_FORCE", "One is in force, none was taken back."),
        Outcome("TAKEN_BACK", "One was taken back."),
        Outcome("RUN_OUT", "None is in force, none was taken back."),
    ),
)
DENIED = Indicator(
    "DENIED_LOOKUPS",
    Family.CONSENT,
    "Denied look-ups",
    ASKERS,
    "How often look-ups of the account were denied in the quarter.",
    (
        Outcome("UP_TO_5", "Up to five times."),
        Outcome("UP_TO_20", "Six to twenty times."),
        Outcome("MORE", "More often."),
    ),
)
RELEASES = (AT_INTAKE, SCOPE, KEPT)
INDICATORS = (*RELEASES, DENIED)


def at_intake(taken_in_at: datetime, signed_at: datetime | None) -> str:
    """Return how soon after intake somebody signed."""
    if signed_at is None:
        return "NOT_SIGNED"
    return "WITHIN_7_DAYS" if signed_at <= taken_in_at + timedelta(days=7) else "LATER"


def scope(*, leaves_out: bool) -> str:
    """Return how much was released."""
    return "IN_PART" if leaves_out else "WHOLE"


def kept(*, was_taken_back: bool, is_in_force: bool) -> str:
    """Return what became of somebody's releases."""
    if was_taken_back:
        return "TAKEN_BACK"
    return "IN_FORCE" if is_in_force else "RUN_OUT"


def denied(times: int) -> str:
    """Return the band of denied look-ups."""
    if times <= 5:
        return "UP_TO_5"
    return "UP_TO_20" if times <= 20 else "MORE"
