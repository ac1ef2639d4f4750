"""Memberships from invitation to withdrawal, seats, and access reviews."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from infra import clock
from infra.identity_token import Caller
from infra.vocabulary import Role
from svc_consent.agencies import rules as agency_rules
from svc_consent.agencies.repository import directory
from svc_consent.governance import rules
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.service_app import ServiceAppFactory
from tests.svc_consent.governance.test_second_person import acting, codes, run

INVITE = """mutation ($input: InviteAgencyInput!) { inviteAgency(input: $input) {
  agency { id memberships { status } } userErrors { code } } }"""
SIGN = """mutation ($input: SignMouInput!) { signMou(input: $input) {
  agency { memberships { status version agreements { id } } } userErrors { code } } }"""
CHANGE = """mutation ($input: ChangeMembershipInput!) { changeMembership(input: $input) {
  agency { memberships { status } } userErrors { code } } }"""
DOCUMENT = """mutation ($input: AddMouDocumentInput!) { addMouDocument(input: $input) {
  agency { id } userErrors { code } } }"""
DOCUMENTS = """query ($agency: ID!, $only: ID) {
  mouDocuments(agencyId: $agency, documentId: $only) { id fileName sha256 contentBase64 } }"""
SEAT = """mutation ($input: SeatMemberInput!) { seatMember(input: $input) {
  seat { id body name version } userErrors { code } } }"""
END_SEAT = """mutation ($input: EndSeatInput!) { endSeat(input: $input) {
  seat { endsOn } userErrors { code } } }"""
OPEN = """mutation ($input: OpenAccessReviewInput!) { openAccessReview(input: $input) {
  accessReview { id total decided reviewer agency { id } items { edges { node { grantId } } } }
  userErrors { code } } }"""
REVIEWS = "query { accessReviews(first: 100) { edges { node { id reviewer } } } }"
ITEM = """mutation ($input: DecideReviewItemInput!) { decideReviewItem(input: $input) {
  accessReview { decided } userErrors { code } } }"""
CLOSE = """mutation ($input: CloseAccessReviewInput!) { closeAccessReview(input: $input) {
  accessReview { closedAt } userErrors { code } } }"""
DORMANT = """query ($agency: ID!) { dormantGrants(agencyId: $agency, days: 30) {
  edges { node { accountId lastSeenOn } } } agencyRoleCounts(agencyId: $agency) {
  role people } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


async def principal_roles(world: ConsentWorld, external_subject: str) -> list[str]:
    found = await world.ok(
        "/internal/directory/principal", {"issuer": "dev", "subject": external_subject}
    )
    return [each["role"] for each in found["grants"]]


def status(payload: Any) -> str:
    return str(payload["agency"]["memberships"][0]["status"])


async def _comes_leaves_and_comes_back(world: ConsentWorld) -> None:
    """Coming back does not revive anybody's role (scenario 13)."""
    platform = acting(
        world, await world.make_person("PLA", await world.make_agency("PLATFORM")), Role.PLA, "*"
    )
    agency = str(uuid4())
    await world.execute(
        "insert into agency (id, name, type, part2_status, version)"
        " values (:id, 'New', 'LE', 'NOT_PROGRAM', 1)",
        id=agency,
    )
    officer = await world.make_person("LEO", agency)
    invited = await run(world, platform, INVITE, agencyId=agency, reason="Wants to join")
    assert status(invited) == "PROSPECTIVE"
    assert await principal_roles(world, officer.external_subject) == []
    period = {
        "startsAt": clock.now().isoformat(),
        "endsAt": (clock.now() + timedelta(days=365)).isoformat(),
    }
    signed = await run(world, platform, SIGN, agencyId=agency, reason="Signed", **period)
    assert status(signed) == "MOU_SIGNED"
    assert await principal_roles(world, officer.external_subject) == ["LEO"]
    (membership,) = signed["agency"]["memberships"]
    sent = await run(
        world, platform, DOCUMENT, agreementId=membership["agreements"][0]["id"],
        fileName="mou.txt", mediaType="text/plain",
        contentBase64=base64.b64encode(b"the agreement").decode(),
    )  # fmt: skip
    assert sent["userErrors"] == []
    listed = await world.service.graphql(platform, DOCUMENTS, {"agency": agency})
    (document,) = listed.data["mouDocuments"]
    assert base64.b64decode(document["contentBase64"]) == b"the agreement"
    for only, expected in ((document["id"], [document]), (str(uuid4()), []), ("no id", [])):
        found = await world.service.graphql(platform, DOCUMENTS, {"agency": agency, "only": only})
        assert found.data["mouDocuments"] == expected
    left = await run(
        world, platform, CHANGE, agencyId=agency, status="WITHDRAWN", reason="Leaves",
        expectedVersion=membership["version"],
    )  # fmt: skip
    assert status(left) == "WITHDRAWN"
    assert await principal_roles(world, officer.external_subject) == []
    back = await run(world, platform, SIGN, agencyId=agency, reason="Returns", **period)
    assert status(back) == "MOU_SIGNED"
    assert await principal_roles(world, officer.external_subject) == []


async def test_membership_from_invitation_to_withdrawal_and_back(world: ConsentWorld) -> None:
    await _comes_leaves_and_comes_back(world)


async def test_planted_withdrawal_that_leaves_roles_would_be_noticed(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing shows while the agency is away; with the new memorandum its people would be back."""

    async def left_alone(*_: object) -> None:
        return None

    monkeypatch.setattr(directory, "revoke_grants_of", left_alone)
    with pytest.raises(AssertionError, match="LEO"):
        await _comes_leaves_and_comes_back(world)


async def test_seats_are_kept_by_the_project_manager(world: ConsentWorld) -> None:
    project = await world.make_agency("PMA")
    manager = acting(world, await world.make_person("PM", project), Role.PM)
    taken = await run(
        world, manager, SEAT, body="CLT", name="Rosa Example", startsOn="2026-01-01",
        title="Neighbor",
    )  # fmt: skip
    seat = taken["seat"]
    assert (seat["body"], seat["name"]) == ("CLT", "Rosa Example")
    ended = await run(
        world, manager, END_SEAT, seatId=seat["id"], endsOn="2026-11-01",
        expectedVersion=seat["version"],
    )  # fmt: skip
    assert ended["seat"]["endsOn"] == "2026-11-01"
    officer = acting(world, await world.make_person("LEO", project), Role.LEO, "s")
    refused = await run(world, officer, SEAT, body="PCG", name="Me", startsOn="2026-01-01")
    assert codes(refused) == ["FORBIDDEN"]


async def test_review_keeps_and_removes(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    admin = await world.make_person("AGA", agency)
    keeps, goes = await world.make_person("LEO", agency), await world.make_person("LEO", agency)
    who = acting(world, admin)
    deadline = (clock.now() + timedelta(days=14)).isoformat()
    opened = await run(world, who, OPEN, title="Spring", deadlineAt=deadline)
    review = opened["accessReview"]
    listed = {edge["node"]["grantId"] for edge in review["items"]["edges"]}
    assert listed == {str(keeps.grant_id), str(goes.grant_id)}  # not the administrator's own
    early = await run(world, who, CLOSE, reviewId=review["id"])
    assert codes(early) == ["UNDECIDED"]
    for person, decision in ((keeps, "KEEP"), (goes, "REMOVE")):
        decided = await run(
            world, who, ITEM, reviewId=review["id"], grantId=str(person.grant_id),
            decision=decision, reason="Looked at",
        )  # fmt: skip
        assert decided["userErrors"] == []
    assert await principal_roles(world, keeps.external_subject) == ["LEO"]
    assert await principal_roles(world, goes.external_subject) == []
    closed = await run(world, who, CLOSE, reviewId=review["id"])
    assert closed["accessReview"]["closedAt"]


def platform_admin(world: ConsentWorld, account: Person | None = None) -> Caller:
    """Return a caller who administers the platform, also as somebody who is more than that."""
    person = account or Person(uuid4(), uuid4(), "PLA", str(uuid4()), "platform")
    return acting(world, person, Role.PLA, "*")


def deadline() -> str:
    return (clock.now() + timedelta(days=14)).isoformat()


async def decide(world: ConsentWorld, who: Caller, review: str, person: Person, how: str) -> Any:
    return await run(
        world, who, ITEM, reviewId=review, grantId=str(person.grant_id), decision=how,
        reason="Looked at",
    )  # fmt: skip


async def review_ids(world: ConsentWorld, who: Caller) -> dict[str, str]:
    answer = await world.service.graphql(who, REVIEWS)
    nodes = [edge["node"] for edge in answer.data["accessReviews"]["edges"]]
    return {each["id"]: each["reviewer"] for each in nodes}


async def test_the_platform_reviews_an_agencys_administrators(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    kept, goes = await world.make_person("AGA", agency), await world.make_person("AGA", agency)
    officer = await world.make_person("LEO", agency)
    who = platform_admin(world)
    given = {"title": "Administrators", "deadlineAt": deadline(), "agencyId": agency}
    opened = await run(world, who, OPEN, **given)
    review = opened["accessReview"]
    assert (review["reviewer"], review["agency"]["id"]) == ("PLA", agency)
    listed = {edge["node"]["grantId"] for edge in review["items"]["edges"]}
    assert listed == {str(kept.grant_id), str(goes.grant_id)}

    inside = acting(world, kept)
    assert (await review_ids(world, inside))[review["id"]] == "PLA"  # seen, not decided
    for other in (kept, goes):
        decided = await decide(world, inside, review["id"], other, "KEEP")
        assert codes(decided) == ["NOT_THE_REVIEWER"]
    assert codes(await run(world, inside, CLOSE, reviewId=review["id"])) == ["NOT_THE_REVIEWER"]

    assert codes(await run(world, who, CLOSE, reviewId=review["id"])) == ["UNDECIDED"]
    assert codes(await decide(world, who, review["id"], officer, "REMOVE")) == ["NOT_FOUND"]
    assert codes(await decide(world, who, review["id"], kept, "KEEP")) == []
    assert codes(await decide(world, who, review["id"], goes, "REMOVE")) == []
    assert await principal_roles(world, kept.external_subject) == ["AGA"]
    assert await principal_roles(world, goes.external_subject) == []
    assert codes(await run(world, who, CLOSE, reviewId=review["id"])) == []


async def test_the_platform_reviews_nobody_whom_an_agency_does(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    staffed = await world.make_agency("LE")
    admin, officer = await world.make_person("AGA", agency), await world.make_person("LEO", agency)
    await world.make_person("LEO", staffed)
    who = platform_admin(world)
    given = {"title": "Too much", "deadlineAt": deadline()}
    for named, code in (
        (None, "NOT_FOUND"), (str(uuid4()), "NOT_FOUND"), ("no id", "NOT_FOUND"),
        (staffed, "NOTHING_TO_REVIEW"),
    ):  # fmt: skip
        assert codes(await run(world, who, OPEN, agencyId=named, **given)) == [code], named

    inside = acting(world, admin)
    assert codes(await run(world, inside, OPEN, agencyId=staffed, **given)) == ["NOT_FOUND"]
    own = (await run(world, inside, OPEN, agencyId=agency, **given))["accessReview"]
    assert own["reviewer"] == "AGA"
    assert {edge["node"]["grantId"] for edge in own["items"]["edges"]} == {str(officer.grant_id)}
    assert codes(await decide(world, who, own["id"], officer, "REMOVE")) == ["NOT_THE_REVIEWER"]
    assert codes(await run(world, who, CLOSE, reviewId=own["id"])) == ["NOT_THE_REVIEWER"]
    assert await principal_roles(world, officer.external_subject) == ["LEO"]


async def test_nobody_reviews_the_own_role_as_the_platform(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    both, other = await world.make_person("AGA", agency), await world.make_person("AGA", agency)
    who = platform_admin(world, both)
    opened = await run(world, who, OPEN, title="Own", deadlineAt=deadline(), agencyId=agency)
    review = opened["accessReview"]["id"]
    for how in ("KEEP", "REMOVE"):
        assert codes(await decide(world, who, review, both, how)) == ["OWN_GRANT"]
    assert codes(await decide(world, who, review, other, "KEEP")) == []
    assert codes(await run(world, who, CLOSE, reviewId=review)) == ["UNDECIDED"]
    assert codes(await decide(world, platform_admin(world), review, both, "KEEP")) == []


async def test_reviews_of_another_site_are_not_there(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    admin = await world.make_person("AGA", agency)
    who = platform_admin(world)
    given = {"title": "Here", "deadlineAt": deadline(), "agencyId": agency}
    review = (await run(world, who, OPEN, **given))["accessReview"]["id"]
    elsewhere = replace(who, site_id=str(uuid4()))
    assert review in await review_ids(world, who)
    assert review not in await review_ids(world, elsewhere)
    assert codes(await decide(world, elsewhere, review, admin, "REMOVE")) == ["NOT_FOUND"]
    assert codes(await run(world, elsewhere, OPEN, **given)) == ["NOTHING_TO_REVIEW"]


@pytest.mark.parametrize(
    ("module", "name", "walk"),
    [
        (rules, "check_reviewer", test_the_platform_reviews_an_agencys_administrators),
        (
            agency_rules,
            "removable_roles",
            test_the_platform_reviews_nobody_whom_an_agency_does,
        ),
        (rules, "check_not_own", test_nobody_reviews_the_own_role_as_the_platform),
    ],
)
async def test_a_broken_rule_of_reviews_would_be_noticed(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, walk: Any
) -> None:
    """Planted bugs: anybody decides, everybody is reviewed, also the own role."""
    broken = (lambda *_: frozenset(Role)) if name == "removable_roles" else (lambda *_: None)
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(AssertionError):
        await walk(world)


async def test_account_in_use_is_not_dormant(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    who = acting(world, await world.make_person("AGA", agency))
    used, idle = await world.make_person("LEO", agency), await world.make_person("LEO", agency)
    await world.execute("update role_grant set granted_at = now() - interval '90 days'")
    await principal_roles(world, used.external_subject)
    answer = await world.service.graphql(who, DORMANT, {"agency": agency})
    dormant = {edge["node"]["accountId"] for edge in answer.data["dormantGrants"]["edges"]}
    assert idle.subject in dormant
    assert used.subject not in dormant
    counts = {each["role"]: each["people"] for each in answer.data["agencyRoleCounts"]}
    assert counts == {"AGA": 1, "LEO": 2}
