"""The authority database slow, hanging or away: bounded refusals, no pile-up, no lasting harm.

The hanging one is real PostgreSQL: its backends are stopped (SIGSTOP), or a proxy before it
swallows what it is sent. What is asserted is order and number, never time (AU-03).
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
import pytest_asyncio

from infra.settings import Secret
from svc_consent.hot_pool import AuthorityUnavailableError, HotPool, Patience
from tests.faults.proxy import Fault, FaultProxy
from tests.fixtures.postgres import ServiceDatabaseFactory

SIZE = 3
SERVER_MS = 400
CALL_SECONDS = 0.8
CALLERS = 4 * SIZE
NEVER_SECONDS = 60.0
"""A call that is not back by then hangs; an honest one takes a second."""


@pytest.fixture(scope="module")
def dsn(service_database: ServiceDatabaseFactory) -> str:
    return service_database("consent")[1]


@asynccontextmanager
async def running_pool(dsn: str) -> AsyncIterator[HotPool]:
    pool = HotPool(
        Secret(dsn), application_name=f"silent{random.getrandbits(48)}", size=SIZE,
        patience=Patience("hot", SERVER_MS, CALL_SECONDS),
    )  # fmt: skip
    await pool.start()
    try:
        yield pool
    finally:
        await pool.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def pool(dsn: str) -> AsyncIterator[HotPool]:
    async with running_pool(dsn) as running:
        yield running


async def backend(pool: HotPool) -> int:
    """Use a connection; return the process behind it."""
    async with pool.connection() as connection:
        return int(await connection.fetchval("select pg_backend_pid()"))


async def all_backends(pool: HotPool) -> set[int]:
    """Have every connection of the pool open, idle; return the processes behind them."""
    found: set[int] = set()
    all_held = asyncio.Barrier(SIZE)

    async def hold() -> None:
        async with pool.connection() as connection:
            found.add(int(await connection.fetchval("select pg_backend_pid()")))
            await all_held.wait()

    for _ in range(20):  # a busy machine may refuse one, and then nobody meets
        holding = [asyncio.create_task(hold()) for _ in range(SIZE)]
        ended = await asyncio.gather(*holding, return_exceptions=True)
        if not any(isinstance(each, BaseException) for each in ended):
            return found
        found.clear()
        all_held = asyncio.Barrier(SIZE)
    raise AssertionError("the machine is too busy to open three connections")


@contextmanager
def stopped(pids: set[int]) -> Iterator[None]:
    """Let these backends hang, as on a machine that swaps or a disk that does not answer."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def outcome(pool: HotPool) -> str:
    try:
        await backend(pool)
    except AuthorityUnavailableError:
        return "refused"
    return "answered"


async def refusals(pool: HotPool, callers: int) -> list[str]:
    """Ask all at once; fails when anybody is not back."""
    asking = [asyncio.create_task(outcome(pool)) for _ in range(callers)]
    done, hanging = await asyncio.wait(asking, timeout=NEVER_SECONDS)
    for task in hanging:
        task.cancel()
    assert not hanging, f"{len(hanging)} of {callers} calls hang"
    return [task.result() for task in done]


def busy(pool: HotPool) -> int:
    """Return how many connections are lent out, as the metrics say it."""
    return int(pool._pool.get_size() - pool._pool.get_idle_size())


async def test_calls_on_backends_that_hang_are_refused_and_their_connections_given_up(
    pool: HotPool,
) -> None:
    hung = await all_backends(pool)
    with stopped(hung):
        told = await refusals(pool, SIZE)
        assert told == ["refused"] * SIZE
        assert busy(pool) == 0
        # Whoever comes later is served by others while those still hang: nothing piled up.
        fresh = await _until_answered(pool)
        assert fresh not in hung
    assert await _until_answered(pool) not in hung


async def test_a_crowd_before_a_hanging_database_leaves_nobody_behind(dsn: str) -> None:
    """What waits for a connection is refused as what has one, and afterwards all is as before."""
    async with in_front_of(dsn) as (proxy, through), running_pool(through) as pool:
        await all_backends(pool)
        proxy._fault = Fault.BLACK_HOLE  # what is open stays open and falls silent
        told = await refusals(pool, CALLERS)
        assert told == ["refused"] * CALLERS
        assert busy(pool) == 0
        told = await refusals(pool, CALLERS)  # new connections are not answered either
        assert told == ["refused"] * CALLERS
        assert busy(pool) == 0
        await proxy.set(Fault.NONE)
        await _until_answered(pool)


async def test_a_database_that_refuses_connections_and_comes_back(dsn: str) -> None:
    async with in_front_of(dsn) as (proxy, through), running_pool(through) as pool:
        await _until_answered(pool)
        await proxy.set(Fault.REFUSAL)
        told = await refusals(pool, CALLERS)
        assert told == ["refused"] * CALLERS
        assert busy(pool) == 0
        await proxy.set(Fault.NONE)
        await _until_answered(pool)


async def test_a_slow_statement_is_ended_and_leaves_no_transaction(pool: HotPool) -> None:
    async def slow() -> None:
        async with pool.connection() as connection:
            await connection.execute("begin")
            await connection.execute("select pg_sleep(600)")

    asking = [asyncio.create_task(slow()) for _ in range(SIZE)]
    for ended in await asyncio.gather(*asking, return_exceptions=True):
        assert isinstance(ended, AuthorityUnavailableError)
    assert busy(pool) == 0
    await all_backends(pool)
    async with pool.connection() as connection:
        assert not connection.is_in_transaction()


async def test_a_pool_that_waits_for_a_silent_server_would_be_noticed(
    pool: HotPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: the connection is given back as the library would have it, with a question."""
    hung = await all_backends(pool)
    monkeypatch.setattr(asyncpg.Connection, "terminate", lambda _: None)
    monkeypatch.setattr(f"{__name__}.NEVER_SECONDS", 3 * CALL_SECONDS)
    with stopped(hung):
        with pytest.raises(AssertionError, match="calls hang"):
            await refusals(pool, SIZE)
        monkeypatch.undo()


async def _until_answered(pool: HotPool) -> int:
    """Return the backend that answered; a busy machine may refuse a call or two."""
    for _ in range(40):
        try:
            return await backend(pool)
        except AuthorityUnavailableError:
            await asyncio.sleep(0.1)
    raise AssertionError("the database never answered again")


@asynccontextmanager
async def in_front_of(dsn: str) -> AsyncIterator[tuple[FaultProxy, str]]:
    """Put a proxy before the database; yields it and the address that leads through it."""
    import tempfile

    given: Any = await asyncpg.connect(dsn)
    try:
        target = given._addr
    finally:
        await given.close()
    with tempfile.TemporaryDirectory(prefix="gt-px-") as folder:
        name = Path(target).name
        proxy = FaultProxy(Path(folder) / name, f"unix:{target}", random.Random(1))
        await proxy.start()
        try:
            yield (
                proxy,
                dsn.replace(quote(str(Path(target).parent), safe=""), quote(folder, safe="")),
            )
        finally:
            await proxy.stop()
