"""Loads many rows at once by COPY, inside the transaction of a ``WriteSession``.

For loaders of synthetic data and of batches only: a row that is copied passes no command. Values
of ``CopyRows`` are written in PostgreSQL's text format; what is neither text, number, truth nor
None (dates, ids, lists) comes in as the text that PostgreSQL reads. Nothing is escaped, and a text
that would need it stops the loader.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any, Literal, cast

from sqlalchemy import Column, Table, text

from infra.database import WriteSession
from infra.errors import bug
from infra.tables import Base

BINARY_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
BINARY_END = b"\xff\xff"
VISIBILITY_COLUMNS = (
    "id", "participant_id", "holder", "basis", "effect", "category", "purpose", "starts_at",
    "ends_at", "source_id", "revision",
)  # fmt: skip
REVISION_MARK = b"\x00\x00\x00\x08REVISION"
"""The column of eight bytes as the maker of a batch leaves it, for the loader to fill."""
_CHUNK = 256 * 1024
# As superuser, whom only `synth` has on a developer's server, rows are taken as they are: what
# they refer to was made by the generator (tests load them with every check on), and checking each
# costs as much as writing it. They aren't journalled either: the same seed makes them again. Nor
# does a commit wait for the disk: what a crash takes is the end of the log of all databases alike.
_BEFORE = text(
    "SELECT set_config('statement_timeout', '0', true),"
    " CASE WHEN current_setting('is_superuser') = 'on'"
    " THEN set_config('session_replication_role', 'replica', true)"
    " || set_config('synchronous_commit', 'off', true) END"
)
_AFTER = text(
    "SELECT CASE WHEN current_setting('is_superuser') = 'on'"
    " THEN set_config('session_replication_role', 'origin', true) END"
)


@cache
def iso(ordinal: int) -> str:
    """Return a day by its number (``date.toordinal``) as text; the same few come up often."""
    return date.fromordinal(ordinal).isoformat()


def array(values: Iterable[str]) -> str:
    """Return a text array as PostgreSQL reads it; for words without quotes or backslashes."""
    return "{" + ",".join(f'"{value}"' for value in values) + "}"


def _plain(value: object) -> str:
    if value is None:
        return "\\N"
    if value is True:
        return "t"
    return "f" if value is False else str(value)


def _constant(column: Column[Any]) -> object:
    """Return the constant default of a column; None where it has none, or one that is computed."""
    default: Any = column.default
    return default.arg if default is not None and default.is_scalar else None


class CopyRows:
    """Rows of one table, collected as COPY text.

    Columns that are not named and have a constant default in the table's class get it; one that
    has none and may not be null stops the loader, so that a new column is not forgotten.
    """

    def __init__(self, model: type[Base], *columns: str) -> None:
        self.table = cast("Table", model.__table__)
        constants = {
            column.name: _constant(column)
            for column in self.table.columns
            if column.name not in columns and not column.nullable and column.server_default is None
        }
        missing = sorted(name for name, value in constants.items() if value is None)
        if missing or not set(columns) <= set(self.table.columns.keys()):
            bug(f"rows of {self.table.name} do not fit its columns: {', '.join(missing)}")
        self.columns = (*columns, *constants)
        self._constant = "".join(f"\t{_plain(value)}" for value in constants.values()) + "\n"
        self._lines: list[str] = []

    def add(self, *values: object) -> None:
        """Add one row, its values in the order of the columns named."""
        fields = [each if each.__class__ is str else _plain(each) for each in values]
        self._lines.append("\t".join(fields) + self._constant)

    def add_line(self, line: str) -> None:
        """Add one row whose values are joined by tabs already."""
        self._lines.append(line + self._constant)

    def __len__(self) -> int:
        return len(self._lines)

    async def copy(self, session: WriteSession) -> None:
        """Write all rows to the table; see ``copy_all``, which prepares the transaction.

        Raises:
            BugError: a value holds a tab, a line break or a backslash, which nothing escapes here.
        """
        rows, content = len(self._lines), "".join(self._lines)
        has_strays = (
            content.count("\t") != rows * (len(self.columns) - 1)
            or content.count("\n") != rows
            or content.count("\\") != content.count("\\N")
        )
        if has_strays:
            bug(f"a value for {self.table.name} holds a character that COPY reads otherwise")
        await _copy(session, self.table.name, self.columns, content.encode(), "text")
        self._lines.clear()


async def copy_all(session: WriteSession, tables: Sequence[CopyRows]) -> None:
    """Write the rows of several tables, in the order given: what is referred to comes first."""
    await session.execute(_BEFORE)
    for rows in tables:
        if len(rows):
            await rows.copy(session)
    await session.execute(_AFTER)


async def copy_content(
    session: WriteSession,
    table: str,
    columns: Sequence[str],
    content: bytes,
    form: Literal["text", "binary"] = "text",
) -> None:
    """Write finished content of a COPY to a table.

    Args:
        session: the transaction; its statement time-out does not apply to what is loaded.
        table: name of a table of ours.
        columns: what each line holds.
        content: lines in PostgreSQL's text format, or all that its binary format asks for.
        form: which of the two.
    """
    await session.execute(_BEFORE)
    await _copy(session, table, columns, content, form)
    await session.execute(_AFTER)


async def _copy(
    session: WriteSession, table: str, columns: Sequence[str], content: bytes, form: str
) -> None:
    connection = await (await session.connection()).get_raw_connection()
    driver: Any = connection.driver_connection
    await driver.copy_to_table(table, source=_chunks(content), columns=list(columns), format=form)


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    view = memoryview(content)
    for start in range(0, len(view), _CHUNK):
        yield bytes(view[start : start + _CHUNK])


class StableIds:
    """An endless row of ids made from a name: the same each time, and unlike those of others.

    They begin alike, so that rows loaded together lie together in the indexes (version 8 of
    RFC 9562: made by our own rule).
    """

    def __init__(self, name: str, prefix: str, count: int) -> None:
        """Make the ids of one owner.

        Args:
            name: whose rows they are.
            prefix: eight hexadecimal digits that the ids begin with.
            count: how many there are at most.
        """
        self._digits = hashlib.shake_128(name.encode()).hexdigest(11 * count)
        self._prefix = prefix + "-"
        self._place = 0

    def next(self) -> str:
        """Return the next id."""
        digits = self._digits[self._place : self._place + 22]
        self._place += 22
        return f"{self._prefix}{digits[:4]}-8{digits[4:7]}-8{digits[7:10]}-{digits[10:]}"
