"""Whose turn it is on the waiting list, and why somebody is taken up before others."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from infra.authority.facts import agency_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_participants.referrals import repository
from svc_participants.referrals.rules import ReferralStatus
from svc_participants.referrals.tables import ReferralRow
from tests.fixtures.participants_service import (
    CARE_PROVIDER,
    PROJECT_AGENCY,
    change,
    codes,
    officer,
    participant_of,
    permit,
    plant,
    project_manager,
    refer,
    released_to,
    to_the_head,
)
from tests.fixtures.service_app import ServiceApp

ONE = """query($id: ID!) { referral(id: $id) {
  version status waitlistPlace exceptionReason judgement { points reasons } } }"""
LIST = """query($after: String) { waitlist(first: 100, after: $after) {
  pageInfo { hasNextPage endCursor } edges { node { id waitlistPlace } } } }"""
WHY = "The bed that came free is for women."


async def one(service: ServiceApp, referral_id: str, asking: Caller | None = None) -> Any:
    answer = await service.graphql(asking or project_manager(), ONE, {"id": referral_id})
    return answer.data["referral"]


async def decide(service: ServiceApp, referral_id: str, decision: str, **given: Any) -> list[str]:
    version = (await one(service, referral_id))["version"]
    if decision == "APPROVE":
        given["providerAgencyId"] = CARE_PROVIDER
    payload = await change(
        service, project_manager(), "decideReferral", "referral { id }",
        referralId=referral_id, expectedVersion=version, decision=decision, **given,
    )  # fmt: skip
    return codes(payload)


async def waiting(service: ServiceApp) -> str:
    referral_id = await refer(service)
    assert await decide(service, referral_id, "WAITLIST") == []
    return referral_id


async def test_places_are_those_of_the_list(participants: ServiceApp) -> None:
    mine = [await waiting(participants) for _ in range(2)]
    await to_the_head(participants, mine[1])
    places, has_next, after = [], True, None
    while has_next:
        answer = await participants.graphql(project_manager(), LIST, {"after": after})
        page = answer.data["waitlist"]
        places += [(each["node"]["id"], each["node"]["waitlistPlace"]) for each in page["edges"]]
        has_next, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    assert [place for _, place in places] == list(range(1, len(places) + 1))
    assert dict(places)[mine[1]] == 1
    assert dict(places)[mine[0]] > 1
    shown = await one(participants, mine[1])
    assert shown["waitlistPlace"] == 1
    assert shown["judgement"]["reasons"] is not None


async def test_taking_somebody_before_their_turn_takes_a_reason_that_stays(
    participants: ServiceApp,
) -> None:
    first, second = [await waiting(participants) for _ in range(2)]
    await to_the_head(participants, first)
    assert await decide(participants, second, "APPROVE") == ["ORDER_REASON_MISSING"]
    assert await decide(participants, second, "APPROVE", exceptionReason=" ") == [
        "ORDER_REASON_MISSING"
    ]
    assert (await one(participants, second))["status"] == "WAITLISTED"
    assert await decide(participants, second, "APPROVE", exceptionReason=WHY) == []
    shown = await one(participants, second)
    assert (shown["status"], shown["exceptionReason"]) == ("APPROVED", WHY)
    assert shown["waitlistPlace"] is None
    assert (await one(participants, second, officer()))["exceptionReason"] is None
    assert await decide(participants, first, "APPROVE") == []  # whose turn it is


async def test_coming_straight_from_screening_before_who_waits_takes_the_same_reason(
    participants: ServiceApp,
) -> None:
    first, fresh = await waiting(participants), await refer(participants)
    await to_the_head(participants, first)
    assert await decide(participants, fresh, "APPROVE") == ["ORDER_REASON_MISSING"]
    assert await decide(participants, fresh, "APPROVE", exceptionReason="\t") == [
        "ORDER_REASON_MISSING"
    ]
    assert (await one(participants, fresh))["status"] == "SCREENING"
    assert await decide(participants, fresh, "APPROVE", exceptionReason=WHY) == []
    shown = await one(participants, fresh)
    assert (shown["status"], shown["exceptionReason"]) == ("APPROVED", WHY)


async def test_whose_points_come_first_takes_no_reason(participants: ServiceApp) -> None:
    """On the list it would have stood at the head: nobody is passed over."""
    await waiting(participants)
    fresh = await refer(participants)
    await to_the_head(participants, fresh)
    assert await decide(participants, fresh, "APPROVE") == []


@pytest.mark.parametrize("decision", ["DECLINE", "WITHDRAW", "WAITLIST"])
async def test_another_decision_takes_no_reason(participants: ServiceApp, decision: str) -> None:
    await to_the_head(participants, await waiting(participants))
    more = {"reason": "OUTSIDE_AREA"} if decision == "DECLINE" else {}
    assert await decide(participants, await refer(participants), decision, **more) == []


async def test_leaving_the_list_otherwise_takes_no_reason(participants: ServiceApp) -> None:
    first, second = [await waiting(participants) for _ in range(2)]
    await to_the_head(participants, first)
    assert await decide(participants, second, "WITHDRAW") == []


async def test_the_place_is_for_who_screens(participants: ServiceApp) -> None:
    """A release opens the outcome of a referral, and says nothing of those who wait beside it."""
    referral_id = await waiting(participants)
    who = await participant_of(participants, referral_id)
    await participants.apply_facts([released_to(who, PROJECT_AGENCY)])
    sound = project_manager()
    by_release = replace(sound, access={**sound.access, Category.ELIGIBILITY: "r"})
    shown = await one(participants, referral_id, by_release)
    assert (shown["status"], shown["waitlistPlace"]) == ("WAITLISTED", None)
    assert (await one(participants, referral_id))["waitlistPlace"] >= 1


async def hide(service: ServiceApp, referral_id: str) -> None:
    """Let the project manager see nothing more of whom a referral is about."""
    denial = permit(
        await participant_of(service, referral_id), agency_holder(PROJECT_AGENCY), Basis.RELEASE,
        is_denial=True, category=Category.ELIGIBILITY,
    )  # fmt: skip
    await service.apply_facts([denial])


async def tells_nothing_of_hidden(service: ServiceApp) -> bool:
    """Return whether one that the caller may not see neither takes a place nor asks a reason."""
    mine, hidden = [await waiting(service) for _ in range(2)]
    await to_the_head(service, mine)
    await to_the_head(service, hidden)
    await hide(service, hidden)
    place = (await one(service, mine))["waitlistPlace"]
    refused = await decide(service, mine, "APPROVE")
    return (place, refused) == (1, [])


async def asks_no_reason_for_hidden(service: ServiceApp) -> bool:
    """Return whether one straight from screening asks for none because of who may not be seen."""
    hidden, fresh = await waiting(service), await refer(service)
    await to_the_head(service, fresh)
    await to_the_head(service, hidden)
    await hide(service, hidden)
    return await decide(service, fresh, "APPROVE") == []


async def test_who_is_hidden_has_no_turn(participants: ServiceApp) -> None:
    assert await tells_nothing_of_hidden(participants)
    assert await asks_no_reason_for_hidden(participants)


async def test_planted_turns_of_all_ask_a_reason_and_are_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = ReferralRow.status == ReferralStatus.WAITLISTED.value
    plant(monkeypatch, repository, "_waiting", lambda _: waits)
    assert not await asks_no_reason_for_hidden(participants)


async def asks_who_comes_straight(service: ServiceApp) -> bool:
    first, fresh = await waiting(service), await refer(service)
    await to_the_head(service, first)
    return await decide(service, fresh, "APPROVE") == ["ORDER_REASON_MISSING"]


async def test_planted_way_past_those_who_wait_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was: only who stands on the list is asked why."""
    sound = repository.is_before_others

    async def among_those_who_wait(session: Any, caller: Any, row: Any) -> bool:
        is_waiting = row.status == ReferralStatus.WAITLISTED.value
        return is_waiting and await sound(session, caller, row)

    assert await asks_who_comes_straight(participants)
    plant(monkeypatch, repository, "is_before_others", among_those_who_wait)
    assert not await asks_who_comes_straight(participants)


@pytest.mark.parametrize("what", ["place", "reason"])
async def test_planted_turns_of_all_are_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Twice: the place is counted over all who wait, or a reason is asked because of them."""
    waits = ReferralRow.status == ReferralStatus.WAITLISTED.value
    if what == "place":
        sound = repository.is_before_others

        async def before(session: Any, caller: Any, row: Any) -> bool:
            with pytest.MonkeyPatch.context() as undone:
                undone.setattr(repository, "_waiting", narrowed)
                return await sound(session, caller, row)

        narrowed = repository._waiting
        plant(monkeypatch, repository, "is_before_others", before)
        plant(monkeypatch, repository, "_waiting", lambda _: waits)
    else:

        async def of_all(session: Any, _caller: Any, row: Any) -> bool:
            sooner = ReferralRow.priority_rank < row.priority_rank
            found = await session.scalar(select(ReferralRow.id).where(waits, sooner))
            return found is not None

        plant(monkeypatch, repository, "is_before_others", of_all)
    assert not await tells_nothing_of_hidden(participants)
