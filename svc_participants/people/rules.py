"""What is recorded about a person, and when two answers contradict each other. Pure.

Code lists: HUD HMIS Data Standards 2026 (name and birth-date quality, race, sex, veteran status,
disabling condition); the gender-identity list is our own, because HUD's of 2026 has only sex and
Washington's studies need both (RCW 71.24.909). In every list "not asked" (99) stands apart from
"prefers not to answer" (9) and from "does not know" (8).
"""

from collections.abc import Collection
from enum import StrEnum

from infra.errors import RuleError
from infra.vocabulary import Basis, Category, Role

HUD_2026 = "urn:hud:hmis:2026"
OWN_LISTS = "urn:goldenthread:lists:1"


class NameQuality(StrEnum):
    """How far a recorded name can be relied on (HUD 3.01)."""

    FULL = "FULL"
    PARTIAL_OR_STREET_NAME = "PARTIAL_OR_STREET_NAME"
    DOES_NOT_KNOW = "DOES_NOT_KNOW"
    PREFERS_NOT_TO_ANSWER = "PREFERS_NOT_TO_ANSWER"
    NOT_ASKED = "NOT_ASKED"


class BirthDateQuality(StrEnum):
    """How far a birth date can be relied on (HUD 3.03)."""

    FULL = "FULL"
    ESTIMATED = "ESTIMATED"
    DOES_NOT_KNOW = "DOES_NOT_KNOW"
    PREFERS_NOT_TO_ANSWER = "PREFERS_NOT_TO_ANSWER"
    NOT_ASKED = "NOT_ASKED"


class AliasKind(StrEnum):
    """What sort of other name it is."""

    STREET_NAME = "STREET_NAME"
    FORMER_NAME = "FORMER_NAME"
    OTHER = "OTHER"


class Race(StrEnum):
    """Race and ethnicity, several at once (HUD 3.04)."""

    AMERICAN_INDIAN_ALASKA_NATIVE = "AMERICAN_INDIAN_ALASKA_NATIVE"
    ASIAN = "ASIAN"
    BLACK_AFRICAN_AMERICAN = "BLACK_AFRICAN_AMERICAN"
    HISPANIC_LATINA_E_O = "HISPANIC_LATINA_E_O"
    MIDDLE_EASTERN_NORTH_AFRICAN = "MIDDLE_EASTERN_NORTH_AFRICAN"
    NATIVE_HAWAIIAN_PACIFIC_ISLANDER = "NATIVE_HAWAIIAN_PACIFIC_ISLANDER"
    WHITE = "WHITE"
    DOES_NOT_KNOW = "DOES_NOT_KNOW"
    PREFERS_NOT_TO_ANSWER = "PREFERS_NOT_TO_ANSWER"
    NOT_ASKED = "NOT_ASKED"


class Sex(StrEnum):
    """Sex (HUD 3.06 of 2026)."""

    FEMALE = "FEMALE"
    MALE = "MALE"
    DOES_NOT_KNOW = "DOES_NOT_KNOW"
    PREFERS_NOT_TO_ANSWER = "PREFERS_NOT_TO_ANSWER"
    NOT_ASKED = "NOT_ASKED"


class GenderIdentity(StrEnum):
    """Gender identity; our own list."""

    WOMAN = "WOMAN"
    MAN = "MAN"
    NON_BINARY = "NON_BINARY"
    TRANSGENDER = "TRANSGENDER"
    TWO_SPIRIT = "TWO_SPIRIT"
    QUESTIONING = "QUESTIONING"
    DIFFERENT_IDENTITY = "DIFFERENT_IDENTITY"
    DOES_NOT_KNOW = "DOES_NOT_KNOW"
    PREFERS_NOT_TO_ANSWER = "PREFERS_NOT_TO_ANSWER"
    NOT_ASKED = "NOT_ASKED"


class YesNo(StrEnum):
    """A yes-or-no answer with the three ways of having none (HUD 1.8)."""

    NO = "NO"
    YES = "YES"
    DOES_NOT_KNOW = "DOES_NOT_KNOW"
    PREFERS_NOT_TO_ANSWER = "PREFERS_NOT_TO_ANSWER"
    NOT_ASKED = "NOT_ASKED"


class AnswerState(StrEnum):
    """Whether an open question has an answer, and why not."""

    ANSWERED = "ANSWERED"
    DOES_NOT_KNOW = "DOES_NOT_KNOW"
    PREFERS_NOT_TO_ANSWER = "PREFERS_NOT_TO_ANSWER"
    NOT_ASKED = "NOT_ASKED"


NO_ANSWER: frozenset[str] = frozenset({"DOES_NOT_KNOW", "PREFERS_NOT_TO_ANSWER", "NOT_ASKED"})
"""Values that say why there is no answer; each excludes every other value of a multi-select."""

_NO_ANSWER_MEANINGS = {
    "DOES_NOT_KNOW": "The person does not know (8).",
    "PREFERS_NOT_TO_ANSWER": "The person was asked and prefers not to answer (9).",
    "NOT_ASKED": "Nobody has asked yet (99); says nothing about the person.",
}


