"""Protocols are authored, previewed and adopted; the waiting list has one order, with reasons."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.identity_token import Caller
from svc_participants.indicators.repository import districts
from svc_participants.referrals import rules as referral_rules
from svc_participants.screening import repository
from tests.fixtures.participants_service import (
    CARE_PROVIDER,
    SITE,
    case_manager,
    change,
    codes,
    officer,
    plant,
    police_liaison,
    project_manager,
    refer,
    supervisor,
    to_the_head,
)
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.statements import statements_of
from tests.fixtures.whole_list import whole_list

ONE = """query($id: ID!) { referral(id: $id) { status version exceptionReason queuedSince
  judgement { judgedAs points reasons findings { aspect isOpen text } } intakeStanding
  clocks { id kind state version elapsedMinutes pauses { reason } } } }"""
PREVIEW = """query($id: ID!) { protocolPreview(id: $id) {
  wouldDecline(first: 1) { totalCount edges { node { id } cursor } }
  wouldAccept { totalCount edges { node { id } } } } }"""
VERSIONS = "{ siteProtocols { edges { node { id number state title charges { nibrs } } } } }"


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def only_the_demo_protocol(participants: ServiceApp) -> AsyncIterator[None]:
    """Later tests find the demo's protocol in effect."""
    yield
    async with participants.chassis.database.write() as session:
        await session.execute(text("update protocol_version set state = 'DRAFT' where number > 1"))


async def seen(service: ServiceApp, asking: Caller, referral_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await service.graphql(asking, ONE, {"id": referral_id})).data
    return dict(found["referral"])


async def author(service: ServiceApp, asking: Caller | None = None, **given: Any) -> dict[str, Any]:
    return await change(
        service, asking or project_manager(), "authorProtocol", "protocol { id version state }",
        title="Second", effectiveOn="2030-01-01", **given,
    )  # fmt: skip


async def adopt(service: ServiceApp, protocol_id: str, **given: Any) -> dict[str, Any]:
    request = {
        "protocolId": protocol_id, "expectedVersion": 1, "agreedBy": "PCG of May",
        "effectiveOn": datetime.now(ZoneInfo("America/Los_Angeles")).date().isoformat(), **given,
    }  # fmt: skip
    return await change(
        service, project_manager(), "adoptProtocol", "protocol { state }", **request
    )


async def decide(service: ServiceApp, referral_id: str, version: int, **given: Any) -> list[str]:
    request = {"referralId": referral_id, "expectedVersion": version, **given}
    return codes(
        await change(service, project_manager(), "decideReferral", "referral { id }", **request)
    )


async def test_referral_stores_what_its_protocol_says(participants: ServiceApp) -> None:
    referral_id = await refer(
        participants, exclusionAnswers=[{"code": "NO_CONTACT_ORDER", "applies": "YES"}]
    )
    found = await seen(participants, project_manager(), referral_id)
    judged = found["judgement"]
    assert judged["judgedAs"] == "OUTSIDE_PROTOCOL"
    assert judged["points"] == 30
    assert {each["aspect"] for each in judged["findings"]} == {"AGE", "EXCLUSION"}
    own = await seen(participants, officer(), referral_id)
    assert (own["judgement"], own["clocks"], own["queuedSince"]) == (None, None, None)


async def test_departing_from_the_protocol_takes_a_reason(participants: ServiceApp) -> None:
    referral_id = await refer(participants, person={"alias": "Kid", "dateOfBirth": "2012-01-01"})
    await to_the_head(participants, referral_id)
    given = {"decision": "APPROVE", "providerAgencyId": CARE_PROVIDER}
    assert await decide(participants, referral_id, 3, **given) == ["EXCEPTION_REASON_MISSING"]
    given["exceptionReason"] = "The site takes minors with counsel's agreement."
    assert await decide(participants, referral_id, 3, **given) == []
    found = await seen(participants, project_manager(), referral_id)
    assert found["exceptionReason"] == given["exceptionReason"]


async def test_preview_says_what_a_draft_would_have_changed(participants: ServiceApp) -> None:
    """With 90J off the list one arrest diversion more would have been declined."""
    asked = [
        {"code": "NO_CONTACT_ORDER", "applies": "NO"},
        {"code": "OPEN_TREATMENT_COURT", "applies": "NO"},
    ]
    person = {"alias": "Previewed", "dateOfBirth": "1990-05-05"}
    referral_id = await refer(participants, person=person, exclusionAnswers=asked)
    drafted = await author(participants, minimumAgeYears=18, charges=[{"nibrs": "35A"}])
    draft_id = drafted["protocol"]["id"]
    same = await author(participants, minimumAgeYears=18, charges=[
        {"nibrs": each} for each in ("23C", "35A", "40A", "90J")
    ])  # fmt: skip
    answer = await participants.graphql(project_manager(), PREVIEW, {"id": draft_id})
    found = answer.data["protocolPreview"]["wouldDecline"]
    assert found["edges"][0]["node"]["id"] == referral_id
    assert found["totalCount"] >= 1
    answer = await participants.graphql(project_manager(), PREVIEW, {"id": same["protocol"]["id"]})
    assert answer.data["protocolPreview"]["wouldDecline"]["totalCount"] == 0
    unchanged = await seen(participants, project_manager(), referral_id)
    assert unchanged["judgement"]["judgedAs"] == "ELIGIBLE"


