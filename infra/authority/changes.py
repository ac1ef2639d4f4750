"""Wire form of authority changes: what the feed carries and what hand-overs ask for.

An operation is a plain mapping: ``{"op": "put", "table": "visibility", "row": {…}}`` or
``{"op": "delete", "table": "visibility", "id": "…"}``. Tables: ``visibility``, ``agency_window``.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
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


def _read_row(row: dict[str, Any], revision: int) -> dict[str, Any]:
    values: dict[str, Any] = dict(row)
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


async def apply(session: WriteSession, operations: list[Operation], revision: int) -> None:
    """Write operations of one revision into the tables of this database.

    Raises:
        BugError: an operation is of an unknown form; nothing may be skipped silently.
    """
    for operation in operations:
        table = _TABLES.get(str(operation.get("table")))
        if table is None:
            bug("an authority change names an unknown table")
        if operation.get("op") == "put":
            row = operation["row"]
            if not isinstance(row, dict):
                bug("an authority change has no row")
            values = _read_row(row, revision)
            changed = {name: value for name, value in values.items() if name != "id"}
            await session.execute(
                insert(table)
                .values(**values)
                .on_conflict_do_update(index_elements=["id"], set_=changed)
            )
        elif operation.get("op") == "delete":
            await session.execute(delete(table).where(table.id == UUID(str(operation["id"]))))
        else:
            bug("an authority change is neither put nor delete")
