"""What a change of an authority fact touches, and who may make it. Pure.

Keys name what a decision relied on: ``participant:P``, ``agency:A`` (its membership or MOU),
``visible:A`` (who is visible to agency A), ``subject:S`` (what person S holds) and ``policy``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from infra.authority.facts import CLEARANCE, Operation, agency_holder, subject_holder
from infra.errors import GoldenThreadError
from infra.vocabulary import Basis, Category, Purpose

ANY_HOLDER = "any"
POLICY_KEY = "policy"

BASES_OF_ISSUER: dict[str, frozenset[Basis]] = {
    "participants": frozenset(
        {Basis.ASSIGNMENT, Basis.OWN_AGENCY, Basis.SCREENING, Basis.AUTHOR},
    ),
    "cases": frozenset({Basis.COUNSEL, Basis.CONFERENCE}),
    "training": frozenset(),
}
"""Which grounds each service owns. Releases, bindings and agency windows are owned here."""

_ROW_FIELDS = frozenset(
    {
        "id", "participant_id", "holder", "basis", "effect", "category", "purpose",
        "starts_at", "ends_at", "data_from", "data_to", "source_id",
    }
)  # fmt: skip
MAX_OPERATIONS = 1000
"""Most operations of one hand-over: each becomes one revision, written under the one lock."""

_REQUIRED = ("id", "participant_id", "holder", "basis", "effect", "starts_at")


_PART_OF_READER: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "training": (frozenset({"agency_window"}), ("agency:", POLICY_KEY)),
}
"""For who reads only a part of the feed: tables of the operations, and beginnings of the keys."""


CLEARING_ISSUER = "training"
"""The one service that says what training opens."""
_CLEARANCE_FIELDS = frozenset({"id", "subject", "agency_id", "kind", "ends_at"})
_KIND = re.compile(r"[A-Z][A-Z0-9_]{0,30}\Z")


class FactsMalformedError(GoldenThreadError):
    """The operations handed over are not of the agreed form."""

    code = "FACTS_MALFORMED"


class FactsForbiddenError(GoldenThreadError):
    """The service does not own the ground that it wants to change."""

    code = "FACTS_FORBIDDEN"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One revision as the feed tells it; ``operations`` is finished JSON, a list."""

    revision: int
    keys: list[str]
    operations: str


@dataclass(frozen=True, slots=True)
class ClearanceRow:
    """What training opens to a person at an agency, until when."""

    id: UUID
    subject: str
    agency_id: str
    kind: str
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Touched:
    """The part of a visibility row that says which keys a change of it moves."""

    participant_id: str
    holder: str


def participant_key(participant_id: object) -> str:
    """Return the key of what is decided about a participant."""
    return f"participant:{participant_id}"


def agency_key(agency_id: object) -> str:
    """Return the key of an agency's membership and MOU."""
    return f"agency:{agency_id}"


def visible_key(agency_id: object) -> str:
    """Return the key of who is visible to an agency."""
    return f"visible:{agency_id}"


def subject_key(subject: object) -> str:
    """Return the key of what a person holds."""
    return f"subject:{subject}"


def holder_key(holder: str) -> str | None:
    """Return the key that lists of this holder rely on; None for ``any``, which is everybody."""
    agency, subject = agency_holder(""), subject_holder("")
    if holder.startswith(agency):
        return visible_key(holder.removeprefix(agency).partition("@")[0])
    if holder.startswith(subject):
        return subject_key(holder.removeprefix(subject))
    return None


