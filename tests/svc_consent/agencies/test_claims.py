"""Claims only take away: what they mean, when they speak against a grant, and who hears of it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from infra.vocabulary import Category, Role
from svc_consent.agencies import claims
from svc_consent.agencies.claims import Claim, Meaning, confirm, translate
from svc_consent.agencies.repository import principal
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory, caller, new_key

MAP = """mutation ($input: MapClaimInput!) { mapClaim(input: $input) {
  claimMeanings { issuer claimedRole role agencyId version } userErrors { code } } }"""
ALERTS = "{ claimMismatches(first: 100) { edges { node { accountId claimed times } } } }"
ROLES = ("CM", "PRO", "LEO")
AGENCIES = ("a", "b")
words = st.sampled_from((*ROLES, "other"))
claim = st.builds(
    Claim, words, st.sampled_from((*AGENCIES, None)), st.sampled_from(("s", "t", None))
)
grant = st.builds(
    lambda role, agency: {"id": f"{role}{agency}", "role": role, "agencyId": agency, "siteId": "s"},
    st.sampled_from(ROLES),
    st.sampled_from(AGENCIES),
)
meaning = st.builds(
    Meaning, words, st.sampled_from((*AGENCIES, None)), st.sampled_from(ROLES),
    st.sampled_from((*AGENCIES, None)),
)  # fmt: skip
grants = st.lists(grant, max_size=4, unique_by=lambda each: each["id"])


@given(st.lists(claim, max_size=4), st.lists(meaning, max_size=4), grants)
def test_claims_never_widen(
    said: list[Claim], meanings: list[Meaning], held: list[dict[str, Any]]
) -> None:
    found = confirm(said, meanings, held)
    assert all(each in held for each in found.grants)
    if not said:
        assert found.grants == held
    if said and len(found.unconfirmed) == len(said):
        assert found.grants == []
    for each in found.unconfirmed:
        meant = translate(each, meanings)
        assert meant is None or not any(claims._matches(meant, one) for one in held)


def test_a_meaning_of_the_agency_goes_before_one_of_the_role() -> None:
    meanings = [Meaning("liaison", None, "PRO", "a"), Meaning("liaison", "P-9", "PRO", "b")]
    assert translate(Claim("liaison", "P-9", None), meanings) == Claim("PRO", "b", None)
    assert translate(Claim("liaison", "P-7", None), meanings) == Claim("PRO", "a", None)
    assert translate(Claim("judge", "P-7", None), meanings) is None


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        made.make_keys_known()
        await made.make_site()
        yield made


async def granted(world: ConsentWorld, who: Person, said: list[list[Any]]) -> list[str]:
    body = {"issuer": "dev", "subject": who.external_subject, "claims": said}
    found = await world.ok("/internal/directory/principal", body)
    return [each["role"] for each in found["grants"]]


async def alerts(world: ConsentWorld, asking: Any) -> list[tuple[str, str, int]]:
    answer = await world.service.graphql(asking, ALERTS)
    nodes = [edge["node"] for edge in answer.data["claimMismatches"]["edges"]]
    return [(node["accountId"], node["claimed"], node["times"]) for node in nodes]


def platform_admin(world: ConsentWorld, who: Person) -> Any:
    return caller(
        Role.PLA, {Category.AGENCY_ROLES: "*"}, subject=who.subject, agency_id=who.agency_id,
        site_id=str(world.site_id),
    )  # fmt: skip


async def a_mismatch_denies_and_raises_an_alert(world: ConsentWorld) -> None:
    office, other = await world.make_agency("PROS"), await world.make_agency("PROS")
    who = await world.make_person("PRO", office)
    assert await granted(world, who, [["PRO", office, None]]) == ["PRO"]
    assert await granted(world, who, [["PRO", other, None]]) == []
    assert await granted(world, who, [["PRO", other, None]]) == []
    assert await granted(world, who, []) == ["PRO"]
    admin = platform_admin(world, await world.make_person("PLA", office))
    told = [each for each in await alerts(world, admin) if each[0] == who.subject]
    assert told == [(who.subject, f"PRO@{other}", 2)]


async def test_a_mismatch_denies_and_raises_an_alert(world: ConsentWorld) -> None:
    await a_mismatch_denies_and_raises_an_alert(world)


async def test_planted_directory_that_does_not_look_at_claims_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(principal, "confirm", lambda *given: confirm((), *given[1:]))
    with pytest.raises(AssertionError):
        await a_mismatch_denies_and_raises_an_alert(world)


async def test_an_issuers_own_words_are_data(world: ConsentWorld) -> None:
    office = await world.make_agency("PROS")
    who = await world.make_person("PRO", office)
    pla = await world.make_person("PLA", office)
    issuer = f"county-{uuid4().hex[:8]}"
    await world.execute(
        "update account set issuer = :i where id = :id", i=issuer, id=who.account_id
    )

    async def ask(said: list[list[Any]]) -> list[str]:
        body = {"issuer": issuer, "subject": who.external_subject, "claims": said}
        found = await world.ok("/internal/directory/principal", body)
        return [each["role"] for each in found["grants"]]

    async def keep(**given: Any) -> list[str]:
        asking = given.pop("asking", platform_admin(world, pla))
        variables = {"issuer": issuer, "reason": "Agreed", "idempotencyKey": new_key(), **given}
        answer = await world.service.graphql(asking, MAP, {"input": variables})
        return [each["code"] for each in answer.data["mapClaim"]["userErrors"]]

    assert await ask([["prosecutor_liaison", "P-9", None]]) == []
    entry = {"claimedRole": "prosecutor_liaison", "claimedAgency": "P-9"}
    assert await keep(**entry, role="PRO", agencyId=office) == []
    assert await ask([["prosecutor_liaison", "P-9", None]]) == ["PRO"]
    assert await ask([["prosecutor_liaison", "P-7", None]]) == []
    assert await keep(**entry, role="PRO", agencyId=office) == ["VERSION_CONFLICT"]
    assert await keep(**entry, role="PRO", agencyId=office, expectedVersion=1) == []
    assert await keep(**entry, expectedVersion=1) == ["VERSION_CONFLICT"]
    assert await keep(**entry, expectedVersion=2) == []
    assert await ask([["prosecutor_liaison", "P-9", None]]) == []
    assert await keep(**entry, expectedVersion=2) == ["NOT_FOUND"]
    admin = caller(Role.AGA, {Category.AGENCY_ROLES: "o"}, subject=pla.subject, agency_id=office)
    assert await keep(**entry, role="PRO", asking=admin) == ["FORBIDDEN"]


async def test_only_who_answers_for_people_hears_of_their_tokens(world: ConsentWorld) -> None:
    office, other = await world.make_agency("PROS"), await world.make_agency("DEF")
    who = await world.make_person("PRO", office)
    await granted(world, who, [["JUDGE", None, None]])

    async def sees(role: Role, agency_id: str, access: str) -> bool:
        asking = caller(
            role, {Category.AGENCY_ROLES: access}, agency_id=agency_id, subject=str(uuid4()),
            site_id=str(world.site_id),
        )  # fmt: skip
        return who.subject in {each[0] for each in await alerts(world, asking)}

    assert await sees(Role.AGA, office, "o")
    assert not await sees(Role.AGA, other, "o")
    assert await sees(Role.PRV, other, "s")
    assert not await sees(Role.PRO, office, "s")
    assert not await sees(Role.PM, office, "o")


@pytest.mark.parametrize("wrong", [{}, [1], [["CM"]], [[None, None, None]], [["CM", 1, None]]])
async def test_malformed_claims_are_refused(world: ConsentWorld, wrong: Any) -> None:
    body = {"issuer": "dev", "subject": "x", "claims": wrong}
    status, _ = await world.call("POST", "/internal/directory/principal", body)
    assert status == 400
