"""A wrong day of an enrollment is put right: what stood there is kept, and what follows follows."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from infra.vocabulary import Category
from svc_participants.clocks.rules import met_on
from svc_participants.enrollments import rules
from svc_participants.indicators.repository import enrollment_steps
from tests.fixtures.participants_service import (
    FORM,
    HOUSING_PROVIDER,
    SECOND_PROVIDER,
    at_intake,
    case_manager,
    change,
    codes,
    enrolled,
    housing_provider,
    plant,
    released_to,
    sign_intake,
    supervisor,
    take_intake,
)
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.site_days import site_today

TODAY = site_today()
RECORD = """query($id: ID!) { participant(id: $id) {
  enrolledOn
  enrollment { version enrolledOn intakeCompletedOn exitedOn
    steps { edges { node { toStatus happenedOn } } }
    dateCorrections { totalCount edges { node { field beforeOn afterOn reason correctedAt } } } }
  referrals { edges { node { clocks { kind state metAt } } } } } }"""


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


async def correct(service: ServiceApp, enrollment_id: str, version: int, **given: Any) -> Any:
    asking = given.pop("asking", None) or case_manager()
    return await change(
        service, asking, "correctEnrollmentDate", "enrollment { version enrolledOn }",
        **{"enrollmentId": enrollment_id, "expectedVersion": version, "reason": "TYPED_WRONG"}
        | given,
    )  # fmt: skip


async def record(service: ServiceApp, who: str, asking: Any = None) -> Any:
    found = await service.graphql(asking or case_manager(), RECORD, {"id": who})
    return found.data["participant"]


async def brought_back_to(service: ServiceApp, days: int) -> tuple[str, str]:
    """Enroll somebody today, then say that it was days ago; returns person and enrollment."""
    who, enrollment_id = await enrolled(service)
    for version, field in ((2, "INTAKE_COMPLETED"), (3, "ENROLLED")):
        done = await correct(
            service, enrollment_id, version, field=field, correctedOn=ago(days)
        )  # fmt: skip
        assert codes(done) == [], done
    return who, enrollment_id


async def test_a_corrected_day_is_the_day_and_the_old_one_is_kept(participants: ServiceApp) -> None:
    who, enrollment_id = await brought_back_to(participants, 3)
    found = await record(participants, who)
    stay = found["enrollment"]
    assert found["enrolledOn"] == stay["enrolledOn"] == stay["intakeCompletedOn"] == ago(3)
    corrections = [edge["node"] for edge in stay["dateCorrections"]["edges"]]
    assert all(each.pop("correctedAt") for each in corrections)
    kept = {"beforeOn": ago(0), "afterOn": ago(3), "reason": "TYPED_WRONG"}
    assert corrections == [{"field": "INTAKE_COMPLETED"} | kept, {"field": "ENROLLED"} | kept]
    assert stay["version"] == 4
    steps = [edge["node"] for edge in stay["steps"]["edges"]]
    assert steps == [{"toStatus": "ENROLLED_ACTIVE", "happenedOn": ago(0)}]  # as it was recorded
    async with participants.chassis.database.read() as session:
        of_then = await enrollment_steps(session, [UUID(enrollment_id)], TODAY - timedelta(days=2))
    counted = [(each.to, each.at) for each in of_then[UUID(enrollment_id)]]
    midnight = datetime.combine(TODAY - timedelta(days=3), time(), UTC)
    assert counted == [("ENROLLED_ACTIVE", midnight)]


async def test_the_clock_of_the_intake_is_met_when_the_intake_was_completed(
    participants: ServiceApp,
) -> None:
    who, enrollment_id = await enrolled(participants)
    earlier = (
        "update referral_clock set started_at = started_at - interval '20 days'"
        " where participant_id = :who and kind = 'INTAKE' returning time_zone, started_at"
    )
    async with participants.chassis.database.write() as session:
        zone, started_at = (await session.execute(text(earlier), {"who": UUID(who)})).one()
    done = await correct(
        participants, enrollment_id, 2, field="INTAKE_COMPLETED", correctedOn=ago(9)
    )  # fmt: skip
    assert codes(done) == []
    (edge,) = (await record(participants, who, supervisor()))["referrals"]["edges"]
    (met,) = [each for each in edge["node"]["clocks"] if each["kind"] == "INTAKE"]
    day = TODAY - timedelta(days=9)
    expected = met_on(zone, started_at, day, datetime.now(UTC))
    assert (met["state"], datetime.fromisoformat(met["metAt"])) == ("MET", expected)


async def test_days_that_contradict_each_other_change_nothing(participants: ServiceApp) -> None:
    who, enrollment_id = await enrolled(participants)
    for given, code in (
        ({"field": "ENROLLED", "correctedOn": ago(1)}, "DATE_CONTRADICTS"),  # before the intake
        ({"field": "ENROLLED", "correctedOn": ago(-2)}, "DATE_IN_FUTURE"),
        ({"field": "ENROLLED", "correctedOn": ago(0)}, "DATE_UNCHANGED"),
        ({"field": "EXITED", "correctedOn": ago(0)}, "DATE_MISSING"),
    ):
        assert codes(await correct(participants, enrollment_id, 2, **given)) == [code]
    stay = (await record(participants, who))["enrollment"]
    assert (stay["version"], stay["dateCorrections"]["totalCount"]) == (2, 0)


async def test_a_stay_is_not_moved_into_another_one(participants: ServiceApp) -> None:
    _, first = await brought_back_to(participants, 9)
    ended = await change(
        participants, supervisor(), "exitEnrollment", "enrollment { id }", enrollmentId=first,
        expectedVersion=4, reason="PERSON_WITHDREW", exitedOn=ago(5),
    )  # fmt: skip
    assert codes(ended) == []
    back = await change(
        participants, supervisor(), "reenroll", "enrollment { id }", enrollmentId=first,
        expectedVersion=5, enrolledOn=ago(2),
    )  # fmt: skip
    second, asking = back["enrollment"]["id"], supervisor()
    into = await correct(
        participants, second, 2, field="ENROLLED", correctedOn=ago(6), asking=asking
    )  # fmt: skip
    assert codes(into) == ["DATE_CONTRADICTS"]
    over = await correct(
        participants, first, 5, field="EXITED", correctedOn=ago(1), asking=asking
    )  # fmt: skip
    assert codes(over) == ["DATE_CONTRADICTS"]
    beside = await correct(
        participants, second, 2, field="ENROLLED", correctedOn=ago(5), asking=asking
    )  # fmt: skip
    assert codes(beside) == []


async def at_second_intake(service: ServiceApp) -> str:
    """Somebody was here from nine to five days ago, and is referred again; the new enrollment."""
    who, first = await brought_back_to(service, 9)
    ended = await change(
        service, supervisor(), "exitEnrollment", "enrollment { id }", enrollmentId=first,
        expectedVersion=4, reason="PERSON_WITHDREW", exitedOn=ago(5),
    )  # fmt: skip
    assert codes(ended) == []
    sent = await change(
        service, supervisor(), "submitCommunityReferral", "referral { id }",
        form={**FORM, "person": {"participantId": who}}, concern="Is back in town.",
    )  # fmt: skip
    assert codes(sent) == [], sent
    again, second = await at_intake(service, referral_id=sent["referral"]["id"])
    assert (again, second == first) == (who, False)
    await sign_intake(service, supervisor(), await take_intake(service, supervisor(), who, 8))
    return second


async def enroll_on(service: ServiceApp, enrollment_id: str, day: str) -> list[str]:
    payload = await change(
        service, case_manager(), "enroll", "enrollment { enrolledOn }", expectedVersion=1,
        enrollmentId=enrollment_id, enrolledOn=day, intakeCompletedOn=day,
    )  # fmt: skip
    assert all(each["field"] == ["input", "enrolledOn"] for each in payload["userErrors"])
    return codes(payload)


async def keeps_stays_apart(service: ServiceApp) -> bool:
    second = await at_second_intake(service)
    return await enroll_on(service, second, ago(6)) == ["DATE_CONTRADICTS"]


async def test_a_second_intake_does_not_begin_inside_an_earlier_stay(
    participants: ServiceApp,
) -> None:
    assert await keeps_stays_apart(participants)
    beside = await at_second_intake(participants)
    assert await enroll_on(participants, beside, ago(5)) == []


async def test_planted_stays_one_in_another_are_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, rules, "check_apart", lambda *_: None)
    assert not await keeps_stays_apart(participants)


async def test_only_who_works_there_and_has_read_it_corrects_and_only_once(
    participants: ServiceApp,
) -> None:
    who, enrollment_id = await enrolled(participants)
    given = {"field": "INTAKE_COMPLETED", "correctedOn": ago(4), "idempotencyKey": new_key()}
    strange = await correct(
        participants, enrollment_id, 2, asking=supervisor(SECOND_PROVIDER), **given
    )  # fmt: skip
    assert codes(strange) == ["NOT_FOUND"]
    stale = await correct(participants, enrollment_id, 1, **given | {"idempotencyKey": new_key()})
    assert codes(stale) == ["VERSION_CONFLICT"]
    for _ in range(2):
        assert codes(await correct(participants, enrollment_id, 2, **given)) == []
    stay = (await record(participants, who))["enrollment"]
    assert stay["dateCorrections"]["totalCount"] == 1


async def _hides_the_corrected_day(service: ServiceApp) -> bool:
    """A release that begins after a corrected day tells nothing of the stay, then or since."""
    who, _ = await brought_back_to(service, 3)
    later = released_to(
        who, HOUSING_PROVIDER, category=Category.ENROLLMENT, data_from=TODAY - timedelta(days=1)
    )
    await service.apply_facts([later])
    found = await record(service, who, housing_provider())
    return found is not None and found["enrolledOn"] is None and found["enrollment"] is None


async def test_a_release_covers_the_stay_by_its_corrected_day(participants: ServiceApp) -> None:
    assert await _hides_the_corrected_day(participants)


async def test_planted_correction_that_leaves_the_day_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_noted(days: Any, *_: Any) -> Any:
        return days, days.enrolled_on

    plant(monkeypatch, rules, "corrected", only_noted)
    assert not await _hides_the_corrected_day(participants)
