"""What the columns of a file mean: a mapping in TOML, and a row as the input of a mutation. Pure.

::

    mutation = "submitCommunityReferral"
    source = "outreach-list"            # whose rows these are: part of every idempotency key
    key = ["Client no"]                 # columns that tell rows apart
    persona = "community_partner"       # who imports, unless `--as` says otherwise
    purpose = "LEAD_REFERRAL"
    ignore = ["Remarks"]                # columns that stay where they are

    [constant]
    "form.urgency" = "ROUTINE"

    [columns]
    "First name" = "form.person.givenName"
    "DOB" = {to = "form.person.dateOfBirth", date = "%m/%d/%Y"}
    "Needs" = {to = "form.needs", separator = ";", values = {H = "HOUSING", I = "INCOME"}}
    "Year" = {to = "form.person.estimatedBirthYear", number = true}
    "Grams" = {to = "drugAmountGrams", decimal = true}
    "Seen at" = {to = "form.occurredAt", time = "%m/%d/%Y %H:%M", zone = "America/Los_Angeles"}

Files of other programs may need ``encoding = "cp1252"`` and ``delimiter = ";"`` at the top.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MUTATIONS: dict[str, frozenset[str]] = {
    "participants": frozenset(
        {"submitCommunityReferral", "updateContact", "recordDemographics", "recordIdentity"}
    ),
    "enrollments": frozenset({"recordEarlierEnrollment", "placeInProgramme"}),
    "referrals": frozenset(
        {"submitArrestDiversion", "submitSocialContact", "submitCommunityReferral"}
    ),
    "cases": frozenset({"recordCase", "matchCase", "addHearing", "recordCaseStatus"}),
}
"""What each kind of file may do. A person's record begins with a referral, or with the enrollment
that a supervisor brings in from an earlier system."""


class MappingError(Exception):
    """The mapping, or the file's heading, is not acceptable."""


class RowError(Exception):
    """One row cannot be sent; the text names the column and never the value."""

    def __init__(self, column: str, code: str) -> None:
        super().__init__(code)
        self.column = column
        self.code = code


@dataclass(frozen=True, slots=True)
class Column:
    """Where a column goes, and how its text is read; a time is told with the zone it is of."""

    to: str
    date: str | None = None
    time: str | None = None
    zone: str | None = None
    separator: str | None = None
    number: bool = False
    decimal: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)

    def read(self, name: str, text: str) -> Any:
        """Return the value of a cell.

        Raises:
            RowError: it is not of the form that the mapping says.
        """
        if self.separator is not None:
            parts = (part.strip() for part in text.split(self.separator))
            return [self._one(name, part) for part in parts if part]
        return self._one(name, text)

    def _one(self, name: str, text: str) -> Any:
        if self.values:
            if text not in self.values:
                raise RowError(name, "VALUE_NOT_MAPPED")
            return self.values[text]
        try:
            if self.time is not None and self.zone is not None:
                local = datetime.strptime(text, self.time)  # noqa: DTZ007 - the zone comes next
                return local.replace(tzinfo=ZoneInfo(self.zone)).isoformat()
            if self.decimal:
                return float(text)
            if self.date is not None:
                return datetime.strptime(text, self.date).replace(tzinfo=UTC).date().isoformat()
            return int(text) if self.number else text
        except ValueError:
            kind = "TIME" if self.time else "DATE" if self.date else "NUMBER"
            raise RowError(name, f"NOT_A_{kind}") from None

    def check(self, name: str) -> None:
        """Check that it says how a text is read.

        Raises:
            MappingError: a time without its zone, or a zone that nobody knows.
        """
        if (self.time is None) is not (self.zone is None):
            raise MappingError(f"column {name}: time and zone go together")
        try:
            if self.zone is not None:
                ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise MappingError(f"column {name}: {self.zone} is no IANA zone") from None


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is sent; ``mark`` stands for the row and what it says, and tells neither."""

    number: int
    input: dict[str, Any]
    mark: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping that has been read."""

    mutation: str
    source: str
    key: tuple[str, ...]
    persona: str | None
    purpose: str | None
    ignore: frozenset[str]
    constant: Mapping[str, Any]
    columns: Mapping[str, Column]
    encoding: str = "utf-8-sig"
    delimiter: str = ","

    def check_heading(self, heading: list[str]) -> None:
        """Check that the file has the columns of the mapping, and no others.

        Raises:
            MappingError: a column is missing, or nobody has said what becomes of it.
        """
        missing = {*self.columns, *self.key} - set(heading)
        if missing:
            raise MappingError(f"the file has no column {', '.join(sorted(missing))}")
        unknown = set(heading) - {*self.columns, *self.key} - self.ignore
        if unknown:
            raise MappingError(f"map or ignore the columns {', '.join(sorted(unknown))}")

    def row(self, number: int, cells: Mapping[str, str | None]) -> Row:
        """Return a row as input of the mutation.

        Raises:
            RowError: it has no key, or a cell that cannot be read.
        """
        texts = {name: (text or "").strip() for name, text in cells.items()}
        if not all(texts.get(name) for name in self.key):
            raise RowError(self.key[0], "KEY_MISSING")
        made: dict[str, Any] = {}
        for path, value in self.constant.items():
            _put(made, path, value)
        for name, column in self.columns.items():
            if texts.get(name):
                _put(made, column.to, column.read(name, texts[name]))
        # The same row of the same source is the same intention, whenever it is sent.
        named = json.dumps([self.source, self.mutation, *(texts[name] for name in self.key)])
        made["idempotencyKey"] = str(uuid5(NAMESPACE_URL, f"urn:goldenthread:import:{named}"))
        content = json.dumps(made, sort_keys=True).encode()
        return Row(number, made, hashlib.sha256(content).hexdigest())


def _put(made: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    place = made
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = value


def read_mapping(path: Path, kind: str) -> Mapped:
    """Read a mapping for a kind of file.

    Raises:
        MappingError: it cannot be read, or asks for what this kind does not do.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        mapped = Mapped(
            mutation=found["mutation"],
            source=found["source"],
            key=tuple(found["key"]),
            persona=found.get("persona"),
            purpose=found.get("purpose"),
            ignore=frozenset(found.get("ignore", ())),
            constant=found.get("constant", {}),
            columns={
                name: Column(to=to) if isinstance(to, str) else Column(**to)
                for name, to in found["columns"].items()
            },
            encoding=found.get("encoding", "utf-8-sig"),
            delimiter=found.get("delimiter", ","),
        )
    except KeyError as error:
        raise MappingError(f"the mapping does not say {error.args[0]}") from None
    except (OSError, TypeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"the mapping cannot be read: {error}") from None
    if mapped.mutation not in MUTATIONS[kind]:
        allowed = ", ".join(sorted(MUTATIONS[kind]))
        raise MappingError(f"import {kind} does {allowed}; not {mapped.mutation}")
    if not mapped.key:
        raise MappingError("key must name at least one column")
    for name, column in mapped.columns.items():
        column.check(name)
    return mapped
