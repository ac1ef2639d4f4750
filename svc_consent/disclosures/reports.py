"""The statutory reports as filters of the accounting, with their exclusions as data. Pure."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from uuid import UUID

from infra.vocabulary import Purpose, Role
from svc_consent.disclosures.rules import Outcome

_FILE = "reports.toml"


class Report(StrEnum):
    """A report that a law gives a person a right to."""

    PART2_2_25 = "PART2_2_25"
    HIPAA_164_528 = "HIPAA_164_528"


@dataclass(frozen=True, slots=True)
class ReportRule:
    """What a report holds; see ``reports.toml``."""

    citation: str
    years: int
    rests_on_release: bool
    excluded_purposes: tuple[str, ...]
    excluded_roles: tuple[str, ...]
    excluded_release_kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines of an accounting are wanted; None wants all.

    Attributes:
        report: only what belongs in a statutory report.
        agency_id: only what this agency was told.
        since: not before.
        outcomes: only what ended like this.
    """

    report: Report | None = None
    agency_id: UUID | None = None
    since: datetime | None = None
    outcomes: tuple[Outcome, ...] | None = None


@lru_cache(maxsize=1)
def report_rules() -> dict[Report, ReportRule]:
    """Return the rules of both reports.

    Raises:
        ValueError: the file names an unknown purpose or role.
    """
    text = (resources.files("svc_consent.disclosures") / _FILE).read_text(encoding="utf-8")
    document = tomllib.loads(text)
    return {
        report: ReportRule(
            citation=row["citation"],
            years=row["years"],
            rests_on_release=row["rests_on_release"],
            excluded_purposes=tuple(Purpose(code).value for code in row["excluded_purposes"]),
            excluded_roles=tuple(Role(code).value for code in row["excluded_roles"]),
            excluded_release_kinds=tuple(row["excluded_release_kinds"]),
        )
        for report in Report
        for row in [document[report.value]]
    }
