"""An identity provider proposes; ceilings, separation of duties and second persons decide."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from infra.identity_token import Caller
from infra.vocabulary import Category, Role
from svc_consent.agencies import rules as agency_rules
from svc_consent.provisioning import proposing
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory, caller, new_key
from tests.fixtures.statements import statements_of

USER = "user { id accountId userName active version memberships { groupName outcome code } }"
GROUP = "group { id version members { userId outcome code } }"
KINDS = {
    "putProvisionedUser": ("PutProvisionedUserInput", USER),
    "removeProvisionedUser": ("RemoveProvisionedInput", "user { id }"),
    "putProvisionedGroup": ("PutProvisionedGroupInput", GROUP),
    "removeProvisionedGroup": ("RemoveProvisionedInput", "group { id }"),
    "registerProvisioner": ("RegisterProvisionerInput", "accountId"),
    "mapProvisionedGroup": ("MapProvisionedGroupInput", "groupRoles { displayName role version }"),
    "decideRoleRequest": ("DecideRoleRequestInput", "roleRequest { id status grantId }"),
    "grantRole": ("GrantRoleInput", "roleGrant { id }"),
}
REQUESTS = """{ roleRequests(first: 100) { edges { node {
  id status role account { id } } } } }"""


@dataclass
class Desk:
    """One agency with a person who administers it and a provider's client."""

    world: ConsentWorld
    agency_id: str
    admin: Caller
    client: Caller
    issuer: str

    async def run(self, name: str, asking: Caller | None = None, **given: Any) -> Any:
        kind, selection = KINDS[name]
        query = (
            f"mutation Run($input: {kind}!) {{ payload: {name}(input: $input)"
            f" {{ {selection} userErrors {{ code }} }} }}"
        )
        variables = {"input": {"idempotencyKey": new_key(), **given}}
        answer = await self.world.service.graphql(asking or self.client, query, variables)
        return answer.data["payload"]

    async def user(self, **given: Any) -> dict[str, Any]:
        name = uuid4().hex
        terms = {"userName": f"{name}@police.example", "externalId": name, "active": True, **given}
        payload = await self.run("putProvisionedUser", **terms)
        assert payload["userErrors"] == []
        found: dict[str, Any] = {**payload["user"], "subject": terms["externalId"]}
        return found

    async def map(self, name: str, role: str | None, **given: Any) -> list[str]:
        answer = await self.world.service.graphql(
            self.admin, "{ provisionedGroupRoles { displayName version } }"
        )
        kept = {
            each["displayName"]: each["version"] for each in answer.data["provisionedGroupRoles"]
        }
        terms = {"expectedVersion": kept.get(name), "reason": "Agreed", **given}
        payload = await self.run(
            "mapProvisionedGroup", self.admin, displayName=name, role=role, **terms
        )
        return codes(payload)

    async def group(self, name: str, *members: dict[str, Any], **given: Any) -> dict[str, Any]:
        ids = [each["id"] for each in members]
        payload = await self.run("putProvisionedGroup", displayName=name, addMembers=ids, **given)
        assert payload["userErrors"] == [], payload
        found: dict[str, Any] = payload["group"]
        return found

    async def roles(self, user: dict[str, Any]) -> list[str] | None:
        """Return the roles that the directory confirms; None for who is shut out."""
        body = {"issuer": self.issuer, "subject": user["subject"]}
        found = await self.world.ok("/internal/directory/principal", body)
        return None if found["isBlocked"] else [each["role"] for each in found["grants"]]


def codes(payload: Any) -> list[str]:
    return [each["code"] for each in payload["userErrors"]]


