"""What referrers learn: the receipt, their own form, and nothing of what became of it."""

from dataclasses import replace
from typing import Any

import pytest

from infra.authority.predicate import visible
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_participants.referrals import repository
from svc_participants.referrals.rules import ReferralStatus
from svc_participants.referrals.tables import ReferralRow
from tests.fixtures.participants_service import (
    BEFORE_OTHERS,
    CARE_PROVIDER,
    POLICE,
    business_partner,
    case_manager,
    change,
    codes,
    enrolled,
    officer,
    participant_of,
    person,
    plant,
    police_liaison,
    project_manager,
    refer,
    released_to,
)
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.whole_list import whole_list

MINE = """
{ myReferrals(first: 100) { totalCount edges { node {
  id receipt account person { givenName alias } status possibleSteps decidedAt version
  providerAgencyId participant { id } arrestDiversion { incidentNumber } } } } }
"""
ONE = """
query($id: ID!) { referral(id: $id) {
  id account receipt status version decisionReason participant { id } protocolVersion { number } } }
"""
OF_PERSON = """
query($keys: [_Any!]!) { _entities(representations: $keys) {
  ... on Referral { id account status } } }
"""


async def mine(service: ServiceApp, asking: Caller) -> dict[str, Any]:
    found = (await service.graphql(asking, MINE)).data["myReferrals"]
    # Whose referrals other tests make as well; the newest are on the page.
    assert min(found["totalCount"], 100) == len(found["edges"])
    return {edge["node"]["id"]: edge["node"] for edge in found["edges"]}


async def test_the_officer_reads_the_own_form_and_the_same_thanks(
    participants: ServiceApp,
) -> None:
    referral_id = await refer(participants)
    before = (await mine(participants, officer()))[referral_id]
    assert before["receipt"] == "Received, thank you."
    assert before["person"] == {"givenName": "Robin", "alias": "Red"}
    hidden = ("status", "possibleSteps", "decidedAt", "version", "providerAgencyId", "participant")
    assert [before[name] for name in hidden] == [None] * len(hidden)
    await change(
        participants, project_manager(), "decideReferral", "referral { status }",
        referralId=referral_id, expectedVersion=3, decision="DECLINE", reason="OUTSIDE_AREA",
    )  # fmt: skip
    assert (await mine(participants, officer()))[referral_id] == before


async def test_enrollment_changes_nothing_that_the_officer_observes(
    participants: ServiceApp,
) -> None:
    referral_id = await refer(participants)
    before = await mine(participants, officer())
    await enrolled(participants)
    after = await mine(participants, officer())
    # What became of the page's last place is another referral's coming, not the enrollment.
    kept = before.keys() & after.keys()
    assert referral_id in kept
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    assert before[referral_id]["receipt"] == after[referral_id]["receipt"]


async def sees_only_own(service: ServiceApp, of_colleague: str) -> bool:
    answers = [
        (await service.graphql(officer(), ONE, {"id": each})).data["referral"]
        for each in (of_colleague, person("absent"))
    ]
    key = {"__typename": "Referral", "id": of_colleague}
    entity = (await service.graphql(officer(), OF_PERSON, {"keys": [key]})).data["_entities"]
    return answers == [None, None] and entity == [None]


async def two_referrals_of_one_person(service: ServiceApp) -> str:
    """The officer refers somebody; a colleague refers the same person. Returns the colleague's."""
    own = await refer(service)
    who = await participant_of(service, own)
    colleague = officer("staff_officer_two")
    may_name = replace(colleague, access={**colleague.access, Category.IDENTITY: "r"})
    await service.apply_facts([released_to(who, POLICE, category=Category.IDENTITY)])
    other = await refer(service, may_name, person={"participantId": who})
    assert await participant_of(service, other) == who
    return other


async def test_neither_referrer_learns_of_the_others_referral(participants: ServiceApp) -> None:
    other = await two_referrals_of_one_person(participants)
    assert await sees_only_own(participants, other)
    assert other not in await mine(participants, officer())


