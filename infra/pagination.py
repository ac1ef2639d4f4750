"""Relay connections with keyset cursors that are sealed (GraphQL Cursor Connections).

A cursor holds the sort key of a row, which may itself be protected; so it is encrypted and
authenticated (AES-256-GCM), and bound to the caller, the purpose, the connection and the policy
version. A cursor of somebody else, of another list or from before a policy change is refused, and
so is one that is older than a day: what stood at its place may be nobody's business any more.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
import strawberry
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra import clock
from infra.errors import GoldenThreadError
from infra.identity_token import Caller
from infra.schema_directives import category
from infra.settings import Secret, SettingsError
from infra.vocabulary import Category

MAX_PAGE_SIZE = 100
CURSOR_SECONDS = 86_400
_NONCE_BYTES = 12
_CLOCK_TOLERANCE = 60
_STRUCTURE = [category(Category.STRUCTURE)]

NodeType = TypeVar("NodeType")
RowType = TypeVar("RowType")


class PaginationError(GoldenThreadError):
    """A page size or cursor is not acceptable. The text depends on the input alone."""

    code = "BAD_USER_INPUT"


class CursorSeal:
    """Seals and opens cursors with the platform's cursor key (32 bytes, base64)."""

    def __init__(self, key: Secret) -> None:
        try:
            self._key = base64.b64decode(key.reveal(), validate=True)
            self._cipher = AESGCM(self._key)
        except ValueError:
            raise SettingsError("GT_CURSOR_KEY must be 32 bytes in base64") from None

    def derived(self, label: str) -> bytes:
        """Return a key of the same secrecy for something else, by its name."""
        return hmac.new(self._key, label.encode(), hashlib.sha256).digest()

    @staticmethod
    def _bound_to(caller: Caller, connection: str) -> bytes:
        purpose = caller.purpose.value if caller.purpose else ""
        parts = (caller.subject, caller.grant_id, purpose, connection, caller.policy_version)
        return orjson.dumps(parts)

    def seal(self, caller: Caller, connection: str, key: Sequence[Any]) -> str:
        """Return an opaque cursor for a row's sort key (JSON scalars)."""
        nonce = os.urandom(_NONCE_BYTES)
        text = orjson.dumps((clock.epoch_seconds(), key))
        sealed = self._cipher.encrypt(nonce, text, self._bound_to(caller, connection))
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, caller: Caller, connection: str, cursor: str) -> list[Any]:
        """Return the sort key inside a cursor.

        Raises:
            PaginationError: not a cursor of this caller, list and policy version, or too old.
        """
        try:
            raw = base64.urlsafe_b64decode(cursor.encode())
            bound = self._bound_to(caller, connection)
            opened = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], bound)
        except (ValueError, InvalidTag):
            raise PaginationError("'after' is not a cursor of this list; start over") from None
        sealed_at, key = orjson.loads(opened)
        if not 0 <= clock.epoch_seconds() - sealed_at + _CLOCK_TOLERANCE < CURSOR_SECONDS:
            raise PaginationError("'after' is not a cursor of this list; start over")
        found: list[Any] = key
        return found


def page_size(first: int) -> int:
    """Check a page size.

    Raises:
        PaginationError: not between 1 and 100.
    """
    if not 1 <= first <= MAX_PAGE_SIZE:
        raise PaginationError(f"'first' must be between 1 and {MAX_PAGE_SIZE}")
    return first


@strawberry.federation.type(
    shareable=True, directives=_STRUCTURE, description="Where a page stands in its connection."
)
class PageInfo:
    """Relay PageInfo; lists are read forwards."""

    has_next_page: bool = strawberry.field(description="Whether a further page exists.")
    has_previous_page: bool = strawberry.field(description="Whether this is not the first page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge.")
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last edge; give it as `after` for the next page."
    )


@strawberry.type(directives=_STRUCTURE, description="One row of a connection.")
class Edge(Generic[NodeType]):
    """Relay edge."""

    cursor: str = strawberry.field(description="Opaque position of this row.")
    node: NodeType | None = strawberry.field(description="The row itself.")


@strawberry.type(directives=_STRUCTURE, description="A list that is read page by page.")
class Connection(Generic[NodeType]):
    """Relay connection. ``total_count`` counts only what this caller may see."""

    edges: list[Edge[NodeType]] = strawberry.field(description="The rows of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")
    total_count: int | None = strawberry.field(
        description="Rows in the whole list, counted over what this caller may see."
    )


@dataclass(frozen=True, slots=True)
class Page(Generic[RowType]):
    """What a repository returns for one page: up to ``first`` rows, and what lies around them."""

    rows: Sequence[RowType]
    has_next: bool
    total: int | None


def connection(
    page: Page[RowType],
    *,
    seal: CursorSeal,
    caller: Caller,
    name: str,
    after: str | None,
    key: Callable[[RowType], Sequence[Any]],
    node: Callable[[RowType], NodeType],
) -> Connection[NodeType]:
    """Build a connection from a page of rows.

    Args:
        page: rows as the repository returned them.
        seal: seals the cursors.
        caller: who they are bound to.
        name: the connection's name (`Type.field`), bound into the cursors.
        after: the cursor that this page was asked for with.
        key: sort key of a row (JSON scalars), the same that the repository ordered by.
        node: turns a row into its GraphQL object.
    """
    edges = [Edge(cursor=seal.seal(caller, name, key(row)), node=node(row)) for row in page.rows]
    info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges=edges, page_info=info, total_count=page.total)
