"""Giving and taking roles: who may, the ceiling, and that it counts at once."""

import inspect
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import true

from infra.database import WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category, Purpose, Role
from svc_consent.agencies import commands, rules
from svc_consent.agencies.repository import directory
from svc_consent.agencies.tables import RoleGrant
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory, caller, new_key

GRANT = """mutation Grant($input: GrantRoleInput!) { grantRole(input: $input) {
  roleGrant { id role status version account { name } approvedBy { id } }
  userErrors { code } } }"""
REVOKE = """mutation Revoke($input: RevokeRoleInput!) { revokeRole(input: $input) {
  roleGrant { id status version } userErrors { code } } }"""
GRANTS = """query Grants($agency: ID!) { agencyGrants(agencyId: $agency) {
  totalCount edges { node { id } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


class Office:
    """An agency with an administrator and an officer."""

    def __init__(self, world: ConsentWorld, admin: Person, officer: Person) -> None:
        self.world, self.admin, self.officer = world, admin, officer

    def acting(self, role: Role = Role.AGA, ground: str = "o", subject: str = "") -> Caller:
        return caller(
            role, {Category.AGENCY_ROLES: ground}, subject=subject or self.admin.subject,
            agency_id=self.admin.agency_id, site_id=str(self.world.site_id),
            purpose=Purpose.HSYSADMIN,
        )  # fmt: skip

    async def grant(self, acting: Caller | None = None, **changes: Any) -> dict[str, Any]:
        given = {
            "accountId": self.officer.subject, "role": "LEL", "reason": "Covers for a colleague",
            "idempotencyKey": new_key(), **changes,
        }  # fmt: skip
        answer = await self.world.service.graphql(acting or self.acting(), GRANT, {"input": given})
        payload: dict[str, Any] = answer.data["grantRole"]
        return payload

    async def revoke(
        self, grant_id: object, version: int, acting: Caller | None = None
    ) -> dict[str, Any]:
        given = {
            "grantId": str(grant_id), "expectedVersion": version, "reason": "Left the unit",
            "idempotencyKey": new_key(),
        }  # fmt: skip
        answer = await self.world.service.graphql(acting or self.acting(), REVOKE, {"input": given})
        payload: dict[str, Any] = answer.data["revokeRole"]
        return payload

    async def roles(self) -> list[str]:
        found = await self.world.ok(
            "/internal/directory/principal",
            {"issuer": "dev", "subject": self.officer.external_subject},
        )
        return [grant["role"] for grant in found["grants"]]


@pytest_asyncio.fixture(loop_scope="session")
async def office(world: ConsentWorld) -> Office:
    agency = await world.make_agency("LE")
    return Office(
        world, await world.make_person("AGA", agency), await world.make_person("LEO", agency)
    )


async def test_granted_role_counts_and_revoked_role_stops_at_once(office: Office) -> None:
    granted = await office.grant()
    assert granted["userErrors"] == []
    assert granted["roleGrant"]["status"] == "ACTIVE"
    assert granted["roleGrant"]["approvedBy"]["id"] == office.admin.subject
    assert await office.roles() == ["LEO", "LEL"]
    before = await office.world.head()
    gone = await office.revoke(granted["roleGrant"]["id"], granted["roleGrant"]["version"])
    assert gone["roleGrant"]["status"] == "REVOKED"
    assert await office.roles() == ["LEO"]
    _, feed = await office.world.call("GET", f"/internal/authority/changes?after={before}")
    assert feed["changes"][0]["keys"] == [f"subject:{office.officer.subject}"]


async def test_revocation_stops_a_request_in_flight_at_the_gate(office: Office) -> None:
    call = office.world.gate_call(office.officer, await office.world.head())
    await office.revoke(office.officer.grant_id, 1)
    (verdict,) = await office.world.gate(call)
    assert verdict["verdict"] == "PRINCIPAL_CHANGED"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"role": "PM"}, "ROLE_NOT_ALLOWED"),
        ({"role": "AGA"}, "ROLE_NOT_ALLOWED"),
        ({"role": "PLA"}, "ROLE_NOT_ALLOWED"),
        ({"role": "LEO"}, "GRANT_EXISTS"),
        ({"reason": "  "}, "REASON_NEEDED"),
        ({"validTo": "2020-01-01T00:00:00+00:00"}, "PERIOD_INVALID"),
        ({"accountId": str(uuid4())}, "NOT_FOUND"),
        ({"accountId": "nonsense"}, "NOT_FOUND"),
    ],
)
async def test_grant_that_may_not_be(office: Office, changes: dict[str, Any], code: str) -> None:
    granted = await office.grant(**changes)
    assert (granted["roleGrant"], granted["userErrors"]) == (None, [{"code": code}])
    assert await office.roles() == ["LEO"]


@pytest.mark.parametrize(("kind", "held"), [("PROS", "PRO"), ("SUD", "SVC"), ("PMA", "PM")])
async def test_an_office_makes_a_training_manager_of_its_own(
    world: ConsentWorld, kind: str, held: str
) -> None:
    agency = await world.make_agency(kind)
    admin, one = await world.make_person("AGA", agency), await world.make_person(held, agency)
    office = Office(world, admin, one)
    granted = await office.grant(role="TRM")
    assert granted["userErrors"] == []
    assert await office.roles() == [held, "TRM"]
    gone = await office.revoke(granted["roleGrant"]["id"], granted["roleGrant"]["version"])
    assert gone["userErrors"] == []


async def test_nobody_gives_a_role_to_themselves(office: Office) -> None:
    granted = await office.grant(accountId=office.admin.subject)
    assert granted["userErrors"] == [{"code": "OWN_GRANT"}]


@pytest.mark.parametrize("role", ["PRV", "AGA", "PLA"])
async def test_what_the_administrator_cannot_give_cannot_be_taken(
    office: Office, world: ConsentWorld, role: str
) -> None:
    watched_by = await world.make_person(role, office.admin.agency_id)
    before = await world.head()
    refused = await office.revoke(watched_by.grant_id, 1)
    assert (refused["roleGrant"], refused["userErrors"]) == (None, [{"code": "ROLE_NOT_ALLOWED"}])
    found = await world.ok(
        "/internal/directory/principal",
        {"issuer": "dev", "subject": watched_by.external_subject},
    )
    assert [grant["role"] for grant in found["grants"]] == [role]
    assert await world.head() == before


async def test_planted_revocation_without_a_ceiling_is_caught(
    office: Office, world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "check_revocable", lambda *_: None)
    with pytest.raises(AssertionError):
        await test_what_the_administrator_cannot_give_cannot_be_taken(office, world, "PRV")


async def test_people_of_another_agency_are_not_found(office: Office, world: ConsentWorld) -> None:
    stranger = await world.make_person("LEO", await world.make_agency("LE"))
    granted = await office.grant(accountId=stranger.subject)
    assert granted["userErrors"] == [{"code": "NOT_FOUND"}]
    assert (await office.revoke(stranger.grant_id, 1))["userErrors"] == [{"code": "NOT_FOUND"}]


@pytest.mark.parametrize("role", ["LEO", "PRV", "AGA"])
async def test_roles_of_another_agency_are_not_there(
    office: Office, world: ConsentWorld, role: str
) -> None:
    stranger = await world.make_person(role, await world.make_agency("LE"))
    before = await world.head()
    assert (await office.revoke(stranger.grant_id, 1))["userErrors"] == [{"code": "NOT_FOUND"}]
    assert await world.head() == before


async def _any_grant(session: WriteSession, _caller: Caller, grant_id: UUID) -> RoleGrant | None:
    return await session.get(RoleGrant, grant_id)


@pytest.mark.parametrize("role", ["LEO", "PRV", "AGA"])
async def test_planted_reach_into_another_agency_is_caught(
    office: Office, world: ConsentWorld, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setattr(directory, "grant_for_update", _any_grant)
    with pytest.raises(AssertionError):
        await test_roles_of_another_agency_are_not_there(office, world, role)


async def test_others_than_the_administrator_may_not(office: Office) -> None:
    for acting, code in (
        (office.acting(Role.LEO, "s"), "FORBIDDEN"),
        (office.acting(Role.PLA, "*"), "ROLE_NOT_ALLOWED"),  # an officer's is the agency's to take
    ):
        assert (await office.grant(acting))["userErrors"] == [{"code": "FORBIDDEN"}]
        refused = await office.revoke(office.officer.grant_id, 1, acting)
        assert refused["userErrors"] == [{"code": code}]


async def test_each_sees_the_grants_that_are_theirs_to_see(office: Office) -> None:
    async def seen(acting: Caller, agency: str) -> int:
        answer = await office.world.service.graphql(acting, GRANTS, {"agency": agency})
        return int(answer.data["agencyGrants"]["totalCount"])

    agency = office.admin.agency_id
    assert await seen(office.acting(), agency) == 2
    assert await seen(office.acting(Role.LEO, "s", office.officer.subject), agency) == 1
    assert await seen(office.acting(), str(uuid4())) == 0
    assert await seen(office.acting(Role.PLA, "*"), "nonsense") == 0


async def test_own_grants_and_directory_read_in_one_operation(office: Office) -> None:
    answer = await office.world.service.graphql(
        office.acting(Role.LEO, "s", office.officer.subject),
        "{ myGrants { edges { node { role agency { name type memberships { status } } site"
        " { name } account { name } } } } sites { name } agencies(first: 1) { edges { node"
        " { name } } pageInfo { hasNextPage } } }",
    )
    (edge,) = answer.data["myGrants"]["edges"]
    assert edge["node"]["role"] == "LEO"
    assert edge["node"]["agency"]["type"] == "LE"
    assert edge["node"]["account"]["name"] == "Somebody"
    assert answer.data["sites"] == [{"name": "Site"}]


@pytest.mark.parametrize(
    ("check", "module", "name", "broken"),
    [
        (test_people_of_another_agency_are_not_found, directory, "visible_grants",
         lambda _: true()),
        (test_each_sees_the_grants_that_are_theirs_to_see, directory, "visible_grants",
         lambda _: true()),
        (test_others_than_the_administrator_may_not, commands, "_own_agency",
         lambda who: (UUID(who.agency_id), UUID(who.site_id))),
        (test_granted_role_counts_and_revoked_role_stops_at_once, commands, "subject_key",
         lambda _: "subject:somebody-else"),
    ],
)  # fmt: skip
async def test_planted_bug_is_caught(
    office: Office,
    world: ConsentWorld,
    monkeypatch: pytest.MonkeyPatch,
    check: Any,
    module: Any,
    name: str,
    broken: Any,
) -> None:
    monkeypatch.setattr(module, name, broken)
    needs_world = "world" in inspect.signature(check).parameters
    with pytest.raises(AssertionError):
        await (check(office, world) if needs_world else check(office))
