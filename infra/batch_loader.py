"""One statement for all objects of a kind that one request asks for, instead of one each.

Subclasses say how to fetch; ``context.loader(Kind)`` gives the one loader of the request. A key
without a row, or with one that the caller may not see, loads as None: the two look alike.

Building a statement costs about as much as running it. So a statement is built for the caller's
shape, kept, and run with the caller's own bindings (``infra.authority.predicate.shape_of``).
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, any_, bindparam
from strawberry.dataloader import DataLoader

from infra.database import ReadSession
from infra.errors import bug
from infra.identity_token import Caller
from infra.request_context import RequestContext

Value = TypeVar("Value")
AnySelect = Select[*tuple[Any, ...]]

IDS = any_(bindparam("ids", type_=ARRAY(Uuid)))
"""The keys that are asked for, in a statement of a ``BatchLoader``: ``Row.id == IDS``.

One array, not one parameter a key: the statement's text is the same for any number of keys, so
PostgreSQL plans it once a connection.
"""


class KeptStatements:
    """Statements by kind and shape, the least recently used ones forgotten."""

    _every: ClassVar[list["KeptStatements"]] = []

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._every.append(self)

    @classmethod
    def forget_all(cls) -> None:
        """Forget every statement; for tests that change what statements are made of."""
        for each in cls._every:
            each._kept.clear()

    def get(self, key: Hashable, build: Callable[[], Any]) -> Any:
        """Return the statement of this key, built at first use."""
        statement = self._kept.get(key)
        if statement is None:
            statement = self._kept[key] = build()
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return statement


_statements = KeptStatements()


class BatchLoader(Generic[Value]):
    """Loader of values by the id of what they belong to.

    A subclass gives either ``statement`` and ``collect``, or a ``fetch`` of its own.
    """

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self._loader: DataLoader[UUID, Value | None] = DataLoader(load_fn=self._load)

    def statement(self, caller: Caller) -> AnySelect:  # noqa: ARG002 - for subclasses
        """Return the statement for a shape of caller, narrowed by its category, over ``IDS``.

        It may depend on nothing else; ``caller`` has slots where its own ids would be.
        """
        bug(f"{type(self).__name__} has neither a statement nor a fetch")

    def collect(self, rows: Iterable[Any]) -> dict[UUID, Value]:  # noqa: ARG002 - for subclasses
        """Return the values of the statement's rows by key."""
        bug(f"{type(self).__name__} does not say how rows become values")

    async def fetch(
        self,
        session: ReadSession,
        caller: Caller,  # noqa: ARG002 - for subclasses
        ids: list[UUID],
    ) -> dict[UUID, Value]:
        """Read the values that this caller may see, in one statement narrowed by its category."""
        context = self._context
        statement = _statements.get(
            (type(self), context.shape_key), lambda: self.statement(context.shape)
        )
        found = await session.execute(statement, {**context.bindings, "ids": ids})
        return self.collect(found)

    async def load(self, key: UUID) -> Value | None:
        """Return one value, or None."""
        return await self._loader.load(key)

    async def load_many(self, keys: list[UUID | None]) -> list[Value | None]:
        """Return values in the order of the keys; an absent key has none."""
        wanted = [key for key in keys if key is not None]
        found = dict(zip(wanted, await self._loader.load_many(wanted), strict=True))
        return [None if key is None else found[key] for key in keys]

    async def _load(self, keys: list[UUID]) -> list[Value | None]:
        async with self._context.reading() as session:
            found = await self.fetch(session, self._context.caller, keys)
        return [found.get(key) for key in keys]
