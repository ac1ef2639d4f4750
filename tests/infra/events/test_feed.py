"""What services tell gateways: in the order of finished transactions, after the facts before it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio
from sqlalchemy import text, update

from infra import clock
from infra.authority.tables import OutboxEntry
from infra.events import EventFeed, event_id, meeting_key, publish
from infra.events.feed import KEPT, Cursor
from infra.events.tables import StreamEvent
from infra.identity_token import Caller
from infra.vocabulary import Role
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(service_app: ServiceAppFactory) -> AsyncIterator[ServiceApp]:
    async with service_app("svc_cases") as running:
        yield running


async def _ask(service: ServiceApp, after: str | None, token: str | None = None) -> Any:
    bearer = token or service._gateway.for_service("cases")
    path = "/internal/events" + ("" if after is None else f"?after={after}")
    return await service.http.get(path, headers={"authorization": f"Bearer {bearer}"})


async def _now(service: ServiceApp) -> str:
    return str((await _ask(service, None)).json()["cursor"])


async def _happen(service: ServiceApp) -> UUID:
    meeting = uuid4()
    async with service.chassis.database.write() as session:
        publish(session, "agendaItemRemoved", meeting, [meeting_key(meeting)])
    return meeting


async def test_events_come_once_each_from_where_the_reader_is(service: ServiceApp) -> None:
    before = await _now(service)
    meetings = [str(await _happen(service)) for _ in range(3)]
    batch = (await _ask(service, before)).json()
    assert [each["id"] for each in batch["events"]] == meetings
    assert batch["events"][0] == {
        "field": "agendaItemRemoved", "id": meetings[0], "keys": [f"meeting:{meetings[0]}"],
    }  # fmt: skip
    assert (await _ask(service, batch["cursor"])).json()["events"] == []
    assert (await _ask(service, None)).json()["events"] == []  # from now on


async def test_no_event_is_passed_by_one_that_was_quicker(service: ServiceApp) -> None:
    """A number is given before the commit: the reader waits for the transaction that is open."""
    before = await _now(service)
    slow, database = uuid4(), service.chassis.database
    async with database.write() as session:
        publish(session, "agendaItemRemoved", slow, [])
        await session.flush()
        quick = await _happen(service)
        assert (await _ask(service, before)).json()["events"] == []
    found = (await _ask(service, before)).json()["events"]
    assert [each["id"] for each in found] == [str(slow), str(quick)]


async def test_an_event_waits_for_the_facts_of_before_it(service: ServiceApp) -> None:
    before, entry = await _now(service), uuid4()
    async with service.chassis.database.write() as session:
        session.add(OutboxEntry(id=entry, operations=[], created_at=clock.now(), revision=None))
        publish(session, "agendaItemRemoved", entry, [])
        await session.flush()
        await session.execute(text("select 1"))
    held = await EventFeed(service.chassis).read(Cursor.read(before), 0)
    if held.events:  # the background hand-over was quicker: then its facts are taken over
        assert held.revision > 0
        return
    assert held.is_waiting
    async with service.chassis.database.write() as session:
        await session.execute(
            update(OutboxEntry).where(OutboxEntry.id == entry).values(revision=held.revision + 1)
        )
    batch = await EventFeed(service.chassis).read(held.cursor, 0)
    assert [each["id"] for each in batch.events] == [str(entry)]
    assert batch.revision > held.revision


async def test_only_a_gateway_reads(service: ServiceApp) -> None:
    assert (await _ask(service, None, "a.b.c")).status_code == 401
    for odd in ("x", "1", "1.x", "-1.2", "1.2.3"):
        assert (await _ask(service, odd)).status_code == 400


async def test_a_reader_of_another_history_begins_anew(service: ServiceApp) -> None:
    await _happen(service)
    batch = (await _ask(service, f"{2**60}.1")).json()
    assert batch["hasGap"]
    assert batch["events"] == []
    assert (await _ask(service, batch["cursor"])).json()["hasGap"] is False


async def test_events_are_kept_for_an_hour(service: ServiceApp) -> None:
    old = uuid4()
    async with service.chassis.database.write() as session:
        session.add(StreamEvent(field="f", entity_id=old, keys=[], at=clock.now() - 2 * KEPT))
    feed = EventFeed(service.chassis)
    feed._tidied_at = float("-inf")
    await feed.read(None, 0)
    async with service.chassis.database.read() as session:
        found = await session.scalar(
            text("select count(*) from stream_event where entity_id = :id"), {"id": old}
        )
    assert found == 0


def test_a_token_names_one_event_for_one_field() -> None:
    key = uuid4()
    asking = Caller("s", "", "", "", Role.CM, None, event=f"releaseChanged:{key}")
    assert event_id(asking, "releaseChanged") == key
    assert event_id(asking, "assignmentChanged") is None
    assert event_id(Caller("s", "", "", "", Role.CM, None), "releaseChanged") is None
