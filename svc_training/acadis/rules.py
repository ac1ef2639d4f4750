"""The files that are exchanged with the academy's system, and what can be wrong with a row.

**Confirmed** about Acadis (public pages of its users): it holds catalogue, registration and
compliance; a session's number is its course's with a suffix; training managers assign people.
**Ours** is everything here: file names, columns, codes. No public description of an interface was
found, so this is a contract to be mapped by whoever runs the export, and it is never scraped.

Five files, UTF-8, RFC 4180, a header row, ISO dates, beside a manifest with the SHA-256 of each.
A file with another column than these is refused whole: nothing that is not on the list, such as a
birth date, comes in by accident. None is about a person whom the programme serves.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from svc_training.assignments.rules import AssignmentStatus
from svc_training.personnel.rules import AppointmentType, holds_social_security_number
from svc_training.records.rules import Attendance, Credit, Outcome

MANIFEST = "manifest.json"
ERROR_FILE = "errors.csv"
ERROR_COLUMNS = ("row", "column", "code", "message")
MAX_FILE_CHARACTERS = 64 * 1024 * 1024
MAX_ERRORS = 1000

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "courses.csv": (
        "course_number", "title", "description", "training_category", "default_hours", "audience",
        "authority", "prerequisites", "active",
    ),
    "sessions.csv": (
        "session_number", "course_number", "title", "start_local", "end_local", "tz", "hours",
        "location_mode", "location_text", "capacity", "enrolled", "waitlisted", "status",
        "registration_opens", "registration_closes", "cancel_deadline",
    ),
    "personnel.csv": (
        "person_external_id", "last_name", "first_name", "email", "organization_id",
        "organization_name", "appointment_type", "certified", "active", "training_manager",
    ),
    "assignments.csv": (
        "assignment_id", "person_external_id", "session_number", "course_number", "assigned_by",
        "training_category", "due_date", "reminder_days", "status", "status_date",
    ),
    "results.csv": (
        "person_external_id", "session_number", "attendance", "hours_credited", "result", "score",
        "completed_on", "certificate_no", "expires_on", "instruction_provider",
    ),
}  # fmt: skip
"""The files in the order in which they are taken, and the columns of each."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that was not taken. ``row`` counts from 1 without the header; 0 is the whole file."""

    file: str
    row: int
    column: str
    code: str
    message: str


