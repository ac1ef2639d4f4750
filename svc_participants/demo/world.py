"""Reads what this service needs from the demo world's JSON file."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class World:
    """The rows of the file that concern this service, as they stand there."""

    on: date
    participants: list[dict[str, Any]]
    referrals: dict[str, dict[str, Any]]
    enrollments: dict[str, dict[str, Any]]
    assignments: list[dict[str, Any]]
    accounts: dict[str, str]
    names: dict[str, str]
    project_agencies: dict[str, str]
    sites: list[dict[str, Any]]

    def author(self, participant: dict[str, Any]) -> str:
        """Return the account of somebody who writes notes about a participant."""
        for each in self.assignments:
            if each["participant_id"] == participant["id"]:
                return self.accounts[each["subject"]]
        return ""


def read(path: Path) -> World:
    """Read the file."""
    document = json.loads(path.read_text(encoding="utf-8"))
    site_ids = {each["key"]: each["id"] for each in document["sites"]}
    project_agencies = {
        site_ids[key]: each["id"]
        for each in document["agencies"]
        if each["type"] == "PMA"
        for key in each["site_keys"]
    }
    return World(
        on=date.fromisoformat(document["on"]),
        participants=document["participants"],
        referrals={each["participant_id"]: each for each in document["referrals"]},
        enrollments={each["participant_id"]: each for each in document["enrollments"]},
        assignments=document["assignments"],
        accounts={each["subject"]: each["id"] for each in document["staff"]},
        names={each["id"]: each["name"] for each in document["staff"]},
        project_agencies=project_agencies,
        sites=document["sites"],
    )


def day(text: str) -> date:
    """Return a day."""
    return date.fromisoformat(text)


def at(on: date, hour: int, minute: int = 0) -> datetime:
    """Return a time of day, UTC."""
    return datetime.combine(on, time(hour, minute), tzinfo=UTC)


def id_of(text: str) -> UUID:
    """Return an id."""
    return UUID(text)


def days_after(on: date, count: int, last: date) -> date:
    """Return a later day, but never one after ``last``."""
    return min(on + timedelta(days=count), last)
