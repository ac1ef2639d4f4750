"""Authority facts as values, and the operations that carry them. Pure: ``rules`` may use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from infra.vocabulary import Basis, Category, Purpose

Operation = dict[str, object]
"""One change in its wire form; see ``infra.authority.changes``."""


def agency_holder(agency_id: str, site_id: str = "") -> str:
    """Return how an agency is written in ``Visibility.holder``.

    Args:
        agency_id: who holds.
        site_id: under which site's agreement; without one the ground counts at every site of the
            agency, and would outlive the agreement that it was given under.
    """
    return f"agency:{agency_id}@{site_id}" if site_id else f"agency:{agency_id}"


def subject_holder(subject: str) -> str:
    """Return how a person is written in ``Visibility.holder``."""
    return f"subject:{subject}"


TIMELINE_BITS = 32
"""The upper part of a revision is the number of its timeline; see decision record 0009."""


def timeline_after(revision: int) -> int:
    """Return the first revision of the timeline after that of a revision."""
    return ((revision >> TIMELINE_BITS) + 1) << TIMELINE_BITS


def start_timeline(after: int) -> Operation:
    """Return the operation that begins a timeline: it goes on from the revision ``after``."""
    return {"op": "timeline", "after": after}


def timeline_start(operations: Sequence[Operation]) -> int | None:
    """Return after which revision these operations begin a timeline, None if they do not."""
    for operation in operations:
        if operation.get("op") == "timeline":
            return int(str(operation["after"]))
    return None


CLEARANCE = "clearance"
"""The table of an operation about what training opens; see ``put_clearance``."""


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


def delete_agency_window(row_id: UUID) -> Operation:
    """Return the operation that takes one period of membership away."""
    return {"op": "delete", "table": "agency_window", "id": str(row_id)}


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


def put_clearance(
    row_id: UUID, subject: str, agency_id: str, kind: str, ends_at: datetime | None
) -> Operation:
    """Return the operation that says what training opens to a person at an agency, until when.

    About nobody but the person who asks, so only ``svc_consent`` keeps it; replicas do not.
    """
    row: dict[str, object] = {
        "id": str(row_id),
        "subject": subject,
        "agency_id": agency_id,
        "kind": kind,
        "ends_at": ends_at.isoformat() if ends_at else None,
    }
    return {"op": "put", "table": CLEARANCE, "row": row}


def delete_clearance(row_id: UUID) -> Operation:
    """Return the operation that takes a clearance away."""
    return {"op": "delete", "table": CLEARANCE, "id": str(row_id)}