def _meanings(enum: type[StrEnum], own: dict[str, str]) -> dict[StrEnum, str]:
    return {each: own.get(each.value) or _NO_ANSWER_MEANINGS[each.value] for each in enum}


NAME_QUALITY_MEANINGS = _meanings(
    NameQuality,
    {
        "FULL": "Full legal name (1).",
        "PARTIAL_OR_STREET_NAME": "Part of the name, a street name or a code name (2).",
    },
)
BIRTH_DATE_QUALITY_MEANINGS = _meanings(
    BirthDateQuality,
    {"FULL": "Full date of birth (1).", "ESTIMATED": "Partial or estimated (2)."},
)
ALIAS_KIND_MEANINGS = _meanings(
    AliasKind,
    {
        "STREET_NAME": "What the person is called on the street.",
        "FORMER_NAME": "A name borne in the past.",
        "OTHER": "Another name in use.",
    },
)
RACE_MEANINGS = _meanings(
    Race,
    {
        "AMERICAN_INDIAN_ALASKA_NATIVE": "American Indian, Alaska Native, or Indigenous"
        " (AmIndAKNative).",
        "ASIAN": "Asian or Asian American (Asian).",
        "BLACK_AFRICAN_AMERICAN": "Black, African American, or African (BlackAfAmerican).",
        "HISPANIC_LATINA_E_O": "Hispanic/Latina/e/o (HispanicLatinaeo).",
        "MIDDLE_EASTERN_NORTH_AFRICAN": "Middle Eastern or North African (MidEastNAfrican).",
        "NATIVE_HAWAIIAN_PACIFIC_ISLANDER": "Native Hawaiian or Pacific Islander"
        " (NativeHIPacific).",
        "WHITE": "White (White).",
    },
)
SEX_MEANINGS = _meanings(Sex, {"FEMALE": "Female (0).", "MALE": "Male (1)."})
GENDER_IDENTITY_MEANINGS = _meanings(
    GenderIdentity,
    {
        "WOMAN": "Woman.",
        "MAN": "Man.",
        "NON_BINARY": "Non-binary.",
        "TRANSGENDER": "Transgender.",
        "TWO_SPIRIT": "Two-Spirit.",
        "QUESTIONING": "Questioning.",
        "DIFFERENT_IDENTITY": "A different identity, in the person's own words.",
    },
)
ANSWER_STATE_MEANINGS = _meanings(AnswerState, {"ANSWERED": "There is an answer."})
YES_NO_MEANINGS = _meanings(YesNo, {"NO": "No (0).", "YES": "Yes (1)."})


def check_races(races: Collection[Race]) -> None:
    """Check a multi-select answer.

    Raises:
        RuleError: nothing selected, or a reason for having no answer beside an answer.
    """
    field = ("input", "race")
    if not races:
        raise RuleError(
            "ANSWER_MISSING", "Select at least one value; NOT_ASKED when nobody has asked.", field
        )
    if len(races) > 1 and any(each.value in NO_ANSWER for each in races):
        raise RuleError("ANSWER_CONTRADICTS", "A reason for having no answer stands alone.", field)


WRITE_GROUNDS: dict[Role, str] = {
    Role.CM: Basis.ASSIGNMENT + Basis.OWN_AGENCY,
    Role.SUP: Basis.OWN_AGENCY.value,
}
"""Who may write about a participant, and the grounds that must hold together: the case manager
writes for people assigned whom the own agency serves, the supervisor for people of the own agency.
A release never lets anyone write."""


def writing_access(role: Role, category: Category, access: str) -> str:
    """Return the access expression under which a role may write, empty for never.

    Args:
        role: role of the acting grant.
        category: what is written.
        access: the role's access expression for reading it; who may not read may not write.
    """
    grounds = WRITE_GROUNDS.get(role, "")
    if category is Category.STRUCTURE or not access:
        return ""
    return grounds


MAX_PLACES = 20
MAX_TEXT = 500


def check_contact(texts: Collection[str | None], places: Collection[str]) -> None:
    """Check the texts of a contact.

    Raises:
        RuleError: too many places, or a text that is too long.
    """
    if len(places) > MAX_PLACES or any(len(each or "") > MAX_TEXT for each in (*texts, *places)):
        raise RuleError(
            "TEXT_LENGTH", f"At most {MAX_PLACES} places, and {MAX_TEXT} characters a text."
        )


def check_version(expected: int, actual: int) -> None:
    """Check that a row is still as the client saw it.

    Raises:
        RuleError: it was changed since.
    """
    if expected != actual:
        raise RuleError(
            "VERSION_CONFLICT",
            "Somebody changed this in the meantime; read it again and repeat the change.",
            ("input", "expectedVersion"),
        )


def not_found(field: str) -> RuleError:
    """Return the refusal for an id that names nothing that this caller may see or change."""
    return RuleError("NOT_FOUND", "No such record.", ("input", field))
