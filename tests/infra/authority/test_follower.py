"""The replica: in order, whole revisions, no gap, and never behind what it says of itself."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import delete, select, update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.authority.changes import Operation, VisibilityFact, delete_visibility, put_visibility
from infra.authority.follower import FEED_PATH, Follower, ReplicaBehindError, applied_revision
from infra.authority.tables import AppliedRevision, Visibility
from infra.database import Database
from infra.http_client import HttpClient
from infra.identity_token import TokenMinter
from infra.signing_keys import SigningKeys
from infra.vocabulary import Basis
from tests.fixtures.service_app import ConsentStandIn, http_server

AT = datetime(2026, 1, 1, tzinfo=UTC)


class Feed:
    """A consent service and the followers of one database that listen to it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.consent = ConsentStandIn()
        self.address = f"unix:{folder}/consent.sock"
        self._database = database
        self._minter = TokenMinter(SigningKeys("cases", folder / "keys", folder / "public"))
        self.clients: list[HttpClient] = []

    def new_follower(self) -> Follower:
        client = HttpClient(self.address)
        self.clients.append(client)
        return Follower(self._database, client, self._minter)


@pytest_asyncio.fixture(loop_scope="session")
async def feed(chassis_database: Database, tmp_path: Path) -> AsyncIterator[Feed]:
    async with chassis_database.write() as session:
        await session.execute(delete(Visibility))
        await session.execute(update(AppliedRevision).values(revision=0))
    made = Feed(chassis_database, tmp_path)
    async with made.consent.listening(tmp_path / "consent.sock"):
        yield made
        for client in made.clients:
            await client.close()


def put(row_id: UUID) -> Operation:
    return put_visibility(VisibilityFact(row_id, uuid4(), "agency:a", Basis.RELEASE, AT))


async def facts(database: Database) -> dict[UUID, int]:
    async with database.read() as session:
        rows = await session.scalars(select(Visibility))
        return {row.id: row.revision for row in rows}


async def revision(database: Database) -> int:
    async with database.read() as session:
        return await applied_revision(session)


async def test_changes_are_applied_in_order_with_their_revision(
    feed: Feed, chassis_database: Database
) -> None:
    first, second = uuid4(), uuid4()
    for operations in ([put(first)], [put(second)], [delete_visibility(first)]):
        feed.consent.publish(operations)
    follower = feed.new_follower()
    await follower.catch_up()
    assert await facts(chassis_database) == {second: 2}
    assert await revision(chassis_database) == follower.progress.revision == 3
    await follower.catch_up()
    assert await revision(chassis_database) == 3


async def test_a_restart_goes_on_from_where_it_stood(
    feed: Feed, chassis_database: Database
) -> None:
    feed.consent.publish([put(uuid4())])
    await feed.new_follower().catch_up()
    feed.consent.publish([put(uuid4())])
    again = feed.new_follower()
    await again.start()
    try:
        await again.wait_for(2, timeout_seconds=60)
    finally:
        await again.stop()
    assert await revision(chassis_database) == 2
    assert len(await facts(chassis_database)) == 2


async def test_news_wake_a_waiting_follower_at_once(feed: Feed) -> None:
    follower = feed.new_follower()
    await follower.start()
    try:
        await asyncio.sleep(0.05)
        assert follower.progress.revision == 0
        number = feed.consent.publish([put(uuid4())])
        await follower.wait_for(number, timeout_seconds=60)
        assert follower.is_connected
    finally:
        await follower.stop()


async def test_waiting_for_what_does_not_come_ends(feed: Feed) -> None:
    follower = feed.new_follower()
    with pytest.raises(ReplicaBehindError):
        await follower.wait_for(1, timeout_seconds=0.02)
    await follower.wait_for(0, timeout_seconds=0)
    assert not follower.is_connected


class Answering:
    """A consent service that answers the feed with what it is told."""

    def __init__(self) -> None:
        self.status = 200
        self.body: Any = {"changes": []}

    async def __call__(self, _request: Request) -> Response:
        return JSONResponse(self.body, self.status)


async def catch_up_with(feed: Feed, folder: Path, answer: Answering) -> None:
    app = Starlette(routes=[Route(FEED_PATH, answer.__call__, methods=["GET"])])
    feed.address = f"unix:{folder}/other.sock"
    async with http_server(app, uds=f"{folder}/other.sock"):
        follower = feed.new_follower()
        try:
            await follower.catch_up()
        finally:
            await feed.clients.pop().close()


@pytest.mark.parametrize(
    "numbers", [[2], [1, 3], [1, 1], [0], [2, 1]], ids=lambda numbers: "-".join(map(str, numbers))
)
async def test_a_gap_is_refused_and_nothing_of_the_batch_stays(
    feed: Feed, chassis_database: Database, tmp_path: Path, numbers: list[int]
) -> None:
    answer = Answering()
    answer.body = {"changes": [{"revision": n, "operations": [put(uuid4())]} for n in numbers]}
    with pytest.raises(ReplicaBehindError):
        await catch_up_with(feed, tmp_path, answer)
    assert await facts(chassis_database) == {}
    assert await revision(chassis_database) == 0


async def test_a_refused_feed_leaves_the_replica_as_it_was(
    feed: Feed, chassis_database: Database, tmp_path: Path
) -> None:
    answer = Answering()
    answer.status = 401
    with pytest.raises(ReplicaBehindError):
        await catch_up_with(feed, tmp_path, answer)
    assert await revision(chassis_database) == 0


async def assert_a_late_instance_revives_nothing(feed: Feed, database: Database) -> None:
    """Two instances share the database; the one that is behind must not bring back the past."""
    ahead, behind = feed.new_follower(), feed.new_follower()
    revoked = uuid4()
    feed.consent.publish([put(revoked)])
    feed.consent.publish([delete_visibility(revoked)])
    await ahead.catch_up()
    feed.consent.feed, newest = feed.consent.feed[:1], feed.consent.feed
    await behind.catch_up()  # an old answer, still on its way
    assert await facts(database) == {}
    assert await revision(database) == 2
    feed.consent.feed = newest
    await behind.catch_up()
    assert (await facts(database), await revision(database)) == ({}, 2)


async def test_an_instance_that_is_behind_revives_nothing(
    feed: Feed, chassis_database: Database
) -> None:
    await assert_a_late_instance_revives_nothing(feed, chassis_database)


async def test_an_instance_that_trusts_its_own_count_is_caught(
    feed: Feed, chassis_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = select

    def forgetful(*columns: Any) -> Any:
        if columns == (AppliedRevision.revision,):
            return right(AppliedRevision.revision - AppliedRevision.revision)
        return right(*columns)

    monkeypatch.setattr("infra.authority.follower.select", forgetful)
    with pytest.raises(AssertionError):
        await assert_a_late_instance_revives_nothing(feed, chassis_database)


async def test_following_survives_an_outage(feed: Feed, tmp_path: Path) -> None:
    feed.address = f"unix:{tmp_path}/later.sock"
    follower = feed.new_follower()
    await follower.start()
    try:
        await asyncio.sleep(0.1)
        number = feed.consent.publish([put(uuid4())])
        async with feed.consent.listening(tmp_path / "later.sock"):
            await follower.wait_for(number, timeout_seconds=60)
    finally:
        await follower.stop()
