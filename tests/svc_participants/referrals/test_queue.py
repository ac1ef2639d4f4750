"""The queue by stage, door, urgency and day; what the form says chooses only whose form is open."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import true, update

from infra.authority.facts import agency_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_participants.referrals import repository
from svc_participants.referrals.tables import ReferralRow
from tests.fixtures.participants_service import (
    FORM,
    PROJECT_AGENCY,
    business_partner,
    change,
    participant_of,
    permit,
    plant,
    project_manager,
    refer,
)
from tests.fixtures.service_app import ServiceApp
from tests.svc_participants.lists.people_of_an_agency import without

QUEUE = """query($after: String) { referralQueue(first: 100, after: $after%s) { totalCount
  pageInfo { hasNextPage endCursor } edges { node { id } } } }"""


async def queued(
    service: ServiceApp, mine: list[str], arguments: str = "", asking: Caller | None = None
) -> list[str]:
    """Return which of these referrals a queue holds, in its order; other tests have theirs in it.

    All pages are read: together they are as many as the queue says.
    """
    asked, ids, after, total = f", {arguments}" if arguments else "", [], None, None
    while True:
        answer = await service.graphql(asking or project_manager(), QUEUE % asked, {"after": after})
        page = answer.data["referralQueue"]
        ids += [edge["node"]["id"] for edge in page["edges"]]
        assert total in (None, page["totalCount"])
        total, after = page["totalCount"], page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            assert (total, len(set(ids))) == (len(ids), len(ids))
            return [each for each in ids if each in mine]


async def community(service: ServiceApp, urgency: str) -> str:
    payload = await change(
        service, business_partner(), "submitCommunityReferral", "referral { id }",
        form={**FORM, "urgency": urgency, "interceptPoint": "COMMUNITY_SERVICES"}, concern="Cold.",
    )  # fmt: skip
    assert payload["userErrors"] == [], payload
    return str(payload["referral"]["id"])


async def test_the_queue_is_chosen_by_stage_door_urgency_and_day(participants: ServiceApp) -> None:
    waiting = await refer(participants, urgency="ROUTINE")
    payload = await change(
        participants, project_manager(), "decideReferral", "referral { status }",
        referralId=waiting, expectedVersion=3, decision="WAITLIST",
    )  # fmt: skip
    assert payload["referral"] == {"status": "WAITLISTED"}
    urgent, soon = [await refer(participants, urgency=each) for each in ("NOW", "SOON")]
    brought = await community(participants, "NOW")
    earlier = await refer(participants, urgency="NOW")
    today = datetime.now(UTC)
    await moved(participants, earlier, today - timedelta(days=9))
    mine = [waiting, urgent, soon, brought, earlier]
    by_time = [earlier, waiting, urgent, soon, brought]

    async def chosen(arguments: str) -> list[str]:
        return await queued(participants, mine, arguments)

    assert await chosen("") == by_time
    assert await chosen("order: NEWEST_FIRST") == by_time[::-1]
    assert await chosen("status: WAITLISTED") == [waiting]
    assert await chosen("status: SCREENING") == [earlier, urgent, soon, brought]
    assert await chosen("status: ENROLLED") == []
    assert await chosen("door: COMMUNITY") == [brought]
    assert await chosen("urgency: NOW") == [earlier, urgent, brought]
    since = (today - timedelta(days=3)).date()
    assert await chosen(f'receivedSince: "{since}"') == by_time[1:]
    both = f'urgency: NOW, receivedSince: "{since}", order: NEWEST_FIRST'
    assert await chosen(both) == [brought, urgent]


async def moved(service: ServiceApp, referral_id: str, to: datetime, rank: int = 0) -> None:
    """Let a referral have come in earlier, and have points."""
    async with service.chassis.database.write() as session:
        await session.execute(
            update(ReferralRow)
            .where(ReferralRow.id == UUID(referral_id))
            .values(submitted_at=to, submitted_on=to.date(), queued_since=to, priority_rank=rank)
        )


async def test_the_queue_is_sorted_by_the_protocols_rule(participants: ServiceApp) -> None:
    mine = [await refer(participants) for _ in range(3)]
    now = datetime.now(UTC)
    for each, days, rank in zip(mine, (1, 3, 2), (-7, 0, -7), strict=True):
        await moved(participants, each, now - timedelta(days=days), rank)
    first, second, third = mine
    assert await queued(participants, mine, "order: BY_PRIORITY") == [third, first, second]
    assert await queued(participants, mine) == [second, third, first]


async def test_a_cursor_of_one_choice_opens_no_other(participants: ServiceApp) -> None:
    for _ in range(2):
        await refer(participants, urgency="NOW")
    document = """query($after: String, $order: ReferralQueueOrder! = LONGEST_WAITING_FIRST) {
      referralQueue(first: 1, after: $after, urgency: %s, order: $order) {
        pageInfo { endCursor } } }"""
    asking = project_manager()
    page = (await participants.graphql(asking, document % "NOW", {})).data["referralQueue"]
    given: dict[str, Any] = {"after": page["pageInfo"]["endCursor"]}
    assert (await participants.graphql(asking, document % "NOW", given)).data["referralQueue"]
    for asked, more in (("SOON", {}), ("null", {}), ("NOW", {"order": "NEWEST_FIRST"})):
        answer = await participants.graphql(asking, document % asked, {**given, **more})
        assert answer.error_codes == ["BAD_USER_INPUT"]


BY_FORM = ("urgency: NOW", "door: ARREST_DIVERSION", 'receivedSince: "2020-01-01"')


async def closed_form_chooses_nothing(service: ServiceApp, arguments: str) -> bool:
    """Return whether a referral whose form is closed is neither found nor counted by the form."""
    open_, closed = [await refer(service, urgency="NOW") for _ in range(2)]
    denial = permit(
        await participant_of(service, closed), agency_holder(PROJECT_AGENCY), Basis.RELEASE,
        is_denial=True, category=Category.REFERRAL,
    )  # fmt: skip
    await service.apply_facts([denial])
    assert await queued(service, [open_, closed]) == [open_, closed]
    found = await queued(service, [open_, closed], arguments)
    assert open_ in found
    return found == [open_]


@pytest.mark.parametrize("arguments", BY_FORM)
async def test_a_closed_form_chooses_nothing(participants: ServiceApp, arguments: str) -> None:
    assert await closed_form_chooses_nothing(participants, arguments)


@pytest.mark.parametrize("arguments", BY_FORM)
async def test_planted_choice_by_forms_of_all_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch, arguments: str
) -> None:
    """The queue stays narrowed by the outcome; rows and the count of the choice tell the form."""
    plant(monkeypatch, repository, "form_visible", lambda _: true())
    assert not await closed_form_chooses_nothing(participants, arguments)


@pytest.mark.parametrize("arguments", BY_FORM)
async def test_a_role_without_forms_finds_nothing_by_them(
    participants: ServiceApp, arguments: str
) -> None:
    """The gateway refuses the argument before; the service does not rely on that."""
    mine = [await refer(participants, urgency="NOW")]
    sound = project_manager()
    asking = without(sound, Category.REFERRAL)
    assert await queued(participants, mine, asking=asking) == mine
    assert await queued(participants, mine, arguments, asking) == []
