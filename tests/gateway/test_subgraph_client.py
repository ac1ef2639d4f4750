"""A service that does not answer is left alone for a while, then tried by one call."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.subgraph_client import (
    COOL_OFF_SECONDS,
    FAILURES_TO_OPEN,
    CircuitBreaker,
    SubgraphClient,
)
from infra.http_client import BUDGET_HEADER, HttpClientError
from infra.http_retry import NOT_BEGUN_HEADER, RetryBudget
from tests.fixtures.clock_hands import Hands
from tests.fixtures.service_app import http_server


@pytest.fixture
def breaker(hands: Hands) -> CircuitBreaker:
    hands.stop()
    return CircuitBreaker("cases")


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        assert breaker.admits()
        breaker.failed()


def test_it_opens_after_failures_in_a_row_only(breaker: CircuitBreaker) -> None:
    fail(breaker, FAILURES_TO_OPEN - 1)
    breaker.succeeded()
    fail(breaker, FAILURES_TO_OPEN - 1)
    assert [breaker.admits(), breaker.is_open] == [True, False]
    fail(breaker, 1)
    assert [breaker.admits(), breaker.is_open] == [False, True]


def test_one_call_tries_and_all_others_wait_for_it(breaker: CircuitBreaker, hands: Hands) -> None:
    fail(breaker, FAILURES_TO_OPEN)
    hands.turn(COOL_OFF_SECONDS)
    assert [breaker.admits() for _ in range(5)] == [True, False, False, False, False]
    breaker.failed()
    assert not breaker.admits()
    hands.turn(COOL_OFF_SECONDS)
    assert breaker.admits()
    breaker.succeeded()
    assert [breaker.admits() for _ in range(5)] == [True] * 5


def test_a_try_whose_caller_went_away_is_no_try(breaker: CircuitBreaker, hands: Hands) -> None:
    fail(breaker, FAILURES_TO_OPEN)
    hands.turn(COOL_OFF_SECONDS)
    assert breaker.admits()
    breaker.gave_up()
    assert breaker.admits()


def test_calls_under_way_when_it_opens_do_not_keep_it_open(
    breaker: CircuitBreaker, hands: Hands
) -> None:
    assert all(breaker.admits() for _ in range(2 * FAILURES_TO_OPEN))
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed()
    hands.turn(COOL_OFF_SECONDS / 2)
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed()
    hands.turn(COOL_OFF_SECONDS / 2)
    assert breaker.admits()


class Server:
    """A service that says what it was told, or nothing for ever."""

    def __init__(self) -> None:
        self.asked = 0
        self.budgets: list[int] = []
        self.is_silent = False
        self.refusals: list[Response] = []

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        self.budgets.append(int(request.headers[BUDGET_HEADER]))
        if self.is_silent:
            await asyncio.Event().wait()
        if self.refusals:
            return self.refusals.pop()
        return JSONResponse({"data": None})


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = Server()
    app = Starlette(routes=[Route("/graphql", made.answer, methods=["POST"])])
    async with http_server(app, uds=f"{tmp_path}/service.sock"):
        yield made


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[SubgraphClient]:
    made = SubgraphClient("http://service/graphql", address=f"unix:{tmp_path}/service.sock")
    yield made
    await made.close()


async def ask(client: SubgraphClient, seconds: float = 30.0) -> bool:
    try:
        await client.post(b"{}", {}, timeout_seconds=seconds, idempotent=True)
    except HttpClientError:
        return False
    return True


async def test_the_deadline_travels(client: SubgraphClient, server: Server) -> None:
    assert await ask(client, 2.5)
    assert server.budgets == [2500]


async def test_an_absent_service_is_not_asked_any_more(
    client: SubgraphClient, tmp_path: Path, hands: Hands
) -> None:
    hands.stop()
    assert [await ask(client) for _ in range(FAILURES_TO_OPEN)] == [False] * FAILURES_TO_OPEN
    arrived = Server()
    app = Starlette(routes=[Route("/graphql", arrived.answer, methods=["POST"])])
    async with http_server(app, uds=f"{tmp_path}/service.sock"):
        assert not await ask(client)
        assert arrived.asked == 0
        hands.turn(COOL_OFF_SECONDS)
        assert await ask(client)
        assert await ask(client)
        await client.close()


async def test_callers_without_time_do_not_take_a_service_from_the_others(
    client: SubgraphClient, server: Server
) -> None:
    server.is_silent = True
    for _ in range(2 * FAILURES_TO_OPEN):
        assert not await ask(client, 0.001)
    server.is_silent = False
    assert await ask(client)


async def status_of(client: SubgraphClient, *, idempotent: bool) -> int:
    response = await client.post(b"{}", {}, timeout_seconds=30, idempotent=idempotent)
    return response.status


def behind() -> Response:
    return JSONResponse({}, 503, {NOT_BEGUN_HEADER: "1"})


async def test_a_query_that_one_instance_refuses_is_asked_once_more(
    client: SubgraphClient, server: Server
) -> None:
    server.refusals = [JSONResponse({}, 503)]
    assert (await status_of(client, idempotent=True), server.asked) == (200, 2)
    server.refusals = [JSONResponse({}, 503), JSONResponse({}, 503)]
    assert (await status_of(client, idempotent=True), server.asked) == (503, 4)


async def test_a_change_is_sent_once_unless_it_has_not_begun(
    client: SubgraphClient, server: Server
) -> None:
    server.refusals = [JSONResponse({}, 503)]
    assert (await status_of(client, idempotent=False), server.asked) == (503, 1)
    server.refusals = [behind()]
    assert (await status_of(client, idempotent=False), server.asked) == (200, 3)


async def test_when_everything_fails_few_are_asked_again(
    client: SubgraphClient, server: Server
) -> None:
    server.refusals = [behind() for _ in range(1_000)]
    for _ in range(100):
        assert await status_of(client, idempotent=True) == 503
    assert 100 < server.asked <= 120  # ten that were saved up, and a tenth of a hundred


async def test_twin_a_change_that_was_sent_twice_is_noticed(
    client: SubgraphClient, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.http_retry.is_worth_another", lambda *_, **__: True)
    monkeypatch.setattr(RetryBudget, "spend", lambda _self: True)
    server.refusals = [JSONResponse({}, 503)]
    await status_of(client, idempotent=False)
    assert server.asked == 2
