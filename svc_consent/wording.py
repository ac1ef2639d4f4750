"""How the service speaks to people: purposes and categories in words that they use."""

from infra.vocabulary import Category, Purpose

CATEGORY_WORDS: dict[Category, str] = {
    Category.IDENTITY: "your name and date of birth",
    Category.CONTACT: "how and where to reach you",
    Category.REFERRAL: "how you were referred",
    Category.ELIGIBILITY: "whether you can take part",
    Category.ENROLLMENT: "that you take part, and since when",
    Category.CASE_NOTES: "your case manager's notes",
    Category.PSYCHOSOCIAL: "your intake interview",
    Category.GOALS_PLAN: "your goals and progress",
    Category.SUD: "treatment for drug or alcohol use",
    Category.MENTAL_HEALTH: "mental-health treatment",
    Category.HEALTH_HIV: "medical information",
    Category.HOUSING: "your housing",
    Category.INCOME: "your income and benefits",
    Category.DEMOGRAPHICS: "facts such as race, gender and language",
    Category.LEGAL_PUBLIC: "court records that anyone can see",
    Category.LEGAL_COORD: "how your court cases and LEAD fit together",
    Category.WARRANTS: "warrants",
    Category.OWG: "what was said in work-group meetings",
    Category.TRAINING: "staff training",
    Category.AGENCY_ROLES: "staff roles",
    Category.AUDIT: "who saw your record, and your releases",
    Category.STRUCTURE: "no information about you",
    Category.CATALOGUE: "general lists",
}

PURPOSE_WORDS: dict[Purpose, str] = {
    Purpose.TREAT: "to treat you",
    Purpose.ETREAT: "to treat you in an emergency",
    Purpose.BTG: "an emergency override",
    Purpose.COC: "to coordinate your care",
    Purpose.CAREMGT: "to manage your care",
    Purpose.PATRQT: "at your request",
    Purpose.PWATRNY: "at your representative's request",
    Purpose.HQUALIMP: "to improve quality",
    Purpose.HPRGRP: "to report on the programme",
    Purpose.HRESCH: "for research",
    Purpose.HLEGAL: "because a court ordered it",
    Purpose.HSYSADMIN: "to run the system",
    Purpose.RECORDMGT: "to review records",
    Purpose.GOV: "to oversee the programme",
    Purpose.LEAD_REFERRAL: "to refer you to LEAD",
    Purpose.LEAD_COORD: "to coordinate LEAD",
    Purpose.LEAD_LEGAL_COORD: "to coordinate your court cases with LEAD",
    Purpose.LEAD_EVAL: "to evaluate LEAD",
    Purpose.TRAINING_ADMIN: "to train staff",
    Purpose.INVESTIGATION: "an investigation (never allowed)",
    Purpose.PROSECUTION: "a prosecution (never allowed)",
    Purpose.REVOCATION: "to revoke a release from custody (never allowed)",
    Purpose.SANCTION: "a sanction (never allowed)",
    Purpose.SUPERVISION_COMPLIANCE: "to check on supervision (never allowed)",
    Purpose.INTELLIGENCE: "intelligence (never allowed)",
    Purpose.IMMIGRATION: "immigration enforcement (never allowed)",
    Purpose.EVICTION: "an eviction (never allowed)",
}


_BY_CODE = {category.value: words for category, words in CATEGORY_WORDS.items()}


def category_words(codes: list[str]) -> list[str]:
    """Return categories in words, in the order of the vocabulary."""
    return [words for code, words in _BY_CODE.items() if code in codes]


def purpose_words(code: str | None) -> str | None:
    """Return a purpose in words; None when none was stated."""
    return None if code is None else PURPOSE_WORDS[Purpose(code)]


def described(words: str) -> str:
    """Return words as a sentence for the schema."""
    return f"{words[0].upper()}{words[1:]}."
