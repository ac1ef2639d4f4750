"""Pages of many lists in one statement: the notes of twenty participants, not twenty queries.

A nested connection (``Participant.notes``) is asked for once per object of the page above it.
``OwnerPages`` collects these requests and reads all of them together, each owner's page cut out
by ``row_number()``; a single owner, the common case, gets a plain ``LIMIT`` that an index serves.
Orders are keyset orders: the same columns, all in one direction, that the cursor holds.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute
from strawberry.dataloader import DataLoader
from strawberry.types import Info
from strawberry.types.nodes import SelectedField, Selection

from infra.batch_loader import KeptStatements
from infra.database import AnySession
from infra.identity_token import Caller
from infra.pagination import Page, PaginationError, page_size
from infra.request_context import RequestContext
from infra.tables import Base

Row = TypeVar("Row", bound=Base)
Column = InstrumentedAttribute[Any]

_statements = KeptStatements()


@dataclass(frozen=True, slots=True)
class Order:
    """A keyset order: columns that together are unique, read in one direction.

    Attributes:
        columns: most significant first; the last makes it unique.
        is_descending: newest first.
    """

    columns: tuple[Column, ...]
    is_descending: bool = False

    def clauses(self) -> list[ColumnElement[Any]]:
        """Return the ORDER BY clauses."""
        return [each.desc() if self.is_descending else each.asc() for each in self.columns]

    def after(self, key: Sequence[Any]) -> ColumnElement[bool]:
        """Return the condition "comes after this key"; a row comparison, which an index serves."""
        here = tuple_(*self.columns)
        there = tuple_(*(literal(v, c.type) for v, c in zip(key, self.columns, strict=True)))
        return here < there if self.is_descending else here > there

    def key(self, row: object) -> list[Any]:
        """Return a row's key as JSON scalars, for a cursor."""
        return [_plain(getattr(row, column.key)) for column in self.columns]

    def parse(self, key: Sequence[Any]) -> tuple[Any, ...]:
        """Read a key back from a cursor.

        Raises:
            PaginationError: the cursor holds something else.
        """
        if len(key) != len(self.columns):
            raise PaginationError("'after' is not a cursor of this list; start over")
        try:
            return tuple(
                _parsed(v, c.type.python_type) for v, c in zip(key, self.columns, strict=True)
            )
        except (TypeError, ValueError):
            raise PaginationError("'after' is not a cursor of this list; start over") from None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _parsed(value: Any, kind: type) -> Any:
    readers: dict[type, Callable[[Any], Any]] = {
        datetime: datetime.fromisoformat,
        date: date.fromisoformat,
        UUID: UUID,
    }
    return readers.get(kind, lambda plain: plain)(value)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is wanted: its size, the key it begins after, and whether rows are counted.

    Attributes:
        first: rows at most.
        after: key of the row before, or None.
        is_counted: whether all rows of the list are counted.
        only: columns and the values that rows must have there, for lists that may be filtered.
    """

    first: int
    after: tuple[Any, ...] | None
    is_counted: bool
    only: tuple[tuple[str, Any], ...] = ()


def page_request(
    context: RequestContext, info: Info, *, name: str, order: Order, first: int, after: str | None
) -> PageRequest:
    """Check the arguments of a connection field.

    Args:
        context: the request.
        info: the field; ``totalCount`` is counted only where it is selected.
        name: the connection's name, as given to ``pagination.connection``.
        order: order of the rows.
        first: rows at most.
        after: cursor, or None for the first page.

    Raises:
        PaginationError: a size or cursor that is not acceptable.
    """
    key = None
    if after is not None:
        key = order.parse(context.seal.open(context.caller, name, after))
    return PageRequest(page_size(first), key, selects(info, "totalCount"))


def bound_name(name: str, choice: Any) -> str:
    """Return a connection's name with what its rows are chosen and sorted by.

    Bound into the cursors, so that one of a choice opens no other choice.

    Args:
        name: ``Type.field``.
        choice: a frozen dataclass whose defaults choose nothing.
    """
    return name if choice == type(choice)() else f"{name}:{astuple(choice)!r}"


def selects(info: Info, name: str) -> bool:
    """Return whether the field being resolved has ``name`` directly in its selection."""
    return any(_has(each.selections, name) for each in info.selected_fields)


def selects_below(info: Info, *path: str) -> bool:
    """Return whether the field being resolved has a field at the end of this path."""
    found: list[Selection] = list(info.selected_fields)
    for name in path:
        found = [each for one in found for each in _named(one.selections, name)]
    return bool(found)


def _named(selections: Sequence[Selection], name: str) -> Iterator[SelectedField]:
    for each in selections:
        if isinstance(each, SelectedField):
            if each.name == name:
                yield each
        else:
            yield from _named(each.selections, name)


def _has(selections: Sequence[Selection], name: str) -> bool:
    # A fragment is part of the same selection; another field opens one of its own.
    for each in selections:
        if isinstance(each, SelectedField):
            if each.name == name:
                return True
        elif _has(each.selections, name):
            return True
    return False


FOR_THIS_CALLER = text("SET LOCAL plan_cache_mode = auto")
"""How many rows a caller's list begins with differs by thousands, so each is planned for itself."""


