"""How a contact took place, and what a note must have. Pure."""

from datetime import date
from enum import StrEnum

from infra.errors import RuleError

MAX_TEXT_LENGTH = 20_000


class ContactMode(StrEnum):
    """How the contact that a note is about took place."""

    STREET_OUTREACH = "STREET_OUTREACH"
    OFFICE = "OFFICE"
    HOME_VISIT = "HOME_VISIT"
    TELEPHONE = "TELEPHONE"
    MESSAGE = "MESSAGE"
    COURT_SUPPORT = "COURT_SUPPORT"
    COLLATERAL = "COLLATERAL"


MODE_MEANINGS = {
    ContactMode.STREET_OUTREACH: "Met where the person is.",
    ContactMode.OFFICE: "Met at the office.",
    ContactMode.HOME_VISIT: "Met where the person lives.",
    ContactMode.TELEPHONE: "By telephone.",
    ContactMode.MESSAGE: "By text message or letter.",
    ContactMode.COURT_SUPPORT: "Went to court together.",
    ContactMode.COLLATERAL: "With somebody else, about the person.",
}


def check_text(text: str, field: str) -> None:
    """Check a text that somebody wrote.

    Raises:
        RuleError: empty or too long.
    """
    if not text.strip() or len(text) > MAX_TEXT_LENGTH:
        raise RuleError(
            "TEXT_LENGTH", f"Write 1 to {MAX_TEXT_LENGTH} characters.", ("input", field)
        )


def check_day(day: date, today: date, field: str) -> None:
    """Check the day of something that has happened.

    Raises:
        RuleError: it lies in the future.
    """
    if day > today:
        raise RuleError(
            "DATE_IN_FUTURE", "What is recorded has happened already.", ("input", field)
        )
