"""Living situations with their HUD codes. Pure.

Source: HUD HMIS Data Standards 2026, element 4.12 Current Living Situation (list 3.12.1).
"""

from enum import StrEnum

from infra.vocabulary import Category

CODE_SYSTEM = "urn:hud:hmis:2026:4.12"


class LivingSituation(StrEnum):
    """Where somebody lives now."""

    PLACE_NOT_MEANT_FOR_HABITATION = "PLACE_NOT_MEANT_FOR_HABITATION"
    EMERGENCY_SHELTER = "EMERGENCY_SHELTER"
    SAFE_HAVEN = "SAFE_HAVEN"
    PSYCHIATRIC_FACILITY = "PSYCHIATRIC_FACILITY"
    SUBSTANCE_USE_FACILITY = "SUBSTANCE_USE_FACILITY"
    HOSPITAL = "HOSPITAL"
    JAIL_OR_PRISON = "JAIL_OR_PRISON"
    FOSTER_CARE = "FOSTER_CARE"
    LONG_TERM_CARE = "LONG_TERM_CARE"
    TRANSITIONAL_HOUSING = "TRANSITIONAL_HOUSING"
    HOTEL_WITHOUT_VOUCHER = "HOTEL_WITHOUT_VOUCHER"
    RESIDENTIAL_PROJECT = "RESIDENTIAL_PROJECT"
    HOST_HOME = "HOST_HOME"
    WITH_FAMILY = "WITH_FAMILY"
    WITH_FRIENDS = "WITH_FRIENDS"
    RENTAL_WITHOUT_SUBSIDY = "RENTAL_WITHOUT_SUBSIDY"
    OWNED_WITHOUT_SUBSIDY = "OWNED_WITHOUT_SUBSIDY"
    OWNED_WITH_SUBSIDY = "OWNED_WITH_SUBSIDY"
    RENTAL_WITH_SUBSIDY = "RENTAL_WITH_SUBSIDY"
    OTHER = "OTHER"
    UNABLE_TO_DETERMINE = "UNABLE_TO_DETERMINE"
    DOES_NOT_KNOW = "DOES_NOT_KNOW"
    PREFERS_NOT_TO_ANSWER = "PREFERS_NOT_TO_ANSWER"
    NOT_ASKED = "NOT_ASKED"


_L = LivingSituation
CODES: dict[LivingSituation, tuple[int, str]] = {
    _L.PLACE_NOT_MEANT_FOR_HABITATION: (116, "Place not meant for habitation"),
    _L.EMERGENCY_SHELTER: (101, "Emergency shelter, incl. hotel or motel paid with a voucher"),
    _L.SAFE_HAVEN: (118, "Safe Haven"),
    _L.PSYCHIATRIC_FACILITY: (204, "Psychiatric hospital or other psychiatric facility"),
    _L.SUBSTANCE_USE_FACILITY: (205, "Substance use treatment facility or detox center"),
    _L.HOSPITAL: (206, "Hospital or other residential non-psychiatric medical facility"),
    _L.JAIL_OR_PRISON: (207, "Jail, prison, or juvenile detention facility"),
    _L.FOSTER_CARE: (215, "Foster care home or foster care group home"),
    _L.LONG_TERM_CARE: (225, "Long-term care facility or nursing home"),
    _L.TRANSITIONAL_HOUSING: (302, "Transitional housing"),
    _L.HOTEL_WITHOUT_VOUCHER: (314, "Hotel or motel paid for without emergency shelter voucher"),
    _L.RESIDENTIAL_PROJECT: (329, "Residential project or halfway house, no homeless criteria"),
    _L.HOST_HOME: (332, "Host home (non-crisis)"),
    _L.WITH_FAMILY: (335, "Staying or living in a family member's place"),
    _L.WITH_FRIENDS: (336, "Staying or living in a friend's place"),
    _L.RENTAL_WITHOUT_SUBSIDY: (410, "Rental by client, no ongoing housing subsidy"),
    _L.OWNED_WITHOUT_SUBSIDY: (411, "Owned by client, no ongoing housing subsidy"),
    _L.OWNED_WITH_SUBSIDY: (421, "Owned by client, with ongoing housing subsidy"),
    _L.RENTAL_WITH_SUBSIDY: (435, "Rental by client, with ongoing housing subsidy"),
    _L.OTHER: (17, "Other"),
    _L.UNABLE_TO_DETERMINE: (37, "Worker unable to determine"),
    _L.DOES_NOT_KNOW: (8, "Client doesn't know"),
    _L.PREFERS_NOT_TO_ANSWER: (9, "Client prefers not to answer"),
    _L.NOT_ASKED: (99, "Data not collected"),
}
"""HUD code and display of each value."""

MEANINGS = {value: f"{display} ({code})." for value, (code, display) in CODES.items()}

TELLING_SITUATIONS: dict[LivingSituation, Category] = {
    _L.SUBSTANCE_USE_FACILITY: Category.SUD,
    _L.PSYCHIATRIC_FACILITY: Category.MENTAL_HEALTH,
}
"""Situations that tell of treatment, and the category that they need beside HOUSING."""
