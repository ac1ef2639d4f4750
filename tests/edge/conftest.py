"""The gateway's application over a real socket, with a person who may come in."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest_asyncio

from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import GatewayWorld
from tests.fixtures.gateway_app import gateway_house as gateway_house
from tests.fixtures.gateway_app import gateway_world as gateway_world
from tests.fixtures.public_door import public_app, public_socket


class PublicDoor:
    """The public address; every request carries a good token unless told otherwise."""

    def __init__(self, client: httpx2.AsyncClient, world: GatewayWorld, person: Person) -> None:
        self.client, self.world, self.person = client, world, person

    async def send(
        self, body: bytes, headers: Mapping[str, str] | None = None, *, path: str = "/graphql"
    ) -> httpx2.Response:
        """Post raw bytes."""
        sent = {
            "authorization": f"Bearer {self.world.token(self.person)}",
            "content-type": "application/json",
            "accept": "application/graphql-response+json",
            "purpose-of-use": "LEAD_COORD",
            **(headers or {}),
        }
        return await self.client.post(path, content=body, headers=sent)

    async def ask(self, query: str, variables: Any = None, **more: Any) -> httpx2.Response:
        """Post a document."""
        return await self.send(
            json.dumps({"query": query, "variables": variables, **more}).encode()
        )

    def reached_subgraphs(self) -> int:
        """Return how many requests the subgraphs got."""
        return len(self.world.people_http.received) + len(self.world.library_http.received)

    async def is_alive(self) -> bool:
        """Return whether a plain question is answered."""
        answer = await self.ask("{ courses { number } }")
        return answer.status_code == 200 and "errors" not in answer.json()


@pytest_asyncio.fixture(loop_scope="session")
async def door(gateway_world: GatewayWorld) -> AsyncIterator[PublicDoor]:
    """Return the door, freshly opened."""
    person = await gateway_world.person("CM")
    async with gateway_world.gateway() as gateway:
        app = public_app(gateway)
        async with public_socket(app, gateway) as socket:
            transport = httpx2.AsyncHTTPTransport(uds=socket)
            async with httpx2.AsyncClient(transport=transport, base_url="http://gt.test") as client:
                yield PublicDoor(client, gateway_world, person)
