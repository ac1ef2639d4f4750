"""The journal of authority changes: a second place, on a second volume, that no restore takes back.

Each change of an authority fact is one line, written and fsynced before its transaction commits,
so before anyone is told of it. A line holds the rows that the change made and names the line that
the database had before it; the lines that count are therefore a chain, and what was written for a
transaction that never came to be drops out. See ``infra/decisions/0009-restores-and-timelines``.

The lines hold rows of the consent database: protect the volume as you protect that.

Layout: ``DIR/<database id>/<writer>.journal``, one file for each process that ever wrote. A line is
three parts with tabs between: 32 digits of the SHA-256 of the rest, what it is, and its rows, both
JSON. A start reads what all lines are, and the rows of none but those that it has to replay.
"""

import contextlib
import hashlib
import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from infra.errors import GoldenThreadError

_DIGEST = 32


class JournalError(GoldenThreadError):
    """The journal cannot be written or read, or is not that of the database."""

    code = "SERVICE_UNAVAILABLE"


class JournalLostError(JournalError):
    """The database relies on a line that the journal does not have: it is not its journal."""


@dataclass(frozen=True, slots=True)
class Line:
    """One change.

    Attributes:
        id: of this line.
        after: the line that the database had before; None for the first.
        revision: that the change was given.
        at: when, by the database's clock (ISO 8601).
        rows: what it did, in order: table, INSERT, UPDATE or DELETE, and the row.
    """

    id: str
    after: str | None
    revision: int
    at: str
    rows: Sequence[tuple[str, str, dict[str, Any]]]


class Journal:
    """Where one process writes its lines, and reads everybody's."""

    def __init__(self, folder: Path, writer: str) -> None:
        self._folder = folder
        self._writer = writer
        self._lock = threading.Lock()
        self._file: int | None = None

    def append(self, database: str, line: Line) -> None:
        """Write a line; it is on the volume when this returns.

        Raises:
            JournalError: the volume did not take it.
        """
        about = {
            "id": line.id,
            "after": line.after,
            "revision": line.revision,
            "at": line.at,
        }
        self._write(database, about, line.rows)

    def withdraw(self, database: str, ids: Sequence[str]) -> None:
        """Note that the transaction of these lines was rolled back; best effort.

        Without the note a line whose transaction was the last one counts, as after a crash:
        nobody was told how it ended.
        """
        with contextlib.suppress(JournalError):
            self._write(database, {"withdrawn": list(ids)}, ())

    def after(self, database: str, start: str | None) -> list[Line]:
        """Return the lines of a database that follow one, in the order of their transactions.

        Raises:
            JournalError: a file is damaged before its end.
            JournalLostError: the journal does not have the line to start from.
        """
        try:
            return self._after(database, start)
        except OSError as error:
            raise JournalError("the journal cannot be read") from error

    def _after(self, database: str, start: str | None) -> list[Line]:
        lines: dict[str, Line] = {}
        places: dict[str, tuple[Path, int]] = {}
        withdrawn: set[str] = set()
        for path in sorted((self._folder / database).glob("*.journal")):
            for offset, about in _contents(path):
                if "withdrawn" in about:
                    withdrawn.update(about["withdrawn"])
                else:
                    lines[about["id"]] = Line(**about, rows=())
                    places[about["id"]] = path, offset
        if start is not None and start not in lines:
            raise JournalLostError("the journal does not have the line that the database ends with")
        found = chained((line for line in lines.values() if line.id not in withdrawn), start)
        return [replace(line, rows=_rows_at(*places[line.id])) for line in found]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()

    def _write(self, database: str, about: dict[str, Any], rows: Sequence[Any]) -> None:
        body = orjson.dumps(about) + b"\t" + orjson.dumps(rows)
        record = _digest(body) + b"\t" + body + b"\n"
        with self._lock:
            try:
                file = self._opened(database)
                written = os.write(file, record)
                os.fsync(file)
            except OSError as error:
                # What the file ends with is not known: it is left, the next line begins another.
                self._close()
                raise JournalError("the journal cannot be written") from error
            if written != len(record):
                self._close()
                raise JournalError("the journal's volume is full")

    def _opened(self, database: str) -> int:
        if self._file is None:
            folder = self._folder / database
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / f"{self._writer}-{uuid4().hex}.journal"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            self._file = os.open(path, flags, 0o600)
            for each in (folder, self._folder):
                _sync_folder(each)
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = None


def chained(lines: Iterable[Line], start: str | None) -> list[Line]:
    """Return the lines that follow one, in order.

    Several lines after the same one are tries at one place of the order, made one after the
    other under its lock: only the last can have come to be.
    """
    following: dict[str | None, list[Line]] = defaultdict(list)
    for line in lines:
        following[line.after].append(line)
    found: list[Line] = []
    while candidates := following.pop(start, None):
        found.append(max(candidates, key=lambda line: (line.revision, line.at)))
        start = found[-1].id
    return found


def _contents(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield where each line of a file begins and what it is.

    What has no line end was cut off while it was written: its change was never acknowledged.
    """
    with path.open("rb") as file:
        offset = 0
        damaged = False
        for record in file:
            if not record.endswith(b"\n"):
                return
            if damaged:
                raise JournalError("a line of the journal is damaged")
            digest, _, body = record[:-1].partition(b"\t")
            damaged = digest != _digest(body)
            if not damaged:
                yield offset, orjson.loads(body.partition(b"\t")[0])
            offset += len(record)


def _rows_at(path: Path, offset: int) -> list[Any]:
    with path.open("rb") as file:
        file.seek(offset)
        rows: list[Any] = orjson.loads(file.readline().split(b"\t", 2)[2])
    return rows


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:_DIGEST].encode()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
