"""Enrolling asks for a psychosocial intake: whole, signed, the own agency's, taken by that day."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from svc_participants.care.assessments import repository
from svc_participants.care.assessments.instruments import packaged
from tests.fixtures.participants_service import (
    at_intake,
    case_manager,
    change,
    codes,
    enroll_today,
    sign_intake,
    take_intake,
)
from tests.fixtures.service_app import ServiceApp


async def enrolls(service: ServiceApp, enrollment_id: str) -> bool:
    """Whether enrolling goes through; if not, it is the intake that is missing, and it says so."""
    payload = await enroll_today(service, case_manager(), enrollment_id)
    if payload["enrollment"] is not None and not payload["userErrors"]:
        return True
    (error,) = payload["userErrors"]
    assert error["code"] == "INTAKE_INCOMPLETE"
    assert "signAssessment" in error["message"]
    return False


async def test_an_intake_counts_once_it_is_signed(participants: ServiceApp) -> None:
    who, enrollment_id = await at_intake(participants)
    assert not await enrolls(participants, enrollment_id)
    draft = await take_intake(participants, case_manager(), who)
    assert not await enrolls(participants, enrollment_id)
    await sign_intake(participants, case_manager(), draft)
    assert await enrolls(participants, enrollment_id)


async def a_refusal_leaves_nothing(service: ServiceApp) -> bool:
    who, enrollment_id = await at_intake(service)
    await take_intake(service, case_manager(), who)
    await enroll_today(service, case_manager(), enrollment_id)
    query = """query($id: ID!) { participant(id: $id) { enrolledOn enrollment { status version
      steps { totalCount } } referrals { edges { node { status } } } } }"""
    found = (await service.graphql(case_manager(), query, {"id": who})).data["participant"]
    (edge,) = found["referrals"]["edges"]
    stay = {"status": "PENDING_INTAKE", "version": 1, "steps": {"totalCount": 0}}
    return (found["enrolledOn"], found["enrollment"], edge["node"]["status"]) == (
        None, stay, "INTAKE_STARTED",
    )  # fmt: skip


async def test_nothing_is_left_of_a_refused_enrollment(participants: ServiceApp) -> None:
    assert await a_refusal_leaves_nothing(participants)


async def test_planted_draft_that_counts_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def any_will_do(*_given: Any) -> bool:
        return True

    monkeypatch.setattr(repository, "has_signed", any_will_do)
    assert not await a_refusal_leaves_nothing(participants)


async def test_another_instrument_is_no_intake(participants: ServiceApp) -> None:
    who, enrollment_id = await at_intake(participants)
    taken = await change(
        participants, case_manager(), "recordAssessment", "assessment { id version }",
        participantId=who, instrument="phq-2", instrumentVersion=1, takenOn="2026-01-02",
        answers=[{"item": each, "choices": ["0"]} for each in ("interest", "mood")],
    )  # fmt: skip
    assert codes(taken) == []
    await sign_intake(participants, case_manager(), taken["assessment"])
    assert not await enrolls(participants, enrollment_id)


@pytest.mark.parametrize("change_", ["agency_id = :other", "taken_on = current_date + 1"])
async def test_what_another_agency_keeps_or_what_was_taken_later_does_not_count(
    participants: ServiceApp, change_: str
) -> None:
    who, enrollment_id = await at_intake(participants)
    intake = await take_intake(participants, case_manager(), who)
    await sign_intake(participants, case_manager(), intake)
    given = {"id": intake["id"], "other": uuid4()}
    async with participants.chassis.database.write() as session:
        statement = f"update assessment set {change_} where id = cast(:id as uuid)"
        await session.execute(
            text(statement), given if ":other" in change_ else {"id": given["id"]}
        )
    assert not await enrolls(participants, enrollment_id)


def test_there_is_an_intake_among_the_packaged_instruments() -> None:
    assert {each.key for each in packaged().values() if each.is_intake} == {"lead-intake"}
