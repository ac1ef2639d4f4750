"""Memberships from invitation to withdrawal, seats, and access reviews."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest_asyncio

from infra import clock
from infra.vocabulary import Role
from tests.fixtures.consent_world import ConsentWorld
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
  accessReview { id total decided items { edges { node { grantId } } } } userErrors { code } } }"""
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


async def test_membership_from_invitation_to_withdrawal_and_back(world: ConsentWorld) -> None:
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