async def test_planted_authorship_of_the_person_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twin: with the ground alone, authors would read all forms about the person."""
    other = await two_referrals_of_one_person(participants)

    def by_ground_alone(caller: Caller, category: Category) -> Any:
        columns = (ReferralRow.participant_id, ReferralRow.submitted_on)
        return visible(caller, category, *columns)

    plant(monkeypatch, repository, "_narrowed", by_ground_alone)
    assert not await sees_only_own(participants, other)


async def test_the_project_manager_sees_who_is_screened_until_enrollment(
    participants: ServiceApp,
) -> None:
    referral_id = await refer(participants)
    seen = (await participants.graphql(project_manager(), ONE, {"id": referral_id})).data
    assert seen["referral"]["status"] == "SCREENING"
    assert seen["referral"]["participant"] is not None
    assert seen["referral"]["protocolVersion"] == {"number": 1}
    who, _ = await enrolled(participants)
    query = "query($id: ID!) { participant(id: $id) { id name { given } contact { phone } } }"
    hidden = await participants.graphql(project_manager(), query, {"id": who})
    assert hidden.data["participant"] is None
    waiting = await whole_list(participants, project_manager(), "referralQueue", "id status")
    assert referral_id in [node["id"] for node in waiting]
    assert {node["status"] for node in waiting} <= {"SCREENING", "WAITLISTED"}


async def test_the_liaison_decides_on_the_own_agencys_referrals_only(
    participants: ServiceApp,
) -> None:
    own = await refer(participants)
    payload = await change(
        participants, business_partner(), "submitCommunityReferral", "referral { id }",
        form={"person": {"alias": "Blue"}, "account": "Needs help.", "urgency": "ROUTINE",
              "interceptPoint": "COMMUNITY_SERVICES", "counterfactual": "WOULD_NOT_ACT",
              "personIsAware": "NOT_ASKED"},
        concern="Sleeps by the door.",
    )  # fmt: skip
    foreign = payload["referral"]["id"]
    queue = (police_liaison(), "referralQueue", "id status account")
    shown = {node["id"]: node for node in await whole_list(participants, *queue)}
    assert shown[own]["status"] == "SCREENING"
    assert shown[own]["account"] is None
    assert foreign not in shown
    for referral_id, expected in ((foreign, ["NOT_FOUND"]), (own, [])):
        payload = await change(
            participants, police_liaison(), "decideReferral", "referral { id }",
            referralId=referral_id, expectedVersion=3, decision="APPROVE",
            providerAgencyId=CARE_PROVIDER, exceptionReason=BEFORE_OTHERS,
        )  # fmt: skip
        assert codes(payload) == expected
    assert own not in [node["id"] for node in await whole_list(participants, *queue)]


async def decided_already(service: ServiceApp) -> list[str]:
    """What the liaison hears of a form that was decided, while another of theirs still awaits."""
    first = await refer(service)
    who = await participant_of(service, first)
    await service.apply_facts([released_to(who, POLICE)])
    await refer(service, person={"participantId": who})
    given = {
        "referralId": first, "decision": "APPROVE", "providerAgencyId": CARE_PROVIDER,
        "exceptionReason": BEFORE_OTHERS,
    }  # fmt: skip
    payload = await change(
        service, police_liaison(), "decideReferral", "referral { id }", expectedVersion=3, **given
    )
    assert codes(payload) == []
    payload = await change(
        service, police_liaison(), "decideReferral", "referral { id }", expectedVersion=4, **given
    )
    return codes(payload)


async def test_the_liaison_hears_nothing_of_what_became_of_a_decided_form(
    participants: ServiceApp,
) -> None:
    assert await decided_already(participants) == ["NOT_FOUND"]


async def test_planted_step_named_to_the_liaison_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, repository, "_AWAITING", [each.value for each in ReferralStatus])
    assert await decided_already(participants) == ["STEP_NOT_ALLOWED"]


async def test_officers_of_the_agency_see_nothing_of_what_awaits_a_decision(
    participants: ServiceApp,
) -> None:
    await refer(participants)
    queue = "{ referralQueue { totalCount } }"
    for asking in (officer(), officer("staff_officer_two")):
        found = (await participants.graphql(asking, queue)).data["referralQueue"]
        assert found["totalCount"] == 0


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"expectedVersion": 2, "decision": "WAITLIST"}, "VERSION_CONFLICT"),
        (
            {"expectedVersion": 3, "decision": "APPROVE", "exceptionReason": BEFORE_OTHERS},
            "INPUT_MISSING",
        ),
        ({"expectedVersion": 3, "decision": "DECLINE"}, "INPUT_MISSING"),
        ({"expectedVersion": 3, "decision": "MARK_DUPLICATE"}, "NOT_FOUND"),
        ({"expectedVersion": 3, "decision": "WITHDRAW", "referralId": "no-id"}, "NOT_FOUND"),
    ],
)
async def test_a_decision_that_lacks_something_leaves_no_trace(
    participants: ServiceApp, given: dict[str, Any], expected: str
) -> None:
    referral_id = await refer(participants)
    request = {"referralId": referral_id, **given}
    payload = await change(
        participants, project_manager(), "decideReferral", "referral { id }", **request
    )
    assert codes(payload) == [expected]
    seen = (await participants.graphql(project_manager(), ONE, {"id": referral_id})).data
    assert (seen["referral"]["status"], seen["referral"]["version"]) == ("SCREENING", 3)


async def test_duplicates_keep_both_receipts(participants: ServiceApp) -> None:
    first, second = await refer(participants), await refer(participants)
    payload = await change(
        participants, project_manager(), "decideReferral", "referral { status }",
        referralId=second, expectedVersion=3, decision="MARK_DUPLICATE", duplicateOfId=first,
    )  # fmt: skip
    assert payload["referral"] == {"status": "DUPLICATE"}
    shown = await mine(participants, officer())
    assert shown[first]["receipt"] == shown[second]["receipt"]


async def test_the_same_key_refers_once_and_another_request_is_refused(
    participants: ServiceApp,
) -> None:
    key = new_key()
    form = {"person": {"alias": "Doc"}, "account": "Asked for help.", "urgency": "NOW",
            "interceptPoint": "LAW_ENFORCEMENT", "counterfactual": "UNKNOWN",
            "personIsAware": "YES"}  # fmt: skip
    given: dict[str, Any] = {"form": form, "pattern": "Known.", "idempotencyKey": key}
    results = [
        await change(participants, officer(), "submitSocialContact", "referral { id }", **given)
        for _ in range(2)
    ]
    assert results[0]["referral"]["id"] == results[1]["referral"]["id"]
    other = {**given, "pattern": "Another."}
    payload = await change(
        participants, officer(), "submitSocialContact", "receipt referral { id }", **other
    )
    assert codes(payload) == ["IDEMPOTENCY_KEY_REUSED"]
    assert (payload["referral"], payload["receipt"]) == (None, None)


async def test_a_referral_needs_a_person_and_a_role_that_refers(participants: ServiceApp) -> None:
    form: dict[str, Any] = {
        "person": {}, "account": "Somebody.", "urgency": "SOON",
        "interceptPoint": "LAW_ENFORCEMENT", "counterfactual": "UNKNOWN", "personIsAware": "NO",
    }  # fmt: skip
    payload = await change(
        participants, officer(), "submitSocialContact", "receipt", form=form, pattern="-"
    )
    assert codes(payload) == ["PERSON_MISSING"]
    form["person"] = {"participantId": person("roi_none")}
    payload = await change(
        participants, officer(), "submitSocialContact", "receipt", form=form, pattern="-"
    )
    assert codes(payload) == ["NOT_FOUND"]
    payload = await change(
        participants, case_manager(), "submitSocialContact", "receipt", form=form, pattern="-"
    )
    assert codes(payload) == ["NOT_ALLOWED"]


async def test_facts_of_a_referral_name_their_holders_and_end(participants: ServiceApp) -> None:
    assert participants.consent is not None
    begun = len(participants.consent.handed_over)
    referral_id = await refer(participants)
    rows = [each["row"] for each in participants.consent.handed_over[begun:]]
    grounds = sorted((row["basis"], row["category"]) for row in rows if isinstance(row, dict))
    screening = ["CONTACT", "ELIGIBILITY", "ELIGIBILITY", "IDENTITY", "REFERRAL"]
    expected = [*((Basis.SCREENING.value, each) for each in screening), ("w", "REFERRAL")]
    assert grounds == expected
    await change(
        participants, project_manager(), "decideReferral", "referral { id }",
        referralId=referral_id, expectedVersion=3, decision="DECLINE", reason="OUTSIDE_AREA",
    )  # fmt: skip
    ended = participants.consent.handed_over[begun + len(rows) :]
    assert [each["op"] for each in ended] == ["delete"] * 3
    ids = {row["category"]: row["id"] for row in rows if isinstance(row, dict)}
    assert {ids["IDENTITY"], ids["CONTACT"]} <= {each["id"] for each in ended}
