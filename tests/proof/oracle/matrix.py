"""Who sees what, as the agreement's table has it: a line for each category, a cell for each role.

Cells: W without a release (own agency or own assignment), C with a release, E with a release that
names this category, S the favourable-safe summary with a release, O what one has handed in oneself
or one's own profile, P the public record without the link to LEAD, D de-identified rows, A
aggregates, N nothing. A figure points to a note:

1 while a referral is screened; afterwards a release is needed. 2 referrals of the own agency that
await its approval. 3 records of the own agency; those of another provider need E. 4 entries of the
own office raw, those of others as summary. 5 who, when and the decision. 6 and what one has handed
in oneself. The last four columns are the participant, a representative, emergency medicine and the
privacy officer.
"""

_ROLE_LINE = "PM CM SUP LEO LEL PRO DEF PRB CRT SVC COM CLT PCG EVL TRM AGA PLA LSB PAR REP MED PRV"
ROLES = tuple(each for each in _ROLE_LINE.split(" "))

_TABLE = """
IDENTITY      W1 W  W  C6 C  C  C  C  S  C  O  N  N  N  N  N  N  N  O  O  E  W
CONTACT       W1 W  W  N  N  N  C  N  N  C  N  N  N  N  N  N  N  N  O  O  E  N
REFERRAL      W  W  W  O  C  C  C  N  N  C  O  A  A  D  N  N  N  A  O  O  N  N
ELIGIBILITY   W  W  W  O  W2 C  C  N  N  N  N  A  A  D  N  N  N  A  O  O  N  N
ENROLLMENT    C  W  W  C  C  C  C  C  S  C  S  A  A  D  N  N  N  A  O  O  N  N
CASE_NOTES    N  W  W  N  N  N  E  N  N  N  N  N  N  N  N  N  N  N  O  O  N  N
PSYCHOSOCIAL  N  W  W  N  N  N  E  N  N  C  N  N  A  D  N  N  N  N  O  O  N  N
GOALS_PLAN    C  W  W  S  S  S  C  S  S  C  N  N  A  D  N  N  N  A  O  O  N  N
SUD           N  W3 W3 N  N  N  E  N  N  E  N  N  A  D  N  N  N  N  O  O  E  N
MENTAL_HEALTH N  W3 W3 N  N  N  E  N  N  E  N  N  A  D  N  N  N  N  O  O  N  N
HEALTH_HIV    N  W3 W3 N  N  N  N  N  N  E  N  N  A  A  N  N  N  N  O  O  E  N
HOUSING       C  W  W  N  S  S  C  S  S  C  N  A  A  D  N  N  N  A  O  O  N  N
INCOME        N  W  W  N  N  N  C  N  N  C  N  A  A  D  N  N  N  A  O  O  N  N
DEMOGRAPHICS  A  W  W  O  A  A  A  N  N  C  N  A  A  D  N  N  N  A  O  O  N  N
LEGAL_PUBLIC  P  W  W  P  P  P  P  P  P  N  N  A  A  D  N  N  N  A  O  O  N  N
LEGAL_COORD   C  W  W  N  S  S4 C  S  S  N  N  N  A  D  N  N  N  N  O  O  N  N
WARRANTS      C  W  W  N  S  C  C  N  N  N  N  N  A  D  N  N  N  N  O  O  N  N
OWG           C  W  W  S  S  S  C  N  N  C  N  N  N  N  N  N  N  N  N  N  N  N
TRAINING      A  O  W  O  W  O  O  O  O  O  O  A  A  A  W  W  A  A  N  N  O  O
AGENCY_ROLES  W  O  O  O  O  O  O  O  O  O  O  N  A  N  O  W  W  N  O  O  O  O
AUDIT         A  W  W  O  O  O  O  O  O  O  N  N  A  N  O  W5 W5 N  O  O  O  W
"""

CELLS: dict[tuple[str, str], str] = {
    (role, line.split()[0]): cell
    for line in _TABLE.strip().splitlines()
    for role, cell in zip(ROLES, line.split()[1:], strict=True)
}

# Each provider has its own field of service only (reasons by role): housing hears nothing of
# treatment, treatment nothing of housing and income, each treatment nothing of the other. Neither
# treatment hears of HIV before counsel has agreed to it, also where a kind of record tells of it.
_NOT_OF_FIELD = {
    "SUD": {"MENTAL_HEALTH", "HEALTH_HIV", "HOUSING", "INCOME", "DEMOGRAPHICS", "OWG"},
    "MH": {"SUD", "HEALTH_HIV", "HOUSING", "INCOME", "DEMOGRAPHICS", "OWG"},
    "HOUSING": {
        "SUD", "MENTAL_HEALTH", "HEALTH_HIV", "PSYCHOSOCIAL", "GOALS_PLAN", "REFERRAL", "OWG",
    },
}  # fmt: skip

PURPOSES: dict[str, set[str]] = {
    "PM": {"LEAD_COORD", "LEAD_REFERRAL", "HPRGRP"},
    "CM": {"CAREMGT", "COC", "LEAD_COORD"},
    "SUP": {"CAREMGT", "HQUALIMP"},
    "LEO": {"LEAD_REFERRAL", "LEAD_COORD"},
    "LEL": {"LEAD_REFERRAL", "LEAD_COORD"},
    "PRO": {"LEAD_LEGAL_COORD"},
    "DEF": {"LEAD_LEGAL_COORD"},
    "PRB": {"LEAD_COORD"},
    "CRT": set(),
    "SVC": {"TREAT", "COC"},
    "COM": {"LEAD_REFERRAL", "LEAD_COORD"},
    "CLT": {"LEAD_EVAL", "GOV"},
    "PCG": {"LEAD_EVAL", "GOV"},
    "EVL": {"LEAD_EVAL", "HRESCH"},
    "TRM": {"TRAINING_ADMIN"},
    "AGA": {"HSYSADMIN"},
    "PLA": {"HSYSADMIN"},
    "LSB": {"LEAD_EVAL"},
    "PAR": {"PATRQT"},
    "REP": {"PWATRNY"},
    "MED": {"BTG", "ETREAT"},
    "PRV": {"RECORDMGT"},
}
ALWAYS_DENIED = {
    "INVESTIGATION", "PROSECUTION", "REVOCATION", "SANCTION", "SUPERVISION_COMPLIANCE",
    "INTELLIGENCE", "IMMIGRATION", "EVICTION",
}  # fmt: skip
ABOUT_STAFF = {"HSYSADMIN", "TRAINING_ADMIN"}
KNOWN_PURPOSES = set().union(*PURPOSES.values()) | ALWAYS_DENIED | ABOUT_STAFF

STAFF_DATA = {"TRAINING", "AGENCY_ROLES"}
FREE = {"STRUCTURE", "CATALOGUE"}
JUSTICE = {"LEO", "LEL", "PRO", "PRB", "CRT"}


def cell_of(role: str, category: str, *, is_liaison: bool, service_field: str | None) -> str:
    """Return the letter of a cell for one member of staff, without its note."""
    cell = CELLS[role, category]
    if role == "PRO" and not is_liaison and category not in STAFF_DATA | {"AUDIT"}:
        return "P" if category == "LEGAL_PUBLIC" else "N"  # rule D26
    if role == "SVC" and category in _NOT_OF_FIELD.get(service_field or "", set()):
        return "N"
    return cell[0]


def purposes_of(role: str, service_field: str | None) -> set[str]:
    """Return the purposes that a role may state; housing co-ordinates care and treats nobody."""
    if role == "SVC" and service_field == "HOUSING":
        return {"COC"}
    return PURPOSES[role]