async def test_districts_are_agreed_with_the_protocol(participants: ServiceApp) -> None:
    """Figures are split by those of the version that was adopted, never by a draft's."""
    selection = "protocol { id districts }"
    drafts = [
        await change(
            participants, project_manager(), "authorProtocol", selection, title="By district",
            effectiveOn="2030-01-01", charges=[{"nibrs": "90J"}], districts=names,
        )
        for names in ([" Old Town", "Mill Creek"], ["Nowhere Yet"], ["One", "one"])
    ]  # fmt: skip
    assert codes(drafts[2]) == ["PROTOCOL_NOT_VALID"]
    assert drafts[0]["protocol"]["districts"] == ["Old Town", "Mill Creek"]
    assert codes(await adopt(participants, drafts[0]["protocol"]["id"])) == []
    async with participants.chassis.database.read() as session:
        assert await districts(session, UUID(SITE)) == ["Old Town", "Mill Creek"]


async def test_adopted_version_judges_what_comes_in_from_then_on(participants: ServiceApp) -> None:
    before = await refer(participants)
    drafted = (await author(participants, charges=[{"rcw": "9A.52.080"}]))["protocol"]
    for asking in (case_manager(), officer()):
        shown = (await participants.graphql(asking, VERSIONS)).data["siteProtocols"]["edges"]
        assert drafted["id"] not in [edge["node"]["id"] for edge in shown]
    assert codes(await adopt(participants, drafted["id"], agreedBy=" ")) == ["AGREEMENT_MISSING"]
    late = await adopt(participants, drafted["id"], effectiveOn="2020-01-01")
    assert codes(late) == ["DATE_IN_PAST"]
    assert (await adopt(participants, drafted["id"]))["protocol"] == {"state": "ADOPTED"}
    again = await adopt(participants, drafted["id"], expectedVersion=2)
    assert codes(again) == ["STEP_NOT_ALLOWED"]
    after = await refer(participants)
    shown = (await participants.graphql(case_manager(), VERSIONS)).data["siteProtocols"]["edges"]
    assert drafted["id"] in [edge["node"]["id"] for edge in shown]
    judged = [
        (await seen(participants, project_manager(), each))["judgement"]["judgedAs"]
        for each in (before, after)
    ]
    assert judged == ["NEEDS_REVIEW", "OUTSIDE_PROTOCOL"]


async def test_protocols_are_kept_by_the_project_manager(participants: ServiceApp) -> None:
    for asking in (supervisor(), officer(), police_liaison()):
        assert codes(await author(participants, asking)) == ["NOT_ALLOWED"]
    wrong = await author(participants, charges=[{"nibrs": "nonsense"}])
    assert codes(wrong) == ["PROTOCOL_NOT_VALID"]
    assert wrong["userErrors"][0]["field"] == ["input", "charges"]


async def waiting(service: ServiceApp, **form: Any) -> str:
    referral_id = await refer(service, **form)
    assert await decide(service, referral_id, 3, decision="WAITLIST") == []
    return referral_id


async def order(service: ServiceApp, *wanted: str) -> list[str]:
    found = await whole_list(service, project_manager(), "waitlist", "id judgement { points }")
    ours = [node for node in found if node["id"] in wanted]
    points = [node["judgement"]["points"] for node in ours]
    assert points == sorted(points, reverse=True)
    return [node["id"] for node in ours]


async def test_waiting_list_goes_by_points_then_by_time(participants: ServiceApp) -> None:
    first = await waiting(participants)
    second = await waiting(participants)
    urgent = await waiting(participants, urgency="NOW")
    everyone = (first, second, urgent)
    assert await order(participants, *everyone) == [urgent, first, second]
    moved = await change(
        participants, project_manager(), "adjustPriority",
        "referral { judgement { points reasons } }",
        referralId=second, expectedVersion=4, points=15, reason="Sleeps outside in winter.",
    )  # fmt: skip
    assert moved["referral"]["judgement"]["reasons"][-1] == "Sleeps outside in winter."
    assert await order(participants, *everyone) == [urgent, second, first]
    for asking, expected in (
        (case_manager(), "NOT_ALLOWED"),
        (project_manager(), "REASON_MISSING"),
    ):
        refused = await change(
            participants, asking, "adjustPriority", "referral { id }",
            referralId=first, expectedVersion=4, points=99, reason=" ",
        )  # fmt: skip
        assert codes(refused) == [expected]


async def test_long_list_costs_no_more_statements_than_a_short_one(
    participants: ServiceApp,
) -> None:
    query = """query($n: Int!) { waitlist(first: $n) { edges { node { id handoffs { id }
      judgement { points } intakeStanding clocks { state pauses { reason } } } } } }"""
    for _ in range(4):
        await waiting(participants)
    counts = []
    for size in (1, 4):
        async with statements_of(participants) as found:
            answer = await participants.graphql(project_manager(), query, {"n": size})
        assert len(answer.data["waitlist"]["edges"]) == size
        counts.append(len(found))
    assert counts[0] == counts[1] <= 9


