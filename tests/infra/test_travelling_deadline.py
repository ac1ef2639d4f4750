"""A service stops when the gateway waits no more: what it holds is free for others again."""

from collections.abc import AsyncIterator, Iterable

import pytest
import pytest_asyncio
from sqlalchemy import text
from starlette.requests import Request

from infra.http_client import BUDGET_HEADER
from infra.subgraph_app import budget_seconds
from infra.vocabulary import Category, Purpose, Role
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory, caller

ASKING = caller(Role.LEO, {Category.LEGAL_PUBLIC: "*"}, purpose=Purpose.LEAD_COORD)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(service_app: ServiceAppFactory) -> AsyncIterator[ServiceApp]:
    async with service_app("svc_cases") as running:
        yield running


async def asked(service: ServiceApp, budget: str) -> int:
    response = await service.http.post(
        "/graphql",
        json={"query": "{ courts { code } }"},
        headers={
            "authorization": f"Bearer {service.token(ASKING)}",
            BUDGET_HEADER: budget,
        },
    )
    return response.status_code


async def test_a_service_gives_up_with_its_caller_and_keeps_nothing(service: ServiceApp) -> None:
    """Oftener than it has connections: each is given back."""
    async with service.chassis.database.write() as session:
        await session.execute(text("lock table court in access exclusive mode"))
        assert [await asked(service, "50") for _ in range(8)] == [503] * 8
    assert await asked(service, "60000") == 200


async def test_who_waits_no_more_gets_no_answer(service: ServiceApp) -> None:
    assert await asked(service, "0") == 503


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ([], None),
        ([b"1500"], 1.5),
        ([b"999999999999"], 60.0),
        ([b"-5"], None),
        ([b"1e3"], None),
        ([b"\xb2"], None),
    ],
    ids=["absent", "said", "enormous", "negative", "no-whole-number", "no-ascii-digit"],
)
def test_a_budget_is_milliseconds_or_none(told: Iterable[bytes], seconds: float | None) -> None:
    headers = [(BUDGET_HEADER.encode(), each) for each in told]
    assert budget_seconds(Request({"type": "http", "headers": headers})) == seconds
