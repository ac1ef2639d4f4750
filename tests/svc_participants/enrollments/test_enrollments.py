"""The way in and out: from a referral to an enrollment, out of touch and back, and leaving."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import false

from infra.vocabulary import Basis, Category
from svc_participants.enrollments import repository
from tests.fixtures.participants_service import (
    HOUSING_PROVIDER,
    SECOND_PROVIDER,
    account,
    case_manager,
    change,
    codes,
    enrolled,
    housing_provider,
    participant_of,
    person,
    plant,
    refer,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.site_days import site_today

RECORD = """
query($id: ID!) { participant(id: $id) {
  enrolledOn enrollment { id status version exitReason inactiveReason possibleSteps
    steps { edges { node { fromStatus toStatus } } } }
  enrollments { totalCount edges { node { id } } }
  assignments { edges { node { endedAt } } } } }
"""
TODAY = site_today()


async def record(service: ServiceApp, participant_id: str, asking: Any = None) -> Any:
    answer = await service.graphql(asking or supervisor(), RECORD, {"id": participant_id})
    return answer.data["participant"]


async def test_somebody_referred_is_brought_all_the_way_in(participants: ServiceApp) -> None:
    who, enrollment_id = await enrolled(participants)
    found = await record(participants, who, case_manager())
    assert found["enrolledOn"] == TODAY.isoformat()
    assert found["enrollment"]["id"] == enrollment_id
    assert found["enrollment"]["possibleSteps"] == ["ENROLLED_INACTIVE", "EXITED"]
    assert found["enrollment"]["steps"]["edges"] == [
        {"node": {"fromStatus": "PENDING_INTAKE", "toStatus": "ENROLLED_ACTIVE"}}
    ]


async def test_out_of_touch_and_back_without_anybody_failing(participants: ServiceApp) -> None:
    who, enrollment_id = await enrolled(participants)
    for version, status, reason in (
        (2, "ENROLLED_INACTIVE", "IN_THE_WIND"),
        (3, "ENROLLED_ACTIVE", None),
    ):
        payload = await change(
            participants, case_manager(), "changeEnrollmentStatus",
            "enrollment { status inactiveReason }", enrollmentId=enrollment_id,
            expectedVersion=version, status=status, happenedOn=TODAY.isoformat(),
            inactiveReason=reason,
        )  # fmt: skip
        assert payload["enrollment"] == {"status": status, "inactiveReason": reason}
    assert (await record(participants, who))["enrollment"]["version"] == 4


async def test_an_illegal_step_names_the_possible_ones(participants: ServiceApp) -> None:
    referral_id = await refer(participants)
    from tests.fixtures.participants_service import (
        BEFORE_OTHERS,
        CARE_PROVIDER,
        project_manager,
    )

    await change(
        participants, project_manager(), "decideReferral", "referral { id }",
        referralId=referral_id, expectedVersion=3, decision="APPROVE",
        providerAgencyId=CARE_PROVIDER, exceptionReason=BEFORE_OTHERS,
    )  # fmt: skip
    payload = await change(
        participants, supervisor(), "startIntake", "enrollment { id }",
        referralId=referral_id, expectedVersion=4, consentToContact="YES",
    )  # fmt: skip
    assert codes(payload) == ["STEP_NOT_ALLOWED"]
    assert payload["userErrors"][0]["message"].endswith("OUTREACH.")


async def test_leaving_ends_the_assignments_and_what_they_open(participants: ServiceApp) -> None:
    who, enrollment_id = await enrolled(participants)
    payload = await change(
        participants, case_manager(), "exitEnrollment", "enrollment { status }",
        enrollmentId=enrollment_id, expectedVersion=2, reason="PERSON_WITHDREW",
        exitedOn=TODAY.isoformat(),
    )  # fmt: skip
    assert payload == {"enrollment": None, "userErrors": []}
    assert await record(participants, who, case_manager()) is None
    found = await record(participants, who)
    assert found["enrollment"]["status"] == "EXITED"
    assert all(edge["node"]["endedAt"] for edge in found["assignments"]["edges"])
    assert found["enrolledOn"] == TODAY.isoformat()


async def test_what_was_entered_in_error_is_as_if_it_had_never_been(
    participants: ServiceApp,
) -> None:
    who, enrollment_id = await enrolled(participants)
    await participants.apply_facts(
        [released_to(who, HOUSING_PROVIDER, category=Category.ENROLLMENT)]
    )
    await change(
        participants, supervisor(), "exitEnrollment", "enrollment { status }",
        enrollmentId=enrollment_id, expectedVersion=2, reason="ADMIN_ERROR",
        exitedOn=TODAY.isoformat(),
    )  # fmt: skip
    assert await record(participants, who) is None
    found = await record(participants, who, housing_provider())
    assert (found["enrolledOn"], found["enrollment"]) == (None, None)
    assert found["enrollments"]["totalCount"] == 1


async def hides_the_first_day(service: ServiceApp) -> bool:
    """A release whose data period begins after the first enrollment says nothing of it."""
    who = person("p034")
    later = released_to(
        who, HOUSING_PROVIDER, category=Category.ENROLLMENT, data_from=date(2100, 1, 1)
    )
    await service.apply_facts([later])
    found = await record(service, who, housing_provider())
    return found is not None and found["enrolledOn"] is None and found["enrollment"] is None


async def test_a_data_period_covers_enrollments_by_their_first_day(
    participants: ServiceApp,
) -> None:
    assert await hides_the_first_day(participants)


async def test_planted_first_day_without_its_period_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def undated(caller: Any, category: Category, column: Any, _dated_on: Any = None) -> Any:
        from infra.authority.predicate import visible

        return visible(caller, category, column)

    plant(monkeypatch, repository, "visible", undated)
    assert not await hides_the_first_day(participants)


async def test_another_provider_cannot_change_an_enrollment(participants: ServiceApp) -> None:
    _, enrollment_id = await enrolled(participants)
    payload = await change(
        participants, supervisor(SECOND_PROVIDER), "exitEnrollment", "enrollment { id }",
        enrollmentId=enrollment_id, expectedVersion=2, reason="MOVED",
        exitedOn=(TODAY - timedelta(days=1)).isoformat(),
    )  # fmt: skip
    assert codes(payload) == ["NOT_FOUND"]


async def test_a_future_date_is_refused(participants: ServiceApp) -> None:
    _, enrollment_id = await enrolled(participants)
    payload = await change(
        participants, case_manager(), "exitEnrollment", "enrollment { id }",
        enrollmentId=enrollment_id, expectedVersion=2, reason="MOVED",
        exitedOn=(TODAY + timedelta(days=2)).isoformat(),
    )  # fmt: skip
    assert codes(payload) == ["DATE_IN_FUTURE"]


@pytest.mark.parametrize("reason", ["PERSON_WITHDREW", "ADMIN_ERROR"])
async def test_the_last_day_is_not_before_the_first(participants: ServiceApp, reason: str) -> None:
    who, enrollment_id = await enrolled(participants)
    payload = await change(
        participants, case_manager(), "exitEnrollment", "enrollment { id }",
        enrollmentId=enrollment_id, expectedVersion=2, reason=reason,
        exitedOn=(TODAY - timedelta(days=1)).isoformat(),
    )  # fmt: skip
    assert codes(payload) == ["DATE_CONTRADICTS"]
    assert payload["userErrors"][0]["field"] == ["input", "exitedOn"]
    assert TODAY.isoformat() in payload["userErrors"][0]["message"]
    found = (await record(participants, who, case_manager()))["enrollment"]
    assert (found["status"], found["version"]) == ("ENROLLED_ACTIVE", 2)


async def test_nobody_comes_back_before_they_left(participants: ServiceApp) -> None:
    _, enrollment_id = await enrolled(participants)
    await change(
        participants, case_manager(), "exitEnrollment", "enrollment { id }",
        enrollmentId=enrollment_id, expectedVersion=2, reason="MOVED", exitedOn=TODAY.isoformat(),
    )  # fmt: skip
    for day, expected in ((TODAY - timedelta(days=1), ["DATE_CONTRADICTS"]), (TODAY, [])):
        payload = await change(
            participants, supervisor(), "reenroll", "enrollment { id }",
            enrollmentId=enrollment_id, expectedVersion=3, enrolledOn=day.isoformat(),
        )  # fmt: skip
        assert codes(payload) == expected
        assert all(each["field"] == ["input", "enrolledOn"] for each in payload["userErrors"])


async def test_the_provider_has_the_person_from_the_hand_over_on(participants: ServiceApp) -> None:
    assert participants.consent is not None
    who, _ = await enrolled(participants)
    own = [
        each["row"]
        for each in participants.consent.handed_over
        if each["op"] == "put" and isinstance(each["row"], dict)
        and each["row"]["participant_id"] == who
        and each["row"]["basis"] == Basis.OWN_AGENCY.value
    ]  # fmt: skip
    assert len({row["id"] for row in own}) == 1
    assert {row["category"] for row in own} == {None}


async def test_reading_is_refused_to_everybody_without_grounds(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = await participant_of(participants, await refer(participants))
    assert await record(participants, who) is None
    plant(monkeypatch, repository, "visible", lambda *_: false())
    assert (await record(participants, person("p005"), case_manager()))["enrollment"] is None
    assert account("case_manager") == case_manager().subject
