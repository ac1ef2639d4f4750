"""One import: reads the file, sends what has not been taken yet, reports row by row.

Beside FILE stand ``FILE.imported`` (marks of rows that were taken, so that a run which was
stopped goes on) and ``FILE.errors.csv`` (row, column or field, code, message; no values).
"""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from infra.cli.data_folder import DataFolder
from infra.cli.errors import CommandError
from infra.cli.importing.callers import PersonaToken, Token, checked_url, given_token
from infra.cli.importing.mapping import Mapped, MappingError, Row, RowError, read_mapping
from infra.cli.importing.sending import Complaint, Gateway, misfits


@dataclass(frozen=True, slots=True)
class Import:
    """What was asked for."""

    kind: str
    file: Path
    mapping: Path
    persona: str | None
    is_dry_run: bool
    url: str | None = None
    token_file: Path | None = None


@dataclass(slots=True)
class Tally:
    """How many rows were taken now, before, and not."""

    taken: int = 0
    known: int = 0
    refused: int = 0


def import_file(folder: DataFolder, wanted: Import) -> tuple[str, int]:
    """Run an import; returns one line about it, and the exit status.

    Raises:
        CommandError: the mapping or the file is not acceptable, or the gateway does not answer.
    """
    try:
        mapped = read_mapping(wanted.mapping, wanted.kind)
        rows = list(rows_of(mapped, wanted.file))
    except MappingError as error:
        raise CommandError(str(error), status=2) from error
    url, token = _caller(folder, wanted, mapped)
    gateway = Gateway(url, token, mapped.purpose)
    tally = _each(wanted, mapped, rows, gateway)
    done = "would be taken" if wanted.is_dry_run else "taken"
    line = (
        f"import {wanted.kind}: {tally.taken} rows {done}, {tally.known} were taken before,"
        f" {tally.refused} refused"
    )
    return line, 1 if tally.refused else 0


def _caller(folder: DataFolder, wanted: Import, mapped: Mapped) -> tuple[str, Token]:
    if wanted.url is not None:
        if wanted.persona is not None:
            raise CommandError("--as is of the development issuer: not with --url", status=2)
        return checked_url(wanted.url), given_token(wanted.token_file)
    if wanted.token_file is not None:
        raise CommandError("--token-file goes with --url", status=2)
    persona = wanted.persona or mapped.persona
    if persona is None:
        raise CommandError("say who imports: --as PERSONA, or persona in the mapping", status=2)
    return folder.running()["urls"]["graphql"], PersonaToken(folder, persona)


def rows_of(mapped: Mapped, file: Path) -> Iterator[tuple[int, Row | RowError]]:
    """Yield the rows of a file by their lines, each read or with why it cannot be.

    Raises:
        MappingError: the file cannot be read, or has other columns.
    """
    try:
        with file.open(encoding=mapped.encoding, newline="") as lines:
            reader = csv.DictReader(lines, delimiter=mapped.delimiter)
            mapped.check_heading(list(reader.fieldnames or ()))
            for number, cells in enumerate(reader, start=2):  # the heading is line 1
                try:
                    yield number, mapped.row(number, cells)
                except RowError as error:
                    yield number, error
    except UnicodeDecodeError:
        message = f"the file is not {mapped.encoding}: say encoding in the mapping (cp1252, …)"
        raise MappingError(message) from None
    except (OSError, LookupError, TypeError, csv.Error) as error:
        raise MappingError(f"the file cannot be read: {error}") from None


def _each(
    wanted: Import, mapped: Mapped, rows: list[tuple[int, Row | RowError]], gateway: Gateway
) -> Tally:
    tally = Tally()
    marks = wanted.file.with_name(wanted.file.name + ".imported")
    known = set(marks.read_text(encoding="utf-8").split()) if marks.exists() else set()
    kind = gateway.input_type(mapped.mutation)
    errors = wanted.file.with_name(wanted.file.name + ".errors.csv")
    with (
        errors.open("w", encoding="utf-8", newline="") as report,
        marks.open("a", encoding="utf-8") as taken,
        Progress(console=Console(stderr=True)) as progress,
    ):
        table = csv.writer(report)
        table.writerow(["line", "field", "code", "message"])
        for number, row in progress.track(rows, description=wanted.kind):
            if isinstance(row, Row) and row.mark in known:
                tally.known += 1
                continue
            complaints = _complaints(row, kind, mapped, gateway, is_dry_run=wanted.is_dry_run)
            if complaints or isinstance(row, RowError):
                tally.refused += 1
                table.writerows([number, c.field, c.code, c.message] for c in complaints)
                continue
            tally.taken += 1
            if not wanted.is_dry_run:
                taken.write(f"{row.mark}\n")
                taken.flush()
    if tally.refused:
        sys.stderr.write(f"refused rows: {errors}\n")
    return tally


def _complaints(
    row: Row | RowError, kind: object, mapped: Mapped, gateway: Gateway, *, is_dry_run: bool
) -> list[Complaint]:
    if isinstance(row, RowError):
        return [Complaint(row.column, row.code, "the cell cannot be read as the mapping says")]
    found = misfits(kind, row)
    if found or is_dry_run:
        return found
    return gateway.send(mapped.mutation, row)
