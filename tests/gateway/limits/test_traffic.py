"""Who may take how much, and what still finds room when there is little."""

from typing import Any

import httpx2
import pytest

from gateway.errors import RequestRefusedError
from gateway.limits.rate import Rate
from gateway.limits.traffic import (
    UNLIMITED,
    Traffic,
    TrafficLimits,
    TrafficRules,
    TrafficRulesError,
    packaged_rules,
    read_rules,
)
from gateway.policy.packaged import packaged_supergraph
from tests.fixtures.clock_hands import Hands
from tests.fixtures.gateway_app import GatewayWorld
from tests.fixtures.public_door import public_app, public_socket

LOOKUP, URGENT, PLAIN = "Query.caseByNumber", "Mutation.handOff", "Query.participant"
RULES = TrafficRules(frozenset({LOOKUP}), frozenset({URGENT}))


def refusal(call: Any, *arguments: Any) -> tuple[int, str, str | None]:
    with pytest.raises(RequestRefusedError) as refused:
        call(*arguments)
    return refused.value.status, refused.value.code, refused.value.headers.get("retry-after")


def test_person_application_and_address_have_each_a_rate(hands: Hands) -> None:
    """HD-45."""
    hands.stop()
    limits = TrafficLimits(subject=Rate(1, 2), client=Rate(1, 3), address=Rate(0.25, 1))
    traffic = Traffic(RULES, limits)
    traffic.of_person("ada", "app")
    traffic.of_person("ada", "app")
    assert refusal(traffic.of_person, "ada", "app") == (429, "RATE_LIMITED", "1")
    traffic.of_person("bob", "app")
    assert refusal(traffic.of_person, "cyd", "app") == (429, "RATE_LIMITED", "1")
    traffic.from_address("192.0.2.1")
    assert refusal(traffic.from_address, "192.0.2.1") == (429, "RATE_LIMITED", "4")
    traffic.from_address("192.0.2.2")


async def test_one_number_is_looked_up_in_an_operation_and_few_in_a_while(hands: Hands) -> None:
    """HD-44: aliases do not help to try numbers out, nor does patience help much."""
    hands.stop()
    traffic = Traffic(RULES, TrafficLimits(lookup=Rate(0.5, 2)))
    with pytest.raises(RequestRefusedError) as refused:
        await traffic.of_operation("ada", [LOOKUP, LOOKUP])
    assert (refused.value.status, refused.value.code) == (400, "LOOKUP_LIMIT")
    for _ in range(2):
        await traffic.of_operation("ada", [LOOKUP, PLAIN])
    with pytest.raises(RequestRefusedError) as refused:
        await traffic.of_operation("ada", [LOOKUP])
    assert (refused.value.status, refused.value.code) == (429, "RATE_LIMITED")
    assert refused.value.headers == {"retry-after": "2"}
    await traffic.of_operation("ada", [PLAIN, PLAIN, PLAIN])
    await traffic.of_operation("bob", [LOOKUP])


def _urgent_requests_find_room_for_longer(traffic: Traffic) -> None:
    with traffic.room("a", [PLAIN]):
        assert refusal(traffic.room("b", [PLAIN]).__enter__)[:2] == (503, "OVERLOADED")
        with traffic.room("b", [PLAIN, URGENT]):
            assert refusal(traffic.room("c", [URGENT]).__enter__)[:2] == (503, "OVERLOADED")
        with traffic.room("c", [URGENT]):
            pass
    with traffic.room("b", [PLAIN]):
        pass


def test_urgent_requests_find_room_for_longer() -> None:
    _urgent_requests_find_room_for_longer(Traffic(RULES, TrafficLimits(in_flight=2, reserved=1)))


def test_gateway_that_treats_all_alike_would_be_noticed() -> None:
    """Planted twin of the test above."""
    with pytest.raises((AssertionError, RequestRefusedError, pytest.fail.Exception)):
        _urgent_requests_find_room_for_longer(
            Traffic(TrafficRules(), TrafficLimits(in_flight=2, reserved=1))
        )


