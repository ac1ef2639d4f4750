"""The words that every program shares: roles, purposes, categories, forms, agency types, bases.

Sources: LEAD glossary (roles, agency types), HL7 v3-ActReason (purposes in capitals without the
``LEAD_`` prefix), the own code system ``urn:lead:purpose`` (the rest), 42 CFR Part 2 and
RCW 70.02 (why a category stands alone). Values are the wire format: never rename one.
"""

from enum import StrEnum


class Role(StrEnum):
    """What a person may act as, for one agency at one site."""

    PM = "PM"
    CM = "CM"
    SUP = "SUP"
    LEO = "LEO"
    LEL = "LEL"
    PRO = "PRO"
    DEF = "DEF"
    PRB = "PRB"
    CRT = "CRT"
    SVC = "SVC"
    COM = "COM"
    CLT = "CLT"
    PCG = "PCG"
    EVL = "EVL"
    TRM = "TRM"
    AGA = "AGA"
    PLA = "PLA"
    LSB = "LSB"
    PAR = "PAR"
    REP = "REP"
    MED = "MED"
    PRV = "PRV"


ROLE_TITLES: dict[Role, str] = {
    Role.PM: "Project manager: runs the referral queue and the Operational Work Group.",
    Role.CM: "Case manager: works with the participants assigned to them.",
    Role.SUP: "Case-management supervisor: quality and safety inside the own agency.",
    Role.LEO: "Law-enforcement officer: refers people, hands them off.",
    Role.LEL: "Law-enforcement supervisor or liaison: approves referrals of the own agency.",
    Role.PRO: "Prosecutor; only the office's named liaison may see the link to LEAD.",
    Role.DEF: "Public defender; only as counsel of record of the participant.",
    Role.PRB: "Probation or corrections officer: may hear progress, never supervises LEAD.",
    Role.CRT: "Court staff: receives documents that are pushed, has no query about a person.",
    Role.SVC: "Provider of treatment or housing services, for the own field of service.",
    Role.COM: "Community referral partner or business: the own referral and its receipt.",
    Role.CLT: "Community Leadership Team member: aggregates.",
    Role.PCG: "Policy Coordinating Group member: aggregates.",
    Role.EVL: "Evaluator: de-identified rows under an agreement.",
    Role.TRM: "Training manager: training of the own agency's staff.",
    Role.AGA: "Agency administrator: people and roles of the own agency.",
    Role.PLA: "Platform administrator: configuration and health, never content.",
    Role.LSB: "LEAD Support Bureau technical assistance: fidelity aggregates.",
    Role.PAR: "Participant: the own record.",
    Role.REP: "Representative of a participant: that participant's record.",
    Role.MED: "Emergency medical clinician: break-glass in a medical emergency.",
    Role.PRV: "Privacy officer: explains decisions, reviews the ledger and denied attempts.",
}


class Purpose(StrEnum):
    """Why data is asked for (HL7 PurposeOfUse, and ``urn:lead:purpose`` for LEAD's own)."""

    TREAT = "TREAT"
    ETREAT = "ETREAT"
    BTG = "BTG"
    COC = "COC"
    CAREMGT = "CAREMGT"
    PATRQT = "PATRQT"
    PWATRNY = "PWATRNY"
    HQUALIMP = "HQUALIMP"
    HPRGRP = "HPRGRP"
    HRESCH = "HRESCH"
    HLEGAL = "HLEGAL"
    HSYSADMIN = "HSYSADMIN"
    RECORDMGT = "RECORDMGT"
    GOV = "GOV"
    LEAD_REFERRAL = "LEAD_REFERRAL"
    LEAD_COORD = "LEAD_COORD"
    LEAD_LEGAL_COORD = "LEAD_LEGAL_COORD"
    LEAD_EVAL = "LEAD_EVAL"
    TRAINING_ADMIN = "TRAINING_ADMIN"
    INVESTIGATION = "INVESTIGATION"
    PROSECUTION = "PROSECUTION"
    REVOCATION = "REVOCATION"
    SANCTION = "SANCTION"
    SUPERVISION_COMPLIANCE = "SUPERVISION_COMPLIANCE"
    INTELLIGENCE = "INTELLIGENCE"
    IMMIGRATION = "IMMIGRATION"
    EVICTION = "EVICTION"


ALWAYS_DENY_PURPOSES: frozenset[Purpose] = frozenset(
    {
        Purpose.INVESTIGATION,
        Purpose.PROSECUTION,
        Purpose.REVOCATION,
        Purpose.SANCTION,
        Purpose.SUPERVISION_COMPLIANCE,
        Purpose.INTELLIGENCE,
        Purpose.IMMIGRATION,
        Purpose.EVICTION,
    }
)
"""Golden Rule 1: what reached anyone through LEAD never serves these, whatever the ROI says."""

