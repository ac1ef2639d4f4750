"""The gate against concurrent revocations, lost connections and planted bugs.

Each planted twin is a gate without one of its checks; the assertion that guards it must fail.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.authority.facts import Operation, agency_holder
from svc_consent.authority import rules as authority_rules
from svc_consent.authority.decision import DISCLOSURE, Decision
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import Touched, keys_of, subject_key
from svc_consent.disclosures import rules
from svc_consent.disclosures.repository import gate
from svc_consent.disclosures.verification import verify_ledger
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory

IN_FLIGHT_SECONDS = 0.08


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


class Shared:
    """An officer and a participant whose release names the officer's agency."""

    def __init__(self, world: ConsentWorld, officer: Person) -> None:
        self.world, self.officer, self.participant = world, officer, str(uuid4())
        self.relied_on, self.row_id = 0, uuid4()

    async def prepare(self) -> None:
        self.row_id = await self.world.release(self.participant, self.officer.agency_id)
        self.relied_on = await self.world.head()

    def call(self, **changes: Any) -> dict[str, Any]:
        return self.world.gate_call(self.officer, self.relied_on, [self.participant], **changes)

    @property
    def holder(self) -> str:
        return agency_holder(self.officer.agency_id)

    async def revoke(self) -> int:
        return await self.world.take_back(self.participant, self.holder, self.row_id)

    async def is_released(self, **changes: Any) -> bool:
        (verdict,) = await self.world.gate(self.call(**changes))
        return bool(verdict["verdict"] == "RELEASED" and not verdict["lapsed"])


@pytest_asyncio.fixture(loop_scope="session")
async def shared(world: ConsentWorld) -> Shared:
    made = Shared(world, await world.make_person("LEO", await world.make_agency("LE")))
    await made.prepare()
    return made


async def _stops_after_the_subject_changed(shared: Shared) -> None:
    await shared.world.change([subject_key(shared.officer.subject)], [])
    assert not await shared.is_released()


async def _stops_after_the_list_changed(shared: Shared) -> None:
    await shared.world.release(str(uuid4()), shared.officer.agency_id)
    assert not await shared.is_released(uses_list=True)


async def _stops_after_the_revocation(shared: Shared) -> None:
    await shared.revoke()
    assert not await shared.is_released()


async def _waits_for_a_revocation_under_way(shared: Shared) -> None:
    """A change that has its number but is not committed yet comes first."""
    operation: Operation = {"op": "delete", "table": "visibility", "id": str(shared.row_id)}
    keys = keys_of([Touched(shared.participant, shared.holder)], {})
    async with shared.world.service.chassis.database.write() as session:
        await record_change(session, keys, [operation])
        asking = asyncio.create_task(shared.is_released())
        await asyncio.sleep(IN_FLIGHT_SECONDS)
    assert not await asking


