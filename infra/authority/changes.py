"""Wire form of authority changes: what the feed carries and what hand-overs ask for.

An operation is a plain mapping: ``{"op": "put", "table": "visibility", "row": {…}}`` or
``{"op": "delete", "table": "visibility", "id": "…"}``. Tables: ``visibility``, ``agency_window``.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, Table, TextClause, Uuid, any_, bindparam, delete, text
from sqlalchemy.dialects.postgresql import JSONB

from infra.authority.facts import (
    CLEARANCE,
    Operation,
    VisibilityFact,
    delete_visibility,
    put_agency_window,
    put_visibility,
)
from infra.authority.tables import AgencyWindow, Visibility
from infra.database import WriteSession
from infra.errors import bug

__all__ = [
    "Operation",
    "VisibilityFact",
    "apply",
    "delete_visibility",
    "put_agency_window",
    "put_visibility",
]

_TABLES: dict[str, Table] = {
    "visibility": cast("Table", Visibility.__table__),
    "agency_window": cast("Table", AgencyWindow.__table__),
}


def _put_statement(table: Table) -> TextClause:
    # One statement for all rows: a release alone is hundreds, put under the lock of the order.
    changed = ", ".join(f"{c.name} = excluded.{c.name}" for c in table.columns if c.name != "id")
    statement = (
        f"INSERT INTO {table.name}"  # noqa: S608 - names of our own tables
        f" SELECT * FROM jsonb_populate_recordset(NULL::{table.name}, :rows)"
        f" ON CONFLICT (id) DO UPDATE SET {changed}"
    )
    return text(statement).bindparams(bindparam("rows", type_=JSONB))


_PUT = {name: _put_statement(table) for name, table in _TABLES.items()}
# One array, not one parameter a row: the same text for any number of rows is planned once.
_DELETE = {
    name: delete(table).where(table.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    for name, table in _TABLES.items()
}


def _row(row: object, table: Table, revision: int) -> dict[str, Any]:
    if not isinstance(row, dict) or not set(row) <= set(table.columns.keys()):
        bug("an authority change has no row, or one with unknown columns")
    return {**row, "revision": revision}


def _kind(operation: Operation) -> tuple[object, object]:
    return operation.get("op"), operation.get("table")


async def apply(session: WriteSession, operations: Sequence[Operation], revision: int) -> None:
    """Write operations of one revision into the tables of this database, in their order.

    Runs of equal kind go to the server together.

    Raises:
        BugError: an operation is of an unknown form; nothing may be skipped silently.
    """
    for (kind, name), run in groupby(operations, _kind):
        if kind == "timeline" or name == CLEARANCE:  # a mark in the order; kept by consent alone
            continue
        table = _TABLES.get(str(name))
        if table is None:
            bug("an authority change names an unknown table")
        if kind == "put":
            rows = [_row(operation.get("row"), table, revision) for operation in run]
            # The last of several rows with one id stands, as if they came one by one.
            last = {str(row.get("id")): row for row in rows}
            await session.execute(_PUT[str(name)], {"rows": list(last.values())})
        elif kind == "delete":
            ids = [UUID(str(operation["id"])) for operation in run]
            await session.execute(_DELETE[str(name)], {"ids": ids})
        else:
            bug("an authority change is neither put nor delete")
