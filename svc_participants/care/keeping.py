"""What every record of care has in common below GraphQL: who keeps it, who sees it, who changes it.

A record is kept by the agency that wrote it (``people.repository.holding``). One whose kind tells
of treatment needs that category beside its own (42 CFR 2.13(c), RCW 70.02.230), else it is as if
absent: from pages, counts and look-ups alike.
"""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, ForeignKey, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from infra import clock
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.errors import RuleError
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.tables import Base, UuidKey
from infra.vocabulary import Category
from svc_participants.people.commands import own_agency
from svc_participants.people.repository import may_write, take_turn
from svc_participants.people.rules import not_found

Row = TypeVar("Row", bound=Base)
State = TypeVar("State", bound=StrEnum)
Seen = Callable[[Caller], ColumnElement[bool]]
Permitted = Callable[[Category], ColumnElement[bool]]


class Kept:
    """Columns of a record of care: about whom, kept by which agency, recorded when and by whom."""

    id: Mapped[UuidKey]
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("participant.id"))
    agency_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str]


def keeper(caller: Caller, participant_id: UUID) -> dict[str, Any]:
    """Return the values of the ``Kept`` columns of a new record, written now.

    Raises:
        RuleError: the caller acts under no agency.
    """
    return {
        "id": uuid4(),
        "participant_id": participant_id,
        "agency_id": own_agency(caller),
        "recorded_at": clock.now(),
        "recorded_by": caller.subject,
    }


def values_of(given: Any, *, but: Collection[str] = ("participant_id",)) -> dict[str, Any]:
    """Return a dataclass's values as columns take them: enum members as their text."""
    return {
        each.name: plain(getattr(given, each.name))
        for each in dataclasses.fields(given)
        if each.name not in but
    }


def plain(value: Any) -> Any:
    """Return a value as a column takes it."""
    if isinstance(value, Enum):
        return value.value
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def unless_telling(
    kind: Any, telling: Mapping[Any, Category], permitted: Permitted
) -> ColumnElement[bool]:
    """Return the condition for a record's kind: it tells of nothing more, or more is permitted.

    Args:
        kind: column that holds the kind.
        telling: kinds that need a further category.
        permitted: condition "the caller may see records of this category".
    """
    more = {plain(value): category for value, category in telling.items()}
    if not more:
        return kind.is_not(None)  # type: ignore[no-any-return]  # a column's condition
    alternatives = [and_(kind == value, permitted(each)) for value, each in more.items()]
    return or_(kind.not_in(list(more)), *alternatives)


def loader_of(kind: type[Row], seen: Seen) -> type[BatchLoader[Row]]:
    """Return a loader of records by id: those that the caller may see."""
    keyed: Any = kind

    class ById(BatchLoader[Row]):
        def statement(self, caller: Caller) -> AnySelect:
            return select(kind).where(keyed.id == IDS, seen(caller))

        def collect(self, rows: Iterable[Any]) -> dict[UUID, Row]:
            return {row.id: row for (row,) in rows}

    return ById


def newest_of(kind: type[Row], seen: Seen, order: Order) -> type[BatchLoader[Row]]:
    """Return a loader of each participant's first record in an order (newest first)."""
    from sqlalchemy.dialects.postgresql import distinct_on

    keyed: Any = kind

    class Newest(BatchLoader[Row]):
        def statement(self, caller: Caller) -> AnySelect:
            return (
                select(kind)
                .ext(distinct_on(keyed.participant_id))
                .where(keyed.participant_id == IDS, seen(caller))
                .order_by(keyed.participant_id, *order.clauses())
            )

        def collect(self, rows: Iterable[Any]) -> dict[UUID, Row]:
            return {row.participant_id: row for (row,) in rows}

    return Newest


def pages_of(
    kind: type[Row], seen: Seen, by: Order, owner_column: Any = None
) -> type[OwnerPages[Row]]:
    """Return a loader of pages of records, by participant unless another owner is given."""
    keyed: Any = kind

    class Pages(OwnerPages[Row]):
        row = kind
        owner = keyed.participant_id if owner_column is None else owner_column
        order = by

        def narrowed(self, caller: Caller) -> ColumnElement[bool]:
            return seen(caller)

    return Pages


async def locked(
    session: WriteSession,
    caller: Caller,
    kind: type[Row],
    given: str,
    *,
    seen: Seen,
    category: Category,
    field: str,
) -> Row:
    """Return a record, locked, that the caller may see and write about; the person first.

    Raises:
        RuleError: absent, hidden, or not the caller's to change; all three alike.
    """
    keyed: Any = kind
    row_id = parse_id(given)
    sought = and_(
        keyed.id == row_id, seen(caller), may_write(caller, category, keyed.participant_id)
    )
    about = None
    if row_id is not None:
        about = await session.scalar(select(keyed.participant_id).where(sought))
    if about is None:
        raise not_found(field)
    await take_turn(session, about)
    row: Row | None = await session.scalar(select(kind).where(sought).with_for_update(of=kind))
    if row is None:
        raise not_found(field)
    return row


MAX_LINE = 300


def check_lines(texts: Mapping[str, str | None], *, most: int = MAX_LINE) -> None:
    """Check texts that may be left out, by the name of their input field.

    Raises:
        RuleError: one is empty or too long.
    """
    for field, text in texts.items():
        if text is not None and (not text.strip() or len(text) > most):
            raise RuleError("TEXT_LENGTH", f"Write 1 to {most} characters.", ("input", field))


def check_step(
    allowed: Mapping[State, Collection[State]], current: State, wanted: State, field: str
) -> None:
    """Check a step of a state machine.

    Args:
        allowed: for each state, those that may follow.
        current: where the record stands.
        wanted: where it shall stand.
        field: input field that says so.

    Raises:
        RuleError: STEP_NOT_ALLOWED, naming the steps that are allowed from here.
    """
    possible = sorted(each.value for each in allowed[current])
    if wanted.value not in possible:
        names = ", ".join(possible) or "none"
        raise RuleError(
            "STEP_NOT_ALLOWED",
            f"From {current.value} these steps are possible: {names}.",
            ("input", field),
        )


def check_not_before(later: date, earlier: date, field: str) -> None:
    """Check two days that follow each other.

    Raises:
        RuleError: the later one lies before the earlier one.
    """
    if later < earlier:
        raise RuleError("DATE_ORDER", f"Not before {earlier.isoformat()}.", ("input", field))
