"""How every list of this service becomes a page: one function instead of the same lines in each."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from strawberry.types import Info

from infra.database import ReadSession
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page_request
from infra.pagination import Connection, Page, connection
from infra.request_context import context_of

Row = TypeVar("Row")
Node = TypeVar("Node")
Read = Callable[[ReadSession, Caller, PageRequest], Awaitable[Page[Row]]]


async def paged(
    info: Info,
    *,
    name: str,
    order: Order,
    first: int,
    after: str | None,
    read: Read[Row],
    node: Callable[[Row], Node],
    key: Callable[[Row], Sequence[Any]] | None = None,
) -> Connection[Node]:
    """Read one page and return it as a connection.

    Args:
        info: the field that is resolved.
        name: names the list with its filters; a cursor of another list is refused.
        order: order of the rows.
        first: rows at most.
        after: cursor, or None.
        read: reads the page as far as the caller may see it.
        node: the GraphQL object of a row.
        key: a row's place in the order, where its columns are not the row's own.

    Raises:
        PaginationError: a size or cursor that is not acceptable.
    """
    context = context_of(info)
    wanted = page_request(context, info, name=name, order=order, first=first, after=after)
    async with context.reading() as session:
        page = await read(session, context.caller, wanted)
    return connection(
        page,
        seal=context.seal,
        caller=context.caller,
        name=name,
        after=after,
        key=key or order.key,
        node=node,
    )
