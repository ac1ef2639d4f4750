"""How an agency and a person come into the directory: by whom, once, and nothing is given by it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from infra.vocabulary import Category, Role
from svc_consent.provisioning import enrolling
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory, caller, new_key

ADD_AGENCY = """mutation ($input: AddAgencyInput!) { addAgency(input: $input) {
  agency { id name type part2Status memberships { status } } userErrors { code } } }"""
ADD_ACCOUNT = """mutation ($input: AddAccountInput!) { addAccount(input: $input) {
  accountId userErrors { code } } }"""
GRANT = """mutation ($input: GrantRoleInput!) { grantRole(input: $input) {
  roleGrant { id } userErrors { code } } }"""
HISTORY = """query ($id: ID!) { agencyHistory(agencyId: $id, first: 10) {
  edges { node { kind } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        made.make_keys_known()
        await made.make_site()
        yield made


async def administrator(world: ConsentWorld, role: Role, agency_id: str) -> Any:
    who = await world.make_person(role.value, agency_id)
    access = {Category.AGENCY_ROLES: "*" if role is Role.PLA else "o"}
    return caller(
        role, access, subject=who.subject, agency_id=agency_id, site_id=str(world.site_id)
    )


async def run(world: ConsentWorld, asking: Any, query: str, **given: Any) -> Any:
    sent = {"reason": "Agreed", "idempotencyKey": new_key(), **given}
    answer = await world.service.graphql(asking, query, {"input": sent})
    (payload,) = answer.data.values()
    return payload


def codes(payload: Any) -> list[str]:
    return [each["code"] for each in payload["userErrors"]]


async def test_an_agency_comes_in_once_and_is_only_invited(world: ConsentWorld) -> None:
    pla = await administrator(world, Role.PLA, await world.make_agency("PLATFORM"))
    name = f"Harbor {uuid4().hex[:8]}"
    made = await run(world, pla, ADD_AGENCY, name=f" {name} ", type="LE")
    agency = made["agency"]
    assert (agency["name"], agency["type"], agency["part2Status"]) == (name, "LE", "UNDETERMINED")
    assert [each["status"] for each in agency["memberships"]] == ["PROSPECTIVE"]
    again = await run(world, pla, ADD_AGENCY, name=name.upper(), type="LE")
    assert codes(again) == ["ALREADY_THERE"]
    assert codes(await run(world, pla, ADD_AGENCY, name="  ", type="LE")) == ["BAD_TEXT"]
    word = await run(world, pla, ADD_AGENCY, name="Other", type="LE", part2Status="MAYBE")
    assert codes(word) == ["BAD_WORD"]
    aga = await administrator(world, Role.AGA, await world.make_agency("LE"))
    assert codes(await run(world, aga, ADD_AGENCY, name="Mine", type="LE")) == ["FORBIDDEN"]


async def test_a_new_person_is_added_without_a_role_and_then_given_one(
    world: ConsentWorld,
) -> None:
    police = await world.make_agency("LE")
    aga, login = await administrator(world, Role.AGA, police), uuid4().hex
    given = {"agencyId": police, "login": login, "name": "Sam New"}
    account = (await run(world, aga, ADD_ACCOUNT, **given))["accountId"]
    body = {"issuer": "dev", "subject": login}
    assert (await world.ok("/internal/directory/principal", body))["grants"] == []
    assert (await run(world, aga, ADD_ACCOUNT, **given))["accountId"] == account
    granted = await run(world, aga, GRANT, accountId=account, role="LEO")
    assert codes(granted) == []
    found = await world.ok("/internal/directory/principal", body)
    assert [each["role"] for each in found["grants"]] == ["LEO"]
    told = await world.service.graphql(aga, HISTORY, {"id": police})
    kinds = [edge["node"]["kind"] for edge in told.data["agencyHistory"]["edges"]]
    assert {"ACCOUNT_ADDED", "ROLE_GRANTED"} <= set(kinds)


async def nobody_adds_who_belongs_elsewhere(world: ConsentWorld) -> None:
    police, office = await world.make_agency("LE"), await world.make_agency("PROS")
    aga, theirs = (
        await administrator(world, Role.AGA, police),
        await world.make_person("PRO", office),
    )
    given = {"agencyId": police, "login": theirs.external_subject, "name": "Not ours"}
    assert codes(await run(world, aga, ADD_ACCOUNT, **given)) == ["NOT_ADDED"]
    other = await run(world, aga, ADD_ACCOUNT, **{**given, "agencyId": office, "login": "new"})
    assert codes(other) == ["NOT_FOUND"]


async def test_nobody_adds_who_belongs_elsewhere(world: ConsentWorld) -> None:
    await nobody_adds_who_belongs_elsewhere(world)


async def test_planted_adding_of_anybody_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def known_nowhere(*_given: Any) -> bool:
        return False

    monkeypatch.setattr(enrolling, "is_known_elsewhere", known_nowhere)
    with pytest.raises(AssertionError):
        await nobody_adds_who_belongs_elsewhere(world)
