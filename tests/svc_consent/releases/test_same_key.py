"""A revocation under one key, sent many times at once to two replicas: one effect, one answer.

Some of those who ask go away at any point, also while the transaction commits; whoever asks again
under the key is told the same, and never that the release had changed meanwhile. So is whoever's
request comes again late, after others that came later: a signature after its revocation.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra import command_edge, idempotency
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.postgres import ServiceDatabaseFactory
from tests.fixtures.release_case import REVOKE, SIGN, Case, new_case
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory, new_key

ROUNDS = 12
PATIENT = 3
_STEPS = (1, 3, 7, 12, 20, 31, 45, 70, 100, 140)
"""Turns of the loop after which somebody goes away: before, amid and after the effect."""

Replicas = tuple[ConsentWorld, ServiceApp]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def replicas(
    service_app: ServiceAppFactory, service_database: ServiceDatabaseFactory
) -> AsyncIterator[Replicas]:
    database = await asyncio.to_thread(service_database, "consent")
    async with (
        service_app("svc_consent", database=database) as one,
        service_app("svc_consent", database=database) as other,
    ):
        world = ConsentWorld(one)
        await world.make_site()
        yield world, other


async def impatient(asking: Any, turns: int) -> None:
    """Ask and go away after so many turns of the loop."""
    task = asyncio.ensure_future(asking)
    for _ in range(turns):
        if task.done():
            break
        await asyncio.sleep(0.0005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def revoked_by_many(replicas: Replicas, case: Case, number: int) -> list[Any]:
    """Send one revocation many times at once; return what those who waited were told."""
    world, other = replicas
    signed = await case.sign(case.form())
    assert not signed["userErrors"], signed
    given = {
        "releaseId": signed["release"]["id"], "expectedVersion": signed["release"]["version"],
        "reason": "Asked for it", "idempotencyKey": new_key(),
    }  # fmt: skip

    async def ask(service: ServiceApp) -> Any:
        answer = await service.graphql(case.acting(), REVOKE, {"input": given})
        return answer.body

    services = [world.service, other]
    leaving = [
        impatient(ask(services[place % 2]), turns)
        for place, turns in enumerate(_STEPS[number % 3 :: 3])
    ]
    staying = [ask(services[place % 2]) for place in range(PATIENT)]
    found = await asyncio.gather(*leaving, *staying)
    return [*found[len(leaving) :], await ask(other), await ask(world.service)]


async def assert_one_answer(replicas: Replicas, rounds: int) -> None:
    case = await new_case(replicas[0])
    for number in range(rounds):
        before = await replicas[0].head()
        told = await revoked_by_many(replicas, case, number)
        assert all(each == told[0] for each in told), told
        payload = told[0]["data"]["revokeRelease"]
        assert payload["userErrors"] == []
        assert payload["release"]["status"] == "REVOKED"
        assert payload["release"]["version"] == 2
        assert await replicas[0].head() == before + 2, "one revision signed it, one took it back"


async def test_everybody_is_told_the_same(replicas: Replicas) -> None:
    await assert_one_answer(replicas, ROUNDS)


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_everybody_is_told_the_same_a_thousand_times(replicas: Replicas) -> None:
    await assert_one_answer(replicas, 1_000)


async def in_any_order(replicas: Replicas, case: Case, dice: random.Random) -> None:
    """Sign, revoke, sign again and revoke again; what was sent before comes again amid the next.

    Each request once more or twice, out of order, at once, to either replica.
    """
    world, other = replicas
    sent: list[tuple[str, dict[str, Any], Any]] = []

    async def again(document: str, given: dict[str, Any]) -> Any:
        service = dice.choice([world.service, other])
        return (await service.graphql(case.acting(), document, {"input": given})).body

    def made(body: Any) -> Any:
        """Return which release it is, and what went wrong: how it stands now may be another."""
        ((name, payload),) = body["data"].items()
        return name, payload["release"]["id"], payload["userErrors"]

    async def with_late_ones(document: str, given: dict[str, Any]) -> Any:
        """Send something new, several times at once, and what came before in another order."""
        late = dice.choices(sent, k=3) if sent else []
        asked = [again(document, given), again(document, given)]
        asked += [again(each[0], each[1]) for each in late]
        order = dice.sample(range(len(asked)), len(asked))
        came = dict(zip(order, await asyncio.gather(*(asked[n] for n in order)), strict=True))
        assert came[0] == came[1]
        assert [made(came[2 + n]) for n in range(len(late))] == [each[2] for each in late]
        sent.append((document, given, made(came[0])))
        return came[0]["data"]

    before, form = await world.head(), case.form
    for number in (1, 2):
        signed = (await with_late_ones(SIGN, form()))["signRelease"]
        assert signed["userErrors"] == []
        assert signed["release"]["status"] == "ACTIVE"
        given = {
            "releaseId": signed["release"]["id"], "expectedVersion": 1, "reason": "Asked for it",
            "idempotencyKey": new_key(),
        }  # fmt: skip
        revoked = (await with_late_ones(REVOKE, given))["revokeRelease"]
        assert revoked["userErrors"] == []
        assert await world.head() == before + 2 * number, "each request had its effect once"
    assert await case.officer_sees() == []


async def assert_any_order(replicas: Replicas, rounds: int, seed: int) -> None:
    case, dice = await new_case(replicas[0]), random.Random(seed)
    for _ in range(rounds):
        await in_any_order(replicas, case, dice)


async def test_what_comes_again_late_has_no_second_effect(replicas: Replicas) -> None:
    await assert_any_order(replicas, 2, 6)


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_what_comes_again_late_a_thousand_times_has_no_second_effect(
    replicas: Replicas,
) -> None:
    await assert_any_order(replicas, 1_000, int(os.environ.get("GT_SOAK_SEED", "1")))


async def test_twin_a_service_that_forgets_its_keys_is_noticed(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that comes again is as good as new."""

    async def each_time(_session: Any, *, effect: Any, **_named: Any) -> Any:
        return await effect()

    monkeypatch.setattr(command_edge, "once", each_time)
    with pytest.raises((AssertionError, KeyError, TypeError)):
        await assert_any_order(replicas, 2, 6)


async def test_twin_replicas_that_do_not_wait_for_each_other_are_noticed(
    replicas: Replicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "text", lambda _sql: text("select cast(:name as text)"))
    with pytest.raises((AssertionError, KeyError, TypeError)):
        await assert_one_answer(replicas, ROUNDS)
