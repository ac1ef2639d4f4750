"""Sources of income and kinds of benefits with their HUD names, and how a benefit goes on. Pure.

Source: HUD HMIS Data Standards 2026, elements 4.02 Income and Sources, 4.03 Non-Cash Benefits,
4.04 Health Insurance. Each value's code is the name of its field in HUD's CSV format.
"""

from collections.abc import Collection
from enum import StrEnum

from infra.errors import RuleError
from svc_participants.people.rules import YesNo

CODE_SYSTEM = "urn:hud:hmis:2026:4.02"
BENEFIT_SYSTEM = "urn:hud:hmis:2026:csv:IncomeBenefits"
"""Benefits are of three elements; their fields stand in one file of HUD's CSV format."""
MAX_CENTS = 10_000_000


class IncomeSource(StrEnum):
    """Where income comes from (HUD 4.02)."""

    EARNED = "EARNED"
    UNEMPLOYMENT = "UNEMPLOYMENT"
    SSI = "SSI"
    SSDI = "SSDI"
    VA_SERVICE_CONNECTED = "VA_SERVICE_CONNECTED"
    VA_PENSION = "VA_PENSION"
    PRIVATE_DISABILITY = "PRIVATE_DISABILITY"
    WORKERS_COMPENSATION = "WORKERS_COMPENSATION"
    TANF = "TANF"
    GENERAL_ASSISTANCE = "GENERAL_ASSISTANCE"
    SOCIAL_SECURITY_RETIREMENT = "SOCIAL_SECURITY_RETIREMENT"
    PENSION = "PENSION"
    CHILD_SUPPORT = "CHILD_SUPPORT"
    ALIMONY = "ALIMONY"
    OTHER = "OTHER"


_S = IncomeSource
SOURCE_MEANINGS = {
    _S.EARNED: "Earned income (Earned).",
    _S.UNEMPLOYMENT: "Unemployment insurance (Unemployment).",
    _S.SSI: "Supplemental Security Income (SSI).",
    _S.SSDI: "Social Security Disability Insurance (SSDI).",
    _S.VA_SERVICE_CONNECTED: "VA service-connected disability (VADisabilityService).",
    _S.VA_PENSION: "VA non-service-connected disability pension (VADisabilityNonService).",
    _S.PRIVATE_DISABILITY: "Private disability insurance (PrivateDisability).",
    _S.WORKERS_COMPENSATION: "Worker's compensation (WorkersComp).",
    _S.TANF: "Temporary Assistance for Needy Families (TANF).",
    _S.GENERAL_ASSISTANCE: "General assistance (GA).",
    _S.SOCIAL_SECURITY_RETIREMENT: "Retirement income from Social Security (SocSecRetirement).",
    _S.PENSION: "Pension from a former job (Pension).",
    _S.CHILD_SUPPORT: "Child support (ChildSupport).",
    _S.ALIMONY: "Alimony (Alimony).",
    _S.OTHER: "Another source (OtherIncomeSource).",
}


class BenefitKind(StrEnum):
    """What sort of benefit (HUD 4.03 and 4.04, and cash benefits of 4.02)."""

    SNAP = "SNAP"
    WIC = "WIC"
    OTHER_NON_CASH = "OTHER_NON_CASH"
    SSI = "SSI"
    SSDI = "SSDI"
    TANF = "TANF"
    GENERAL_ASSISTANCE = "GENERAL_ASSISTANCE"
    VETERANS_BENEFITS = "VETERANS_BENEFITS"
    MEDICAID = "MEDICAID"
    MEDICARE = "MEDICARE"
    VETERANS_HEALTH = "VETERANS_HEALTH"
    STATE_HEALTH_INSURANCE = "STATE_HEALTH_INSURANCE"
    INDIAN_HEALTH_SERVICES = "INDIAN_HEALTH_SERVICES"
    OTHER_HEALTH_INSURANCE = "OTHER_HEALTH_INSURANCE"


_B = BenefitKind
BENEFIT_MEANINGS = {
    _B.SNAP: "Supplemental Nutrition Assistance Program (SNAP).",
    _B.WIC: "Supplemental nutrition for women, infants and children (WIC).",
    _B.OTHER_NON_CASH: "Another non-cash benefit (OtherBenefitsSource).",
    _B.SSI: "Supplemental Security Income (SSI).",
    _B.SSDI: "Social Security Disability Insurance (SSDI).",
    _B.TANF: "Temporary Assistance for Needy Families (TANF).",
    _B.GENERAL_ASSISTANCE: "General assistance (GA).",
    _B.VETERANS_BENEFITS: "Benefits for veterans.",
    _B.MEDICAID: "Medicaid (Medicaid).",
    _B.MEDICARE: "Medicare (Medicare).",
    _B.VETERANS_HEALTH: "Veteran's health administration (VHAServices).",
    _B.STATE_HEALTH_INSURANCE: "State health insurance for adults (StateHealthIns).",
    _B.INDIAN_HEALTH_SERVICES: "Indian Health Services (IndianHealthServices).",
    _B.OTHER_HEALTH_INSURANCE: "Another health insurance (OtherInsurance).",
}


class BenefitState(StrEnum):
    """Where a benefit stands."""

    APPLYING = "APPLYING"
    RECEIVING = "RECEIVING"
    NOT_GRANTED = "NOT_GRANTED"
    APPEALING = "APPEALING"
    ENDED = "ENDED"


_T = BenefitState
BENEFIT_STATE_MEANINGS = {
    _T.APPLYING: "Applied for, or being applied for.",
    _T.RECEIVING: "Received.",
    _T.NOT_GRANTED: "Not granted by the office.",
    _T.APPEALING: "The decision is being appealed.",
    _T.ENDED: "Received no longer.",
}
STEPS: dict[BenefitState, frozenset[BenefitState]] = {
    _T.APPLYING: frozenset({_T.RECEIVING, _T.NOT_GRANTED, _T.ENDED}),
    _T.NOT_GRANTED: frozenset({_T.APPEALING, _T.APPLYING}),
    _T.APPEALING: frozenset({_T.RECEIVING, _T.NOT_GRANTED}),
    _T.RECEIVING: frozenset({_T.ENDED}),
    _T.ENDED: frozenset({_T.APPLYING}),
}
"""What may follow on each state."""


def check_income(
    any_source: YesNo, monthly_cents: int | None, sources: Collection[IncomeSource]
) -> None:
    """Check what somebody says about their income.

    Raises:
        RuleError: sources without income, income without source, or an amount out of range.
    """
    has = any_source is YesNo.YES
    if has != bool(sources) or (monthly_cents is not None and not has):
        raise RuleError(
            "ANSWER_CONTRADICTS", "Sources and an amount go with YES, and only with it.", ("input",)
        )
    if len(set(sources)) < len(sources):
        raise RuleError("ANSWER_CONTRADICTS", "Each source once.", ("input", "sources"))
    if monthly_cents is not None and not 0 <= monthly_cents <= MAX_CENTS:
        raise RuleError(
            "NUMBER_RANGE", f"0 to {MAX_CENTS} cents a month.", ("input", "monthlyCents")
        )
