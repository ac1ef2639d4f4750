"""Incidents, legal demands and requests: their kinds, their steps, who must be told. Pure.

The Golden Rule (GR-9): a suspected misuse freezes the recipient agency's access to that person
at once, whoever reports it. A subpoena or warrant alone releases nothing (42 CFR 2.61 to 2.67):
it holds deletion, and counsel answers. Texts and deadlines are data.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from infra.errors import RuleError
from infra.vocabulary import Role

MAX_TEXT = 2000


class DemandKind(StrEnum):
    """What somebody with authority asks for, or orders."""

    SUBPOENA = "SUBPOENA"
    WARRANT = "WARRANT"
    ORDER_2_64 = "ORDER_2_64"
    ORDER_2_65 = "ORDER_2_65"
    OTHER = "OTHER"


class HandoutKind(StrEnum):
    """What a person was given, or read to."""

    PATIENT_NOTICE = "PATIENT_NOTICE"
    ASSISTED_READING = "ASSISTED_READING"
    PAPER_COPY = "PAPER_COPY"


RECORDS_DEMANDS = frozenset({Role.CM, Role.SUP, Role.PM, Role.PRV, Role.CRT})
"""Who may hand a demand in; all of them get the same neutral answer."""

CLOSES_INCIDENTS = frozenset({Role.SUP, Role.PRV})
"""Who assesses a report of misuse and ends a freeze or hold; never the agency that is suspected."""


@dataclass(frozen=True, slots=True)
class BreachNotice:
    """Somebody who must be told of a breach, by when, and where that is written."""

    who: str
    due_on: date
    citation: str


def checked_text(value: str, field: str) -> str:
    """Return a text without surrounding space.

    Raises:
        RuleError: empty or too long.
    """
    text = value.strip()
    if not 1 <= len(text) <= MAX_TEXT:
        raise RuleError("TEXT_NEEDED", f"Say it in 1 to {MAX_TEXT} characters.", ("input", field))
    return text


def freeze_id(incident_id: UUID) -> UUID:
    """Return the id of the denial that an incident's freeze is."""
    return uuid5(incident_id, "freeze")


def check_affected(affected: int) -> None:
    """Check how many people a breach affects.

    Raises:
        RuleError: a breach affects somebody.
    """
    if affected < 1:
        raise RuleError("NOBODY_AFFECTED", "A breach affects somebody.", ("input", "affected"))


def discovered_on(reported_at: datetime, zone: str) -> date:
    """Return the day of a report at its site; in UTC an evening there is the next day, or year."""
    return reported_at.astimezone(ZoneInfo(zone)).date()


def who_must_be_told(affected: int, discovered_on: date) -> list[BreachNotice]:
    """Return who must be told of a breach that affects so many people, the most urgent first.

    Raises:
        RuleError: a breach affects somebody.
    """
    check_affected(affected)
    found = []
    for row in _document("breach_notices.toml")["notices"]:
        if not row.get("from_affected", 1) <= affected <= row.get("to_affected", affected):
            continue
        if "days" in row:
            due_on = discovered_on + timedelta(days=row["days"])
        else:
            due_on = date(discovered_on.year, 12, 31) + timedelta(days=row["days_after_year"])
        found.append(BreachNotice(row["who"], due_on, row["citation"]))
    return sorted(found, key=lambda notice: (notice.due_on, notice.who))


def neutral_reply() -> tuple[str, str]:
    """Return version and text of the one answer to every demand."""
    text = _document("texts.toml")["neutral_reply"]
    return text["version"], text["text"]


def patient_notices() -> list[tuple[str, str, str]]:
    """Return language, version and text of the notice to patients (42 CFR 2.22)."""
    notices = _document("texts.toml")["patient_notice"]
    return [(language, each["version"], each["text"]) for language, each in notices.items()]


@lru_cache(maxsize=4)
def _document(name: str) -> Mapping[str, Any]:
    text = (resources.files("svc_consent.safeguards") / name).read_text(encoding="utf-8")
    return tomllib.loads(text)
