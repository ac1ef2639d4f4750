"""What every record of care has in common in GraphQL: fields, pages, and how a change is run."""

import dataclasses
import types
import typing
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.batch_loader import BatchLoader
from infra.command_edge import Outcome, run_command
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages, page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.care.kinds import HELP_MEANINGS, HelpKind
from svc_participants.care.notes.rules import MODE_MEANINGS, ContactMode
from svc_participants.people.repository import StaffNames
from svc_participants.people.schema import After, First

STRUCTURE = [category(Category.STRUCTURE)]
Kind = TypeVar("Kind")
Command = Callable[[WriteSession, Caller], Awaitable[dict[str, Any]]]

VERSION = "Give it as `expectedVersion` for a change."
KEY = "Unique per intended change."
SEEN_VERSION = "Version you saw."


class RecordOrder(StrEnum):
    """In which order records come."""

    NEWEST_FIRST = "NEWEST_FIRST"
    OLDEST_FIRST = "OLDEST_FIRST"


described_enum(
    RecordOrder,
    "In which order records come.",
    {
        RecordOrder.NEWEST_FIRST: "The newest first.",
        RecordOrder.OLDEST_FIRST: "The oldest first.",
    },
)
# Enums of several slices are published here: before any of them is used.
described_enum(ContactMode, "How the contact took place.", MODE_MEANINGS)
described_enum(HelpKind, "What sort of help it is.", HELP_MEANINGS)


@strawberry.type
class KeptFields:
    """Fields that every record of care has; its own type is what they are labelled by."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=STRUCTURE)
    participant_id: strawberry.ID = strawberry.federation.field(
        description="Whom it is about.", directives=STRUCTURE, inaccessible=True
    )
    recorded_at: datetime | None = strawberry.field(description="When it was recorded.")
    row: strawberry.Private[Any]

    @strawberry.field(description="Who recorded it.")
    async def recorded_by_name(self, info: Info) -> str | None:
        """Return the name of who recorded it."""
        return await context_of(info).loader(StaffNames).of(self.row.recorded_by)


def _enum_in(hint: Any) -> type[Enum] | None:
    members = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for each in members:
        if typing.get_origin(each) is list:
            return _enum_in(typing.get_args(each)[0])
        if isinstance(each, type) and issubclass(each, Enum):
            return each
    return None


def shown(kind: type[Kind], row: Any, **given: Any) -> Kind:
    """Return a GraphQL object whose fields are the row's columns of the same names.

    Args:
        kind: its Strawberry type.
        row: the row; also the object's private ``row``.
        given: fields that are not columns.
    """
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for each in dataclasses.fields(kind):  # type: ignore[arg-type]  # every Strawberry type is one
        if not each.init or each.name in given:
            continue
        if each.name == "row":
            values["row"] = row
            continue
        value, enum = getattr(row, each.name), _enum_in(hints[each.name])
        if isinstance(value, UUID):
            value = strawberry.ID(str(value))
        elif enum is not None and value is not None:
            value = [enum(one) for one in value] if isinstance(value, list) else enum(value)
        values[each.name] = value
    return kind(**values, **given)


def paged(
    node_type: Any,
    *,
    name: str,
    pages: type[OwnerPages[Any]],
    node: Callable[[Any], Any],
    of: Category,
    description: str,
    only: tuple[str, Any, str] | None = None,
) -> Any:
    """Return a connection field: its newest or oldest first, and filtered where ``only`` says.

    Args:
        node_type: GraphQL type of the records.
        name: the connection's name (``Type.field``), bound into its cursors.
        pages: loader of the pages, newest first.
        node: makes the GraphQL object of a row.
        of: category of the records, which order and filter select by.
        description: of the field.
        only: column that may be filtered by, its enum, and the argument's description.
    """
    turned: Any = type(f"{pages.__name__}Turned", (pages,), {"order": _turned(pages.order)})
    owner = "participant_id" if name.startswith("Participant.") else "id"

    async def read(
        root: Any, info: Info, first: int, after: str | None, order: RecordOrder, wanted: Any
    ) -> Any:
        context = context_of(info)
        is_newest = (order is RecordOrder.NEWEST_FIRST) == pages.order.is_descending
        loader = pages if is_newest else turned
        bound = f"{name}:{order.value}"
        chosen: tuple[tuple[str, str], ...] = ()
        if wanted is not None and only is not None:
            chosen = ((only[0], wanted.value),)
            bound = f"{bound}:{wanted.value}"
        request = page_request(
            context, info, name=bound, order=loader.order, first=first, after=after
        )
        request = dataclasses.replace(request, only=chosen)
        owner_id = root.seen.row.id if owner == "participant_id" else root.row.id
        return connection(
            await context.loader(loader).load(owner_id, request),
            seal=context.seal,
            caller=context.caller,
            name=bound,
            after=after,
            key=loader.order.key,
            node=node,
        )

    default = RecordOrder.NEWEST_FIRST if pages.order.is_descending else RecordOrder.OLDEST_FIRST
    labelled = [category(of)]

    async def unfiltered(
        root: strawberry.Parent[Any],
        info: Info,
        first: First = 25,
        after: After = None,
        order: Annotated[
            RecordOrder, strawberry.argument(description="Order.", directives=labelled)
        ] = default,
    ) -> Any:
        return await read(root, info, first, after, order, None)

    async def filtered(
        root: strawberry.Parent[Any],
        info: Info,
        first: First = 25,
        after: After = None,
        order: Annotated[
            RecordOrder, strawberry.argument(description="Order.", directives=labelled)
        ] = default,
        only: Any = None,
    ) -> Any:
        return await read(root, info, first, after, order, only)

    resolver = unfiltered if only is None else filtered
    resolver.__annotations__["return"] = Connection[node_type] | None
    if only is not None:
        resolver.__annotations__["only"] = Annotated[
            only[1] | None, strawberry.argument(description=only[2], directives=labelled)
        ]
    return strawberry.field(resolver=resolver, description=description, directives=labelled)


def _turned(order: Order) -> Order:
    return dataclasses.replace(order, is_descending=not order.is_descending)


def filled(kind: type[Kind], given: Any) -> Kind:
    """Return a command's dataclass with the input's values of the same names."""
    return kind(**{each.name: getattr(given, each.name) for each in dataclasses.fields(kind)})  # type: ignore[arg-type]  # a dataclass


async def carried_out(info: Info, name: str, given: Any, command: Command) -> Outcome:
    """Run a command once for the input's idempotency key (``infra.command_edge``)."""
    context = context_of(info)
    return await run_command(
        context,
        name,
        given,
        key=given.idempotency_key,
        effect=lambda session: command(session, context.caller),
    )


async def now_seen(info: Info, outcome: Outcome, name: str, loader: type[BatchLoader[Any]]) -> Any:
    """Return the row that a command has made or changed, as the caller sees it now, or None."""
    key = outcome.id(name)
    return None if key is None else await context_of(info).loader(loader).load(key)


@strawberry.type
class MoveFields:
    """Fields of a move of a record; labelled by the type that inherits them."""

    happened_on: date | None = strawberry.field(description="On which day.")
    remark: str | None = strawberry.field(description="What there is to say about it.")
    recorded_at: datetime | None = strawberry.field(description="When it was recorded.")
