"""A receiver over HTTP, and agencies whose programs it is."""

from collections.abc import AsyncIterator

import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.webhooks import WebhookSender
from infra.http_client import HttpClient
from infra.vocabulary import Purpose, Role
from svc_consent.webhooks.tables import WebhookEndpoint
from tests.fixtures.gateway_app import GatewayWorld
from tests.fixtures.service_app import http_server
from tests.gateway.webhooks.office import OWN, Office, Provider, Receiver, register


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = Starlette(routes=[Route("/hook", made.take, methods=["POST"])])
    async with http_server(app, host="127.0.0.1", port=0) as server:
        made.port = server.servers[0].sockets[0].getsockname()[1]
        yield made


@pytest_asyncio.fixture
async def office(gateway_world: GatewayWorld, receiver: Receiver) -> AsyncIterator[Office]:
    consent = gateway_world.consent
    administrator = await gateway_world.person("AGA", "SUD")
    endpoint = await register(gateway_world, administrator)
    # No endpoint on this machine can be registered; the tests' receiver is put in afterwards.
    await consent.execute(
        "update webhook_endpoint set url = :url where id = :id",
        url=f"http://127.0.0.1:{receiver.port}/hook", id=endpoint.id,
    )  # fmt: skip
    client = HttpClient(f"unix:{gateway_world.folder}/consent.sock")
    sender = WebhookSender(client, consent.minter("gateway"), allows_loopback=True)
    yield Office(gateway_world, receiver, sender, administrator, endpoint.id)
    await client.close()
    async with consent.service.chassis.database.write() as session:
        if await session.get(WebhookEndpoint, endpoint.id):
            await consent.execute(
                "update webhook_endpoint set removed_at = now() where id = :id", id=endpoint.id
            )


@pytest_asyncio.fixture
async def provider(gateway_world: GatewayWorld, receiver: Receiver) -> AsyncIterator[Provider]:
    consent = gateway_world.consent
    agency_id = await consent.make_agency("CM")
    administrator = await consent.make_person("AGA", agency_id)
    supervisor = await consent.make_person("CM", agency_id)
    endpoint = await register(
        gateway_world, administrator, topics=OWN, role=Role.SUP, purpose=Purpose.CAREMGT
    )
    await consent.execute(
        "update webhook_endpoint set url = :url where id = :id",
        url=f"http://127.0.0.1:{receiver.port}/hook", id=endpoint.id,
    )  # fmt: skip
    client = HttpClient(f"unix:{gateway_world.folder}/consent.sock")
    sender = WebhookSender(client, consent.minter("gateway"), allows_loopback=True)
    office = Office(gateway_world, receiver, sender, administrator, endpoint.id)
    yield Provider(office, supervisor)
    await client.close()
    await consent.execute(
        "update webhook_endpoint set removed_at = now() where id = :id", id=endpoint.id
    )
