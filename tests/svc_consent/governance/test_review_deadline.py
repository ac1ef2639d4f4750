"""What a review has not decided by its deadline counts no longer, though nobody closes it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from infra import clock
from infra.identity_token import Caller
from infra.vocabulary import Role
from svc_consent.agencies.repository import principal
from svc_consent.agencies.tables import lapse
from svc_consent.disclosures.repository import gate
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory
from tests.svc_consent.governance.test_agreements_and_reviews import CLOSE, ITEM, OPEN
from tests.svc_consent.governance.test_second_person import acting, codes, run

GRANTS = """query ($agency: ID!) { agencyGrants(agencyId: $agency) {
  edges { node { id status validTo } } } agencyRoleCounts(agencyId: $agency) { role people } }"""
GRANT = """mutation ($input: GrantRoleInput!) { grantRole(input: $input) {
  roleGrant { id } userErrors { code } } }"""
NEVER = "(select null::timestamptz)"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


async def opened(world: ConsentWorld, who: Caller) -> str:
    """Begin a review that has two weeks; returns its id."""
    deadline = (clock.now() + timedelta(days=14)).isoformat()
    payload = await run(world, who, OPEN, title="Autumn", deadlineAt=deadline)
    assert payload["userErrors"] == []
    return str(payload["accessReview"]["id"])


async def pass_deadline(world: ConsentWorld, review: str) -> None:
    """Let a review's deadline be over; nobody does anything else."""
    await world.execute(
        "update review_campaign set deadline_at = clock_timestamp() - interval '1 second'"
        " where id = :id",
        id=review,
    )


async def decided(world: ConsentWorld, who: Caller, review: str, person: Person, how: str) -> Any:
    return await run(
        world, who, ITEM, reviewId=review, grantId=str(person.grant_id), decision=how,
        reason="Looked at",
    )  # fmt: skip


async def roles(world: ConsentWorld, person: Person) -> list[str]:
    return [each["role"] for each in (await _principal(world, person))["grants"]]


async def _principal(world: ConsentWorld, person: Person) -> Any:
    asked = {"issuer": "dev", "subject": person.external_subject}
    return await world.ok("/internal/directory/principal", asked)


async def verdict(world: ConsentWorld, person: Person) -> str:
    (found,) = await world.gate(world.gate_call(person, await world.head()))
    return str(found["verdict"])


async def listed(world: ConsentWorld, who: Caller, agency: str) -> tuple[dict[str, Any], Any]:
    answer = await world.service.graphql(who, GRANTS, {"agency": agency})
    nodes = [edge["node"] for edge in answer.data["agencyGrants"]["edges"]]
    counts = {each["role"]: each["people"] for each in answer.data["agencyRoleCounts"]}
    return {each["id"]: each for each in nodes}, counts