OWN_PURPOSES: frozenset[Purpose] = ALWAYS_DENY_PURPOSES | {
    Purpose.LEAD_REFERRAL,
    Purpose.LEAD_COORD,
    Purpose.LEAD_LEGAL_COORD,
    Purpose.LEAD_EVAL,
    Purpose.TRAINING_ADMIN,
}
"""Purposes of the own code system; the others are HL7's."""
PURPOSE_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
OWN_PURPOSE_SYSTEM = "urn:lead:purpose"

STAFF_PURPOSES: frozenset[Purpose] = frozenset({Purpose.HSYSADMIN, Purpose.TRAINING_ADMIN})
"""Purposes about staff records; they open nothing about a participant."""


class Category(StrEnum):
    """What a field is. 21 data categories, and two labels that are not data about a person."""

    IDENTITY = "IDENTITY"
    CONTACT = "CONTACT"
    REFERRAL = "REFERRAL"
    ELIGIBILITY = "ELIGIBILITY"
    ENROLLMENT = "ENROLLMENT"
    CASE_NOTES = "CASE_NOTES"
    PSYCHOSOCIAL = "PSYCHOSOCIAL"
    GOALS_PLAN = "GOALS_PLAN"
    SUD = "SUD"
    MENTAL_HEALTH = "MENTAL_HEALTH"
    HEALTH_HIV = "HEALTH_HIV"
    HOUSING = "HOUSING"
    INCOME = "INCOME"
    DEMOGRAPHICS = "DEMOGRAPHICS"
    LEGAL_PUBLIC = "LEGAL_PUBLIC"
    LEGAL_COORD = "LEGAL_COORD"
    WARRANTS = "WARRANTS"
    OWG = "OWG"
    TRAINING = "TRAINING"
    AGENCY_ROLES = "AGENCY_ROLES"
    AUDIT = "AUDIT"
    STRUCTURE = "STRUCTURE"
    CATALOGUE = "CATALOGUE"


STAFF_CATEGORIES: frozenset[Category] = frozenset(
    {Category.TRAINING, Category.AGENCY_ROLES, Category.STRUCTURE, Category.CATALOGUE}
)
"""Categories that are not about a participant: no purpose of use is needed to read them."""

PERSON_CATEGORIES: tuple[Category, ...] = tuple(c for c in Category if c not in STAFF_CATEGORIES)
"""Categories about a participant, in declaration order; the order gives each its bit."""


class Form(StrEnum):
    """In which form a coordinate carries its category."""

    RAW = "RAW"
    SUMMARY = "SUMMARY"
    PUBLIC_RECORD = "PUBLIC_RECORD"
    AGGREGATE = "AGGREGATE"
    DEIDENTIFIED = "DEIDENTIFIED"


WITHOUT_NAMES: frozenset[Form] = frozenset({Form.AGGREGATE, Form.DEIDENTIFIED})
"""Forms that are about nobody in particular: no participant could be asked for consent."""


class AgencyType(StrEnum):
    """Kind of organisation that takes part in a LEAD initiative."""

    CM = "CM"
    PMA = "PMA"
    LE = "LE"
    PROS = "PROS"
    DEF = "DEF"
    PROB = "PROB"
    COURT = "COURT"
    SUD = "SUD"
    MH = "MH"
    HOUS = "HOUS"
    EMS = "EMS"
    COMM = "COMM"
    EVAL = "EVAL"
    LSB = "LSB"
    TRAIN = "TRAIN"
    PLATFORM = "PLATFORM"


class Basis(StrEnum):
    """On which ground a participant's data may be seen; the atoms of an access expression.

    The value is the letter used in access expressions inside internal tokens, for example
    ``"a|r"`` (assigned, or a release covers it) and ``"rc"`` (a release and counsel of record).
    CONFERENCE: the participant is on the agenda of a work group's meeting to which this person was
    invited and has pledged confidentiality; it never opens anything alone.
    COURT_ORDER: an order under 42 CFR part 2, subpart E, that counsel has admitted lists it.
    """

    RELEASE = "r"
    ASSIGNMENT = "a"
    OWN_AGENCY = "o"
    SELF = "s"
    REPRESENTATIVE = "p"
    COUNSEL = "c"
    SCREENING = "g"
    AUTHOR = "w"
    BREAK_GLASS = "b"
    REVIEW = "v"
    CONFERENCE = "k"
    COURT_ORDER = "j"
    ANY = "*"


class UnknownCodeError(ValueError):
    """A code is not one of the vocabulary's."""


def parse_purpose(code: str) -> Purpose:
    """Return the purpose of use named by ``code``.

    Raises:
        UnknownCodeError: the code is none of ours.
    """
    try:
        return Purpose(code)
    except ValueError:
        raise UnknownCodeError(code) from None
