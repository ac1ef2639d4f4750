"""Wire form of authority changes: what the feed carries and what hand-overs ask for.

An operation is a plain mapping: ``{"op": "put", "table": "visibility", "row": {…}}`` or
``{"op": "delete", "table": "visibility", "id": "…"}``. Tables: ``visibility``, ``agency_window``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete
from sqlalchemy.dialects.postgresql import insert

from infra.authority.tables import AgencyWindow, Visibility
from infra.database import WriteSession
from infra.errors import bug
from infra.vocabulary import Basis, Category, Purpose

Operation = dict[str, object]

_TABLES: dict[str, type[Visibility] | type[AgencyWindow]] = {
    "visibility": Visibility,
    "agency_window": AgencyWindow,
}
_MOMENTS = ("starts_at", "ends_at")
_DATES = ("data_from", "data_to")
_IDS = ("id", "participant_id", "source_id")


@dataclass(frozen=True, slots=True)
class VisibilityFact:
    """One row of ``authority_visibility``, before it has a revision."""

    id: UUID
    participant_id: UUID
    holder: str
    basis: Basis
    starts_at: datetime
    ends_at: datetime | None = None
    is_denial: bool = False
    category: Category | None = None
    purpose: Purpose | None = None
    data_from: date | None = None
    data_to: date | None = None
    source_id: UUID | None = None


def put_visibility(fact: VisibilityFact) -> Operation:
    """Return the operation that adds or replaces one visibility row."""

    def text(value: object | None) -> str | None:
        return None if value is None else str(value)

    def moment(value: date | None) -> str | None:
        return None if value is None else value.isoformat()

    row: dict[str, object] = {
        "id": str(fact.id),
        "participant_id": str(fact.participant_id),
        "holder": fact.holder,
        "basis": fact.basis.value,
        "effect": "deny" if fact.is_denial else "permit",
        "category": fact.category.value if fact.category else None,
        "purpose": fact.purpose.value if fact.purpose else None,
        "starts_at": moment(fact.starts_at),
        "ends_at": moment(fact.ends_at),
        "data_from": moment(fact.data_from),
        "data_to": moment(fact.data_to),
        "source_id": text(fact.source_id),
    }
    return {"op": "put", "table": "visibility", "row": row}


def delete_visibility(row_id: UUID) -> Operation:
    """Return the operation that takes one visibility row away."""
    return {"op": "delete", "table": "visibility", "id": str(row_id)}


def put_agency_window(
    row_id: UUID, agency_id: str, site_id: str, starts_at: datetime, ends_at: datetime | None
) -> Operation:
    """Return the operation that adds or replaces one period of live membership."""
    row: dict[str, object] = {
        "id": str(row_id),
        "agency_id": agency_id,
        "site_id": site_id,
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat() if ends_at else None,
    }
    return {"op": "put", "table": "agency_window", "row": row}


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
