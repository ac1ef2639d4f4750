"""An agency is found by its id; who serves there is named to those whom it concerns."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import select

from infra.authority.directory import SERVING_PATH, Directory, DirectoryError
from infra.http_client import HttpClient
from infra.vocabulary import Category, Role
from svc_consent.agencies.repository import colleagues
from svc_consent.agencies.tables import Account
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory, caller, http_server

COLLEAGUES = "{ caseManagers { accountId name } }"
SERVING = """query ($first: Int = 100, $after: String) { colleagues(first: $first, after: $after) {
  totalCount edges { node { accountId name } } pageInfo { hasNextPage endCursor } } }"""
AGENCY = "query ($id: ID!) { agency(id: $id) { id name memberships { status } } }"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        made.make_keys_known()
        await made.make_site()
        yield made


def asking(world: ConsentWorld, role: Role, agency_id: str, access: str = "s") -> Any:
    return caller(
        role, {Category.AGENCY_ROLES: access}, subject=str(uuid4()), agency_id=agency_id,
        site_id=str(world.site_id),
    )  # fmt: skip


async def named(world: ConsentWorld, role: Role, agency_id: str) -> list[str]:
    answer = await world.service.graphql(asking(world, role, agency_id), COLLEAGUES)
    return [each["accountId"] for each in answer.data["caseManagers"]]


async def end(world: ConsentWorld, who: Person) -> None:
    await world.execute(
        "update role_grant set revoked_at = clock_timestamp() where account_id = :id",
        id=who.account_id,
    )


async def a_case_manager_is_named_from_the_first_day_to_the_last(world: ConsentWorld) -> None:
    agency, other = await world.make_agency("CM"), await world.make_agency("CM")
    serving, gone = await world.make_person("CM", agency), await world.make_person("CM", agency)
    await world.make_person("SUP", agency)
    await world.make_person("CM", other)
    await end(world, gone)
    assert await named(world, Role.SUP, agency) == [str(serving.account_id)]
    assert await named(world, Role.CM, agency) == [str(serving.account_id)]
    for role in (Role.AGA, Role.PM, Role.LEO, Role.PLA):
        assert await named(world, role, agency) == []


async def test_a_case_manager_is_named_from_the_first_day_to_the_last(world: ConsentWorld) -> None:
    await a_case_manager_is_named_from_the_first_day_to_the_last(world)


async def test_planted_naming_for_everybody_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(colleagues, "WHO_ASKS", frozenset(Role))
    with pytest.raises(AssertionError):
        await a_case_manager_is_named_from_the_first_day_to_the_last(world)


async def test_an_agency_is_found_by_id_and_its_membership_stays_its_own(
    world: ConsentWorld,
) -> None:
    agency = await world.make_agency("LE")

    async def found(own: str, id_: str, access: str = "o") -> Any:
        who = asking(world, Role.AGA, own, access)
        return (await world.service.graphql(who, AGENCY, {"id": id_})).data["agency"]

    own = await found(agency, agency)
    assert (own["id"], [each["status"] for each in own["memberships"]]) == (agency, ["MOU_SIGNED"])
    assert (await found(await world.make_agency("LE"), agency))["memberships"] == []
    assert await found(agency, str(uuid4())) is None
    assert await found(agency, "none") is None


async def trained(world: ConsentWorld, role: Role, agency_id: str) -> Any:
    answer = await world.service.graphql(asking(world, role, agency_id), SERVING)
    return answer.data["colleagues"]


def ids_of(found: Any) -> list[str]:
    return [edge["node"]["accountId"] for edge in found["edges"]]


async def may_be_linked(world: ConsentWorld, who: Person, agency_id: str) -> bool:
    asked = {"account": str(who.account_id), "agency": agency_id}
    answer = await world.ok(SERVING_PATH, asked, issuer="training")
    return bool(answer["serves"])


async def who_serves_is_named_to_who_trains_them(world: ConsentWorld) -> None:
    agency, other = await world.make_agency("PROS"), await world.make_agency("PROS")
    made = {role: await world.make_person(role, agency) for role in ("PRO", "PCG", "AGA", "TRM")}
    gone, blocked = await world.make_person("PRO", agency), await world.make_person("PRO", agency)
    inactive, later = await world.make_person("PRO", agency), await world.make_person("PRO", agency)
    elsewhere = await world.make_person("PRO", other)
    await end(world, gone)
    for column, who in (("is_blocked", blocked), ("is_inactive", inactive)):
        await world.execute(
            f"update account set {column} = true where id = :id",
            id=who.account_id,
        )
    await world.execute(
        "update role_grant set starts_at = clock_timestamp() + interval '1 day'"
        " where account_id = :id",
        id=later.account_id,
    )
    found = await trained(world, Role.TRM, agency)
    assert set(ids_of(found)) == {str(each.account_id) for each in made.values()}
    assert found["totalCount"] == len(made)
    for role in set(Role) - {Role.TRM}:
        assert await trained(world, role, agency) == {
            "totalCount": 0, "edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None},
        }  # fmt: skip
    assert ids_of(await trained(world, Role.TRM, "")) == []
    for each in made.values():
        assert await may_be_linked(world, each, agency)
        assert not await may_be_linked(world, each, other)
        shouted = {"account": str(each.account_id).upper(), "agency": agency}
        assert await world.ok(SERVING_PATH, shouted, issuer="training") == {"serves": False}
    for each in (elsewhere, gone, blocked, inactive, later):
        assert not await may_be_linked(world, each, agency)
    for nobody in (str(uuid4()), "nobody", "", None):
        asked = {"account": nobody, "agency": agency}
        assert await world.ok(SERVING_PATH, asked, issuer="training") == {"serves": False}


async def test_who_serves_is_named_to_who_trains_them(world: ConsentWorld) -> None:
    await who_serves_is_named_to_who_trains_them(world)


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("WHO_TRAINS", frozenset(Role)),
        ("WHO_TRAINS", frozenset({Role.TRM, Role.AGA})),
        ("_live", lambda: ()),
        ("_may_sign_in", lambda: ()),
        ("_serving", lambda _agency_id: select(Account)),
    ],
)
async def test_planted_naming_of_more_or_to_more_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch, name: str, planted: Any
) -> None:
    monkeypatch.setattr(colleagues, name, planted)
    with pytest.raises(AssertionError):
        await who_serves_is_named_to_who_trains_them(world)


async def test_a_service_hears_who_serves_over_http_and_without_an_answer_nothing(
    world: ConsentWorld, tmp_path: Path
) -> None:
    agency = await world.make_agency("PROS")
    account = str((await world.make_person("PRO", agency)).account_id)
    client = HttpClient(f"unix:{tmp_path}/c.sock")
    directory = Directory(client, world.minter("training"))
    async with http_server(world.service.app, uds=f"{tmp_path}/c.sock"):
        assert await directory.is_serving(account, agency)
        assert not await directory.is_serving(str(uuid4()), agency)
        with pytest.raises(DirectoryError):
            await Directory(client, world.minter("cases")).is_serving(account, agency)
    with pytest.raises(DirectoryError):
        await directory.is_serving(account, agency)
    await client.close()


async def test_a_long_list_of_colleagues_is_read_page_by_page(world: ConsentWorld) -> None:
    """Who holds two roles stands there once."""
    agency = await world.make_agency("DEF")
    people = [await world.make_person("DEF", agency) for _ in range(5)]
    await world.execute(
        "insert into role_grant (id, account_id, agency_id, site_id, role, is_liaison, starts_at,"
        " reason, granted_at, version) select :id, account_id, agency_id, site_id, 'TRM', false,"
        " starts_at, reason, granted_at, 1 from role_grant where id = :of",
        id=uuid4(), of=people[0].grant_id,
    )  # fmt: skip
    read: list[str] = []
    after, manager = None, asking(world, Role.TRM, agency)
    for _ in range(3):
        page = {"first": 2, "after": after}
        found = (await world.service.graphql(manager, SERVING, page)).data["colleagues"]
        read += ids_of(found)
        after = found["pageInfo"]["endCursor"]
    assert not found["pageInfo"]["hasNextPage"]
    assert sorted(read) == sorted(str(each.account_id) for each in people)