class FileRefusedError(ValueError):
    """A file, or the whole batch, cannot be taken; ``problem`` says why."""

    def __init__(self, problem: RowProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a batch consists of: its id, and the SHA-256 of each file."""

    batch_id: str
    digests: Mapping[str, str]
    digest: str


_FORM = (
    'The manifest is JSON: {"batch_id": "…", "files": {"results.csv": {"sha256": "…"}}}, with'
    " the SHA-256 of each file in hexadecimal."
)


def read_manifest(text: str) -> Manifest:
    """Read a manifest.

    Raises:
        FileRefusedError: not of the agreed form, or with a file that is none of the five.
    """
    if not text:
        message = f"There is no {MANIFEST}. {_FORM}"
        raise _refused(MANIFEST, "NO_MANIFEST", message)
    try:
        body = json.loads(text)
        batch_id, files = body["batch_id"], body["files"]
        digests = {str(name): str(entry["sha256"]).lower() for name, entry in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _refused(MANIFEST, "BAD_MANIFEST", _FORM) from None
    if not isinstance(batch_id, str) or not 1 <= len(batch_id) <= 100:
        raise _refused(MANIFEST, "BAD_MANIFEST", "A batch has an id of 1 to 100 characters.")
    unknown = sorted(set(digests) - set(COLUMNS))
    if unknown:
        message = f"A batch consists of these files: {', '.join(COLUMNS)}."
        raise _refused(MANIFEST, "UNKNOWN_FILE", message)
    whole = hashlib.sha256(json.dumps([batch_id, digests], sort_keys=True).encode()).hexdigest()
    return Manifest(batch_id, digests, whole)


def write_manifest(batch_id: str, files: Mapping[str, str]) -> str:
    """Return the manifest of these files."""
    entries = {
        name: {"sha256": hashlib.sha256(text.encode()).hexdigest()} for name, text in files.items()
    }
    return json.dumps({"batch_id": batch_id, "files": entries}, indent=1, sort_keys=True) + "\n"


def check_files(manifest: Manifest, files: Mapping[str, str]) -> None:
    """Check that every file is there and whole: a half-written one has another digest.

    Raises:
        FileRefusedError: a file is missing, or not the one that the manifest names.
    """
    for name, digest in manifest.digests.items():
        if name not in files:
            raise _refused(name, "FILE_MISSING", "The manifest names this file; it is not there.")
        if hashlib.sha256(files[name].encode()).hexdigest() != digest:
            message = "The file is not the one of the manifest: half written, or changed."
            raise _refused(name, "FILE_INCOMPLETE", message)


def _refused(file: str, code: str, message: str) -> FileRefusedError:
    return FileRefusedError(RowProblem(file, 0, "", code, message))


def rows_of(name: str, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a file with their numbers.

    Raises:
        FileRefusedError: too long, not CSV, or with other columns than agreed.
    """
    if len(text) > MAX_FILE_CHARACTERS:
        raise _refused(name, "TOO_LONG", "The file is too long.")
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        header = next(reader, [])
        if tuple(header) != COLUMNS[name]:
            extra = [column for column in header if column not in COLUMNS[name]]
            code = "UNKNOWN_COLUMN" if extra else "BAD_HEADER"
            wanted = ", ".join(COLUMNS[name])
            raise _refused(name, code, f"The columns are, in this order: {wanted}.")
        for number, cells in enumerate(reader, start=1):
            if len(cells) != len(header):
                raise _refused(name, "BAD_ROW", f"Row {number} has {len(cells)} cells.")
            yield number, dict(zip(header, (cell.strip() for cell in cells), strict=True))
    except csv.Error:
        raise _refused(name, "NOT_CSV", "The file is not CSV as RFC 4180 has it.") from None


class CellError(ValueError):
    """A cell is not of its form; ``column``, ``code`` and ``message`` say which and why."""

    def __init__(self, column: str, code: str, message: str) -> None:
        super().__init__(message)
        self.column, self.code, self.message = column, code, message


def needed(row: Mapping[str, str], column: str, longest: int = 200) -> str:
    """Return a text that must be there.

    Raises:
        CellError: empty, too long, or like a social security number.
    """
    text = optional(row, column, longest)
    if text is None:
        raise CellError(column, "MISSING", "This cell must not be empty.")
    return text


def optional(row: Mapping[str, str], column: str, longest: int = 200) -> str | None:
    """Return a text, or None for an empty cell.

    Raises:
        CellError: too long, not plain, or like a social security number.
    """
    text = " ".join(row[column].split())
    if len(text) > longest or "\x00" in text:
        raise CellError(column, "BAD_TEXT", f"At most {longest} characters.")
    if holds_social_security_number(text):
        raise CellError(column, "SOCIAL_SECURITY_NUMBER", "This looks like one; never send it.")
    return text or None


def flag(row: Mapping[str, str], column: str) -> bool:
    """Return Y or N.

    Raises:
        CellError: neither.
    """
    if row[column] not in ("Y", "N"):
        raise CellError(column, "BAD_FLAG", "Y or N.")
    return row[column] == "Y"


def number(row: Mapping[str, str], column: str, most: int = 100_000) -> Decimal | None:
    """Return a number of 0 or more, or None for an empty cell.

    Raises:
        CellError: not one.
    """
    if not row[column]:
        return None
    try:
        value = Decimal(row[column])
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or not 0 <= value <= most:
        raise CellError(column, "BAD_NUMBER", f"A number from 0 to {most}.")
    return value


def whole(row: Mapping[str, str], column: str) -> int | None:
    """Return a whole number of 0 or more, or None for an empty cell.

    Raises:
        CellError: not one.
    """
    value = number(row, column)
    if value is not None and value != value.to_integral_value():
        raise CellError(column, "BAD_NUMBER", "A whole number.")
    return None if value is None else int(value)


def day(row: Mapping[str, str], column: str) -> date | None:
    """Return a date, or None for an empty cell.

    Raises:
        CellError: not YYYY-MM-DD.
    """
    if not row[column]:
        return None
    try:
        return date.fromisoformat(row[column])
    except ValueError:
        raise CellError(column, "BAD_DATE", "A date is YYYY-MM-DD.") from None


def zone(row: Mapping[str, str]) -> ZoneInfo:
    """Return the time zone of a session.

    Raises:
        CellError: not an IANA name.
    """
    try:
        return ZoneInfo(needed(row, "tz"))
    except (ZoneInfoNotFoundError, ValueError):
        raise CellError("tz", "BAD_ZONE", "An IANA name, such as America/Los_Angeles.") from None


def local(row: Mapping[str, str], column: str, in_zone: ZoneInfo) -> datetime | None:
    """Return a local time as an instant, or None for an empty cell.

    Raises:
        CellError: not YYYY-MM-DDTHH:MM.
    """
    if not row[column]:
        return None
    try:
        moment = datetime.fromisoformat(row[column])
    except ValueError:
        raise CellError(column, "BAD_TIME", "A time is YYYY-MM-DDTHH:MM.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=in_zone)


def credit(row: Mapping[str, str]) -> Credit:
    """Return what a result row credits; the academy's own figures are not corrected.

    Raises:
        CellError: a word or number that is none.
    """
    try:
        attendance = Attendance(row["attendance"])
    except ValueError:
        raise CellError("attendance", "BAD_WORD", "PRESENT, PARTIAL or ABSENT.") from None
    try:
        outcome = Outcome(row["result"])
    except ValueError:
        raise CellError("result", "BAD_WORD", "COMPLETED, INCOMPLETE or FAILED.") from None
    hours = number(row, "hours_credited") or Decimal(0)
    cent = Decimal("0.01")
    score = number(row, "score", 100)
    return Credit(
        attendance, outcome, hours.quantize(cent), None if score is None else score.quantize(cent)
    )


def status(row: Mapping[str, str]) -> AssignmentStatus:
    """Return the status of an assignment row.

    Raises:
        CellError: a word that is none.
    """
    try:
        return AssignmentStatus(row["status"])
    except ValueError:
        words = ", ".join(AssignmentStatus)
        raise CellError("status", "BAD_WORD", f"One of: {words}.") from None


def appointment(row: Mapping[str, str]) -> AppointmentType:
    """Return an appointment type.

    Raises:
        CellError: a word that is none.
    """
    try:
        return AppointmentType(row["appointment_type"])
    except ValueError:
        words = ", ".join(AppointmentType)
        raise CellError("appointment_type", "BAD_WORD", f"One of: {words}.") from None


_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return rows as CSV; a text that a spreadsheet would run as a formula gets a quote."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    return out.getvalue()


def _plain(cell: object) -> str:
    text = "" if cell is None else str(cell)
    is_number = isinstance(cell, int | float | Decimal)
    return f"'{text}" if text.startswith(_STARTS_FORMULA) and not is_number else text


def write_errors(problems: Sequence[RowProblem]) -> str:
    """Return the file that goes back: row, column, code, message."""
    rows = [(f"{each.file}:{each.row}", each.column, each.code, each.message) for each in problems]
    return write_csv(ERROR_COLUMNS, rows)
