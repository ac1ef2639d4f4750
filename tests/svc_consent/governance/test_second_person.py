"""Sensitive roles need two people, nobody serves two masters, and history keeps what was done."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from infra.identity_token import Caller
from infra.vocabulary import Category, Purpose, Role
from svc_consent.agencies import rules
from svc_consent.agencies.repository import directory
from svc_consent.agencies.rules import conflicting_role
from svc_consent.governance import rules as governance_rules
from svc_consent.governance.repository import requests
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory, caller, new_key

GRANT = """mutation ($input: GrantRoleInput!) { grantRole(input: $input) {
  roleGrant { id } userErrors { code } } }"""
REQUEST = """mutation ($input: RequestRoleInput!) { requestRole(input: $input) {
  roleRequest { id status } userErrors { code } } }"""
DECIDE = """mutation ($input: DecideRoleRequestInput!) { decideRoleRequest(input: $input) {
  roleRequest { id status grantId } userErrors { code } } }"""
HISTORY = """query ($agency: ID!) { agencyHistory(agencyId: $agency) {
  edges { node { kind role reason account { id } actor { id } } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


def acting(world: ConsentWorld, person: Person, role: Role = Role.AGA, ground: str = "o") -> Caller:
    return caller(
        role,
        {Category.AGENCY_ROLES: ground},
        subject=person.subject,
        agency_id=person.agency_id,
        site_id=str(world.site_id),
        purpose=Purpose.HSYSADMIN,
    )


async def run(world: ConsentWorld, who: Caller, query: str, **given: Any) -> Any:
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    answer = await world.service.graphql(who, query, variables)
    (payload,) = answer.data.values()
    return payload


def codes(payload: Any) -> list[str]:
    return [each["code"] for each in payload["userErrors"]]


async def test_supervisor_is_granted_by_two_people_only(world: ConsentWorld) -> None:
    agency = await world.make_agency("CM")
    admins = [await world.make_person("AGA", agency) for _ in range(2)]
    manager = await world.make_person("CM", agency)
    wanted = {"accountId": manager.subject, "role": "SUP", "reason": "Leads the team"}
    alone = await run(world, acting(world, admins[0]), GRANT, **wanted)
    assert codes(alone) == ["SECOND_PERSON_NEEDED"]
    asked = await run(world, acting(world, admins[0]), REQUEST, agencyId=agency, **wanted)
    assert asked["userErrors"] == []
    assert asked["roleRequest"]["status"] == "REQUESTED"
    again = await run(world, acting(world, admins[0]), REQUEST, agencyId=agency, **wanted)
    assert codes(again) == ["REQUESTED_ALREADY"]
    decision = {"requestId": asked["roleRequest"]["id"], "approve": True, "reason": "Agreed"}
    own = await run(world, acting(world, admins[0]), DECIDE, **decision)
    assert codes(own) == ["SECOND_PERSON_NEEDED"]
    given = await run(world, acting(world, admins[1]), DECIDE, **decision)
    assert given["userErrors"] == []
    assert given["roleRequest"]["status"] == "APPROVED"
    assert given["roleRequest"]["grantId"]
    found = await world.ok(
        "/internal/directory/principal", {"issuer": "dev", "subject": manager.external_subject}
    )
    assert sorted(each["role"] for each in found["grants"]) == ["CM", "SUP"]
    answer = await world.service.graphql(acting(world, admins[1]), HISTORY, {"agency": agency})
    kinds = [each["node"]["kind"] for each in answer.data["agencyHistory"]["edges"]]
    assert kinds == ["ROLE_GRANTED", "ROLE_REQUESTED"]


async def test_broken_second_person_check_would_be_noticed(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted bug: with a check that lets everybody pass, who asked approves alone."""
    monkeypatch.setattr(governance_rules, "check_approver", lambda **_who: None)
    with pytest.raises(AssertionError):
        await test_supervisor_is_granted_by_two_people_only(world)


async def test_declined_request_grants_nothing(world: ConsentWorld) -> None:
    agency = await world.make_agency("CM")
    one = await world.make_person("AGA", agency)
    two = await world.make_person("AGA", agency)
    person = await world.make_person("CM", agency)
    asked = await run(
        world, acting(world, one), REQUEST,
        agencyId=agency, accountId=person.subject, role="SUP", reason="Wants to",
    )  # fmt: skip
    declined = await run(
        world, acting(world, two), DECIDE,
        requestId=asked["roleRequest"]["id"], approve=False, reason="Not needed",
    )  # fmt: skip
    assert declined["roleRequest"]["status"] == "DECLINED"
    assert declined["roleRequest"]["grantId"] is None


async def test_request_of_another_agency_looks_absent(world: ConsentWorld) -> None:
    agency, other = await world.make_agency("CM"), await world.make_agency("CM")
    one, stranger = await world.make_person("AGA", agency), await world.make_person("AGA", other)
    person = await world.make_person("CM", agency)
    asked = await run(
        world, acting(world, one), REQUEST,
        agencyId=agency, accountId=person.subject, role="SUP", reason="Wants to",
    )  # fmt: skip
    decided = await run(
        world, acting(world, stranger), DECIDE,
        requestId=asked["roleRequest"]["id"], approve=True, reason="Why not",
    )  # fmt: skip
    assert codes(decided) == ["NOT_FOUND"]


async def test_project_manager_is_nobody_s_agent_in_the_same_site(world: ConsentWorld) -> None:
    """A role that only another agency may see decides too, without being named."""
    police = await world.make_agency("LE")
    admin = await world.make_person("AGA", police)
    officer = await world.make_person("LEO", police)
    project = await world.make_agency("PMA")
    await world.execute(
        "insert into role_grant (id, account_id, agency_id, site_id, role, is_liaison,"
        " starts_at, reason, granted_at, version)"
        " values (gen_random_uuid(), :account, :agency, :site, 'PM', false, now(), 'test',"
        " now(), 1)",
        account=officer.account_id, agency=UUID(project), site=world.site_id,
    )  # fmt: skip
    refused = await run(
        world, acting(world, admin), GRANT,
        accountId=officer.subject, role="LEL", reason="Covers",
    )  # fmt: skip
    assert codes(refused) == ["GRANT_NOT_POSSIBLE"]


@pytest.mark.parametrize(
    ("role", "held", "other"),
    [
        (Role.PM, Role.CM, Role.CM),
        (Role.LEO, Role.PM, Role.PM),
        (Role.PRV, Role.AGA, Role.AGA),
        (Role.AGA, Role.PRV, Role.PRV),
        (Role.PLA, Role.PRV, Role.PRV),
        (Role.LEO, Role.LEL, None),
        (Role.PM, Role.PCG, None),
    ],
)
def test_separation_of_duties(role: Role, held: Role, other: Role | None) -> None:
    assert conflicting_role(role, [held]) is other


async def test_broken_separation_would_let_the_project_manager_in(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted bug: with a rule that knows no conflict, the grant above goes through."""
    monkeypatch.setattr(rules, "conflicting_role", lambda _role, _held: None)
    with pytest.raises(AssertionError):
        await test_project_manager_is_nobody_s_agent_in_the_same_site(world)


ADD = """mutation ($input: AddAccountInput!) { addAccount(input: $input) {
  accountId userErrors { code } } }"""
REQUESTS = "{ roleRequests(first: 100) { edges { node { id account { name } } } } }"


async def test_who_decides_reads_who_would_get_the_role(world: ConsentWorld) -> None:
    """Also of somebody who was added for it, and has had no role yet; nobody else is told."""
    platform, agency = await world.make_agency("PLATFORM"), await world.make_agency("CM")
    one, two = [await world.make_person("PLA", platform) for _ in range(2)]
    own = await world.make_person("AGA", agency)
    elsewhere = await world.make_person("AGA", await world.make_agency("CM"))
    name = f"Noor Sample-{new_key()[:6]}"
    added = await run(
        world, acting(world, one, Role.PLA, "*"), ADD,
        agencyId=agency, login=new_key(), name=name, reason="Begins on Monday",
    )  # fmt: skip
    asked = await run(
        world, acting(world, one, Role.PLA, "*"), REQUEST,
        agencyId=agency, accountId=added["accountId"], role="PRV", reason="Nobody is left",
    )  # fmt: skip
    told = []
    for who in (acting(world, two, Role.PLA, "*"), acting(world, own), acting(world, elsewhere)):
        answer = await world.service.graphql(who, REQUESTS)
        nodes = [edge["node"] for edge in answer.data["roleRequests"]["edges"]]
        mine = [each for each in nodes if each["id"] == asked["roleRequest"]["id"]]
        told.append([(each["account"] or {}).get("name") for each in mine])
    assert told == [[name], [name], []]


async def test_planted_a_request_for_somebody_unknown_is_noticed(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was: only who has a role is seen, so that a second person decides about nobody."""
    monkeypatch.setattr(requests, "requested_accounts", directory.accounts_by_id)
    with pytest.raises(AssertionError, match="None"):
        await test_who_decides_reads_who_would_get_the_role(world)
