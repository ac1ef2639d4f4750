"""One statement for all objects of a kind that one request asks for, instead of one each.

Subclasses say how to fetch; ``context.loader(Kind)`` gives the one loader of the request. A key
without a row, or with one that the caller may not see, loads as None: the two look alike.
"""

from typing import Generic, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from infra.database import ReadSession
from infra.identity_token import Caller
from infra.request_context import RequestContext

Value = TypeVar("Value")


class BatchLoader(Generic[Value]):
    """Loader of values by the id of what they belong to."""

    def __init__(self, context: RequestContext) -> None:
        self._context = context
        self._loader: DataLoader[UUID, Value | None] = DataLoader(load_fn=self._load)

    async def fetch(
        self, session: ReadSession, caller: Caller, ids: list[UUID]
    ) -> dict[UUID, Value]:
        """Read the values that this caller may see, in one statement narrowed by its category."""
        raise NotImplementedError

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