def outcomes(group: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(each["outcome"], each["code"]) for each in group["members"]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        made.make_keys_known()
        await made.make_site()
        yield made


def acting(world: ConsentWorld, role: Role, who: Person, access: str) -> Caller:
    return caller(
        role, {Category.AGENCY_ROLES: access}, subject=who.subject, agency_id=who.agency_id,
        site_id=str(world.site_id),
    )  # fmt: skip


async def desk_of(world: ConsentWorld, kind: str) -> Desk:
    agency_id = await world.make_agency(kind)
    admin, client = [await world.make_person("AGA", agency_id) for _ in range(2)]
    pla = acting(world, Role.PLA, await world.make_person("PLA", agency_id), "*")
    issuer = f"idp-{uuid4().hex[:8]}"
    await world.execute(
        "update account set issuer = :i where id = :id", i=issuer, id=client.account_id
    )
    desk = Desk(
        world, agency_id, acting(world, Role.AGA, admin, "o"),
        acting(world, Role.AGA, client, "o"), issuer,
    )  # fmt: skip
    payload = await desk.run(
        "registerProvisioner", pla, agencyId=agency_id, issuer=issuer,
        clientId=client.external_subject, reason="Agreed",
    )  # fmt: skip
    assert payload == {"accountId": client.subject, "userErrors": []}
    return desk


@pytest_asyncio.fixture(loop_scope="session")
async def police(world: ConsentWorld) -> Desk:
    return await desk_of(world, "LE")


@pytest_asyncio.fixture(loop_scope="session")
async def provider(world: ConsentWorld) -> Desk:
    return await desk_of(world, "CM")


async def test_a_group_means_nothing_until_somebody_says_what(police: Desk) -> None:
    ann = await police.user()
    assert await police.roles(ann) == []
    group = await police.group("patrol", ann)
    assert outcomes(group) == [("UNMAPPED", None)]
    assert await police.roles(ann) == []
    assert await police.map("patrol", "LEO") == []
    assert await police.roles(ann) == ["LEO"]
    assert await police.map("patrol", None, expectedVersion=None) == ["VERSION_CONFLICT"]
    assert await police.map("patrol", None) == []
    assert await police.roles(ann) == []


async def test_who_leaves_loses_what_the_group_gave_and_nothing_else(police: Desk) -> None:
    await police.map("patrol", "LEO")
    ann, bob = await police.user(), await police.user()
    given = {"accountId": bob["accountId"], "role": "LEO", "reason": "By hand"}
    await police.run("grantRole", police.admin, **given)
    group = await police.group("patrol", ann, bob)
    assert sorted(outcomes(group)) == [("GRANTED", None), ("HELD", None)]
    await police.group("patrol", id=group["id"], removeMembers=[ann["id"], bob["id"]])
    assert await police.roles(ann) == []
    assert await police.roles(bob) == ["LEO"]


async def test_inactive_is_out_with_the_next_answer(police: Desk) -> None:
    await police.map("patrol", "LEO")
    ann = await police.user()
    await police.group("patrol", ann)
    again = {"id": ann["id"], "userName": ann["userName"], "externalId": ann["subject"]}
    await police.run("putProvisionedUser", **again, active=False)
    _, feed = await police.world.call(
        "GET", f"/internal/authority/changes?after={await police.world.head() - 1}"
    )
    assert feed["changes"][0]["keys"] == [f"subject:{ann['accountId']}"]
    assert await police.roles(ann) is None
    await police.run("putProvisionedUser", **again, active=True)
    assert await police.roles(ann) == ["LEO"]


async def test_the_provider_does_not_let_in_whom_the_platform_shut_out(police: Desk) -> None:
    ann = await police.user()
    await police.world.execute(
        "update account set is_blocked = true where id = cast(:id as uuid)", id=ann["accountId"]
    )
    again = {"id": ann["id"], "userName": ann["userName"], "externalId": ann["subject"]}
    for active in (False, True):
        await police.run("putProvisionedUser", **again, active=active)
    assert await police.roles(ann) is None


async def a_sensitive_role_waits_for_a_second_person(provider: Desk) -> None:
    assert await provider.map("supervisors", "SUP") == []
    ann = await provider.user()
    group = await provider.group("supervisors", ann)
    assert outcomes(group) == [("REQUESTED", None)]
    assert await provider.roles(ann) == []
    answer = await provider.world.service.graphql(provider.admin, REQUESTS)
    (request,) = [
        edge["node"] for edge in answer.data["roleRequests"]["edges"]
        if edge["node"]["status"] == "REQUESTED"
    ]  # fmt: skip
    decided = {"requestId": request["id"], "approve": True, "reason": "Agreed"}
    own = await provider.run("decideRoleRequest", provider.client, **decided)
    assert codes(own) == ["SECOND_PERSON_NEEDED"]
    assert codes(await provider.run("decideRoleRequest", provider.admin, **decided)) == []
    assert await provider.roles(ann) == ["SUP"]
    await provider.group("supervisors", id=group["id"], removeMembers=[ann["id"]])
    assert await provider.roles(ann) == []


async def test_a_sensitive_role_waits_for_a_second_person(provider: Desk) -> None:
    await a_sensitive_role_waits_for_a_second_person(provider)


async def test_planted_way_around_the_second_person_is_caught(
    provider: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_given: Any, **_more: Any) -> bool:
        return False

    monkeypatch.setattr(proposing, "needs_second_person", nobody)
    monkeypatch.setattr(agency_rules, "needs_second_person", nobody)
    with pytest.raises(AssertionError):
        await a_sensitive_role_waits_for_a_second_person(provider)


async def test_nobody_maps_a_group_to_give_themselves_a_role(police: Desk) -> None:
    ann = await police.user()
    await police.world.execute(
        "update provisioned_user set account_id = cast(:a as uuid) where id = cast(:id as uuid)",
        a=police.admin.subject, id=ann["id"],
    )  # fmt: skip
    await police.map("patrol", "LEO")
    assert outcomes(await police.group("patrol", ann)) == [("REQUESTED", None)]


async def test_never_above_the_agencys_ceiling(police: Desk) -> None:
    for role in ("SUP", "PRV", "AGA", "PLA", "CM"):
        assert await police.map("everybody", role) == ["ROLE_NOT_ALLOWED"]


async def test_separation_of_duties_stands_against_a_group(provider: Desk) -> None:
    await provider.map("managers", "CM")
    ann = await provider.user()
    office = await provider.world.make_agency("PMA")
    await provider.world.execute(
        "insert into role_grant (id, account_id, agency_id, site_id, role, is_liaison, starts_at,"
        " reason, granted_at, version) values (gen_random_uuid(), cast(:a as uuid),"
        " cast(:o as uuid), :s, 'PM', false, now(), 'test', now(), 1)",
        a=ann["accountId"], o=office, s=provider.world.site_id,
    )  # fmt: skip
    ((outcome, code),) = outcomes(await provider.group("managers", ann))
    assert (outcome, code is not None) == ("REFUSED", True)
    assert await provider.roles(ann) == ["PM"]


async def test_an_account_of_another_agency_is_not_captured(police: Desk, provider: Desk) -> None:
    stranger = await provider.world.make_person("CM", provider.agency_id)
    await police.world.execute(
        "update account set issuer = :i where id = :id", i=police.issuer, id=stranger.account_id
    )
    given: dict[str, Any] = {
        "userName": "x@y.example", "externalId": stranger.external_subject, "active": False,
    }  # fmt: skip
    assert codes(await police.run("putProvisionedUser", **given)) == ["TAKEN"]


async def test_a_token_subject_stays_what_it_was(police: Desk) -> None:
    await police.map("patrol", "LEO")
    ann = await police.user()
    given = {"id": ann["id"], "userName": ann["userName"], "externalId": "other", "active": True}
    assert codes(await police.run("putProvisionedUser", **given)) == []
    await police.group("patrol", ann)
    given["externalId"] = ann["subject"]
    assert codes(await police.run("putProvisionedUser", **given)) == ["IMMUTABLE"]


async def test_only_the_registered_client_provisions_and_no_client_maps(police: Desk) -> None:
    given: dict[str, Any] = {"userName": "x@y.example", "externalId": "x", "active": True}
    payload = await police.run("putProvisionedUser", police.admin, **given)
    assert codes(payload) == ["FORBIDDEN"]
    mapped = {"displayName": "patrol", "role": "LEO", "reason": "Mine"}
    payload = await police.run("mapProvisionedGroup", police.client, **mapped)
    assert codes(payload) == ["FORBIDDEN"]


async def test_another_agencys_people_are_not_there(police: Desk, provider: Desk) -> None:
    ann = await provider.user()
    given = {"id": ann["id"], "userName": "x@y.example", "externalId": "x", "active": False}
    assert codes(await police.run("putProvisionedUser", **given)) == ["NOT_FOUND"]
    payload = await police.run("putProvisionedGroup", displayName="patrol", addMembers=[ann["id"]])
    assert codes(payload) == ["NOT_FOUND"]


async def test_who_is_removed_is_out_and_may_come_again(police: Desk) -> None:
    await police.map("patrol", "LEO")
    ann = await police.user()
    group = await police.group("patrol", ann)
    assert codes(await police.run("removeProvisionedUser", id=ann["id"])) == []
    assert await police.roles(ann) is None
    back = await police.user(userName=ann["userName"], externalId=ann["subject"])
    assert back["accountId"] == ann["accountId"]
    assert await police.roles(ann) == []
    assert codes(await police.run("removeProvisionedGroup", id=group["id"])) == []


LISTS = """{
  provisionedUsers { items { memberships { groupName } } }
  provisionedGroups { items { members { userName } } }
}"""


async def statements_to_list(desk: Desk) -> int:
    async with statements_of(desk.world.service) as statements:
        answer = await desk.world.service.graphql(desk.client, LISTS)
    for each in answer.data["provisionedGroups"]["items"]:
        assert len(each["members"]) == 2
    for each in answer.data["provisionedUsers"]["items"]:
        assert len(each["memberships"]) == len(answer.data["provisionedGroups"]["items"])
    return len(statements)


async def test_lists_ask_as_much_for_many_as_for_few(police: Desk) -> None:
    ann, bob = await police.user(), await police.user()
    await police.group("one", ann, bob)
    few = await statements_to_list(police)
    for name in ("two", "three", "four"):
        await police.group(name, ann, bob)
    assert await statements_to_list(police) == few