async def test_planted_order_by_arrival_alone_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await waiting(participants)
    urgent = await waiting(participants, urgency="NOW")
    plant(monkeypatch, repository, "BY_PRIORITY", repository.BY_PRIORITY.__class__(
        repository.BY_PRIORITY.columns[1:]))  # fmt: skip
    with pytest.raises(AssertionError):
        assert await order(participants, first, urgent) == [urgent, first]


async def test_place_lapses_only_when_the_time_has_run_out(participants: ServiceApp) -> None:
    referral_id = await waiting(participants)
    assert await decide(participants, referral_id, 4, decision="EXPIRE") == ["NOT_DUE"]
    async with participants.chassis.database.write() as session:
        await session.execute(
            text(
                "update referral_clock set started_at = started_at - interval '90 days'"
                " where referral_id = :id and kind = 'WAITLIST'"
            ),
            {"id": referral_id},
        )
    assert await decide(participants, referral_id, 4, decision="EXPIRE") == []


async def test_duplicate_keeps_the_first_place_and_can_be_taken_back(
    participants: ServiceApp,
) -> None:
    first, second = await refer(participants), await refer(participants)
    early = (await seen(participants, project_manager(), first))["queuedSince"]
    late = (await seen(participants, project_manager(), second))["queuedSince"]
    marked = {"decision": "MARK_DUPLICATE", "duplicateOfId": second}
    assert await decide(participants, first, 3, **marked) == []
    survivor = await seen(participants, project_manager(), second)
    assert survivor["queuedSince"] == early
    undone = await change(
        participants, project_manager(), "undoDuplicate", "referral { status }",
        referralId=first, expectedVersion=4, reason="They are two people.",
    )  # fmt: skip
    assert undone["referral"] == {"status": "SCREENING"}
    survivor = await seen(participants, project_manager(), second)
    assert survivor["queuedSince"] == late
    restored = await seen(participants, project_manager(), first)
    assert [each["state"] for each in restored["clocks"]] == ["RUNNING"]


async def one_of_two_goes_on(service: ServiceApp) -> bool:
    first, second = await refer(service), await refer(service)
    marked = {"decision": "MARK_DUPLICATE", "duplicateOfId": second}
    assert await decide(service, first, 3, **marked) == []
    refused = await decide(service, second, 3, **{**marked, "duplicateOfId": first})
    standing = await seen(service, project_manager(), second)
    return (refused, standing["status"]) == (["STEP_NOT_ALLOWED"], "SCREENING")


async def test_of_two_that_are_one_a_referral_goes_on(participants: ServiceApp) -> None:
    assert await one_of_two_goes_on(participants)


async def test_planted_two_duplicates_of_each_other_are_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(referral_rules, "check_survivor", lambda _status: None)
    assert not await one_of_two_goes_on(participants)


async def test_site_may_lower_its_caseloads_and_never_raise_them(participants: ServiceApp) -> None:
    query = "{ siteSettings { caseloadWarning caseloadLimit timeZone publicName version } }"
    now = (await participants.graphql(officer(), query)).data["siteSettings"]
    assert (now["caseloadWarning"], now["caseloadLimit"]) == (20, 25)
    given = {
        "caseloadWarning": 15, "caseloadLimit": 18, "timeZone": now["timeZone"],
        "publicName": now["publicName"], "expectedVersion": now["version"],
    }  # fmt: skip
    for changes, asking, expected in (
        ({"caseloadLimit": 26}, project_manager(), "OUT_OF_RANGE"),
        ({"caseloadWarning": 21}, project_manager(), "OUT_OF_RANGE"),
        ({"timeZone": "Mars/Base"}, project_manager(), "TIME_ZONE_UNKNOWN"),
        ({}, supervisor(), "NOT_ALLOWED"),
    ):
        payload = await change(
            participants, asking, "changeSiteSettings", "settings { caseloadLimit }",
            **{**given, **changes},
        )  # fmt: skip
        assert codes(payload) == [expected]
    lowered = await change(
        participants, project_manager(), "changeSiteSettings",
        "settings { caseloadLimit version }", **given,
    )  # fmt: skip
    assert lowered["settings"]["caseloadLimit"] == 18
    unsaid = {name: value for name, value in given.items() if name != "publicName"}
    for name in ("A name for this test", None):
        named, left = [
            await change(
                participants, project_manager(), "changeSiteSettings",
                "settings { publicName version }",
                **{**each, "expectedVersion": lowered["settings"]["version"] + number},
            )
            for number, each in enumerate(({**unsaid, "publicName": name}, unsaid))
        ]  # fmt: skip
        assert named["settings"]["publicName"] == left["settings"]["publicName"] == name
        lowered = left
    back = {**given, "caseloadWarning": 20, "caseloadLimit": 25}
    back["expectedVersion"] = lowered["settings"]["version"]
    await change(participants, project_manager(), "changeSiteSettings", "settings { id }", **back)
    assert SITE
