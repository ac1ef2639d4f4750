"""What resolvers of one request share: who asks, one snapshot to read, transactions to write.

Resolvers of one request run interleaved; the snapshot is one database session, so it is lent to
one resolver at a time. Loaders and everything else here live as long as the request, never
longer: nothing of one caller can reach another.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TypeVar, cast

from strawberry.types import Info

from infra.authority.directory import Directory, DirectoryError
from infra.authority.follower import Follower, ReplicaBehindError
from infra.authority.handover import Handover
from infra.authority.predicate import bindings, shape_of
from infra.authority.reliance import reliance
from infra.database import Database, ReadSession, WriteSession
from infra.errors import GoldenThreadError
from infra.identity_token import Caller
from infra.pagination import CursorSeal

Loader = TypeVar("Loader")
_REPLICA_WAIT_SECONDS = 0.5


class PermitMissingError(GoldenThreadError):
    """A mutation came without the permit that the gateway gets before any effect."""

    code = "PERMIT_MISSING"


class RequestContext:
    """One request at a service.

    Attributes:
        caller: verified; nothing else says who asks.
        seal: seals page cursors.
        is_production: no developer conveniences when true.
    """

    def __init__(
        self,
        caller: Caller,
        database: Database,
        seal: CursorSeal,
        handover: Handover | None,
        follower: Follower | None = None,
        *,
        directory: Directory | None = None,
        is_production: bool = True,
    ) -> None:
        self.caller = caller
        self.seal = seal
        self.is_production = is_production
        self._database = database
        self._handover = handover
        self._follower = follower
        self._directory = directory
        self._stack = AsyncExitStack()
        self._lending = asyncio.Lock()
        self._snapshot: ReadSession | None = None
        self._loaders: dict[type[object], object] = {}
        self.shape = shape_of(caller)
        """The caller without who they are; see ``infra.authority.predicate.shape_of``."""
        self.shape_key = (caller.role, caller.purpose, tuple(caller.access.items()))
        """What tells two shapes apart."""
        self.bindings = bindings(caller)
        """What fills the slots of a statement made for the shape."""
        self.revision: int | None = None
        self.valid_until: datetime | None = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadSession]:
        """Lend the request's snapshot; opened at first use, together with its revision."""
        async with self._lending:
            if self._snapshot is None:
                snapshot = await self._stack.enter_async_context(self._database.read())
                self.revision, self.valid_until = await reliance(snapshot, self.caller)
                self._snapshot = snapshot
            yield self._snapshot

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[WriteSession]:
        """Open a transaction; when it has committed, hand over the authority facts it changed.

        The snapshot is dropped, so that the payload shows what was written; and the replica is
        waited for, briefly, so that it shows it to whom the new facts say. A replica that stays
        behind costs the payload what it does not know yet, never the mutation.

        Raises:
            PermitMissingError: the release gate has not allowed this mutation's effect.
            HandoverError: stored here, but not acknowledged by ``svc_consent`` yet.
        """
        if self.caller.permit is None:
            raise PermitMissingError("no effect without the release gate's permit")
        async with self._database.write() as session:
            yield session
        if self._handover is not None:
            await self._handover.flush()
            if self._follower is not None:
                with contextlib.suppress(ReplicaBehindError):
                    await self._follower.wait_for(self._handover.latest, _REPLICA_WAIT_SECONDS)
        async with self._lending:
            await self._drop_snapshot()

    async def is_serving(self, account_id: str) -> bool:
        """Return whether an account may sign in for the caller's agency now.

        Raises:
            DirectoryError: ``svc_consent`` does not say.
        """
        if self._directory is None:
            raise DirectoryError("nobody to ask")
        return await self._directory.is_serving(account_id, self.caller.agency_id)

    def loader(self, kind: type[Loader]) -> Loader:
        """Return this request's loader of a kind; made with this context at first use."""
        if kind not in self._loaders:
            self._loaders[kind] = kind(self)  # type: ignore[call-arg]  # every loader takes the context
        return cast("Loader", self._loaders[kind])

    async def close(self) -> None:
        """Give the snapshot back."""
        await self._drop_snapshot()

    async def _drop_snapshot(self) -> None:
        self._snapshot = None
        self._loaders = {}  # what they remember is from before the write
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()


def context_of(info: Info) -> RequestContext:
    """Return the request's context inside a resolver."""
    return cast("RequestContext", info.context)
