"""Who was enrolled before the platform is brought in: by whom, with what, and what stays out."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import false, select

from infra import clock
from infra.authority.tables import Visibility
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category
from svc_participants.earlier import commands, rules
from svc_participants.enrollments.schema.enrollment import Enrollment
from svc_participants.indicators.repository import enrolled as counted
from svc_participants.indicators.repository import enrollment_steps
from svc_participants.outreach import repository as outreach
from tests.fixtures.participants_service import (
    BEFORE_OTHERS,
    CARE_PROVIDER,
    HOUSING_PROVIDER,
    SECOND_PROVIDER,
    SITE,
    business_partner,
    case_manager,
    change,
    codes,
    enrolled,
    housing_provider,
    officer,
    participant,
    participant_of,
    plant,
    project_manager,
    refer,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.site_days import site_today
from tests.fixtures.whole_list import whole_list

TODAY = site_today()
WHO = {"givenName": "Kim", "familyName": "Example-Before", "dateOfBirth": "1984-03-04"}
STAY = {
    "person": WHO,
    "enrolledOn": "2024-05-06",
    "status": "ENROLLED_ACTIVE",
    "source": "Old list",
}
LEFT: dict[str, Any] = {
    "status": "EXITED",
    "statusSince": "2025-02-03",
    "exitReason": "TRANSFERRED_SITE",
}
RECORD = """query($id: ID!) { participant(id: $id) {
  enrolledOn name { given }
  enrollment { id version status enrolledOn inactiveReason exitedOn exitReason intakeCompletedOn
    providerAgencyId possibleSteps
    steps { edges { node {
      fromStatus toStatus happenedOn recordedAt isBroughtIn broughtInFrom } } } }
  referrals { totalCount edges { node { status clocks { kind state } } } } } }"""


async def bring_in(
    service: ServiceApp, asking: Caller | None = None, **given: Any
) -> dict[str, Any]:
    return await change(
        service, asking or supervisor(), "recordEarlierEnrollment",
        "enrollment { id version } participant { id }", **STAY | given,
    )  # fmt: skip


async def brought_in(service: ServiceApp, **given: Any) -> str:
    payload = await bring_in(service, **given)
    assert codes(payload) == [], payload
    return str(payload["participant"]["id"])


async def record(service: ServiceApp, who: str, asking: Caller | None = None) -> Any:
    found = await service.graphql(asking or supervisor(), RECORD, {"id": who})
    return found.data["participant"]


def steps(found: Any) -> list[Any]:
    return [edge["node"] for edge in found["enrollment"]["steps"]["edges"]]


async def handed_over(service: ServiceApp) -> str:
    """Refer somebody whom the provider is to take in; returns whom."""
    referral_id = await refer(service)
    payload = await change(
        service, project_manager(), "decideReferral", "referral { id }", referralId=referral_id,
        expectedVersion=3, decision="APPROVE", providerAgencyId=CARE_PROVIDER,
        exceptionReason=BEFORE_OTHERS,
    )  # fmt: skip
    assert codes(payload) == []
    return await participant_of(service, referral_id)


async def test_somebody_comes_in_with_first_day_and_status(participants: ServiceApp) -> None:
    began = datetime.now(UTC)
    found = await record(participants, await brought_in(participants))
    stay = found["enrollment"]
    assert (found["enrolledOn"], found["name"]) == ("2024-05-06", {"given": "Kim"})
    assert (stay["status"], stay["enrolledOn"]) == ("ENROLLED_ACTIVE", "2024-05-06")
    assert stay["providerAgencyId"] == CARE_PROVIDER
    assert stay["intakeCompletedOn"] is None  # no intake is kept here
    assert found["referrals"]["totalCount"] == 0
    (step,) = steps(found)
    assert began <= datetime.fromisoformat(step.pop("recordedAt")) <= datetime.now(UTC)
    assert step == {
        "fromStatus": "PENDING_INTAKE", "toStatus": "ENROLLED_ACTIVE", "happenedOn": "2024-05-06",
        "isBroughtIn": True, "broughtInFrom": "Old list",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "has"),
    [
        (
            {
                "status": "ENROLLED_INACTIVE",
                "statusSince": "2025-02-03",
                "inactiveReason": "IN_THE_WIND",
            },
            {"inactiveReason": "IN_THE_WIND", "exitedOn": None, "exitReason": None},
        ),
        (
            LEFT,
            {"inactiveReason": None, "exitedOn": "2025-02-03", "exitReason": "TRANSFERRED_SITE"},
        ),
    ],
)
async def test_out_of_touch_or_left_since_a_day(
    participants: ServiceApp, given: dict[str, Any], has: dict[str, Any]
) -> None:
    found = await record(participants, await brought_in(participants, **given))
    assert found["enrollment"].items() >= ({"status": given["status"]} | has).items()
    taken = [(each["fromStatus"], each["toStatus"], each["happenedOn"]) for each in steps(found)]
    assert taken == [
        ("PENDING_INTAKE", "ENROLLED_ACTIVE", "2024-05-06"),
        ("ENROLLED_ACTIVE", given["status"], "2025-02-03"),
    ]


async def test_what_follows_is_recorded_as_for_everybody(participants: ServiceApp) -> None:
    who = await brought_in(participants)
    stay = (await record(participants, who))["enrollment"]
    payload = await change(
        participants, supervisor(), "changeEnrollmentStatus", "enrollment { status }",
        enrollmentId=stay["id"], expectedVersion=stay["version"], status="ENROLLED_INACTIVE",
        happenedOn=TODAY.isoformat(), inactiveReason="CUSTODY",
    )  # fmt: skip
    assert codes(payload) == []
    *_, last = steps(await record(participants, who))
    assert (last["toStatus"], last["isBroughtIn"]) == ("ENROLLED_INACTIVE", False)
    assert last["broughtInFrom"] is None


NOT_THEIRS = {
    "case manager": case_manager, "project manager": project_manager, "officer": officer,
    "housing provider": housing_provider, "referral partner": business_partner,
    "participant": participant,
}  # fmt: skip


async def assert_nobody_else_brings_in(service: ServiceApp) -> None:
    for name, asking in NOT_THEIRS.items():
        payload = await bring_in(service, asking())
        assert codes(payload) == ["NOT_ALLOWED"], name
        assert payload["participant"] is None


async def test_only_a_supervisor_begins_a_record_with_it(participants: ServiceApp) -> None:
    await assert_nobody_else_brings_in(participants)


async def test_planted_a_role_that_nobody_looks_at_is_found(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, rules, "check_bringer", lambda *_given, **_more: None)
    with pytest.raises(AssertionError, match="case manager"):
        await assert_nobody_else_brings_in(participants)


async def assert_only_whom_the_own_agency_serves(service: ServiceApp) -> None:
    who = await handed_over(service)
    await service.apply_facts(
        [released_to(who, SECOND_PROVIDER, category=Category.ENROLLMENT)]
    )  # a release lets nobody write
    person = {"participantId": who}
    for asking in (supervisor(SECOND_PROVIDER), case_manager()):  # whom nobody has assigned
        assert codes(await bring_in(service, asking, person=person)) == ["NOT_FOUND"]
    assert (await record(service, who))["enrollment"] is None
    assert codes(await bring_in(service, person=person)) == []


async def test_a_known_person_is_brought_in_by_who_writes_about_them(
    participants: ServiceApp,
) -> None:
    await assert_only_whom_the_own_agency_serves(participants)


async def test_planted_a_record_of_anybody_is_found(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def anybody(*given: Any) -> UUID:
        return UUID(given[-1])

    plant(monkeypatch, commands, "require_writable", anybody)
    with pytest.raises(AssertionError):
        await assert_only_whom_the_own_agency_serves(participants)


async def assert_once(service: ServiceApp) -> None:
    who, _ = await enrolled(service)
    again = await bring_in(service, person={"participantId": who}, **LEFT)
    assert codes(again) == ["ALREADY_ENROLLED"]
    assert "reenroll" in again["userErrors"][0]["message"]
    before = await brought_in(service, **LEFT)
    again = await bring_in(service, person={"participantId": before})
    assert codes(again) == ["ALREADY_ENROLLED"]


async def test_where_an_enrollment_is_on_record_none_is_brought_in(
    participants: ServiceApp,
) -> None:
    await assert_once(participants)


async def test_planted_a_second_stay_is_found(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, rules, "check_first", lambda **_given: None)
    with pytest.raises(AssertionError):
        await assert_once(participants)


async def test_the_same_key_has_its_effect_once(participants: ServiceApp) -> None:
    key = new_key()
    first = await bring_in(participants, idempotencyKey=key)
    assert await bring_in(participants, idempotencyKey=key) == first
    changed = await bring_in(participants, idempotencyKey=key, enrolledOn="2024-05-07")
    assert codes(changed) == ["IDEMPOTENCY_KEY_REUSED"]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"person": {"phone": "206-555-0100"}}, "PERSON_MISSING", "person"),
        ({"person": {"participantId": "no-id"}}, "NOT_FOUND", "participantId"),
        ({"person": {"participantId": "x", "alias": "Red"}}, "CONTRADICTS", "person"),
        ({"person": {"alias": "x" * 501}}, "TEXT_LENGTH", "person"),
        ({"person": {"alias": "R", "dateOfBirth": "1700-01-01"}}, "BIRTH_OUT_OF_RANGE", "person"),
        ({"status": "PENDING_INTAKE"}, "STEP_NOT_ALLOWED", "status"),
        ({"status": "EXITED", "exitReason": "MOVED"}, "DATE_MISSING", "statusSince"),
        (LEFT | {"exitReason": "ADMIN_ERROR"}, "REASON_MISMATCH", "exitReason"),
        (LEFT | {"statusSince": "2024-05-05"}, "DATE_CONTRADICTS", "statusSince"),
        ({"inactiveReason": "MOVED"}, "REASON_MISMATCH", "inactiveReason"),
        ({"enrolledOn": "2011-09-30"}, "DATE_TOO_EARLY", "enrolledOn"),
        ({"enrolledOn": "2999-01-01"}, "DATE_IN_FUTURE", "enrolledOn"),
        ({"source": "<b>"}, "CONTENT_FORM", "source"),
    ],
)
async def test_what_cannot_have_been_is_refused_by_field(
    participants: ServiceApp, given: dict[str, Any], code: str, field: str
) -> None:
    payload = await bring_in(participants, **given)
    assert [(each["code"], each["field"][-1]) for each in payload["userErrors"]] == [(code, field)]
    assert payload["enrollment"] is None


async def releases(service: ServiceApp, who: str) -> list[Any]:
    async with service.chassis.database.read() as session:
        found = await session.scalars(
            select(Visibility.holder).where(
                Visibility.participant_id == UUID(who), Visibility.basis == Basis.RELEASE.value
            )
        )
        return list(found)


async def test_no_release_comes_with_it(participants: ServiceApp) -> None:
    who = await brought_in(participants)
    assert await releases(participants, who) == []
    for asking in (project_manager(), officer(), housing_provider(), supervisor(SECOND_PROVIDER)):
        assert await record(participants, who, asking) is None
    # The twin: one that does come is seen.
    await participants.apply_facts([released_to(who, HOUSING_PROVIDER)])
    assert await releases(participants, who) != []
    assert await record(participants, who, housing_provider()) is not None


async def assert_the_system_is_the_agency_s_own(service: ServiceApp) -> None:
    who = await brought_in(service)
    await service.apply_facts([released_to(who, HOUSING_PROVIDER, category=Category.ENROLLMENT)])
    (step,) = steps(await record(service, who, housing_provider()))
    assert (step["isBroughtIn"], step["broughtInFrom"]) == (True, None)


async def test_a_release_does_not_tell_from_which_system(participants: ServiceApp) -> None:
    await assert_the_system_is_the_agency_s_own(participants)


async def test_planted_a_system_told_to_everybody_is_found(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, Enrollment, "_is_own", lambda *_given: True)
    with pytest.raises(AssertionError):
        await assert_the_system_is_the_agency_s_own(participants)


async def intake_clocks(service: ServiceApp, who: str) -> list[str]:
    (edge,) = (await record(service, who))["referrals"]["edges"]
    return [each["state"] for each in edge["node"]["clocks"] if each["kind"] == "INTAKE"]


async def test_who_is_enrolled_awaits_no_intake_and_who_has_left_still_does(
    participants: ServiceApp,
) -> None:
    name = "query($id: ID!) { participant(id: $id) { name { given } } }"

    async def is_known_to_who_screens(who: str) -> bool:
        answer = await participants.graphql(project_manager(), name, {"id": who})
        return bool((answer.data["participant"] or {}).get("name"))

    for given, state in (({}, "ENDED"), (LEFT, "RUNNING")):
        who = await handed_over(participants)
        assert await intake_clocks(participants, who) == ["RUNNING"]
        assert await is_known_to_who_screens(who)
        await brought_in(participants, person={"participantId": who}, **given)
        assert await intake_clocks(participants, who) == [state]
        assert await is_known_to_who_screens(who) is (state == "RUNNING")


async def test_figures_count_a_stay_by_its_days(participants: ServiceApp) -> None:
    payload = await bring_in(participants, **LEFT)
    who, stay = UUID(payload["participant"]["id"]), UUID(payload["enrollment"]["id"])

    async def is_counted(starts_on: date, ends_on: date) -> bool:
        async with participants.chassis.database.read() as session:
            found = await counted(session, UUID(SITE), starts_on, ends_on)
        return who in {each["participant_id"] for each in found}

    assert not await is_counted(date(2024, 1, 1), date(2024, 3, 31))
    assert await is_counted(date(2024, 4, 1), date(2024, 6, 30))
    assert await is_counted(date(2025, 1, 1), date(2025, 3, 31))
    assert not await is_counted(date(2025, 4, 1), date(2025, 6, 30))
    assert not await is_counted(TODAY - timedelta(days=30), TODAY)
    async with participants.chassis.database.read() as session:
        until = await enrollment_steps(session, [stay], date(2025, 1, 1))
        after = await enrollment_steps(session, [stay], TODAY)
    assert [each.to for each in until[stay]] == ["ENROLLED_ACTIVE"]
    assert [each.to for each in after[stay]] == ["ENROLLED_ACTIVE", "EXITED"]


async def in_the_wind(service: ServiceApp) -> list[str]:
    return [node["id"] for node in await whole_list(service, supervisor(), "inTheWind")]


async def assert_nobody_is_missed_on_the_first_day(service: ServiceApp) -> None:
    assert await brought_in(service) not in await in_the_wind(service)


async def test_nobody_counts_as_missed_on_the_day_of_the_import(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    await assert_nobody_is_missed_on_the_first_day(participants)
    # Brought in long ago, and nobody has met them since.
    with monkeypatch.context() as patch:
        then = clock.now() - timedelta(days=400)
        patch.setattr(commands, "clock", SimpleNamespace(now=lambda: then))
        who = await brought_in(participants)
    assert who in await in_the_wind(participants)


async def test_planted_an_import_that_alarms_is_found(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, outreach, "was_brought_in_since", lambda _since: false())
    with pytest.raises(AssertionError):
        await assert_nobody_is_missed_on_the_first_day(participants)
