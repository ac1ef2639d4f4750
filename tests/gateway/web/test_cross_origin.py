"""Only pages of the origins that the settings name may read answers, and never with cookies."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from gateway.web.cross_origin import parse_origins
from infra.settings import SettingsError
from tests.fixtures.gateway_app import GatewayWorld
from tests.fixtures.public_door import public_app, public_socket

PARTNER = "https://app.partner.example"
ASK = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
STRANGERS = [
    "null", "https://evil.example", "https://app.partner.example.evil.example",
    "https://evilapp.partner.example", "https://partner.example", "http://app.partner.example",
    "https://app.partner.example:444", "https://app.partner.example/", "HTTPS://APP.PARTNER.EXAMPLE",
    f"{PARTNER}, https://evil.example", "*",
]  # fmt: skip


@asynccontextmanager
async def _client(world: GatewayWorld, origins: str | None) -> AsyncIterator[httpx2.AsyncClient]:
    async with world.gateway() as gateway:
        app = public_app(gateway, cors_origins=origins)
        async with public_socket(app, gateway) as socket:
            transport = httpx2.AsyncHTTPTransport(uds=socket)
            async with httpx2.AsyncClient(transport=transport, base_url="http://gt.test") as client:
                yield client


def _shared(answer: httpx2.Response) -> set[str]:
    return {name for name in answer.headers if name.startswith("access-control-")}


async def _strangers_get_nothing(world: GatewayWorld, origins: str | None) -> None:
    async with _client(world, origins) as client:
        for origin in STRANGERS:
            asked = await client.options("/graphql", headers={**ASK, "origin": origin})
            assert asked.status_code == 405, origin
            sent = await client.post("/graphql", json={}, headers={"origin": origin})
            assert _shared(asked) == _shared(sent) == set(), origin


async def test_other_origins_get_nothing(gateway_world: GatewayWorld) -> None:
    await _strangers_get_nothing(gateway_world, PARTNER)
    await _strangers_get_nothing(gateway_world, None)


async def test_a_reflected_origin_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr("gateway.app.parse_origins", lambda _text: frozenset(STRANGERS))
    with pytest.raises(AssertionError):
        await _strangers_get_nothing(gateway_world, PARTNER)


async def test_a_page_of_a_known_origin_may_ask_with_its_own_token(
    gateway_world: GatewayWorld,
) -> None:
    person = await gateway_world.person("LEO")
    bearer = {"authorization": f"Bearer {gateway_world.token(person)}", "origin": PARTNER}
    async with _client(gateway_world, f"{PARTNER} https://other.example") as client:
        asked = await client.options("/graphql", headers={**ASK, "origin": PARTNER})
        assert asked.status_code == 204
        assert asked.headers["access-control-allow-origin"] == PARTNER
        assert "authorization" in asked.headers["access-control-allow-headers"]
        answer = await client.post(
            "/graphql", json={"query": "{ courses { number } }"}, headers=bearer
        )
        assert answer.json() == {"data": {"courses": [{"number": "8020"}]}}
        for each in (asked, answer):
            assert "Origin" in each.headers["vary"]
            assert "access-control-allow-credentials" not in each.headers
        elsewhere = await client.get("/health/live", headers={"origin": PARTNER})
        assert _shared(elsewhere) == set()


@pytest.mark.parametrize(
    "text", ["*", "https://*.partner.example", "partner.example", f"{PARTNER}/", "null", "ftp://a"]
)
def test_what_is_no_exact_origin_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        parse_origins(text)


async def test_no_door_keeps_a_body_of_any_size(gateway_world: GatewayWorld) -> None:
    """The doors that read a body whole are cut off before it is in memory."""
    large = b" " * 70_000
    person = await gateway_world.person("CM")
    async with _client(gateway_world, None) as client:
        for path in ("/bind", "/fhir/Consent", "/cds-services/patient-consent-consult"):
            for token, refusals in ((gateway_world.token(person), {413}), ("a.b.c", {401, 413})):
                bearer = {"authorization": f"Bearer {token}"}
                answer = await client.post(path, content=large, headers=bearer)
                assert answer.status_code in refusals, path
                assert answer.headers["x-content-type-options"] == "nosniff"


async def test_schema_of_the_own_role_can_be_downloaded(gateway_world: GatewayWorld) -> None:
    officer, manager = await gateway_world.person("LEO"), await gateway_world.person("CM")
    async with _client(gateway_world, None) as client:
        texts = []
        for person in (officer, manager):
            bearer = {"authorization": f"Bearer {gateway_world.token(person)}"}
            answer = await client.get("/schema.graphql", headers=bearer)
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("application/graphql")
            texts.append(answer.text)
        assert "type Query" in texts[0]
        assert "type Note " not in texts[0]
        assert "type Note " in texts[1]
        nobody = await client.get("/schema.graphql")
        assert nobody.status_code == 401
        assert nobody.headers["www-authenticate"].startswith("Bearer")
