"""A partner's back end acts for one purpose, and no person's data answers where no person asks."""

import json
from typing import Any

import pytest

from gateway import caller
from gateway.identity import parse_issuers
from gateway.pipeline import Answer, GraphQLRequest
from infra.settings import SettingsError
from infra.vocabulary import Purpose
from tests.fixtures.gateway_app import GatewayWorld, RunningGateway
from tests.fixtures.token_issuer import TokenIssuer, token

EVERYTHING = "{ participants { totalCount edges { node { id name } } } courses { number } }"


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> dict[str, Purpose]:
    """Return which clients the gateway knows as back ends; fill it before the gateway starts."""
    clients: dict[str, Purpose] = {}
    settings = TokenIssuer.settings

    def with_clients(issuer: TokenIssuer, **changes: Any) -> Any:
        return settings(issuer, service_clients=clients, **changes)

    monkeypatch.setattr(TokenIssuer, "settings", with_clients)
    return clients


async def _ask(gateway: RunningGateway, who: str, purpose: str | None, client: str = "") -> Answer:
    bearer = token(sub=who, client_id=client or who)
    return await gateway.pipeline.answer(
        GraphQLRequest(token=bearer, query=EVERYTHING, purpose=purpose)
    )


async def _no_person_is_served(world: GatewayWorld, clients: dict[str, Purpose]) -> None:
    person = await world.person("CM")
    name = person.external_subject
    clients[name] = Purpose.LEAD_COORD
    async with world.gateway() as gateway:
        answer = await _ask(gateway, name, None)
    assert answer.status == 200
    assert answer.body["data"]["courses"] == [{"number": "8020"}]
    assert answer.body["data"]["participants"] is None
    (error,) = answer.body["errors"]
    assert error["extensions"]["coordinate"] == "Query.participants"
    assert world.people_http.received == []


async def test_no_person_level_data_without_a_person_behind_the_request(
    gateway_world: GatewayWorld, registered: dict[str, Purpose]
) -> None:
    await _no_person_is_served(gateway_world, registered)


async def test_a_back_end_that_is_taken_for_a_person_would_be_noticed(
    gateway_world: GatewayWorld, registered: dict[str, Purpose], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    act = caller.act
    monkeypatch.setattr(
        "gateway.pipeline.act",
        lambda *given, is_service, **more: act(*given, is_service=False, **more),
    )
    with pytest.raises(AssertionError):
        await _no_person_is_served(gateway_world, registered)


async def test_its_purpose_is_fixed(
    gateway_world: GatewayWorld, registered: dict[str, Purpose]
) -> None:
    person = await gateway_world.person("CM")
    name = person.external_subject
    registered[name] = Purpose.LEAD_COORD
    async with gateway_world.gateway() as gateway:
        for purpose, status in (("LEAD_COORD", 200), ("CAREMGT", 403), ("HSYSADMIN", 403)):
            assert (await _ask(gateway, name, purpose)).status == status
        # The same account through an application of people is a person again.
        assert (await _ask(gateway, name, "CAREMGT", client="goldenthread-dev")).status == 200


async def test_a_back_end_that_nobody_registered_is_refused(
    gateway_world: GatewayWorld, registered: dict[str, Purpose]
) -> None:
    person = await gateway_world.person("CM")
    registered["another"] = Purpose.LEAD_COORD
    async with gateway_world.gateway() as gateway:
        assert (await _ask(gateway, person.external_subject, None)).status == 401


@pytest.mark.parametrize("clients", [["a"], {"a": "CURIOSITY"}, {"a": 1}, {"a": "INVESTIGATION"}])
def test_registration_is_read_strictly(clients: Any) -> None:
    entry = {
        "alias": "a", "issuer": "https://i.example", "audience": "b", "algorithms": ["RS256"],
        "jwks_uri": "https://i.example/jwks", "service_clients": clients,
    }  # fmt: skip
    with pytest.raises(SettingsError):
        parse_issuers(json.dumps([entry]))
