"""Statements that tie the consent database to its journal: write ahead, and replay.

A transaction that has changed something ends with ``write_ahead``, under the lock of the order:
the rows that changed since the last line go into the journal and are on its volume before it
commits. All of its rows, so that a request which a crash cuts off is known by its key afterwards.
Replaying puts rows into the database as they were written then, with the rights of the running
service and nothing more.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from infra.authority.journal import Journal, JournalError, Line
from infra.database import AT_THE_END_KEY, JOURNAL_KEY, JOURNALLED_KEY, WriteSession

_STATE = text("select database_id::text, last_line::text, is_restored from authority_journal")
# One statement, since each costs the processor time of a call. Rows are put in order by the
# statement around the deletion, which has none; the line before is read as it was before.
_TAKE = text("""
with taken as (delete from authority_captured returning number, of_table, did, image),
before as (select database_id::text, last_line::text from authority_journal),
ended as (update authority_journal set last_line = :line)
select database_id, last_line, clock_timestamp(), (
  select coalesce(jsonb_agg(jsonb_build_array(of_table, did, image) order by number), '[]')
  from taken)
from before
""")
_ENDS_WITH = text("update authority_journal set last_line = :line")
_SETTLED = text("update authority_journal set is_restored = false where is_restored")
_NOT_CAPTURED = text("select set_config('gt.journal', 'off', true)")
_CAPTURED = text("select set_config('gt.journal', 'on', true)")
_DROP_CAPTURED = text("delete from authority_captured")
_TABLES = text("""
select c.relname,
  array(select a.attname::text from pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''),
  array(select a.attname::text from pg_index i
    join pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
    where i.indrelid = c.oid and i.indisprimary)
from pg_trigger t join pg_class c on c.oid = t.tgrelid where t.tgname = 'capture_row'
""")


@dataclass(frozen=True, slots=True)
class JournalState:
    """What the database says of its journal."""

    database_id: str
    last_line: str | None
    is_restored: bool


async def state_of(session: WriteSession) -> JournalState:
    """Return what the database says of its journal."""
    row = (await session.execute(_STATE)).one()
    return JournalState(row[0], row[1], row[2])


def write_ahead(session: WriteSession, revision: int) -> None:
    """Have the transaction end with a line of the journal; nothing where there is no journal.

    ``Database.write`` raises JournalError if the line is not on the journal's volume, and does
    not commit then.
    """
    journal: Journal | None = session.info.get(JOURNAL_KEY)
    if journal is not None:
        session.info[AT_THE_END_KEY] = partial(_write_line, session, journal, revision)


async def _write_line(session: WriteSession, journal: Journal, revision: int) -> None:
    line_id = uuid4()
    taken = (await session.execute(_TAKE, {"line": line_id})).one()
    database_id, after, at, rows = taken
    line = Line(
        id=str(line_id),
        after=after,
        revision=revision,
        at=at.isoformat(),
        rows=[(row[0], row[1], row[2]) for row in rows],
    )
    session.info.setdefault(JOURNALLED_KEY, []).append((database_id, line.id))
    await asyncio.to_thread(journal.append, database_id, line)


class _Tables:
    """Statements that put one row back into each table, made from what the tables are now."""

    def __init__(self, found: Sequence[Sequence[Any]]) -> None:
        self._columns: Mapping[str, tuple[list[str], list[str]]] = {
            row[0]: (list(row[1]), list(row[2])) for row in found
        }

    async def put(self, session: WriteSession, table: str, did: str, image: dict[str, Any]) -> None:
        """Make one row as it was made then.

        Raises:
            JournalError: the database has no such table.
        """
        if table not in self._columns:
            raise JournalError("the journal names a table that this database does not have")
        columns, key = self._columns[table]
        parameters = {"image": image}
        if did == "DELETE":
            await session.execute(
                _sql(f"delete from {table} t using {_row(table)} r", key),  # noqa: S608 - the catalogue's
                parameters,
            )
            return
        if did == "UPDATE":
            changed = ", ".join(f"{name} = r.{name}" for name in columns if name not in key)
            statement = f"update {table} t set {changed} from {_row(table)} r"  # noqa: S608 - as above
            done: Any = await session.execute(_sql(statement, key), parameters)
            if done.rowcount:
                return
        listed = ", ".join(columns)
        statement = (
            f"insert into {table} ({listed}) overriding system value"  # noqa: S608 - the catalogue's
            f" select {listed} from {_row(table)} r on conflict do nothing"
        )
        await session.execute(_sql(statement), parameters)


def _row(table: str) -> str:
    return f"jsonb_populate_record(null::{table}, :image)"


def _sql(statement: str, key: Sequence[str] = ()) -> Any:
    where = " where " + " and ".join(f"t.{name} = r.{name}" for name in key) if key else ""
    return text(statement + where).bindparams(bindparam("image", type_=JSONB))


async def replay(session: WriteSession, lines: Sequence[Line]) -> None:
    """Make the changes of these lines again, in their order; none of them is journalled again."""
    await session.execute(_NOT_CAPTURED)
    tables = _Tables((await session.execute(_TABLES)).all())
    for line in lines:
        for table, did, image in line.rows:
            await tables.put(session, table, did, image)
    # What was caught before the copy was made is in the first of these lines.
    await session.execute(_DROP_CAPTURED)
    await session.execute(_ENDS_WITH, {"line": UUID(lines[-1].id)})
    await session.execute(_CAPTURED)


async def settle(session: WriteSession) -> None:
    """Note that nothing of a restore is left to be done."""
    await session.execute(_SETTLED)
