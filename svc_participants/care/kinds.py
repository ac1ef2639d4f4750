"""Kinds of help, as services are arranged and appointments made for. Pure."""

from enum import StrEnum

from infra.vocabulary import Category


class HelpKind(StrEnum):
    """What sort of help it is."""

    HOUSING = "HOUSING"
    SUBSTANCE_USE_TREATMENT = "SUBSTANCE_USE_TREATMENT"
    MENTAL_HEALTH_CARE = "MENTAL_HEALTH_CARE"
    MEDICAL_CARE = "MEDICAL_CARE"
    IDENTITY_PAPERS = "IDENTITY_PAPERS"
    BENEFITS = "BENEFITS"
    WORK_AND_TRAINING = "WORK_AND_TRAINING"
    LEGAL_HELP = "LEGAL_HELP"
    TRANSPORT = "TRANSPORT"
    FOOD_AND_CLOTHES = "FOOD_AND_CLOTHES"
    FAMILY = "FAMILY"
    COURT = "COURT"
    OTHER = "OTHER"


HELP_MEANINGS = {
    HelpKind.HOUSING: "A place to live.",
    HelpKind.SUBSTANCE_USE_TREATMENT: "Treatment of substance use; needs SUD as well.",
    HelpKind.MENTAL_HEALTH_CARE: "Mental health care; needs MENTAL_HEALTH as well.",
    HelpKind.MEDICAL_CARE: "Other health care; needs HEALTH_HIV as well.",
    HelpKind.IDENTITY_PAPERS: "Papers that say who somebody is.",
    HelpKind.BENEFITS: "Benefits and insurance.",
    HelpKind.WORK_AND_TRAINING: "Work, training, school.",
    HelpKind.LEGAL_HELP: "Advice and counsel.",
    HelpKind.TRANSPORT: "Getting there.",
    HelpKind.FOOD_AND_CLOTHES: "Food, clothes, what one needs today.",
    HelpKind.FAMILY: "The people who matter.",
    HelpKind.COURT: "Going to court together.",
    HelpKind.OTHER: "Anything else.",
}
TELLING_HELP: dict[HelpKind, Category] = {
    HelpKind.SUBSTANCE_USE_TREATMENT: Category.SUD,
    HelpKind.MENTAL_HEALTH_CARE: Category.MENTAL_HEALTH,
    HelpKind.MEDICAL_CARE: Category.HEALTH_HIV,
}
"""Help that tells of treatment, and the category that it needs beside its record's own: attending
such a provider is itself a fact about health (42 CFR 2.11, 2.13(c), RCW 70.02.230)."""
