"""Handing facts over: in order, once each, kept until they are taken, and not ready before."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import pytest_asyncio
from sqlalchemy import delete, func, select

from infra.authority import handover
from infra.authority.changes import VisibilityFact, delete_visibility, put_visibility
from infra.authority.handover import Handover, HandoverError, append
from infra.authority.tables import OutboxEntry
from infra.database import Database
from infra.http_client import HttpClient, HttpClientError
from infra.identity_token import Caller, TokenMinter
from infra.pagination import CursorSeal
from infra.request_context import RequestContext
from infra.settings import Secret
from infra.signing_keys import SigningKeys
from infra.vocabulary import Basis, Role
from tests.fixtures.service_app import ConsentStandIn

AT = datetime(2026, 1, 1, tzinfo=UTC)
SEAL = CursorSeal(Secret("A" * 43 + "="))
CALLER = Caller("s", "a", "site", "g", Role.CM, None, permit="permit-of-the-gate")


class Desk:
    """A service's outbox, its hand-over, and the consent service that takes facts."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.consent = ConsentStandIn()
        self.client = HttpClient(f"unix:{folder}/consent.sock")
        minter = TokenMinter(SigningKeys("cases", folder / "keys", folder / "public"))
        self.handover = Handover(database, self.client, minter)

    async def put(self, row_id: UUID) -> None:
        async with self.database.write() as session:
            append(
                session,
                [put_visibility(VisibilityFact(row_id, uuid4(), "agency:a", Basis.COUNSEL, AT))],
            )

    async def waiting(self) -> int:
        async with self.database.read() as session:
            statement = select(func.count()).where(OutboxEntry.revision.is_(None))
            return await session.scalar(statement) or 0

    @property
    def taken(self) -> list[str]:
        rows: list[Any] = [each.get("row", each) for each in self.consent.handed_over]
        return [str(row["id"]) for row in rows]


