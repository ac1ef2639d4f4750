"""Rates that hold for two gateways together, over the real consent service and its database.

The rates of these tests fill by next to nothing, so that no passing time decides anything.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from gateway.consent_client import ConsentClient, ConsentUnavailableError
from gateway.limits.rate import Rate, TokenBuckets
from gateway.limits.shared_rates import SharedRates
from gateway.limits.traffic import UNLIMITED, Traffic, TrafficLimits, TrafficRules
from infra.http_client import HttpClient
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import GatewayWorld, Instead, RunningGateway, eventually

QUESTION = "{ courses { number } }"
SETTLE, TAKE = "/internal/rates/settle", "/internal/rates/take"
GUESSES = TrafficRules(frozenset({"Query.participant"}))
LOOKUPS = TrafficRules(frozenset({"Query.courses"}))
SELDOM = 1e-6


def limits_of(**rates: Rate) -> TrafficLimits:
    """Return limits of which only these are felt."""
    usual = {name: getattr(UNLIMITED, name) for name in ("subject", "client", "address", "lookup")}
    return TrafficLimits(**{**usual, **rates})


@asynccontextmanager
async def _consent(world: GatewayWorld) -> AsyncIterator[ConsentClient]:
    http = HttpClient(world.address("consent"))
    try:
        yield ConsentClient(http, world.consent.minter("gateway"))
    finally:
        await http.close()


@asynccontextmanager
async def _gateway(
    world: GatewayWorld, limits: TrafficLimits, rules: TrafficRules, *, is_shared: bool = True
) -> AsyncIterator[tuple[RunningGateway, SharedRates]]:
    async with _consent(world) as consent:
        shared = SharedRates(consent, f"gateway-{uuid4().hex}")
        traffic = Traffic(rules, limits, shared if is_shared else None)
        async with world.gateway(traffic=traffic) as gateway:
            yield gateway, shared


async def _passed(gateway: RunningGateway, person: Person, times: int) -> int:
    answers = [await gateway.ask(person, QUESTION) for _ in range(times)]
    assert {each.status for each in answers} <= {200, 429}
    return sum(each.status == 200 for each in answers)


async def _guesses_are_counted_together(world: GatewayWorld, *, is_shared: bool) -> None:
    officer = await world.person("LEO")
    limits = limits_of(lookup=Rate(SELDOM, 5))
    async with (
        _gateway(world, limits, LOOKUPS, is_shared=is_shared) as (first, _),
        _gateway(world, limits, LOOKUPS, is_shared=is_shared) as (second, _),
    ):
        passed = 0
        for _ in range(6):
            passed += await _passed(first, officer, 1) + await _passed(second, officer, 1)
    assert passed == 5


async def test_guesses_at_two_gateways_are_counted_together(gateway_world: GatewayWorld) -> None:
    """HD-44."""
    await _guesses_are_counted_together(gateway_world, is_shared=True)


async def test_gateways_that_count_alone_would_be_noticed(gateway_world: GatewayWorld) -> None:
    """Planted twin of the test above."""
    with pytest.raises(AssertionError):
        await _guesses_are_counted_together(gateway_world, is_shared=False)


async def test_what_one_gateway_let_through_is_missing_at_the_other(
    gateway_world: GatewayWorld,
) -> None:
    """HD-45: no request waits for it; it holds from the next telling on."""
    officer = await gateway_world.person("LEO")
    limits = limits_of(subject=Rate(SELDOM, 8))
    async with (
        _gateway(gateway_world, limits, TrafficRules()) as (first, told_by_first),
        _gateway(gateway_world, limits, TrafficRules()) as (second, told_by_second),
    ):
        for each in (told_by_first, told_by_second, told_by_first):
            await each.settle()  # until both know of each other
        assert told_by_first.gateways > 1
        assert await _passed(first, officer, 5) == 5
        assert await _passed(second, officer, 1) == 1
        await told_by_first.settle()
        await told_by_second.settle()
        assert await _passed(second, officer, 9) == 2
        await told_by_second.settle()
        # The first has three left by its own count, and hears with its next use that none is.
        assert await _passed(first, officer, 1) == 1
        await told_by_first.settle()
        assert await _passed(first, officer, 1) == 0
        assert gateway_world.door.count(TAKE) == 0


async def test_no_look_up_runs_while_nobody_can_count(gateway_world: GatewayWorld) -> None:
    """HD-46: fail closed for look-ups, each gateway's own bucket for the rest."""
    officer = await gateway_world.person("LEO")

    async def away() -> Instead:
        return Instead(503)

    limits = limits_of(subject=Rate(SELDOM, 6), lookup=Rate(SELDOM, 100))
    guess = f'{{ participant(id: "{uuid4()}") {{ id }} }}'
    for path in (SETTLE, TAKE):
        gateway_world.door.before[path] = away
    async with _gateway(gateway_world, limits, GUESSES) as (gateway, _):
        answer = await gateway.ask(officer, guess)
        # As in any outage of consent, which depends on nothing that is known about anybody.
        assert {each["extensions"]["code"] for each in answer.body["errors"]} == {
            "SERVICE_UNAVAILABLE"
        }
        assert gateway_world.people_http.received == []
    async with _gateway(gateway_world, limits, TrafficRules()) as (gateway, shared):
        with pytest.raises(ConsentUnavailableError):
            await shared.settle()
        assert await _passed(gateway, officer, 8) == 6


async def test_a_token_is_taken_once_however_many_ask_at_the_same_time(
    gateway_world: GatewayWorld,
) -> None:
    async with _consent(gateway_world) as consent:
        gateways = [SharedRates(consent, f"gateway-{uuid4().hex}") for _ in range(4)]
        key = uuid4().hex
        tries = [
            each.take(TokenBuckets(Rate(SELDOM, 7), kind="test"), key)
            for _ in range(10)
            for each in gateways
        ]
        waits = await asyncio.gather(*tries)
    assert sum(wait == 0 for wait in waits) == 7
    assert all(wait > 0 for wait in waits if wait)


async def test_a_gateway_that_is_alone_tells_no_use(gateway_world: GatewayWorld) -> None:
    async with _consent(gateway_world) as consent:
        shared = SharedRates(consent, "gateway-alone")
        buckets = shared.follow(TokenBuckets(Rate(1, 3), kind="test"))
        await gateway_world.consent.execute("delete from rate_peer")
        assert buckets.take("somebody") == 0
        await shared.settle()
        assert shared.gateways == 1
        assert buckets.spent() == {}


async def test_gateways_find_each_other_by_themselves(gateway_world: GatewayWorld) -> None:
    async with _consent(gateway_world) as consent:
        both = [SharedRates(consent, f"gateway-{uuid4().hex}") for _ in range(2)]
        for each in both:
            each.start()
        try:
            await eventually(lambda: all(each.gateways > 1 for each in both))
        finally:
            for each in both:
                await each.stop()
