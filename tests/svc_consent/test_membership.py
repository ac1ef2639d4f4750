"""An agency's membership: everything that names the agency is inert the moment it rests."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from infra.identity_token import Caller
from infra.vocabulary import Category, Role
from svc_consent.agencies.repository import directory
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory, caller, new_key

CHANGE = """mutation Change($input: ChangeMembershipInput!) { changeMembership(input: $input) {
  agency { memberships { status version } } userErrors { code } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


class Member:
    """A police department with an officer, and a participant whose release names it."""

    def __init__(self, world: ConsentWorld, officer: Person) -> None:
        self.world, self.officer, self.participant = world, officer, str(uuid4())

    def acting(self, role: Role = Role.PLA, ground: str = "*", agency_id: str = "") -> Caller:
        return caller(
            role, {Category.AGENCY_ROLES: ground}, subject=str(uuid4()),
            agency_id=agency_id or str(uuid4()), site_id=str(self.world.site_id),
        )  # fmt: skip

    async def change(
        self, status: str, version: int = 1, acting: Caller | None = None
    ) -> dict[str, Any]:
        given = {
            "agencyId": self.officer.agency_id, "status": status, "expectedVersion": version,
            "reason": "The council voted", "idempotencyKey": new_key(),
        }  # fmt: skip
        answer = await self.world.service.graphql(acting or self.acting(), CHANGE, {"input": given})
        payload: dict[str, Any] = answer.data["changeMembership"]
        return payload

    async def sees(self) -> list[str]:
        answer = await self.world.decisions(self.officer, [self.participant], {"IDENTITY": "r"})
        categories: list[str] = answer["decisions"][0]["categories"]
        return categories

    async def grants(self) -> int:
        found = await self.world.ok(
            "/internal/directory/principal",
            {"issuer": "dev", "subject": self.officer.external_subject},
        )
        return len(found["grants"])


@pytest_asyncio.fixture(loop_scope="session")
async def member(world: ConsentWorld) -> Member:
    made = Member(world, await world.make_person("LEO", await world.make_agency("LE")))
    await world.release(made.participant, made.officer.agency_id)
    return made


async def test_withdrawal_makes_everything_inert_and_touches_no_participant(
    member: Member,
) -> None:
    before = await member.world.head()
    call = member.world.gate_call(member.officer, before, [member.participant])
    changed = await member.change("WITHDRAWN")
    assert changed["userErrors"] == []
    assert changed["agency"]["memberships"] == [{"status": "WITHDRAWN", "version": 2}]
    assert (await member.sees(), await member.grants()) == ([], 0)
    (verdict,) = await member.world.gate(call)
    assert verdict["verdict"] == "PRINCIPAL_CHANGED"
    _, feed = await member.world.call("GET", f"/internal/authority/changes?after={before}")
    (change,) = feed["changes"]
    assert change["keys"] == [f"agency:{member.officer.agency_id}"]
    assert len(change["operations"]) == 1


async def test_suspended_agency_comes_back(member: Member) -> None:
    await member.change("SUSPENDED")
    assert (await member.sees(), await member.grants()) == ([], 0)
    await member.change("MOU_SIGNED", version=2)
    assert (await member.sees(), await member.grants()) == (["IDENTITY"], 1)


async def test_agency_that_has_left_needs_a_new_memorandum(member: Member) -> None:
    await member.change("WITHDRAWN")
    refused = await member.change("MOU_SIGNED", version=2)
    assert refused["userErrors"] == [{"code": "NO_SUCH_STEP"}]
    assert await member.sees() == []


async def test_administrator_may_withdraw_the_own_agency_and_nothing_else(member: Member) -> None:
    own = member.acting(Role.AGA, "o", member.officer.agency_id)
    other = member.acting(Role.AGA, "o")
    for status, who in (("SUSPENDED", own), ("WITHDRAWN", other)):
        assert (await member.change(status, acting=who))["userErrors"] == [{"code": "FORBIDDEN"}]
    assert await member.sees() == ["IDENTITY"]
    assert (await member.change("WITHDRAWN", acting=own))["userErrors"] == []
    assert await member.sees() == []


async def test_planted_withdrawal_that_forgets_the_period_is_caught(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_arguments: object) -> list[Any]:
        return []

    monkeypatch.setattr(directory, "standing_agreements", nothing)
    with pytest.raises(AssertionError):
        await test_withdrawal_makes_everything_inert_and_touches_no_participant(member)