@pytest_asyncio.fixture(loop_scope="session")
async def desk(chassis_database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with chassis_database.write() as session:
        await session.execute(delete(OutboxEntry))
    made = Desk(chassis_database, tmp_path)
    async with made.consent.listening(tmp_path / "consent.sock"):
        yield made
        await made.client.close()


async def test_facts_are_handed_over_in_order_and_once(desk: Desk) -> None:
    ids = [uuid4() for _ in range(3)]
    for each in ids:
        await desk.put(each)
    assert await desk.handover.flush() == 3
    assert desk.taken == [str(each) for each in ids]
    assert await desk.handover.flush() == 0
    assert (await desk.waiting(), len(desk.consent.feed)) == (0, 3)


async def test_nothing_to_hand_over_makes_no_entry(desk: Desk) -> None:
    async with desk.database.write() as session:
        append(session, [])
    assert await desk.waiting() == 0


async def test_a_rolled_back_change_hands_nothing_over(desk: Desk) -> None:
    async def fail() -> None:
        async with desk.database.write() as session:
            append(session, [delete_visibility(uuid4())])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await desk.handover.flush() == 0


async def test_what_is_refused_stays_and_is_sent_again_in_order(desk: Desk) -> None:
    first, second = uuid4(), uuid4()
    await desk.put(first)
    desk.consent.is_refusing = True
    with pytest.raises(HandoverError):
        await desk.handover.flush()
    await desk.put(second)
    assert (await desk.waiting(), desk.handover.is_settled) == (2, False)
    desk.consent.is_refusing = False
    await desk.handover.flush()
    assert desk.taken == [str(first), str(second)]
    assert desk.handover.is_settled


async def test_a_lost_answer_does_not_make_a_second_fact(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = desk.client.request
    sent: list[Any] = []

    async def lose_first(*given: Any, **more: Any) -> Any:
        response = await right(*given, **more)
        sent.append(orjson.loads(given[3])["id"])
        if len(sent) == 1:
            raise HttpClientError("the connection broke before the answer")
        return response

    monkeypatch.setattr(desk.client, "request", lose_first)
    await desk.put(uuid4())
    with pytest.raises(HandoverError):
        await desk.handover.flush()
    assert await desk.handover.flush() == 1
    assert sent[0] == sent[1]
    assert len(desk.consent.feed) == 1


async def test_an_unreachable_consent_service_is_no_success(
    chassis_database: Database, tmp_path: Path
) -> None:
    desk = Desk(chassis_database, tmp_path)
    await desk.put(uuid4())
    with pytest.raises(HandoverError):
        await desk.handover.flush()
    assert not desk.handover.is_settled
    await desk.client.close()


async def until_settled(sending: Handover) -> None:
    async with asyncio.timeout(60):
        while not sending.is_settled:  # noqa: ASYNC110 - the state belongs to the task
            await asyncio.sleep(0.01)


async def test_an_earlier_run_s_facts_are_handed_over_at_the_start(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "_RETRY_SECONDS", 0.02)
    desk.consent.is_refusing = True
    await desk.put(uuid4())
    await desk.handover.start()
    try:
        await asyncio.sleep(0.1)
        assert not desk.handover.is_settled
        desk.consent.is_refusing = False
        await until_settled(desk.handover)
    finally:
        await desk.handover.stop()
    assert len(desk.taken) == 1


async def assert_acknowledged_only_when_taken(desk: Desk) -> None:
    """A narrowing change is in force at the consent service before anybody is told that it is."""
    context = RequestContext(CALLER, desk.database, SEAL, desk.handover)
    row_id = uuid4()
    async with context.writing() as session:
        append(session, [delete_visibility(row_id)])
    assert desk.taken == [str(row_id)]
    desk.consent.is_refusing = True
    with pytest.raises(HandoverError):
        async with context.writing() as session:
            append(session, [delete_visibility(uuid4())])


async def test_a_change_is_acknowledged_only_when_it_was_taken(desk: Desk) -> None:
    await assert_acknowledged_only_when_taken(desk)


async def test_acknowledging_first_and_sending_later_is_caught(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def later() -> int:
        return 0

    monkeypatch.setattr(desk.handover, "flush", later)
    with pytest.raises(AssertionError):
        await assert_acknowledged_only_when_taken(desk)


async def killed(point: str, dsn: str, folder: Path) -> UUID:
    """Let another process change a fact and die by kill -9 at a point; return the fact's row."""
    row_id = uuid4()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.infra.authority.mortal_desk", point, str(folder), str(row_id),
        cwd=Path(__file__).parents[3], env={**os.environ, "GT_DATABASE_DSN": dsn},
    )  # fmt: skip
    assert await process.wait() == -signal.SIGKILL
    return row_id


async def assert_delivered_once(desk: Desk, point: str, dsn: str, folder: Path) -> None:
    row_id = await killed(point, dsn, folder)
    assert desk.taken == ([str(row_id)] if point == "sent" else [])
    # The next run of the program, which is not ready before.
    await desk.handover.start()
    try:
        await until_settled(desk.handover)
    finally:
        await desk.handover.stop()
    assert desk.taken == [str(row_id)], "once in effect"
    assert await desk.waiting() == 0


@pytest.mark.parametrize("point", ["committed", "sent"])
async def test_whoever_is_killed_after_the_commit_has_it_delivered_once(
    desk: Desk, chassis_dsn: str, tmp_path: Path, point: str
) -> None:
    await assert_delivered_once(desk, point, chassis_dsn, tmp_path)


async def test_twin_a_program_that_keeps_in_memory_what_it_owes_is_noticed(
    desk: Desk, chassis_dsn: str, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match="once in effect"):
        await assert_delivered_once(desk, "forgetful", chassis_dsn, tmp_path)


async def test_twin_a_repetition_under_another_id_is_noticed(
    desk: Desk, chassis_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Handover._send

    async def as_another(self: Handover, entry: OutboxEntry) -> int:
        again = OutboxEntry(id=uuid4(), operations=entry.operations)
        return await sound(self, again)

    monkeypatch.setattr(Handover, "_send", as_another)
    with pytest.raises(AssertionError, match="once in effect"):
        await assert_delivered_once(desk, "sent", chassis_dsn, tmp_path)