def test_one_person_cannot_take_all_the_room() -> None:
    limits = TrafficLimits(
        in_flight=9, reserved=0, in_flight_of_subject=1, reserved_of_subject=0
    )  # fmt: skip
    traffic = Traffic(RULES, limits)
    with traffic.room("a", [URGENT]):
        assert refusal(traffic.room("a", [PLAIN]).__enter__)[1] == "OVERLOADED"
        with traffic.room("b", [PLAIN]):
            pass


def _urgent_requests_of_one_person_find_room_for_longer(rules: TrafficRules) -> None:
    limits = TrafficLimits(
        in_flight=9, reserved=0, in_flight_of_subject=2, reserved_of_subject=1
    )  # fmt: skip
    traffic = Traffic(rules, limits)
    with traffic.room("a", [PLAIN]):
        assert refusal(traffic.room("a", [PLAIN]).__enter__)[1] == "OVERLOADED"
        with traffic.room("a", [URGENT]):
            assert refusal(traffic.room("a", [URGENT]).__enter__)[1] == "OVERLOADED"
        with traffic.room("b", [PLAIN]):
            pass


def test_urgent_requests_of_one_person_find_room_for_longer() -> None:
    _urgent_requests_of_one_person_find_room_for_longer(RULES)


def test_person_whose_requests_are_all_alike_would_be_noticed() -> None:
    """Planted twin of the test above."""
    with pytest.raises(RequestRefusedError):
        _urgent_requests_of_one_person_find_room_for_longer(TrafficRules())


def test_room_is_given_back_after_a_failure() -> None:
    traffic = Traffic(RULES, TrafficLimits(in_flight=1, reserved=0))
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), traffic.room("a", [PLAIN]):
            raise ZeroDivisionError


def test_packaged_rules_fit_the_packaged_supergraph() -> None:
    rules = packaged_rules(packaged_supergraph())
    assert LOOKUP in rules.lookups
    assert "Mutation.submitArrestDiversion" in rules.urgent


@pytest.mark.parametrize(
    "document",
    [{"lookups": ["Query.nothing"]}, {"urgent": ["Mutation.nothing"]}, {"more": []}],
    ids=["absent query", "absent mutation", "unknown key"],
)
def test_rules_that_do_not_fit_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(TrafficRulesError):
        read_rules(document, packaged_supergraph())


async def _many_questions_are_refused(world: GatewayWorld, traffic: Traffic) -> None:
    officer = await world.person("LEO")
    async with world.gateway(traffic=traffic) as gateway:
        first = await gateway.ask(officer, "{ courses { number } }")
        second = await gateway.ask(officer, "{ courses { number } }")
    assert first.status == 200
    assert (second.status, dict(second.headers)) == (429, {"retry-after": "10"})
    assert second.body["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def test_pipeline_counts_each_request(gateway_world: GatewayWorld, hands: Hands) -> None:
    hands.stop()
    limits = TrafficLimits(subject=Rate(0.1, 1))
    await _many_questions_are_refused(gateway_world, Traffic(TrafficRules(), limits))


async def test_pipeline_that_does_not_count_would_be_noticed(gateway_world: GatewayWorld) -> None:
    """Planted twin of the test above."""
    with pytest.raises(AssertionError):
        await _many_questions_are_refused(gateway_world, Traffic(TrafficRules(), UNLIMITED))


async def test_address_is_counted_before_the_token_is_looked_at(
    gateway_world: GatewayWorld, hands: Hands
) -> None:
    hands.stop()
    traffic = Traffic(TrafficRules(), TrafficLimits(address=Rate(0.5, 2)))
    async with gateway_world.gateway() as gateway:
        app = public_app(gateway, traffic=traffic)
        async with public_socket(app, gateway) as socket:
            transport = httpx2.AsyncHTTPTransport(uds=socket)
            async with httpx2.AsyncClient(transport=transport, base_url="http://gt") as client:
                answers = [await client.post("/graphql", json={}) for _ in range(3)]
    assert [each.status_code for each in answers] == [401, 401, 429]
    assert answers[-1].headers["retry-after"] == "2"
