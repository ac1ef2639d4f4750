"""A blocked account: whatever it holds counts for nothing with the next response."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from infra.identity_token import Caller
from infra.vocabulary import Category, Role
from svc_consent.agencies import commands
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory, caller, new_key

BLOCK = """mutation ($input: SetAccountBlockedInput!) { setAccountBlocked(input: $input) {
  account { isBlocked version } userErrors { code } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def officer(world: ConsentWorld) -> Person:
    return await world.make_person("LEO", await world.make_agency("LE"))


def acting(world: ConsentWorld, role: Role = Role.PLA, ground: str = "*", **more: Any) -> Caller:
    given = {"subject": str(uuid4()), "agency_id": str(uuid4()), "site_id": str(world.site_id)}
    return caller(role, {Category.AGENCY_ROLES: ground}, **(given | more))


async def block(
    world: ConsentWorld, officer: Person, who: Caller | None = None, **changes: Any
) -> dict[str, Any]:
    given = {
        "accountId": officer.subject, "blocked": True, "expectedVersion": 1,
        "reason": "The telephone was lost", "idempotencyKey": new_key(), **changes,
    }  # fmt: skip
    answer = await world.service.graphql(who or acting(world), BLOCK, {"input": given})
    payload: dict[str, Any] = answer.data["setAccountBlocked"]
    return payload


async def holds(world: ConsentWorld, officer: Person) -> tuple[bool, int]:
    found = await world.ok(
        "/internal/directory/principal", {"issuer": "dev", "subject": officer.external_subject}
    )
    return found["isBlocked"], len(found["grants"])


async def judge(world: ConsentWorld, officer: Person) -> None:
    """The gate refuses what was decided before, and everybody who follows the feed is told."""
    participant = str(uuid4())
    await world.release(participant, officer.agency_id)
    before = await world.head()
    call = world.gate_call(officer, before, [participant])
    blocked = await block(world, officer)
    assert blocked == {"account": {"isBlocked": True, "version": 2}, "userErrors": []}
    (verdict,) = await world.gate(call)
    assert verdict["verdict"] == "PRINCIPAL_CHANGED"
    _, feed = await world.call("GET", f"/internal/authority/changes?after={before}")
    assert [change["keys"] for change in feed["changes"]] == [[f"subject:{officer.subject}"]]


async def test_blocked_account_holds_nothing_and_comes_back(
    world: ConsentWorld, officer: Person
) -> None:
    await judge(world, officer)
    assert await holds(world, officer) == (True, 0)
    again = await block(world, officer, blocked=False, expectedVersion=2)
    assert again["account"] == {"isBlocked": False, "version": 3}
    assert await holds(world, officer) == (False, 1)


async def test_block_that_moves_no_key_is_noticed(
    world: ConsentWorld, officer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def record_nothing(*_: Any) -> None:
        return None

    monkeypatch.setattr(commands, "record_change", record_nothing)
    with pytest.raises(AssertionError):
        await judge(world, officer)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"accountId": "9b1cf1d5-2f0c-4f7e-9d43-0f3f3b6f2f11"}, "NOT_FOUND"),
        ({"expectedVersion": 7}, "VERSION_CONFLICT"),
        ({"blocked": False}, "NOTHING_TO_CHANGE"),
        ({"reason": " "}, "REASON_NEEDED"),
    ],
    ids=["absent", "changed meanwhile", "so already", "no reason"],
)
async def test_what_cannot_be_done_says_so(
    world: ConsentWorld, officer: Person, changes: dict[str, Any], code: str
) -> None:
    refused = await block(world, officer, **changes)
    assert [each["code"] for each in refused["userErrors"]] == [code]
    assert await holds(world, officer) == (False, 1)


async def test_nobody_else_blocks_and_nobody_themselves(
    world: ConsentWorld, officer: Person
) -> None:
    agency = acting(world, Role.AGA, "o", agency_id=officer.agency_id)
    assert (await block(world, officer, agency))["userErrors"] == [{"code": "FORBIDDEN"}]
    oneself = acting(world, subject=officer.subject)
    assert (await block(world, officer, oneself))["userErrors"] == [{"code": "OWN_ACCOUNT"}]
    elsewhere = acting(world, site_id=str(uuid4()))
    assert (await block(world, officer, elsewhere))["userErrors"] == [{"code": "NOT_FOUND"}]
    assert await holds(world, officer) == (False, 1)
