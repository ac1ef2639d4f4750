"""How a contact took place, what a note must have, what it tells of, who signs it off. Pure."""

from collections.abc import Collection
from datetime import date
from enum import StrEnum

from infra.errors import RuleError
from infra.vocabulary import Category, Role

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


class NoteTopic(StrEnum):
    """What a note tells of beyond the contact itself."""

    SUBSTANCE_USE = "SUBSTANCE_USE"
    MENTAL_HEALTH = "MENTAL_HEALTH"
    HEALTH = "HEALTH"


TOPIC_MEANINGS = {
    NoteTopic.SUBSTANCE_USE: "Use of substances or its treatment; needs SUD as well.",
    NoteTopic.MENTAL_HEALTH: "Mental health or its treatment; needs MENTAL_HEALTH as well.",
    NoteTopic.HEALTH: "Other health, HIV and infections among it; needs HEALTH_HIV as well.",
}

TELLING_TOPICS: dict[NoteTopic, Category] = {
    NoteTopic.SUBSTANCE_USE: Category.SUD,
    NoteTopic.MENTAL_HEALTH: Category.MENTAL_HEALTH,
    NoteTopic.HEALTH: Category.HEALTH_HIV,
}
"""The category that a note with this topic needs beside CASE_NOTES (42 CFR 2.13(c),
RCW 70.02.220, RCW 70.02.230). A note has any number of topics and needs all their categories."""


def check_sign_off(role: Role, signer: str, writers: Collection[str], *, is_signed: bool) -> None:
    """Check who signs a note's present wording off: a supervisor who wrote no part of it.

    Args:
        role: role of the acting grant.
        signer: account of who signs.
        writers: accounts of all who worded the note.
        is_signed: whether this wording is signed off already.

    Raises:
        RuleError: somebody else's task, an own wording, or done already.
    """
    if role is not Role.SUP:
        raise RuleError("NOT_ALLOWED", "Supervisors sign the notes of their own agency off.")
    if signer in writers:
        raise RuleError("OWN_WORDING", "Nobody signs off what they have written themselves.")
    if is_signed:
        raise RuleError("ALREADY_SIGNED", "This wording is signed off already.")


def check_new_topic(topic: NoteTopic, known: Collection[str]) -> None:
    """Check a topic that a note is to get; topics are added, never taken away.

    Raises:
        RuleError: the note has it already.
    """
    if topic.value in known:
        raise RuleError("ALREADY_MARKED", "The note has this topic already.", ("input", "topic"))