async def _holds_a_revocation_off_until_it_has_recorded(shared: Shared) -> None:
    """Between check and commit nothing can change; what is released is recorded before."""
    may_go_on, real = asyncio.Event(), gate.append
    order: list[str] = []
    is_recorded = asyncio.Event()

    async def slow_append(*arguments: Any) -> None:
        await real(*arguments)
        order.append("recorded")
        is_recorded.set()
        await may_go_on.wait()

    async def revoke() -> None:
        await shared.revoke()
        order.append("revoked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "append", slow_append)
        asking = asyncio.create_task(shared.is_released())
        await asyncio.wait_for(is_recorded.wait(), 60)
        revoking = asyncio.create_task(revoke())
        await asyncio.sleep(IN_FLIGHT_SECONDS)
        order.append("committed")
        may_go_on.set()
        assert await asking
        await revoking
    assert order == ["recorded", "committed", "revoked"]


async def _new_gates_queue_behind_a_revocation_that_waits(shared: Shared) -> None:
    """A revocation waits for those who have the lock, and for nobody who comes after it (CN-11).

    However many ask, its acknowledgement is as near as the end of the gates that were before it.
    """
    may_go_on, real = asyncio.Event(), gate.append
    is_recorded = asyncio.Event()
    order: list[str] = []

    async def slow_append(*arguments: Any) -> None:
        await real(*arguments)
        if not is_recorded.is_set():
            is_recorded.set()
            await may_go_on.wait()

    async def revoke() -> None:
        await shared.revoke()
        order.append("revoked")

    async def ask(lane: str) -> bool:
        (verdict,) = await shared.world.gate(shared.call(), lane=lane)
        order.append(lane)
        return not verdict["lapsed"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "append", slow_append)
        first = asyncio.create_task(ask(f"first-{uuid4().hex}"))
        await asyncio.wait_for(is_recorded.wait(), 60)
        revoking = asyncio.create_task(revoke())
        try:
            await _until_it_waits_for_the_order(shared.world, revoking)
            later = asyncio.create_task(ask(f"later-{uuid4().hex}"))
            await asyncio.sleep(IN_FLIGHT_SECONDS)
            assert order == []
        finally:
            may_go_on.set()
            await asyncio.gather(first, revoking)
        assert first.result()
        assert not await later


async def _until_it_waits_for_the_order(world: ConsentWorld, revoking: asyncio.Task[None]) -> None:
    deadline = asyncio.get_running_loop().time() + 60
    waiting = 0
    while not waiting:
        assert not revoking.done(), "it waited for nobody"
        assert asyncio.get_running_loop().time() < deadline, "nobody waits"
        async with world.service.chassis.database.read() as session:
            waiting = await session.scalar(
                text(
                    "select count(*) from pg_locks where locktype = 'advisory' and not granted"
                    " and database = (select oid from pg_database where datname ="
                    " current_database())"
                )
            )
        await asyncio.sleep(0.005)


async def _without_shared_lock(connection: Any) -> None:
    await connection.execute("begin isolation level read committed")


class _PermitAll:
    def __init__(self, *_arguments: object) -> None:
        pass

    def decide(self, _grounds: object) -> Decision:
        return Decision(["IDENTITY"], None, {}, {"IDENTITY": DISCLOSURE})

    def is_limited(self, _grounds: object) -> bool:
        return False


_TWINS: list[tuple[Any, Any, str, Any]] = [
    (_stops_after_the_subject_changed, rules, "moved_keys", lambda *_: []),
    (_stops_after_the_list_changed, rules, "moved_keys", lambda *_: []),
    (_stops_after_the_revocation, rules, "Decider", _PermitAll),
    (_waits_for_a_revocation_under_way, gate, "begin_under_lock", _without_shared_lock),
    (_holds_a_revocation_off_until_it_has_recorded, gate, "begin_under_lock", _without_shared_lock),
    (
        _new_gates_queue_behind_a_revocation_that_waits,
        gate,
        "begin_under_lock",
        _without_shared_lock,
    ),
]


@pytest.mark.parametrize("check", [twin[0] for twin in _TWINS])
async def test_gate(shared: Shared, check: Any) -> None:
    await check(shared)


@pytest.mark.parametrize(("check", "module", "name", "broken"), _TWINS)
async def test_planted_bug_is_caught(
    shared: Shared,
    monkeypatch: pytest.MonkeyPatch,
    check: Any,
    module: Any,
    name: str,
    broken: Any,
) -> None:
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(AssertionError):
        await check(shared)


async def test_order_that_cannot_be_had_ends_in_a_refusal(shared: Shared) -> None:
    call = shared.call()
    async with shared.world.service.chassis.database.write() as session:
        await record_change(session, [authority_rules.POLICY_KEY], [])
        # That the refusal comes while the order is still taken is the point.
        status, _ = await shared.world.call(
            "POST", "/internal/gate", {"lane": "x", "calls": [call]}
        )
        assert status == 503
    assert await shared.world.entries(call["releaseId"]) == []


async def test_clock_is_read_after_the_wait_for_the_lane(shared: Shared) -> None:
    world, lane, call = shared.world, "waited-for", shared.call()
    await world.gate(world.gate_call(shared.officer, shared.relied_on), lane=lane)
    async with world.service.chassis.database.write() as session:
        await session.execute(
            text("select from ledger_lane where lane = :lane for update"), {"lane": lane}
        )
        asking = asyncio.create_task(world.gate(call, lane=lane))
        await asyncio.sleep(IN_FLIGHT_SECONDS)
        held_until = (await session.execute(text("select clock_timestamp()"))).scalar_one()
    await asking
    (entry,) = await world.entries(call["releaseId"])
    assert datetime.fromisoformat(entry["recordedAt"]) > held_until


async def test_gates_on_one_lane_make_one_chain(shared: Shared) -> None:
    async def until_judged(call: dict[str, Any]) -> None:
        status = 0
        while status != 200:  # a busy machine may refuse; a call can be repeated
            body = {"lane": "crowded", "calls": [call]}
            status, _ = await shared.world.call("POST", "/internal/gate", body)

    await asyncio.gather(*(until_judged(shared.call()) for _ in range(24)))
    assert (await _lane(shared.world, "crowded"))[0] == 24
    owner = await asyncpg.connect(shared.world.service.owner_dsn)
    report = await verify_ledger(owner, None)
    await owner.close()
    assert report.flaws == []


@pytest.mark.parametrize("point", ["append", "commit"])
async def test_lost_connection_leaves_no_half_record(
    shared: Shared, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    lane = f"lost-{point}"
    assert await shared.world.gate(shared.call(), lane=lane)
    before = await _lane(shared.world, lane)
    real = getattr(gate, point)

    async def cut(connection: Any, *arguments: Any) -> None:
        if point == "append":
            await real(connection, *arguments)
        pid = connection.get_server_pid()
        superior = await asyncpg.connect(shared.world.service.settings.database_dsn.reveal())
        await superior.execute("select pg_terminate_backend($1)", pid)
        await superior.close()
        await asyncio.sleep(0.02)
        if point == "commit":
            await real(connection)

    call = shared.call()
    monkeypatch.setattr(gate, point, cut)
    status, _ = await shared.world.call("POST", "/internal/gate", {"lane": lane, "calls": [call]})
    assert status == 503
    monkeypatch.undo()
    assert await shared.world.entries(call["releaseId"]) == []
    assert await _lane(shared.world, lane) == before
    (verdict,) = await shared.world.gate(call, lane=lane)
    assert verdict["verdict"] == "RELEASED"
    assert (await _lane(shared.world, lane))[0] == before[0] + 1


@pytest.mark.parametrize(
    "spoiled",
    [
        {"releaseId": "no-id"},
        {"stage": "LATER"},
        {"keys": {}},
        {"keys": {"subject:x": "1"}},
        {"access": {"IDENTITY": "?"}},
        {"records": [{"participant": "no-id", "categories": ["IDENTITY"], "count": 1}]},
        {"validUntil": "2026-01-01T00:00:00"},
    ],
)
async def test_malformed_call_is_refused_with_all_beside_it(
    shared: Shared, spoiled: dict[str, Any]
) -> None:
    good = shared.call()
    body = {"lane": "malformed", "calls": [good, {**shared.call(), **spoiled}]}
    status, _ = await shared.world.call("POST", "/internal/gate", body)
    assert status == 400
    assert await shared.world.entries(good["releaseId"]) == []


async def test_every_release_was_permitted_at_its_revision(shared: Shared) -> None:
    """Gates and revocations at the same time, checked against the order of the feed."""
    world, is_over = shared.world, asyncio.Event()

    async def change_minds() -> None:
        for _ in range(12):
            await shared.revoke()
            await asyncio.sleep(0.003)
            shared.row_id = await world.release(shared.participant, shared.officer.agency_id)
            await asyncio.sleep(0.003)
        is_over.set()

    calls: list[str] = []

    async def ask(lane: str) -> None:
        while not is_over.is_set():
            call = shared.call()
            status, _ = await world.call("POST", "/internal/gate", {"lane": lane, "calls": [call]})
            if status == 200:
                calls.append(call["releaseId"])

    await asyncio.gather(change_minds(), ask("north"), ask("south"))
    async with world.service.chassis.database.read() as session:
        found = await session.execute(
            text(
                "select revision, operations->0->>'op' from authority_change where :key = any(keys)"
            ),
            {"key": f"participant:{shared.participant}"},
        )
        changes = sorted((row[0], row[1] == "put") for row in found)
    seen = set()
    for release_id in calls:
        for entry in await world.entries(release_id):
            permitted = [put for revision, put in changes if revision <= entry["revision"]][-1]
            assert (entry["outcome"] == "RELEASED") is permitted
            seen.add(permitted)
    assert seen == {True, False}


async def _lane(world: ConsentWorld, lane: str) -> tuple[int, bytes]:
    async with world.service.chassis.database.read() as session:
        found = await session.execute(
            text("select sequence, hash from ledger_lane where lane = :lane"), {"lane": lane}
        )
        row = found.one()
    return int(row[0]), bytes(row[1])
