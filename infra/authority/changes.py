"""Wire form of authority changes: what the feed carries and what hand-overs ask for.

An operation is a plain mapping: ``{"op": "put", "table": "visibility", "row": {…}}`` or
``{"op": "delete", "table": "visibility", "id": "…"}``. Tables: ``visibility``, ``agency_window``.
"""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete
from sqlalchemy.dialects.postgresql import insert

from infra.authority.facts import (
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

_TABLES: dict[str, type[Visibility] | type[AgencyWindow]] = {
    "visibility": Visibility,
    "agency_window": AgencyWindow,
}
_MOMENTS = ("starts_at", "ends_at")
_DATES = ("data_from", "data_to")
_IDS = ("id", "participant_id", "source_id")


def _read_row(row: object, table: Table, revision: int) -> dict[str, Any]:
    if not isinstance(row, dict):
        bug("an authority change has no row")
    values: dict[str, Any] = dict.fromkeys(table.columns.keys()) | row
    for name in _MOMENTS:
        if isinstance(values.get(name), str):
            values[name] = datetime.fromisoformat(values[name])
    for name in _DATES:
        if isinstance(values.get(name), str):
            values[name] = date.fromisoformat(values[name])
    for name in _IDS:
        if isinstance(values.get(name), str):
            values[name] = UUID(values[name])
    values["revision"] = revision
    return values


def _kind(operation: Operation) -> tuple[object, object]:
    return operation.get("op"), operation.get("table")


async def apply(session: WriteSession, operations: Sequence[Operation], revision: int) -> None:
    """Write operations of one revision into the tables of this database, in their order.

    Runs of equal kind go to the server together: a release alone may be hundreds of rows.

    Raises:
        BugError: an operation is of an unknown form; nothing may be skipped silently.
    """
    for (kind, name), run in groupby(operations, _kind):
        model = _TABLES.get(str(name))
        if model is None:
            bug("an authority change names an unknown table")
        table = cast("Table", model.__table__)
        if kind == "put":
            rows = [_read_row(operation.get("row"), table, revision) for operation in run]
            statement = insert(table)
            changed = {
                column.name: statement.excluded[column.name]
                for column in table.columns
                if column.name != "id"
            }
            await session.execute(
                statement.on_conflict_do_update(index_elements=["id"], set_=changed), rows
            )
        elif kind == "delete":
            ids = [UUID(str(operation["id"])) for operation in run]
            await session.execute(delete(table).where(table.c.id.in_(ids)))
        else:
            bug("an authority change is neither put nor delete")
