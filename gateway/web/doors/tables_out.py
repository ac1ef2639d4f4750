"""Lists of the API as CSV (RFC 4180), safe to open: no cell begins a spreadsheet's formula."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CSV_TYPE = "text/csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


Columns = tuple[tuple[str, str], ...]
"""Of each column its heading, and the path in a node."""


@dataclass(frozen=True, slots=True)
class Table:
    """Which operation gives the rows, and the columns: heading, then the path in a node."""

    operation: str
    columns: Columns


def columns(*paths: str) -> Columns:
    """Return columns with the headings that their paths make."""
    return tuple((path.replace(".", "_"), path) for path in paths)


TABLES: Mapping[str, Table] = {
    "courses": Table(
        "TrainingCourses",
        columns(
            "number", "title", "trainingCategory", "defaultHours", "validityMonths", "isActive"
        ),
    ),
    "sessions": Table(
        "TrainingSessionTable",
        columns(
            "number", "title", "startsAt", "endsAt", "hours", "capacity", "status",
            "location.mode", "location.raw",
        ),
    ),
    "personnel": Table(
        "TrainingPersonnel",
        columns(
            "externalId", "familyName", "givenName", "email", "appointmentType", "isCertified",
            "isActive",
        ),
    ),
    "assignments": Table(
        "TrainingAssignments",
        columns(
            "personnel.externalId", "personnel.name", "session.number", "category", "dueOn",
            "status", "assignedAt",
        ),
    ),
    "results": Table(
        "TrainingRecords",
        columns(
            "personnel.externalId", "personnel.name", "session.number", "title", "attendance",
            "outcome", "hoursCredited", "score", "completedOn", "certificateNumber", "expiresOn",
            "source",
        ),
    ),
    "compliance": Table(
        "TrainingCompliance",
        columns(
            "personnel.externalId", "personnel.name", "requirement.key", "requirement.title",
            "status", "reason", "dueOn", "heldUntil",
        ),
    ),
}  # fmt: skip


def csv_of(columns: Columns, nodes: Iterable[Mapping[str, Any]]) -> str:
    """Return nodes as CSV with a header row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([heading for heading, _ in columns])
    for node in nodes:
        writer.writerow([_cell(_at(node, path.split("."))) for _, path in columns])
    return out.getvalue()


def _at(value: Any, path: Sequence[str]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
