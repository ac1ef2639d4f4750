"""Letters to a court: their steps, and whose consent they take. Pure.

Sources: information-sharing Golden Rule (what may be said to a court is what the case manager has
approved for it, GR-4; "nothing to add" stands for everything else, GR-5); decision table D31: a
court is handed a document and asks nothing.
"""

import re
from enum import StrEnum

from infra.vocabulary import Category, Role

MAX_RECIPIENT_LENGTH = 120
TEMPLATE_VERSION = "COURT-LETTER@2026-01"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class LetterStatus(StrEnum):
    """Where a letter stands."""

    DRAFT = "DRAFT"
    APPROVED = "APPROVED"
    DELIVERED = "DELIVERED"
    WITHDRAWN = "WITHDRAWN"


LETTER_STEPS: dict[LetterStatus, frozenset[LetterStatus]] = {
    LetterStatus.DRAFT: frozenset({LetterStatus.APPROVED, LetterStatus.WITHDRAWN}),
    LetterStatus.APPROVED: frozenset({LetterStatus.DELIVERED, LetterStatus.WITHDRAWN}),
    LetterStatus.DELIVERED: frozenset(),
    LetterStatus.WITHDRAWN: frozenset(),
}
"""Which status may follow which; what a court has cannot be withdrawn."""


class DeliveryMethod(StrEnum):
    """How a court was handed a letter."""

    E_FILING = "E_FILING"
    CLERK = "CLERK"
    MAIL = "MAIL"
    IN_COURT = "IN_COURT"


LETTER_CATEGORIES: tuple[Category, ...] = (
    Category.ENROLLMENT,
    Category.GOALS_PLAN,
    Category.LEGAL_COORD,
)
"""What a letter tells: that somebody takes part, how they are doing, and about which case."""

READS_LETTERS: frozenset[Role] = frozenset({Role.CM, Role.SUP, Role.DEF, Role.PAR, Role.REP})
"""Who reads letters here; no justice partner is sent a copy of what a court was told."""


def is_sha256(text: str) -> bool:
    """Return whether a text is a SHA-256 in lower-case hexadecimal digits."""
    return _SHA256.fullmatch(text) is not None
