"""What each role finds in the console: its purposes, its pages, and where it starts."""

from dataclasses import dataclass

from gateway.web.console.wording import DEFAULT_LANGUAGE, catalogue

PURPOSES: dict[str, str | None] = {
    "PM": "LEAD_COORD",
    "CM": "CAREMGT",
    "SUP": "CAREMGT",
    "LEO": "LEAD_COORD",
    "LEL": "LEAD_COORD",
    "PRO": "LEAD_LEGAL_COORD",
    "DEF": "LEAD_LEGAL_COORD",
    "PRB": "LEAD_COORD",
    "CRT": None,
    "SVC": "COC",
    "COM": "LEAD_COORD",
    "CLT": "GOV",
    "PCG": "GOV",
    "EVL": "LEAD_EVAL",
    "TRM": "TRAINING_ADMIN",
    "AGA": "HSYSADMIN",
    "PLA": "HSYSADMIN",
    "LSB": "LEAD_EVAL",
    "PAR": "PATRQT",
    "REP": "PWATRNY",
    "MED": "ETREAT",
    "PRV": "RECORDMGT",
}
"""For which purpose a role's pages ask; a role may state others through the API."""

OWN_RECORD = frozenset({"PAR", "REP"})
"""Roles whose pages are about themselves, in their own language."""
CARE = frozenset({"CM", "SUP"})
SUPERVISING = frozenset({"SUP"})
PROSECUTING = frozenset({"PRO"})
"""The queue itself is the liaison's alone; the pipeline refuses it to the rest of the office."""
TRAINING = frozenset({"TRM"})
STATEWIDE = TRAINING | {"PM", "CLT", "PCG", "EVL", "LSB", "PLA"}
"""Roles that see counts of training in all agencies; those beside the manager see nothing else."""
ADMIN = frozenset({"AGA"})
PLATFORM = frozenset({"PLA"})
ADMINISTERING = ADMIN | PLATFORM
BY_PLATFORM = frozenset({"AGA", "PRV", "PLA"})
"""Roles that no agency takes away: the platform's administrator does, on the agency's page."""
SEATING = frozenset({"PLA", "PM", "AGA"})
"""Roles that see who sits at the site's tables, or their agency's seats."""
SEATERS = PLATFORM | {"PM"}
"""Roles that seat people and end seats."""
PRIVACY = frozenset({"PRV"})
ASSESSING = SUPERVISING | PRIVACY
"""Roles that say what an incident was."""
PREPARING = CARE | {"PM"}
"""Roles that put people on an agenda."""
CHAIRING = frozenset({"PM"})
"""Roles that run the work group's meetings."""
NOTING = PREPARING | {"DEF", "SVC"}
"""Roles that write down what was said in a meeting."""
BUREAU = frozenset({"LSB"})
ASSISTED = BUREAU | {"PM", "TRM", "AGA", "SUP", "LEL"}
"""Who asks the Support Bureau for help, and the Bureau."""
DUTIFUL = CARE | PRIVACY
"""Roles with duties about people whom they serve."""
CONFERRING = frozenset({"PM", "CM", "SUP", "LEO", "LEL", "PRO", "DEF", "SVC"})
"""Roles that sit in the work group."""
STAFF = frozenset(PURPOSES) - OWN_RECORD


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation.

    Attributes:
        key: of its name in the catalogue of messages.
        roles: that see it.
        development: only where developer pages are on.
        also: beginnings of further addresses that belong to it.
    """

    key: str
    path: str
    roles: frozenset[str]
    development: bool = False
    also: tuple[str, ...] = ()


_OF_DUE = tuple(
    f"/console/training/{part}"
    for part in ("compliance", "gates", "requirements", "outside", "batches")
)
_OF_IMPORT = ("/console/training/exchange", "/console/training/reconcile")

PLACES = (
    Place("home", "/console/", frozenset(PURPOSES)),
    Place("people", "/console/people", CARE),
    Place("expiring", "/console/releases/expiring", CARE),
    Place("on_call", "/console/on-call", CARE),
    Place("liaison", "/console/liaison", PROSECUTING),
    Place("conferences", "/console/conferences", CONFERRING),
    Place("record", "/console/record", OWN_RECORD),
    Place("team", "/console/record/team", OWN_RECORD),
    Place("seen", "/console/record/seen", OWN_RECORD),
    Place("courses", "/console/training/courses", STAFF, also=("/console/training/sessions",)),
    Place("due", "/console/training/due", TRAINING, also=_OF_DUE),
    Place("roster", "/console/training/people", TRAINING),
    Place("import", "/console/training/import", TRAINING, also=_OF_IMPORT),
    Place("my_training", "/console/training/mine", STAFF),
    Place("library", "/console/library", STAFF, also=("/console/assistance",)),
    Place("duties", "/console/duties", DUTIFUL),
    Place("privacy", "/console/privacy", PRIVACY),
    Place("agency", "/console/agency", ADMIN),
    Place("requests", "/console/requests", PLATFORM),
    Place("reviews", "/console/reviews", PLATFORM),
    Place("alerts", "/console/alerts", PLATFORM),
    Place("seats", "/console/seats", SEATING),
    Place("agencies", "/console/agencies", STAFF - CARE - TRAINING),
    Place("developer", "/console/developer", frozenset(PURPOSES), development=True),
)


def title(role: str) -> str:
    """Return what a role is called on pages for staff."""
    return str(catalogue(DEFAULT_LANGUAGE)["roles"].get(role, role))


def places(role: str, *, development: bool) -> list[Place]:
    """Return the navigation of a role."""
    return [
        place for place in PLACES if role in place.roles and (development or not place.development)
    ]
