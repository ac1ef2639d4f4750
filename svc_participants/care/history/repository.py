"""Statements about moves: each is as visible as the record that has moved."""

from typing import Any

from sqlalchemy import exists

from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from svc_participants.care.history.tables import CareMoveRow
from svc_participants.care.keeping import Seen, pages_of

IN_ORDER = Order((CareMoveRow.recorded_at, CareMoveRow.id))


def moves_of(kind: Any, seen: Seen) -> type[OwnerPages[CareMoveRow]]:
    """Return a loader of pages of moves of one kind of record."""

    def moved(caller: Caller) -> Any:
        return exists().where(kind.id == CareMoveRow.record_id, seen(caller))

    return pages_of(CareMoveRow, moved, IN_ORDER, CareMoveRow.record_id)
