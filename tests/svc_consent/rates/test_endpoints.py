"""The buckets that gateways share: debts, the passing of time, what is stored, who may call."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from svc_consent.hot_pool import HotPool
from svc_consent.rates import repository
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory

SETTLE, TAKE = "/internal/rates/settle", "/internal/rates/take"
SELDOM = 1e-6


@pytest_asyncio.fixture(scope="module")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    """Return the consent service."""
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        made.make_keys_known()
        yield made


def use(key: str, spent: float = 1, *, per_second: float = SELDOM, burst: float = 5) -> Any:
    """Return what a gateway says about a bucket."""
    return {"kind": "test", "key": key, "perSecond": per_second, "burst": burst, "spent": spent}


async def _settle(world: ConsentWorld, *uses: Any) -> list[float]:
    answer = await world.ok(SETTLE, {"instance": "gateway-test", "uses": list(uses)})
    return [round(level, 3) for level in answer["levels"]]


async def _take(world: ConsentWorld, given: Any) -> tuple[bool, float]:
    answer = await world.ok(TAKE, {"use": given})
    return answer["isTaken"], round(answer["level"], 3)


async def _time_passes(world: ConsentWorld, seconds: float) -> None:
    await world.execute("update rate_bucket set at = at - make_interval(secs => :s)", s=seconds)


async def test_what_was_let_through_is_taken_and_becomes_a_debt(world: ConsentWorld) -> None:
    one, other = uuid4().hex, uuid4().hex
    assert await _settle(world, use(one, 2), use(other, 5)) == [3, 0]
    assert await _settle(world, use(other, 3), use(one, 2)) == [-3, 1]
    assert await _settle(world, use(other, 100)) == [-5]  # nobody owes more than a burst


async def test_a_token_that_is_not_there_is_not_taken(world: ConsentWorld) -> None:
    key = uuid4().hex
    assert [(await _take(world, use(key, burst=2)))[0] for _ in range(4)] == [
        True, True, False, False,
    ]  # fmt: skip
    assert await _settle(world, use(key, 1, burst=2)) == [-1]
    assert await _take(world, use(key, burst=2)) == (False, -1)
    assert (await _take(world, use(uuid4().hex, spent=9)))[0] is False


async def test_time_gives_back_what_the_rate_says_and_no_more_than_a_burst(
    world: ConsentWorld,
) -> None:
    key = uuid4().hex
    await _settle(world, use(key, 5, per_second=0.01))
    await _time_passes(world, 300)
    taken, left = await _take(world, use(key, per_second=0.01))
    assert taken
    assert 2 <= left < 4
    await _time_passes(world, 10_000)
    taken, left = await _take(world, use(key, per_second=0.01))
    assert (taken, left) == (True, 4)


async def test_full_buckets_are_forgotten_and_owing_ones_are_kept(world: ConsentWorld) -> None:
    full, owing = uuid4().hex, uuid4().hex
    await _settle(world, use(full, per_second=1e6), use(owing))
    await _time_passes(world, 1)
    pool = HotPool(world.service.settings.database_dsn, application_name="test", size=1)
    await pool.start()
    try:
        async with pool.connection() as connection:
            before = await connection.fetchval("select count(*) from rate_bucket")
            await repository.sweep(connection)
            after = await connection.fetchval("select count(*) from rate_bucket")
    finally:
        await pool.stop()
    assert after < before
    assert await _settle(world, use(owing, 1)) == [3]


async def test_nobody_can_read_from_the_table_who_asked(world: ConsentWorld) -> None:
    await _settle(world, use("198.51.100.77"))
    async with world.service.chassis.database.read() as session:
        rows = (await session.execute(text("select t::text from rate_bucket t"))).scalars().all()
    assert rows
    assert not any("198.51.100.77" in row or b"198.51".hex() in row for row in rows)


@pytest.mark.parametrize(
    "changed",
    [
        {"key": 5}, {"kind": None}, {"key": "x" * 500}, {"spent": 0}, {"spent": -1},
        {"burst": "many"}, {"perSecond": True}, {"spent": 1e300}, {"perSecond": 1e-9},
    ],
    ids=["number", "no kind", "long", "nothing", "less", "text", "truth", "too much", "never full"],
)  # fmt: skip
async def test_misshapen_uses_are_refused(world: ConsentWorld, changed: dict[str, Any]) -> None:
    given = {**use(uuid4().hex), **changed}
    assert (await world.call("POST", TAKE, {"use": given}))[0] == 400
    body = {"instance": "gateway-test", "uses": [given]}
    assert (await world.call("POST", SETTLE, body))[0] == 400


async def test_a_bucket_that_is_named_twice_is_refused(world: ConsentWorld) -> None:
    body = {"instance": "gateway-test", "uses": [use("a"), use("a")]}
    assert (await world.call("POST", SETTLE, body))[0] == 400


async def test_only_gateways_may_say_what_was_used(world: ConsentWorld) -> None:
    given = {"use": use(uuid4().hex)}
    assert (await world.call("POST", TAKE, given, issuer="participants"))[0] == 401
