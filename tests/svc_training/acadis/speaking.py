"""Speaking to the stand-in through the adapter; pauses are noted and take no time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from infra.http_client import HttpClient
from infra.settings import Secret
from svc_training.acadis.rest_v1 import RestSettings, RestV1
from svc_training.acadis.sync import SyncReport, sync
from tests.fixtures.acadis_stand_in import SECRET, AcadisStandIn
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.training_service import training_manager
from tests.svc_training.acadis.test_files import CONFLICTS, REGISTER
from tests.svc_training.assignments.test_assigning import CHANGE

LISTED = """query ($number: String!) { roster(sessionNumber: $number, first: 100) {
  edges { node { id status version personnel { externalId } } } } }"""
ASSIGN = """mutation ($input: AssignSessionInput!) { assignSession(input: $input) {
  outcomes { outcome } userErrors { code } } }"""


class Caught:
    """Pauses that were asked for, none of which takes time."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Note a pause."""
        self.pauses.append(seconds)


@asynccontextmanager
async def speaking(
    acadis: AcadisStandIn,
    *,
    adapter: type[RestV1] = RestV1,
    caught: Caught | None = None,
    **settings: Any,
) -> AsyncIterator[RestV1]:
    """Yield an adapter that speaks to the stand-in."""
    given = {"client_secret": Secret(SECRET), "base_path": "/v1", **settings}
    client = HttpClient(acadis.address)
    try:
        where = RestSettings(acadis.address, "golden-thread", **given)
        yield adapter(where, client, sleep=(caught or Caught()).sleep)
    finally:
        await client.close()


async def one_run(
    training: ServiceApp, acadis: AcadisStandIn, secret: str = SECRET, **settings: Any
) -> tuple[SyncReport, list[float]]:
    """Run the exchange once; returns what it did and its pauses."""
    caught = Caught()
    settings = {"client_secret": Secret(secret), **settings}
    async with speaking(acadis, caught=caught, **settings) as provider:
        return await sync(training.chassis.database, provider), caught.pauses


async def ask(service: ServiceApp, query: str, asking: Any = None, **given: Any) -> Any:
    """Run a mutation as a training manager; returns its payload, without complaints."""
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    answer = await service.graphql(asking or training_manager(), query, variables)
    (payload,) = answer.data.values()
    assert payload["userErrors"] == []
    return payload


async def registered(service: ServiceApp, number: str, *people: str, asking: Any = None) -> None:
    """Assign people to a session and register them."""
    await ask(
        service, ASSIGN, asking, sessionNumber=number, category="LEAD", personnelIds=list(people)
    )
    await ask(service, REGISTER, asking, sessionNumber=number)


async def status_of(service: ServiceApp, number: str, who: str, asking: Any = None) -> Any:
    """Return a person's assignments to a session that have not been cancelled."""
    answer = await service.graphql(asking or training_manager(), LISTED, {"number": number})
    nodes = [edge["node"] for edge in answer.data["roster"]["edges"]]
    return [
        each
        for each in nodes
        if each["personnel"]["externalId"] == who and each["status"] != "CANCELLED"
    ]


async def cancelled(service: ServiceApp, number: str, who: str, asking: Any = None) -> None:
    """Cancel a person's assignment here."""
    (row,) = await status_of(service, number, who, asking)
    given = {"assignmentId": row["id"], "expectedVersion": row["version"], "status": "CANCELLED"}
    await ask(service, CHANGE, asking, **given)


async def differences(service: ServiceApp, who: str | None) -> list[tuple[Any, ...]]:
    """Return open conflicts about a person: kind, session, ours, theirs."""
    answer = await service.graphql(training_manager(), CONFLICTS)
    nodes = [edge["node"] for edge in answer.data["exchangeConflicts"]["edges"]]
    return [
        (each["kind"], each["sessionNumber"], each["ours"], each["theirs"])
        for each in nodes
        if each["personExternalId"] == who
    ]