async def test_undecided_role_ends_at_the_deadline_by_itself(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    who = acting(world, await world.make_person("AGA", agency))
    kept, waits = await world.make_person("LEO", agency), await world.make_person("LEO", agency)
    review = await opened(world, who)
    assert (await decided(world, who, review, kept, "KEEP"))["userErrors"] == []
    assert await roles(world, waits) == ["LEO"]
    assert await verdict(world, waits) == "RELEASED"

    await pass_deadline(world, review)
    assert await roles(world, waits) == []
    assert await verdict(world, waits) == "PRINCIPAL_CHANGED"
    assert (await roles(world, kept), await verdict(world, kept)) == (["LEO"], "RELEASED")
    grants, counts = await listed(world, who, agency)
    assert grants[str(waits.grant_id)]["status"] == "EXPIRED"
    assert grants[str(kept.grant_id)]["status"] == "ACTIVE"
    assert counts == {"AGA": 1, "LEO": 1}


async def test_an_administrator_whom_the_platform_did_not_keep_lapses(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    admin = await world.make_person("AGA", agency)
    officer = await world.make_person("LEO", agency)
    who = acting(world, await world.make_person("PLA", agency), Role.PLA, "*")
    deadline = (clock.now() + timedelta(days=14)).isoformat()
    payload = await run(world, who, OPEN, title="Admins", deadlineAt=deadline, agencyId=agency)
    review = str(payload["accessReview"]["id"])
    assert await roles(world, admin) == ["AGA"]
    await pass_deadline(world, review)
    assert await roles(world, admin) == []
    assert await verdict(world, admin) == "PRINCIPAL_CHANGED"
    assert codes(await decided(world, who, review, admin, "KEEP")) == ["REVIEW_CLOSED"]
    assert codes(await run(world, who, CLOSE, reviewId=review)) == []
    assert (await roles(world, admin), await roles(world, officer)) == ([], ["LEO"])


async def test_what_has_lapsed_is_not_kept_but_given_anew(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    who = acting(world, await world.make_person("AGA", agency))
    person = await world.make_person("LEO", agency)
    review = await opened(world, who)
    await pass_deadline(world, review)
    assert codes(await decided(world, who, review, person, "KEEP")) == ["REVIEW_CLOSED"]
    assert await roles(world, person) == []
    anew = await run(
        world, who, GRANT, accountId=person.subject, role="LEO", reason="Still on patrol"
    )
    assert anew["userErrors"] == []
    assert await roles(world, person) == ["LEO"]
    assert (await run(world, who, CLOSE, reviewId=review))["userErrors"] == []
    assert await roles(world, person) == ["LEO"]
    grants, _ = await listed(world, who, agency)
    lapsed = grants[str(person.grant_id)]
    assert lapsed["status"] == "REVOKED"
    assert datetime.fromisoformat(lapsed["validTo"]) < clock.now()


async def test_gateways_hear_of_a_deadline_when_it_is_set_and_when_it_is_lifted(
    world: ConsentWorld,
) -> None:
    agency = await world.make_agency("LE")
    who = acting(world, await world.make_person("AGA", agency))
    person = await world.make_person("LEO", agency)
    assert (await _principal(world, person))["validUntil"] is None
    relied_on = await world.head()
    review = await opened(world, who)
    (found,) = await world.gate(world.gate_call(person, relied_on))
    assert found["verdict"] == "PRINCIPAL_CHANGED"  # what a gateway remembers knows no deadline
    now_told = await _principal(world, person)
    within = clock.now() + timedelta(days=15)
    assert datetime.fromisoformat(now_told["validUntil"]) < within
    assert now_told["grants"][0]["validUntil"] == now_told["validUntil"]

    relied_on = await world.head()
    await decided(world, who, review, person, "KEEP")
    (found,) = await world.gate(world.gate_call(person, relied_on))
    assert found["verdict"] == "PRINCIPAL_CHANGED"
    assert (await _principal(world, person))["validUntil"] is None


async def test_own_end_of_a_role_stays_when_it_comes_first(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    who = acting(world, await world.make_person("AGA", agency))
    ends_at = clock.now() + timedelta(days=2)
    person = await world.make_person("LEO", agency, ends_at=ends_at)
    await opened(world, who)
    told = (await _principal(world, person))["validUntil"]
    assert abs(datetime.fromisoformat(told) - ends_at) < timedelta(seconds=1)


async def test_an_administrators_other_role_needs_somebody_else(world: ConsentWorld) -> None:
    """Closing early does not spare the own role, and the deadline does not either."""
    agency = await world.make_agency("LE")
    both, other = await world.make_person("LEO", agency), await world.make_person("AGA", agency)
    who = acting(world, both)
    review = await opened(world, who)
    assert codes(await decided(world, who, review, both, "KEEP")) == ["OWN_GRANT"]
    assert codes(await run(world, who, CLOSE, reviewId=review)) == ["UNDECIDED"]
    assert (await decided(world, acting(world, other), review, both, "KEEP"))["userErrors"] == []
    assert (await run(world, who, CLOSE, reviewId=review))["userErrors"] == []
    assert await roles(world, both) == ["LEO"]

    again = await opened(world, who)
    await pass_deadline(world, again)
    assert await roles(world, both) == []
    assert (await run(world, who, CLOSE, reviewId=again))["userErrors"] == []
    assert await roles(world, both) == []


async def test_a_review_of_one_agency_ends_nothing_at_another(world: ConsentWorld) -> None:
    agency, other = await world.make_agency("LE"), await world.make_agency("LE")
    who = acting(world, await world.make_person("AGA", agency))
    await world.make_person("LEO", agency)
    elsewhere = await world.make_person("LEO", other)
    await pass_deadline(world, await opened(world, who))
    assert await roles(world, elsewhere) == ["LEO"]
    assert await verdict(world, elsewhere) == "RELEASED"


@pytest.mark.parametrize("where", [(principal, "_PRINCIPAL"), (gate, "_CHECK")])
async def test_planted_reader_without_the_deadline_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch, where: tuple[Any, str]
) -> None:
    statement = getattr(*where)
    forgetful = statement.replace(lapse("g"), NEVER)
    assert forgetful != statement
    monkeypatch.setattr(*where, forgetful)
    agency = await world.make_agency("LE")
    who = acting(world, await world.make_person("AGA", agency))
    person = await world.make_person("LEO", agency)
    await pass_deadline(world, await opened(world, who))
    found = (await roles(world, person), await verdict(world, person))
    assert found != ([], "PRINCIPAL_CHANGED")
