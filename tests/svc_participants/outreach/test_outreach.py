"""Attempts, who is in the wind, and coming back: nobody is out for good."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.identity_token import Caller
from svc_participants.outreach import repository
from tests.fixtures.participants_service import (
    BEFORE_OTHERS,
    CARE_PROVIDER,
    SECOND_PROVIDER,
    account,
    case_manager,
    change,
    codes,
    enrolled,
    participant_of,
    plant,
    project_manager,
    refer,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.site_days import site_today
from tests.fixtures.whole_list import whole_list

TODAY = site_today().isoformat()


async def attempt(
    service: ServiceApp, who: str, asking: Caller | None = None, **given: Any
) -> dict[str, Any]:
    request = {
        "participantId": who, "mode": "STREET", "outcome": "NOT_FOUND",
        "attemptedAt": (datetime.now(UTC) - timedelta(minutes=1)).isoformat(),
        "place": "Behind the library", **given,
    }  # fmt: skip
    selection = "participant { contactAttempts { totalCount edges { node { mode place } } } }"
    return await change(
        service, asking or supervisor(), "recordContactAttempt", selection, **request
    )


async def in_the_wind(service: ServiceApp, asking: Caller) -> list[str]:
    return [node["id"] for node in await whole_list(service, asking, "inTheWind")]


async def looked_for(service: ServiceApp) -> tuple[str, str]:
    """Bring a referral to OUTREACH; returns it and whom it is about."""
    made_at = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    referral_id = await refer(service, madeAt=made_at)
    given = {"referralId": referral_id, "expectedVersion": 3, "decision": "APPROVE"}
    await change(
        service, project_manager(), "decideReferral", "referral { id }",
        providerAgencyId=CARE_PROVIDER, exceptionReason=BEFORE_OTHERS, **given,
    )  # fmt: skip
    await change(
        service, supervisor(), "recordOutreach", "referral { id }",
        referralId=referral_id, expectedVersion=4, status="OUTREACH",
        happenedAt=(datetime.now(UTC) - timedelta(hours=1)).isoformat(),
    )  # fmt: skip
    return referral_id, await participant_of(service, referral_id)


async def test_unable_to_locate_takes_the_attempts_of_the_protocol(
    participants: ServiceApp,
) -> None:
    referral_id, who = await looked_for(participants)
    given = {"referralId": referral_id, "expectedVersion": 5, "status": "UNABLE_TO_LOCATE"}
    for made in range(3):
        payload = await change(
            participants, supervisor(), "recordOutreach", "referral { status }", **given
        )
        assert codes(payload) == ["ATTEMPTS_MISSING"], made
        done = await attempt(participants, who)
        assert done["participant"]["contactAttempts"]["totalCount"] == made + 1
    payload = await change(
        participants, supervisor(), "recordOutreach", "referral { status }", **given
    )
    assert payload["referral"] == {"status": "UNABLE_TO_LOCATE"}
    assert who in await in_the_wind(participants, supervisor())
    again = {**given, "expectedVersion": 6, "status": "OUTREACH"}
    payload = await change(
        participants, supervisor(), "recordOutreach", "referral { status }", **again
    )
    assert payload["referral"] == {"status": "OUTREACH"}
    assert who not in await in_the_wind(participants, supervisor())


async def test_outreach_happens_after_the_referral_and_not_in_the_future(
    participants: ServiceApp,
) -> None:
    referral_id, _ = await looked_for(participants)
    given = {"referralId": referral_id, "expectedVersion": 5, "status": "CONTACTED"}
    for hours, expected in ((-3, ["DATE_TOO_EARLY"]), (1, ["DATE_IN_FUTURE"]), (-1, [])):
        moment = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
        payload = await change(
            participants, supervisor(), "recordOutreach", "referral { status }",
            happenedAt=moment, **given,
        )  # fmt: skip
        assert codes(payload) == expected
        assert all(each["field"] == ["input", "happenedAt"] for each in payload["userErrors"])


async def test_attempts_are_for_those_who_work_with_the_person(participants: ServiceApp) -> None:
    _, who = await looked_for(participants)
    for asking in (case_manager(), supervisor(SECOND_PROVIDER), project_manager()):
        assert codes(await attempt(participants, who, asking)) == ["NOT_FOUND"]
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert codes(await attempt(participants, who, attemptedAt=future)) == ["DATE_IN_FUTURE"]


async def lost(service: ServiceApp) -> tuple[str, str]:
    who, enrollment_id = await enrolled(service)
    await change(
        service, case_manager(), "changeEnrollmentStatus", "enrollment { id }",
        enrollmentId=enrollment_id, expectedVersion=2, status="ENROLLED_INACTIVE",
        inactiveReason="IN_THE_WIND", happenedOn=TODAY,
    )  # fmt: skip
    return who, enrollment_id


async def only_own_people_are_listed(service: ServiceApp) -> bool:
    who, _ = await lost(service)
    assert who in await in_the_wind(service, case_manager())
    others = (case_manager("case_manager_unassigned"), supervisor(SECOND_PROVIDER))
    return not any([who in await in_the_wind(service, each) for each in others])


async def test_list_holds_the_own_people_and_no_others(participants: ServiceApp) -> None:
    assert await only_own_people_are_listed(participants)


async def test_planted_list_of_the_whole_agency_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import true

    plant(monkeypatch, repository, "may_write", lambda *_: true())
    plant(monkeypatch, repository, "visible", lambda *_: true())
    assert not await only_own_people_are_listed(participants)


async def test_tried_in_vain_counts_until_the_person_is_reached(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    assert who not in await in_the_wind(participants, case_manager())
    await attempt(participants, who, case_manager())
    assert who in await in_the_wind(participants, case_manager())
    await attempt(participants, who, case_manager(), outcome="REACHED")
    assert who not in await in_the_wind(participants, case_manager())


async def test_coming_back_is_a_new_enrollment_of_the_same_person(participants: ServiceApp) -> None:
    who, enrollment_id = await enrolled(participants)
    given = {"enrollmentId": enrollment_id, "expectedVersion": 2, "enrolledOn": TODAY}
    selection = "enrollment { id status enrolledOn steps { edges { node { toStatus } } } }"
    open_ = await change(participants, supervisor(), "reenroll", selection, **given)
    assert codes(open_) == ["ALREADY_ENROLLED"]
    await change(
        participants, case_manager(), "exitEnrollment", "enrollment { id }",
        enrollmentId=enrollment_id, expectedVersion=2, reason="PERSON_WITHDREW", exitedOn=TODAY,
    )  # fmt: skip
    given["expectedVersion"] = 3
    payload = await change(participants, supervisor(), "reenroll", selection, **given)
    assert payload["userErrors"] == [], payload
    assert payload["enrollment"]["status"] == "ENROLLED_ACTIVE"
    assert payload["enrollment"]["id"] != enrollment_id
    query = "query($id: ID!) { participant(id: $id) { enrollments { totalCount } } }"
    found = (await participants.graphql(supervisor(), query, {"id": who})).data["participant"]
    assert found["enrollments"]["totalCount"] == 2
    back = await change(
        participants, supervisor(), "assignCaseManager", "assignment { id }",
        participantId=who, accountId=account("case_manager"),
    )  # fmt: skip
    assert back["userErrors"] == []


async def test_nobody_comes_back_from_an_error_or_from_death(participants: ServiceApp) -> None:
    _, enrollment_id = await enrolled(participants)
    await change(
        participants, case_manager(), "exitEnrollment", "enrollment { id }",
        enrollmentId=enrollment_id, expectedVersion=2, reason="DECEASED", exitedOn=TODAY,
    )  # fmt: skip
    payload = await change(
        participants, supervisor(), "reenroll", "enrollment { id }",
        enrollmentId=enrollment_id, expectedVersion=3, enrolledOn=TODAY,
    )  # fmt: skip
    assert codes(payload) == ["STEP_NOT_ALLOWED"]


async def longer_here(service: ServiceApp, days: int = 400) -> str:
    """Somebody who has been enrolled for longer than any protocol waits, and was never tried."""
    who, enrollment_id = await enrolled(service)
    for version, field in ((2, "INTAKE_COMPLETED"), (3, "ENROLLED")):
        payload = await change(
            service, case_manager(), "correctEnrollmentDate", "enrollment { id }", field=field,
            enrollmentId=enrollment_id, expectedVersion=version, reason="TYPED_WRONG",
            correctedOn=ago(days),
        )  # fmt: skip
        assert codes(payload) == [], payload
    return who


def ago(days: int) -> str:
    return (site_today() - timedelta(days=days)).isoformat()


async def met(service: ServiceApp, who: str, **given: Any) -> None:
    request = {"participantId": who, "mode": "OFFICE", "outcome": "MET", "occurredOn": TODAY}
    payload = await change(
        service, case_manager(), "recordEncounter", "encounter { id }", **{**request, **given}
    )
    assert codes(payload) == [], payload


async def test_whom_nobody_has_tried_or_met_for_long_is_listed(participants: ServiceApp) -> None:
    who, new = await longer_here(participants), (await enrolled(participants))[0]
    listed = await in_the_wind(participants, case_manager())
    assert who in listed
    assert new not in listed
    for no_meeting in (
        {"outcome": "LEFT_WORD"}, {"outcome": "NOT_FOUND"}, {"mode": "COLLATERAL"},
        {"occurredOn": ago(399)},
    ):  # fmt: skip
        await met(participants, who, **no_meeting)
        assert who in await in_the_wind(participants, case_manager()), no_meeting
    await met(participants, who, outcome="NOT_TODAY")
    assert who not in await in_the_wind(participants, case_manager())


async def test_who_is_met_is_not_looked_for_whatever_was_tried_before(
    participants: ServiceApp,
) -> None:
    who = await longer_here(participants)
    long_ago = (datetime.now(UTC) - timedelta(days=300)).isoformat()
    await attempt(participants, who, case_manager(), attemptedAt=long_ago)
    assert who in await in_the_wind(participants, case_manager())
    await met(participants, who, occurredOn=ago(7))
    assert who not in await in_the_wind(participants, case_manager())


async def test_who_is_back_in_touch_is_not_looked_for_at_once(participants: ServiceApp) -> None:
    who = await longer_here(participants)
    query = "query($id: ID!) { participant(id: $id) { enrollment { id version } } }"
    answer = await participants.graphql(case_manager(), query, {"id": who})
    stay = answer.data["participant"]["enrollment"]
    steps = (("ENROLLED_INACTIVE", "HOSPITAL"), ("ENROLLED_ACTIVE", None))
    for version, (status, reason) in enumerate(steps, start=stay["version"]):
        payload = await change(
            participants, case_manager(), "changeEnrollmentStatus", "enrollment { id }",
            enrollmentId=stay["id"], expectedVersion=version, status=status,
            inactiveReason=reason, happenedOn=TODAY,
        )  # fmt: skip
        assert codes(payload) == []
        assert who not in await in_the_wind(participants, case_manager())