def keys_of(touched: Iterable[Touched], holders: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the keys that a change of these rows moves, sorted.

    Args:
        touched: the rows, as they were and as they become.
        holders: for participants with an ``any`` row among them: everybody who holds a ground.
            A denial to all takes the participant off the lists of exactly those, so their keys
            move; who holds nothing never had the participant on a list.
    """
    keys: set[str] = set()
    for row in touched:
        keys.add(participant_key(row.participant_id))
        named = holders.get(row.participant_id, ()) if row.holder == ANY_HOLDER else (row.holder,)
        keys.update(key for holder in named if (key := holder_key(holder)) is not None)
    return sorted(keys)


def check_operations(
    operations: object, issuer: str
) -> tuple[list[Operation], list[Touched], list[UUID]]:
    """Check what a service hands over.

    Returns:
        The operations, the rows that they put, and the ids of all rows named.

    Raises:
        FactsMalformedError: not of the agreed form, or too many.
        FactsForbiddenError: a ground that this service does not own, or another table.
    """
    if not isinstance(operations, list) or not operations:
        raise FactsMalformedError("operations must be a list with at least one entry")
    if len(operations) > MAX_OPERATIONS:
        raise FactsMalformedError(f"one hand-over has at most {MAX_OPERATIONS} operations")
    checked: list[Operation] = []
    put: list[Touched] = []
    named: list[UUID] = []
    for operation in operations:
        if not isinstance(operation, dict):
            raise FactsMalformedError("an operation must be an object")
        if operation.get("table") != "visibility":
            raise FactsForbiddenError("this table is not handed over")
        kind = operation.get("op")
        if kind == "put":
            row = _check_row(operation.get("row"), issuer)
            put.append(Touched(str(row["participant_id"]), row["holder"]))
            named.append(UUID(row["id"]))
            checked.append({"op": "put", "table": "visibility", "row": row})
        elif kind == "delete":
            row_id = _uuid(operation.get("id"))
            named.append(row_id)
            checked.append({"op": "delete", "table": "visibility", "id": str(row_id)})
        else:
            raise FactsMalformedError("an operation must be put or delete")
    return checked, put, named


def _check_row(row: object, issuer: str) -> dict[str, Any]:
    if not isinstance(row, dict) or not row.keys() <= _ROW_FIELDS:
        raise FactsMalformedError("a row has unknown fields")
    if any(row.get(name) is None for name in _REQUIRED):
        raise FactsMalformedError("a row lacks a field")
    checked: dict[str, Any] = dict.fromkeys(sorted(_ROW_FIELDS)) | row
    try:
        basis = Basis(checked["basis"])
        for name, words in (("category", Category), ("purpose", Purpose)):
            if checked[name] is not None:
                words(checked[name])
        moments = [datetime.fromisoformat(checked["starts_at"])]
        if checked["ends_at"] is not None:
            moments.append(datetime.fromisoformat(checked["ends_at"]))
    except (ValueError, TypeError):
        raise FactsMalformedError("a row has a value that is not in the vocabulary") from None
    if any(moment.tzinfo is None for moment in moments):
        raise FactsMalformedError("a row has a time without a zone")
    if basis not in BASES_OF_ISSUER.get(issuer, frozenset()):
        raise FactsForbiddenError("this ground belongs to another service")
    _check_holder(checked["holder"], checked["effect"])
    for name in ("id", "participant_id", "source_id"):
        if checked[name] is not None:
            checked[name] = str(_uuid(checked[name]))
    return checked


def _check_holder(holder: object, effect: object) -> None:
    if effect not in ("permit", "deny") or not isinstance(holder, str):
        raise FactsMalformedError("a row has no holder or effect")
    if holder == ANY_HOLDER:
        if effect != "deny":
            raise FactsMalformedError("only a denial may name everybody")
    elif holder_key(holder) is None or holder.endswith(":"):
        raise FactsMalformedError("a holder is an agency or a subject")


def _uuid(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise FactsMalformedError("an id is not a UUID") from None


def check_clearances(operations: object, issuer: str) -> tuple[list[ClearanceRow], list[UUID]]:
    """Check what the training service hands over about what training opens.

    Returns:
        The rows to put, and the ids to take away.

    Raises:
        FactsMalformedError: not of the agreed form, or too many.
        FactsForbiddenError: another service, or another table among them.
    """
    if not isinstance(operations, list) or not 1 <= len(operations) <= MAX_OPERATIONS:
        raise FactsMalformedError(f"operations must be a list of 1 to {MAX_OPERATIONS}")
    put: list[ClearanceRow] = []
    gone: list[UUID] = []
    for operation in operations:
        if not isinstance(operation, dict):
            raise FactsMalformedError("an operation must be an object")
        if issuer != CLEARING_ISSUER or operation.get("table") != CLEARANCE:
            raise FactsForbiddenError("this table is not handed over")
        if operation.get("op") == "put":
            put.append(_clearance(operation.get("row")))
        elif operation.get("op") == "delete":
            gone.append(_uuid(operation.get("id")))
        else:
            raise FactsMalformedError("an operation must be put or delete")
    return put, gone


def _clearance(row: object) -> ClearanceRow:
    if not isinstance(row, dict) or row.keys() != _CLEARANCE_FIELDS:
        raise FactsMalformedError("a clearance has other fields")
    texts = [row["subject"], row["agency_id"], row["kind"]]
    if not all(isinstance(each, str) and each for each in texts) or not _KIND.match(row["kind"]):
        raise FactsMalformedError("a clearance has a subject, an agency and a kind")
    try:
        ends_at = None if row["ends_at"] is None else datetime.fromisoformat(row["ends_at"])
    except (ValueError, TypeError):
        raise FactsMalformedError("a clearance ends at a time") from None
    if ends_at is not None and ends_at.tzinfo is None:
        raise FactsMalformedError("a row has a time without a zone")
    return ClearanceRow(_uuid(row["id"]), row["subject"], row["agency_id"], row["kind"], ends_at)


def is_about_clearances(operations: object) -> bool:
    """Return whether a hand-over is about what training opens; one is about that or visibility."""
    first = operations[0] if isinstance(operations, list) and operations else None
    return isinstance(first, dict) and first.get("table") == CLEARANCE


def check_owned(bases: Iterable[str], issuer: str) -> None:
    """Check that rows which exist already may be replaced or taken away by this service.

    Raises:
        FactsForbiddenError: one rests on a ground that belongs to another service.
    """
    owned = BASES_OF_ISSUER.get(issuer, frozenset())
    if any(Basis(basis) not in owned for basis in bases):
        raise FactsForbiddenError("this row belongs to another service")


def part_for(reader: str, entry: FeedEntry) -> FeedEntry:
    """Return what a program is told of one revision; the revision itself always stays.

    Training knows of agencies' periods only: nothing about a participant comes near it.
    """
    part = _PART_OF_READER.get(reader)
    if part is None:
        return entry
    tables, beginnings = part
    operations = [
        each
        for each in orjson.loads(entry.operations)
        if each.get("table") in tables or each["op"] == "timeline"
    ]
    return FeedEntry(
        entry.revision,
        [key for key in entry.keys if key.startswith(beginnings)],
        orjson.dumps(operations).decode(),
    )
