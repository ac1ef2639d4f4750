"""The port to a training provider's system, and its adapter for a folder of files.

The REST adapter is in ``rest_v1``; tests have a stand-in server that it speaks to over HTTP.
Everything that goes out is idempotent: asked twice, it has its effect once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from svc_training.acadis.rules import (
    COLUMNS,
    ERROR_FILE,
    MANIFEST,
    FileRefusedError,
    RowProblem,
    write_errors,
)


class EnrollmentAnswer(StrEnum):
    """What the provider says to our wish that it enrols a person."""

    REGISTERED = "REGISTERED"
    WAITLISTED = "WAITLISTED"
    ALREADY_ENROLLED = "ALREADY_ENROLLED"
    PREREQ_UNMET = "PREREQ_UNMET"
    UNKNOWN = "UNKNOWN"


class CancelAnswer(StrEnum):
    """What the provider says to our wish that it gives up a place.

    REFUSED: it keeps the person, for example because the person attended.
    """

    CANCELLED = "CANCELLED"
    LATE_CANCELLED = "LATE_CANCELLED"
    NOT_ENROLLED = "NOT_ENROLLED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """An answer to a cancellation; ``status`` is theirs, where it was refused."""

    answer: CancelAnswer
    status: str


class EventAnswer(StrEnum):
    """What the provider says to a report of training that was completed elsewhere."""

    SUBMITTED_FOR_APPROVAL = "SUBMITTED_FOR_APPROVAL"
    ALREADY_REPORTED = "ALREADY_REPORTED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Event:
    """Training that was completed elsewhere; ``people`` are the provider's ids."""

    title: str
    description: str
    course_number: str | None
    starts_on: date
    ends_on: date
    category: str
    hours: Decimal
    instruction_provider: str
    people: Sequence[str]


@dataclass(frozen=True, slots=True)
class Change:
    """One change: of which file's kind it is, and the row with that file's columns."""

    file: str
    row: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes in order, and where the next reading begins; ``has_more`` says there are more."""

    changes: Sequence[Change]
    cursor: str
    has_more: bool


class TrainingProvider(Protocol):
    """What we need of a provider that can be asked."""

    async def changes_since(self, cursor: str | None) -> Changes:
        """Return what has changed since a cursor; None begins at the beginning."""

    async def enroll(
        self, person: str, session_number: str, requested_by: str, key: str
    ) -> EnrollmentAnswer:
        """Ask that a person be enrolled; the same key asks once."""

    async def cancel(self, person: str, session_number: str) -> Cancelled:
        """Ask that a person's place be given up; who has none is no error."""

    async def report(self, event: Event, requested_by: str, key: str) -> EventAnswer:
        """Report training completed elsewhere, for approval; the same key reports once."""

    async def courses(self, number: str) -> Sequence[Change]:
        """Return the courses of a number: one or none."""

    async def sessions(self, course_number: str, since: date) -> Sequence[Change]:
        """Return a course's sessions that begin on a day or later."""

    async def roster(self, session_number: str) -> Sequence[Change] | None:
        """Return who is on a session's roster, as assignment rows; None for no such session."""


class CsvFolder:
    """A folder that a batch of files is laid in, and that the errors go back to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self) -> dict[str, str]:
        """Return the files that are there.

        Raises:
            FileRefusedError: no manifest, or a file that is not UTF-8.
        """
        return await asyncio.to_thread(self._read)

    def _read(self) -> dict[str, str]:
        files: dict[str, str] = {}
        for name in (MANIFEST, *COLUMNS):
            path = self._folder / name
            if not path.exists():
                continue
            try:
                files[name] = path.read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                problem = RowProblem(name, 0, "", "NOT_UTF8", "The file is not UTF-8 text.")
                raise FileRefusedError(problem) from None
        if MANIFEST not in files:
            problem = RowProblem(MANIFEST, 0, "", "FILE_MISSING", "There is no manifest yet.")
            raise FileRefusedError(problem)
        return files

    async def write_errors(self, problems: Sequence[RowProblem]) -> None:
        """Lay the error file in the folder, whole or not at all; also when there are none."""
        await asyncio.to_thread(self._write, write_errors(problems))

    def _write(self, text: str) -> None:
        part = self._folder / f"{ERROR_FILE}.part"
        part.write_bytes(text.encode("utf-8"))
        part.replace(self._folder / ERROR_FILE)
