"""What no agency gives, the platform's administrator takes away at once; the last one stays."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from infra import clock
from infra.database import WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Role
from svc_consent.agencies import commands
from svc_consent.agencies import rules as agency_rules
from svc_consent.agencies.repository import directory, principal
from svc_consent.agencies.tables import RoleGrant
from svc_consent.governance import rules
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory
from tests.svc_consent.governance.test_agreements_and_reviews import CLOSE, OPEN, deadline, decide
from tests.svc_consent.governance.test_review_deadline import pass_deadline, roles, verdict
from tests.svc_consent.governance.test_second_person import HISTORY, acting, codes, run

REVOKE = """mutation ($input: RevokeRoleInput!) { revokeRole(input: $input) {
  roleGrant { id status } userErrors { code } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        made.make_keys_known()
        yield made


class Desk:
    """A site of its own, whose platform has as many administrators as a test gives it."""

    def __init__(self, site: ConsentWorld, platform: str) -> None:
        self.site, self.platform = site, platform

    @classmethod
    async def at(cls, world: ConsentWorld) -> "Desk":
        site = ConsentWorld(world.service, minters=world.minters)
        await site.make_site()
        return cls(site, await site.make_agency("PLATFORM"))

    async def administrator(self) -> Person:
        return await self.site.make_person("PLA", self.platform)

    async def holder(self, role: str) -> Person:
        where = self.platform if role == "PLA" else await self.site.make_agency("LE")
        return await self.site.make_person(role, where)

    def acts(self, person: Person) -> Caller:
        """Return somebody as the platform's administrator, whatever else he holds."""
        return acting(self.site, person, Role.PLA, "*")

    async def takes(self, by: Person, whose: Person, **changes: Any) -> Any:
        given = {"grantId": str(whose.grant_id), "expectedVersion": 1, "reason": "Has left"}
        return await run(self.site, self.acts(by), REVOKE, **(given | changes))

    async def opens(self, by: Person, agency: str) -> Any:
        given = {"title": "Spring", "deadlineAt": deadline(), "agencyId": agency}
        opened = await run(self.site, self.acts(by), OPEN, **given)
        assert opened["userErrors"] == []
        return opened["accessReview"]


def reviewed(review: Any) -> set[str]:
    return {edge["node"]["grantId"] for edge in review["items"]["edges"]}


@pytest.mark.parametrize("role", ["AGA", "PRV", "PLA"])
async def test_what_no_agency_gives_is_taken_away_at_once(world: ConsentWorld, role: str) -> None:
    desk = await Desk.at(world)
    site, by, whose = desk.site, await desk.administrator(), await desk.holder(role)
    assert (await roles(site, whose), await verdict(site, whose)) == ([role], "RELEASED")
    before = await site.head()
    call = site.gate_call(whose, before)

    taken = await desk.takes(by, whose)
    assert (taken["userErrors"], taken["roleGrant"]["status"]) == ([], "REVOKED")
    (found,) = await site.gate(call)
    assert found["verdict"] == "PRINCIPAL_CHANGED"
    assert await roles(site, whose) == []
    assert await roles(site, by) == ["PLA"]
    _, feed = await site.call("GET", f"/internal/authority/changes?after={before}")
    assert [each["keys"] for each in feed["changes"]] == [[f"subject:{whose.subject}"]]

    told = await site.service.graphql(desk.acts(by), HISTORY, {"agency": whose.agency_id})
    (event,) = (edge["node"] for edge in told.data["agencyHistory"]["edges"])
    assert event == {
        "kind": "ROLE_REVOKED", "role": role, "reason": "Has left",
        "account": {"id": whose.subject}, "actor": {"id": by.subject},
    }  # fmt: skip


async def test_what_the_agency_gives_is_not_the_platforms_to_take(world: ConsentWorld) -> None:
    desk = await Desk.at(world)
    by, officer = await desk.administrator(), await desk.holder("LEO")
    before = await desk.site.head()
    assert codes(await desk.takes(by, officer)) == ["ROLE_NOT_ALLOWED"]
    assert (await roles(desk.site, officer), await desk.site.head()) == (["LEO"], before)


async def test_nobody_takes_away_what_is_his_own(world: ConsentWorld) -> None:
    desk = await Desk.at(world)
    by, both = await desk.administrator(), await desk.holder("AGA")
    await desk.administrator()
    for own in (by, both):
        assert codes(await desk.takes(own, own)) == ["OWN_GRANT"]
        assert await roles(desk.site, own) == [own.role]
    assert codes(await desk.takes(by, both)) == []


SHUT_OUT = {
    "blocked": "update account set is_blocked = true where id = :id",
    "inactive": "update account set is_inactive = true where id = :id",
}


@pytest.mark.parametrize("other", ["none", "blocked", "inactive", "ended", "without agreement"])
async def test_the_last_one_stays(world: ConsentWorld, other: str) -> None:
    """Who asks lost the own role a moment ago; another one who does not count is nobody."""
    desk = await Desk.at(world)
    last, lost = await desk.administrator(), await desk.holder("PRV")
    over = clock.now() - timedelta(days=1)
    if other in SHUT_OUT:
        person = await desk.administrator()
        await desk.site.execute(SHUT_OUT[other], id=person.account_id)
    elif other == "ended":
        await desk.site.make_person("PLA", desk.platform, ends_at=over)
    elif other == "without agreement":
        await desk.site.make_person("PLA", await desk.site.make_agency("PLATFORM", ends_at=over))
    assert codes(await desk.takes(lost, last)) == ["LAST_ADMINISTRATOR"]
    assert await roles(desk.site, last) == ["PLA"]
    second = await desk.administrator()
    assert codes(await desk.takes(second, last)) == []
    assert await roles(desk.site, last) == []


async def test_two_who_take_each_others_role_away_leave_one(world: ConsentWorld) -> None:
    desk = await Desk.at(world)
    one, two = await desk.administrator(), await desk.administrator()
    answers = await asyncio.gather(desk.takes(one, two), desk.takes(two, one))
    assert sorted(codes(each) for each in answers) == [[], ["LAST_ADMINISTRATOR"]]
    left = [await roles(desk.site, each) for each in (one, two)]
    assert sorted(left) == [[], ["PLA"]]


BLOCK = """mutation ($input: SetAccountBlockedInput!) { setAccountBlocked(input: $input) {
  account { isBlocked } userErrors { code } } }"""
CHANGE = """mutation ($input: ChangeMembershipInput!) { changeMembership(input: $input) {
  agency { id } userErrors { code } } }"""


async def shuts_out(desk: Desk, by: Person, whose: Person) -> Any:
    given = {
        "accountId": whose.subject, "blocked": True, "expectedVersion": 1, "reason": "Lost it",
    }  # fmt: skip
    return await run(desk.site, desk.acts(by), BLOCK, **given)


async def test_the_last_one_is_not_shut_out(world: ConsentWorld) -> None:
    desk = await Desk.at(world)
    last, lost = await desk.administrator(), await desk.holder("PRV")
    assert codes(await shuts_out(desk, lost, last)) == ["LAST_ADMINISTRATOR"]
    assert await roles(desk.site, last) == ["PLA"]
    second = await desk.administrator()
    assert codes(await shuts_out(desk, second, last)) == []


async def test_two_who_shut_each_other_out_leave_one(world: ConsentWorld) -> None:
    desk = await Desk.at(world)
    one, two = await desk.administrator(), await desk.administrator()
    answers = await asyncio.gather(shuts_out(desk, one, two), shuts_out(desk, two, one))
    assert sorted(codes(each) for each in answers) == [[], ["LAST_ADMINISTRATOR"]]


@pytest.mark.parametrize("status", ["SUSPENDED", "WITHDRAWN"])
async def test_the_platform_does_not_leave_without_another(
    world: ConsentWorld, status: str
) -> None:
    """A site whose platform has left could not be administered by anybody."""
    desk = await Desk.at(world)
    by = await desk.administrator()
    given = {
        "agencyId": desk.platform, "status": status, "expectedVersion": 1, "reason": "Is over",
    }  # fmt: skip
    left = await run(desk.site, desk.acts(by), CHANGE, **given)
    assert codes(left) == ["LAST_ADMINISTRATOR"]
    assert await roles(desk.site, by) == ["PLA"]
    other = await desk.site.make_agency("PLATFORM")
    await desk.site.make_person("PLA", other)
    assert codes(await run(desk.site, desk.acts(by), CHANGE, **given)) == []
    assert await roles(desk.site, by) == []


async def _suspended(world: ConsentWorld) -> None:
    await test_the_platform_does_not_leave_without_another(world, "SUSPENDED")


async def test_planted_count_outside_the_order_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both count before either takes away."""
    both, count = asyncio.Barrier(2), directory.platform_grants

    async def counted(session: WriteSession, site_id: Any) -> Any:
        found = await count(session, site_id)
        async with asyncio.timeout(20):
            await both.wait()
        return found

    async def nothing(_session: WriteSession) -> None:
        return None

    monkeypatch.setattr(commands, "lock_order", nothing)
    monkeypatch.setattr(directory, "platform_grants", counted)
    with pytest.raises(AssertionError):
        await test_two_who_take_each_others_role_away_leave_one(world)


async def test_roles_of_another_site_are_not_there(world: ConsentWorld) -> None:
    here, elsewhere = await Desk.at(world), await Desk.at(world)
    by = await here.administrator()
    for role in ("AGA", "PRV", "PLA"):
        person = await elsewhere.holder(role)
        assert codes(await here.takes(by, person)) == ["NOT_FOUND"]
        assert await roles(elsewhere.site, person) == [role]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": " "}, "REASON_NEEDED"),
        ({"expectedVersion": 7}, "VERSION_CONFLICT"),
        ({"grantId": "no id"}, "NOT_FOUND"),
    ],
)
async def test_what_cannot_be_done_says_so(
    world: ConsentWorld, changes: dict[str, Any], code: str
) -> None:
    desk = await Desk.at(world)
    by, officer = await desk.administrator(), await desk.holder("PRV")
    assert codes(await desk.takes(by, officer, **changes)) == [code]
    assert await roles(desk.site, officer) == ["PRV"]


async def test_reviews_of_the_platform_cover_privacy_officers(world: ConsentWorld) -> None:
    desk = await Desk.at(world)
    by, privacy = await desk.administrator(), await desk.holder("PRV")
    await desk.site.make_person("LEO", privacy.agency_id)
    review = await desk.opens(by, privacy.agency_id)
    assert (review["reviewer"], reviewed(review)) == ("PLA", {str(privacy.grant_id)})
    inside = acting(desk.site, await desk.site.make_person("AGA", privacy.agency_id))
    refused = await decide(desk.site, inside, review["id"], privacy, "KEEP")
    assert codes(refused) == ["NOT_THE_REVIEWER"]
    gone = await decide(desk.site, desk.acts(by), review["id"], privacy, "REMOVE")
    assert (codes(gone), await roles(desk.site, privacy)) == ([], [])


async def test_the_platforms_own_are_reviewed_by_somebody_else(world: ConsentWorld) -> None:
    desk = await Desk.at(world)
    one, two, three = [await desk.administrator() for _ in range(3)]
    review = await desk.opens(one, desk.platform)
    assert reviewed(review) == {str(each.grant_id) for each in (one, two, three)}
    for how in ("KEEP", "REMOVE"):
        own = await decide(desk.site, desk.acts(one), review["id"], one, how)
        assert codes(own) == ["OWN_GRANT"]
    kept = await decide(desk.site, desk.acts(two), review["id"], one, "KEEP")
    gone = await decide(desk.site, desk.acts(one), review["id"], three, "REMOVE")
    assert (codes(kept), codes(gone)) == ([], [])
    assert [await roles(desk.site, each) for each in (one, two, three)] == [["PLA"], ["PLA"], []]


async def test_no_deadline_takes_the_last_one(world: ConsentWorld) -> None:
    """What nobody kept ends when somebody else closes, and who closes keeps his own."""
    desk = await Desk.at(world)
    one, two = await desk.administrator(), await desk.administrator()
    review = await desk.opens(one, desk.platform)
    await pass_deadline(desk.site, review["id"])
    for each in (one, two):
        found = (await roles(desk.site, each), await verdict(desk.site, each))
        assert found == (["PLA"], "RELEASED")
    closed = await run(desk.site, desk.acts(one), CLOSE, reviewId=review["id"])
    assert codes(closed) == []
    assert [await roles(desk.site, each) for each in (one, two)] == [["PLA"], []]


async def test_no_review_takes_the_last_one(world: ConsentWorld) -> None:
    desk = await Desk.at(world)
    last, lost = await desk.administrator(), await desk.holder("PRV")
    review = await desk.opens(last, desk.platform)
    removed = await decide(desk.site, desk.acts(lost), review["id"], last, "REMOVE")
    assert codes(removed) == ["LAST_ADMINISTRATOR"]
    await pass_deadline(desk.site, review["id"])
    closed = await run(desk.site, desk.acts(lost), CLOSE, reviewId=review["id"])
    assert codes(closed) == ["LAST_ADMINISTRATOR"]
    assert await roles(desk.site, last) == ["PLA"]
    assert codes(await run(desk.site, desk.acts(last), CLOSE, reviewId=review["id"])) == []
    assert await roles(desk.site, last) == ["PLA"]


async def _at_once(world: ConsentWorld) -> None:
    await test_what_no_agency_gives_is_taken_away_at_once(world, "PRV")


async def _alone(world: ConsentWorld) -> None:
    await test_the_last_one_stays(world, "none")


async def _records_nothing(*_: Any) -> None:
    return None


async def _any_grant(session: WriteSession, _caller: Caller, grant_id: Any) -> Any:
    return await session.get(RoleGrant, grant_id)


@pytest.mark.parametrize(
    ("check", "module", "name", "broken"),
    [
        (_at_once, commands, "record_change", _records_nothing),
        (_at_once, commands, "subject_key", lambda _: "subject:somebody-else"),
        (test_what_the_agency_gives_is_not_the_platforms_to_take, agency_rules,
         "check_revocable", lambda *_: None),
        (test_nobody_takes_away_what_is_his_own, agency_rules, "check_not_own", lambda *_: None),
        (_alone, agency_rules, "check_somebody_stays", lambda *_: None),
        (test_no_review_takes_the_last_one, agency_rules, "check_somebody_stays",
         lambda *_: None),
        (test_the_last_one_is_not_shut_out, agency_rules, "check_somebody_stays",
         lambda *_: None),
        (_suspended, agency_rules, "check_somebody_stays", lambda *_: None),
        (test_roles_of_another_site_are_not_there, directory, "grant_for_update", _any_grant),
        (test_reviews_of_the_platform_cover_privacy_officers, rules, "check_reviewer",
         lambda *_: None),
        (test_the_platforms_own_are_reviewed_by_somebody_else, rules, "check_not_own",
         lambda *_: None),
        (test_no_deadline_takes_the_last_one, rules, "outlives_review", lambda *_: False),
        (test_no_deadline_takes_the_last_one, principal, "_PRINCIPAL",
         principal._PRINCIPAL.replace(" and g.role <> 'PLA'", "")),
    ],
)  # fmt: skip
async def test_planted_bug_is_caught(
    world: ConsentWorld,
    monkeypatch: pytest.MonkeyPatch,
    check: Any,
    module: Any,
    name: str,
    broken: Any,
) -> None:
    assert getattr(module, name) != broken
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(AssertionError):
        await check(world)


@pytest.mark.parametrize(
    ("role", "check"),
    [
        (Role.PRV, test_reviews_of_the_platform_cover_privacy_officers),
        (Role.PLA, test_the_platforms_own_are_reviewed_by_somebody_else),
    ],
)
async def test_planted_role_that_nobody_reviews_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch, role: Role, check: Any
) -> None:
    fewer = agency_rules.BY_PLATFORM_ALONE - {role}
    monkeypatch.setattr(agency_rules, "BY_PLATFORM_ALONE", fewer)
    with pytest.raises(AssertionError):
        await check(world)