async def page(
    session: AnySession, rows: Select[Row], order: Order, request: PageRequest
) -> Page[Row]:
    """Read one page of one list.

    Args:
        session: where to read.
        rows: the whole list, narrowed already; the count is over exactly these.
        order: keyset order.
        request: which page.
    """
    statement = rows if request.after is None else rows.where(order.after(request.after))
    await session.execute(FOR_THIS_CALLER)
    found = (
        await session.scalars(statement.order_by(*order.clauses()).limit(request.first + 1))
    ).all()
    has_next = len(found) > request.first
    total = None
    if request.is_counted and request.after is None and not has_next:
        total = len(found)  # the page is the list
    elif request.is_counted:
        total = await session.scalar(select(func.count()).select_from(rows.subquery()))
    return Page(found[: request.first], has_next, total)


class OwnerPages(Generic[Row]):
    """Loader of one kind of nested list, one per request (``context.loader(Kind)``).

    Subclasses say whose rows they are, in which order, and which of them a caller may see.
    """

    row: ClassVar[type[Base]]
    owner: ClassVar[Column]
    order: ClassVar[Order]

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self._loader: DataLoader[tuple[UUID, PageRequest], Page[Row]] = DataLoader(
            load_fn=self._load
        )

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Return the condition that a row must meet for this caller (or shape of caller)."""
        raise NotImplementedError

    async def load(self, owner_id: UUID, request: PageRequest) -> Page[Row]:
        """Return one owner's page."""
        return await self._loader.load((owner_id, request))

    async def first(self, owner_id: UUID, count: int) -> Sequence[Row]:
        """Return one owner's first rows, for a list that has no pages."""
        return (await self.load(owner_id, PageRequest(count, None, is_counted=False))).rows

    async def _load(self, keys: list[tuple[UUID, PageRequest]]) -> list[Page[Row]]:
        groups: dict[PageRequest, list[UUID]] = {}
        for owner_id, request in keys:
            groups.setdefault(request, []).append(owner_id)
        found: dict[tuple[UUID, PageRequest], Page[Row]] = {}
        async with self._context.reading() as session:
            for request, owners in groups.items():
                pages = await self._pages(session, owners, request)
                found.update({(owner_id, request): page for owner_id, page in pages.items()})
        return [found[key] for key in keys]

    async def _pages(
        self, session: AnySession, owners: list[UUID], request: PageRequest
    ) -> dict[UUID, Page[Row]]:
        owner = type(self).owner
        rows = await self._rows(session, owners, request)
        by_owner: dict[UUID, list[Row]] = {owner_id: [] for owner_id in owners}
        for row in rows:
            by_owner[getattr(row, owner.key)].append(row)
        totals: dict[UUID, int] = {}
        if request.is_counted:
            # A first page that holds the whole list needs no counting.
            known = {
                owner_id: len(found)
                for owner_id, found in by_owner.items()
                if request.after is None and len(found) <= request.first
            }
            unknown = [owner_id for owner_id in owners if owner_id not in known]
            more = await self._totals(session, unknown, request.only) if unknown else {}
            totals = known | more
        return {
            owner_id: Page(
                found[: request.first],
                len(found) > request.first,
                totals.get(owner_id, 0) if request.is_counted else None,
            )
            for owner_id, found in by_owner.items()
        }

    async def _rows(
        self, session: AnySession, owners: list[UUID], request: PageRequest
    ) -> Sequence[Row]:
        given: dict[str, Any] = {**self._context.bindings, "size": request.first + 1}
        is_one = len(owners) == 1
        given |= {"owner": owners[0]} if is_one else {"owners": owners}
        build = self._of_one if is_one else self._of_many
        if request.after is not None or request.only:
            statement = build(request.after, self._chosen(request.only))
            return (await session.scalars(statement, given)).all()
        statement = _statements.get(
            (type(self), is_one, self._context.shape_key), lambda: build(None)
        )
        return (await session.scalars(statement, given)).all()

    # Columns are read from the class: on an instance, they would look for a mapped row.

    def _chosen(self, only: Sequence[tuple[str, Any]]) -> list[ColumnElement[bool]]:
        kind = type(self).row
        return [getattr(kind, column) == value for column, value in only]

    def _of_one(
        self, after: Sequence[Any] | None, chosen: Sequence[ColumnElement[bool]] = ()
    ) -> Select[Any]:
        kind: Any = type(self).row
        order = type(self).order
        rows = select(kind).where(
            type(self).owner == bindparam("owner", type_=Uuid),
            self.narrowed(self._context.shape),
            *chosen,
        )
        if after is not None:
            rows = rows.where(order.after(after))
        return rows.order_by(*order.clauses()).limit(bindparam("size", type_=Integer))

    def _of_many(
        self, after: Sequence[Any] | None, chosen: Sequence[ColumnElement[bool]] = ()
    ) -> Select[Any]:
        kind: Any = type(self).row
        owner, order = type(self).owner, type(self).order
        numbered = select(
            kind.id.label("id"),
            func.row_number().over(partition_by=owner, order_by=order.clauses()).label("place"),
        ).where(
            owner == any_(bindparam("owners", type_=ARRAY(Uuid))),
            self.narrowed(self._context.shape),
            *chosen,
        )
        if after is not None:
            numbered = numbered.where(order.after(after))
        places = numbered.subquery()
        is_on_page = places.c.place <= bindparam("size", type_=Integer)
        return (
            select(kind)
            .join(places, and_(places.c.id == kind.id, is_on_page))
            .order_by(*order.clauses())
        )

    async def _totals(
        self, session: AnySession, owners: list[UUID], only: Sequence[tuple[str, Any]]
    ) -> dict[UUID, int]:
        owner = type(self).owner
        counted = (
            select(owner, func.count())
            .where(owner.in_(owners), self.narrowed(self._context.caller), *self._chosen(only))
            .group_by(owner)
        )
        return {each[0]: each[1] for each in (await session.execute(counted)).all()}
