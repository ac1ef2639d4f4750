"""The query plan in an answer: for developers who ask for it, never in production."""

import json
from typing import Any

import httpx2
import pytest

from tests.fixtures.gateway_app import GatewayWorld
from tests.fixtures.public_door import public_app, public_socket


async def extensions(world: GatewayWorld, asked: Any, *, is_production: bool) -> dict[str, Any]:
    person = await world.person("LEO")
    body: dict[str, Any] = {"query": "{ courses { number } }"}
    if asked is not None:
        body["extensions"] = asked
    headers = {
        "authorization": f"Bearer {world.token(person)}",
        "content-type": "application/json",
    }
    async with world.gateway() as gateway:
        app = public_app(gateway, is_production=is_production)
        async with public_socket(app, gateway) as socket:
            transport = httpx2.AsyncHTTPTransport(uds=socket)
            async with httpx2.AsyncClient(transport=transport, base_url="http://gt.test") as client:
                answer = await client.post("/graphql", content=json.dumps(body), headers=headers)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json().get("extensions", {})
    return found


async def test_a_developer_who_asks_is_shown_the_plan(gateway_world: GatewayWorld) -> None:
    found = await extensions(gateway_world, {"queryPlan": True}, is_production=False)
    assert found["queryPlan"]["kind"] == "query"
    assert [fetch["subgraph"] for fetch in found["queryPlan"]["fetches"]] == ["library"]


@pytest.mark.parametrize("asked", [None, {}, {"queryPlan": False}, {"queryPlan": "yes"}])
async def test_nobody_is_shown_a_plan_unasked(gateway_world: GatewayWorld, asked: Any) -> None:
    assert "queryPlan" not in await extensions(gateway_world, asked, is_production=False)


async def test_production_shows_no_plan(gateway_world: GatewayWorld) -> None:
    found = await extensions(gateway_world, {"queryPlan": True}, is_production=True)
    assert "queryPlan" not in found
