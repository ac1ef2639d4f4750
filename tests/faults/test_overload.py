"""A gateway that is full refuses, honestly and at once, and keeps room for what is urgent.

Real processes. One service takes every request and answers none, so that the gateway fills up and
stays full for as long as the test wants; everything is told by counts.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import pytest
import pytest_asyncio

from gateway.limits.traffic import TrafficLimits
from tests.faults.proxy import Fault, FaultProxy, proxies
from tests.faults.witness import eventually
from tests.fixtures.whole_platform import Platform
from tests.proof.processes import Cluster, environment_of, running_cluster
from tests.proof.revocation import Answered

pytestmark = pytest.mark.timeout(600)

_COURSES = "{ courses(first: 2) { edges { node { number } } } }"
_REVOKE = """mutation($input: RevokeReleaseInput!) { revokeRelease(input: $input) {
  release { id } userErrors { code } } }"""
_WRITER = "case_manager"
_LIMITS = TrafficLimits()
_ROOM = _LIMITS.in_flight - _LIMITS.reserved
_MORE = 40
_PATIENCE = "40"


_IMPARTIAL = {"gateway": "tests.faults.impartial"}
"""A planted fault: a gateway that holds nothing to be urgent."""


@pytest_asyncio.fixture(loop_scope="session")
async def full(
    request: pytest.FixtureRequest, platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Cluster, FaultProxy]]:
    modules: dict[str, str] = getattr(request, "param", {})
    target = environment_of(platform, "gateway")["GT_TRAINING_ADDRESS"]
    async with AsyncExitStack() as running:
        folder = tmp_path_factory.mktemp("o")
        made = await running.enter_async_context(proxies(folder, {"training": target}))
        changed = {"GT_TRAINING_ADDRESS": made["training"].address, "GT_PATIENCE": _PATIENCE}
        cluster = await running.enter_async_context(
            running_cluster(platform, 1, changed, modules=modules)
        )
        yield cluster, made["training"]


def codes(answered: Answered | None) -> set[str]:
    assert answered is not None
    return {error["extensions"]["code"] for error in answered[1].get("errors", [])}


async def ask(cluster: Cluster, persona: str) -> Answered | None:
    personas = {each["persona"]: each for each in cluster.platform.demo()["personas"]}
    return await cluster.door(0, persona, _COURSES, {}, personas[persona]["purposes"][0])


async def revoke(cluster: Cluster) -> Answered | None:
    """Something urgent; that the release does not exist is the consent service's to say."""
    given = {
        "releaseId": str(uuid4()), "expectedVersion": 1, "reason": "Asked for it.",
        "idempotencyKey": uuid4().hex,
    }  # fmt: skip
    return await cluster.door(0, _WRITER, _REVOKE, {"input": given}, "CAREMGT")


@asynccontextmanager
async def filled(
    cluster: Cluster, training: FaultProxy
) -> AsyncIterator[list[asyncio.Task[Answered | None]]]:
    """Fill a gateway up with what waits for a service; yield what it was asked meanwhile."""
    personas = cluster.platform.demo()["personas"]
    names = [each["persona"] for each in personas if each.get("purposes")]
    people = [name for name in names if name != _WRITER][:5]
    for persona in (*people, _WRITER):  # tokens, and that everybody may ask
        assert codes(await ask(cluster, persona)) == set()
    await training.set(Fault.BLACK_HOLE)
    count = _ROOM + _MORE
    asked = [
        asyncio.create_task(ask(cluster, people[number % len(people)])) for number in range(count)
    ]

    async def is_full() -> bool:
        return sum(each.done() for each in asked) == _MORE

    try:
        await eventually(is_full, "the gateway does not fill up")
        yield asked
    finally:
        await training.set(Fault.NONE)
        await asyncio.gather(*asked)


async def test_a_full_gateway_refuses_what_can_wait_and_takes_what_cannot(
    full: tuple[Cluster, FaultProxy],
) -> None:
    cluster, training = full
    async with filled(cluster, training) as asked:
        refused = [each.result() for each in asked if each.done()]
        assert {answered[0] for answered in refused if answered} == {503}
        assert all(codes(answered) == {"OVERLOADED"} for answered in refused)
        assert codes(await ask(cluster, _WRITER)) == {"OVERLOADED"}
        assert "OVERLOADED" not in codes(await revoke(cluster))

    async def is_whole() -> bool:
        return codes(await ask(cluster, _WRITER)) == set()

    await eventually(is_whole, "the gateway does not recover")


@pytest.mark.parametrize("full", [_IMPARTIAL], indirect=True, ids=["impartial"])
async def test_twin_a_gateway_that_holds_nothing_to_be_urgent_is_noticed(
    full: tuple[Cluster, FaultProxy],
) -> None:
    cluster, training = full
    async with filled(cluster, training):
        assert "OVERLOADED" in codes(await revoke(cluster))
