"""An agency is found by its id; its case managers are named to those who work with its people."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from infra.vocabulary import Category, Role
from svc_consent.agencies.repository import colleagues
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory, caller

COLLEAGUES = "{ caseManagers { accountId name } }"
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
