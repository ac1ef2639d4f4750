"""A replica and an order that was restored: reads on, begins anew, or answers nothing."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import delete, update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.authority.facts import start_timeline, timeline_after
from infra.authority.follower import FEED_PATH, Follower, ReplicaBehindError
from infra.authority.tables import AppliedRevision, Visibility
from infra.database import Database
from infra.http_client import HttpClient
from infra.identity_token import TokenMinter
from infra.signing_keys import SigningKeys
from tests.fixtures.service_app import http_server
from tests.infra.authority.test_follower import facts, put, revision


@dataclass
class Order:
    """The consent service's feed: entries by revision, and a head that a restore moves back."""

    entries: dict[int, Sequence[dict[str, object]]] = field(default_factory=dict)

    def add(self, *rows: UUID) -> None:
        for row in rows:
            self.entries[max(self.entries, default=0) + 1] = [put(row)]

    def restore(self, head: int) -> None:
        """Forget what came after a revision."""
        self.entries = {number: each for number, each in self.entries.items() if number <= head}

    def begin_timeline(self) -> int:
        head = max(self.entries)
        self.entries[timeline_after(head)] = [start_timeline(head)]
        return timeline_after(head)

    async def answer(self, request: Request) -> Response:
        after = int(request.query_params["after"])
        told = [
            {"revision": number, "keys": [], "operations": operations}
            for number, operations in sorted(self.entries.items())
            if number > after
        ]
        return JSONResponse({"revision": max(self.entries, default=0), "changes": told})


@dataclass
class Followed:
    """An order and a way to follow it."""

    order: Order
    client: HttpClient
    minter: TokenMinter
    database: Database

    def follower(self) -> Follower:
        return Follower(self.database, self.client, self.minter)


@pytest_asyncio.fixture(loop_scope="session")
async def followed(chassis_database: Database, tmp_path: Path) -> AsyncIterator[Followed]:
    async with chassis_database.write() as session:
        await session.execute(delete(Visibility))
        await session.execute(update(AppliedRevision).values(revision=0))
    order = Order()
    app = Starlette(routes=[Route(FEED_PATH, order.answer, methods=["GET"])])
    minter = TokenMinter(SigningKeys("participants", tmp_path / "keys", tmp_path / "public"))
    async with http_server(app, uds=f"{tmp_path}/consent.sock"):
        client = HttpClient(f"unix:{tmp_path}/consent.sock")
        yield Followed(order, client, minter, chassis_database)
        await client.close()


async def test_a_replica_within_the_restored_past_reads_on(followed: Followed) -> None:
    first, second = uuid4(), uuid4()
    followed.order.add(first)
    follower = followed.follower()
    await follower.catch_up()
    began = followed.order.begin_timeline()
    followed.order.add(second)
    await follower.catch_up()
    assert await facts(followed.database) == {first: 1, second: began + 1}
    assert follower.progress.revision == began + 1
    await follower.wait_for(began, timeout_seconds=0)


async def test_a_replica_ahead_of_the_order_answers_nothing(followed: Followed) -> None:
    followed.order.add(uuid4(), uuid4())
    follower = followed.follower()
    await follower.catch_up()
    followed.order.restore(1)
    await follower.catch_up()
    assert follower.progress.is_ahead
    with pytest.raises(ReplicaBehindError):
        await follower.wait_for(0, timeout_seconds=0)


async def test_a_replica_of_a_lost_future_is_read_anew(followed: Followed) -> None:
    kept, lost, new = uuid4(), uuid4(), uuid4()
    followed.order.add(kept, lost)
    follower = followed.follower()
    await follower.catch_up()
    followed.order.restore(1)
    began = followed.order.begin_timeline()
    followed.order.add(new)
    await follower.catch_up()
    assert follower.progress.is_ahead
    await follower.catch_up()
    assert await facts(followed.database) == {kept: 1, new: began + 1}
    assert not follower.progress.is_ahead


async def test_a_second_instance_finds_what_the_first_has_read_anew(followed: Followed) -> None:
    """They share a database: the replica is thrown away once."""
    kept, lost = uuid4(), uuid4()
    followed.order.add(kept, lost)
    one, two = followed.follower(), followed.follower()
    await one.catch_up()
    await two.catch_up()
    followed.order.restore(1)
    began = followed.order.begin_timeline()
    for each in (one, one, two, two, one):
        await each.catch_up()
    assert await facts(followed.database) == {kept: 1}
    assert [one.progress.revision, two.progress.revision] == [began, began]
    assert await revision(followed.database) == began


async def test_a_batch_after_the_other_instance_began_anew_leaves_no_hole(
    followed: Followed,
) -> None:
    kept, lost, new = uuid4(), uuid4(), uuid4()
    followed.order.add(kept, lost)
    one, two = followed.follower(), followed.follower()
    await one.catch_up()
    await two.catch_up()
    restored: dict[int, Any] = dict(followed.order.entries)
    followed.order.restore(1)
    followed.order.begin_timeline()
    await one.catch_up()  # throws away
    followed.order.entries, anew = restored, followed.order.entries
    followed.order.add(new)
    await two.catch_up()  # an answer from before the restore, still on its way
    assert await facts(followed.database) == {}
    followed.order.entries = anew
    for each in (two, one, two, one):
        await each.catch_up()
    assert await facts(followed.database) == {kept: 1}
