"""Assigning people to a session and moving them along, as a training manager does it."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from infra.dev.demo.identifiers import demo_id
from infra.vocabulary import Category, Role
from svc_training.assignments.tables import Assignment
from svc_training.personnel.tables import Personnel
from tests.fixtures.service_app import ServiceApp, caller, new_key
from tests.fixtures.training_service import (
    CASE_MANAGEMENT,
    POLICE,
    account,
    staff_member,
    training_manager,
)

ASSIGN = """
mutation Assign($input: AssignSessionInput!) {
  assignSession(input: $input) {
    outcomes {
      personnelId outcome
      assignment {
        id status version category dueOn reminderDays assignedBy
        personnel { id name } session { number }
      }
    }
    userErrors { code field message }
  }
}
"""
CHANGE = """
mutation Change($input: ChangeAssignmentStatusInput!) {
  changeAssignmentStatus(input: $input) {
    assignment { id status version statusHistory { status version changedBy comment } }
    userErrors { code field message }
  }
}
"""


def person(external_id: str) -> str:
    return str(demo_id("personnel", external_id))


async def assign(
    service: ServiceApp, session_number: str, asking: Any = None, **changes: Any
) -> dict[str, Any]:
    given = {
        "sessionNumber": session_number,
        "category": "LEAD",
        "idempotencyKey": new_key(),
        **changes,
    }
    answer = await service.graphql(asking or training_manager(), ASSIGN, {"input": given})
    payload: dict[str, Any] = answer.data["assignSession"]
    return payload


async def change(service: ServiceApp, asking: Any = None, **given: Any) -> dict[str, Any]:
    values = {"idempotencyKey": new_key(), **given}
    answer = await service.graphql(asking or training_manager(), CHANGE, {"input": values})
    payload: dict[str, Any] = answer.data["changeAssignmentStatus"]
    return payload


def outcomes(payload: dict[str, Any]) -> list[str]:
    assert payload["userErrors"] == []
    return [each["outcome"] for each in payload["outcomes"]]


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


async def test_people_are_assigned_in_the_order_asked_for(training: ServiceApp) -> None:
    ids = [person("CF002"), person("CF001")]
    terms = {"dueOn": "2026-12-31", "reminderDays": 30}
    payload = await assign(training, "8020-1", personnelIds=ids, **terms)
    assert outcomes(payload) == ["ASSIGNED", "ASSIGNED"]
    assert [each["personnelId"] for each in payload["outcomes"]] == ids
    made = payload["outcomes"][0]["assignment"]
    assert made["personnel"]["id"] == ids[0]
    assert (made["status"], made["version"], made["category"]) == ("ASSIGNED", 1, "LEAD")
    assert (made["dueOn"], made["reminderDays"]) == ("2026-12-31", 30)
    assert made["assignedBy"] == account("training_manager")
    assert made["session"] == {"number": "8020-1"}
    again = await assign(training, "8020-1", personnelIds=ids)
    assert outcomes(again) == ["ALREADY_ASSIGNED", "ALREADY_ASSIGNED"]
    assert again["outcomes"][0]["assignment"]["id"] == made["id"]


async def test_person_of_another_agency_looks_like_nobody_at_all(training: ServiceApp) -> None:
    strangers = [person("BW001"), str(uuid4()), "no id", ""]
    payload = await assign(training, "8020-1", personnelIds=strangers)
    assert outcomes(payload) == ["NEEDS_PERSON_RECORD"] * 4
    assert all(each["assignment"] is None for each in payload["outcomes"])
    assert [each["personnelId"] for each in payload["outcomes"]] == strangers


async def test_whole_agency_is_assigned_in_one_action(training: ServiceApp) -> None:
    asking = training_manager(CASE_MANAGEMENT)
    payload = await assign(training, "9101-1", asking, wholeAgency=True)
    assert outcomes(payload) == ["ASSIGNED"] * 8
    names = [each["assignment"]["personnel"]["name"] for each in payload["outcomes"]]
    assert names == sorted(names, key=lambda name: name.split()[::-1])
    assert outcomes(await assign(training, "9101-1", asking, wholeAgency=True)) == (
        ["ALREADY_ASSIGNED"] * 8
    )


async def test_the_whole_agency_is_who_is_with_it_now(training: ServiceApp) -> None:
    """Who has left stays on the roster, for what was completed, and can be named."""
    asking, left = training_manager(CASE_MANAGEMENT), person("BW002")
    async with training.chassis.database.write() as session:
        await session.execute(
            update(Personnel).where(Personnel.id == UUID(left)).values(is_active=False)
        )
    try:
        payload = await assign(training, "8020-1", asking, wholeAgency=True)
        assert len(outcomes(payload)) == 7
        assert left not in [each["personnelId"] for each in payload["outcomes"]]
        named = await assign(training, "8020-1", asking, personnelIds=[left])
        assert outcomes(named) == ["ASSIGNED"]
    finally:
        async with training.chassis.database.write() as session:
            await session.execute(
                update(Personnel).where(Personnel.id == UUID(left)).values(is_active=True)
            )


async def test_repeated_request_has_its_effect_once(training: ServiceApp) -> None:
    key = new_key()
    first = await assign(training, "9101-2", personnelIds=[person("CF003")], idempotencyKey=key)
    again = await assign(training, "9101-2", personnelIds=[person("CF003")], idempotencyKey=key)
    assert outcomes(first) == ["ASSIGNED"]
    assert first == again
    other = await assign(training, "9101-2", personnelIds=[person("CF004")], idempotencyKey=key)
    assert codes(other) == ["IDEMPOTENCY_KEY_REUSED"]


async def test_assignments_at_the_same_time_make_one(training: ServiceApp) -> None:
    ids = [person("CF005"), person("CF006")]
    payloads = await asyncio.gather(
        *(assign(training, "9101-2", personnelIds=ids) for _ in range(4))
    )
    said = sorted(outcome for payload in payloads for outcome in outcomes(payload))
    assert said == ["ALREADY_ASSIGNED"] * 6 + ["ASSIGNED"] * 2
    async with training.chassis.database.read() as session:
        stored = await session.scalar(
            select(func.count())
            .select_from(Assignment)
            .where(Assignment.personnel_id.in_([demo_id("personnel", f"CF00{n}") for n in (5, 6)]))
        )
    assert stored == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sessionNumber": "8020-9"}, "NOT_FOUND"),
        ({"sessionNumber": ""}, "NOT_FOUND"),
        ({"personnelIds": []}, "WHO_IS_UNCLEAR"),
        ({"wholeAgency": True}, "WHO_IS_UNCLEAR"),
        ({"personnelIds": ["x"] + [str(n) for n in range(1000)]}, "TOO_MANY_PEOPLE"),
        ({"category": " "}, "BAD_CATEGORY"),
        ({"reminderDays": 30}, "REMINDER_WITHOUT_DUE_DATE"),
        ({"dueOn": "2026-12-31", "reminderDays": 400}, "BAD_REMINDER"),
        ({"dueOn": "0206-12-31"}, "BAD_DUE_DATE"),
        ({"idempotencyKey": ""}, "IDEMPOTENCY_KEY_REUSED"),
    ],
)
async def test_unacceptable_request_is_one_clear_error(
    training: ServiceApp, changes: dict[str, Any], code: str
) -> None:
    given: dict[str, Any] = {"personnelIds": [person("CF001")], **changes}
    payload = await assign(training, given.pop("sessionNumber", "8020-1"), **given)
    assert codes(payload) == [code]
    assert payload["outcomes"] == []


async def test_only_a_training_manager_assigns_and_changes(training: ServiceApp) -> None:
    for asking in (
        caller(Role.AGA, {Category.TRAINING: "o"}, agency_id=POLICE),
        staff_member("officer", Role.LEO, POLICE),
        training_manager(access={}),
        training_manager(access={Category.TRAINING: "s"}),
        training_manager(agency_id=""),
    ):
        refused = await assign(training, "8020-1", asking, personnelIds=[person("CF007")])
        assert codes(refused) == ["FORBIDDEN"]
        given = {"assignmentId": str(uuid4()), "status": "NOTIFIED", "expectedVersion": 1}
        assert codes(await change(training, asking, **given)) == ["FORBIDDEN"]


async def _assigned(service: ServiceApp, external_id: str, number: str = "8020-1") -> str:
    payload = await assign(service, number, personnelIds=[person(external_id)])
    made: str = payload["outcomes"][0]["assignment"]["id"]
    return made


async def test_steps_are_stored_with_who_and_what(training: ServiceApp) -> None:
    row_id = await _assigned(training, "CF008")
    step = {"assignmentId": row_id, "status": "NOTIFIED", "expectedVersion": 1}
    payload = await change(training, comment=" told by mail ", **step)
    assert codes(payload) == []
    manager = account("training_manager")
    assert payload["assignment"] == {
        "id": row_id,
        "status": "NOTIFIED",
        "version": 2,
        "statusHistory": [
            {"status": "ASSIGNED", "version": 1, "changedBy": manager, "comment": None},
            {"status": "NOTIFIED", "version": 2, "changedBy": manager, "comment": "told by mail"},
        ],
    }


async def test_illegal_step_names_the_allowed_ones(training: ServiceApp) -> None:
    row_id = await _assigned(training, "CF009")
    payload = await change(training, assignmentId=row_id, status="CREDITED", expectedVersion=1)
    (error,) = payload["userErrors"]
    assert (error["code"], error["field"]) == ("ILLEGAL_STEP", ["input", "status"])
    assert "NOTIFIED, CANCELLED" in error["message"]
    assert payload["assignment"] is None


async def test_step_from_an_old_version_is_refused(training: ServiceApp) -> None:
    row_id = await _assigned(training, "CF010")
    step = {"assignmentId": row_id, "expectedVersion": 1}
    assert codes(await change(training, status="NOTIFIED", **step)) == []
    assert codes(await change(training, status="CANCELLED", **step)) == ["VERSION_CONFLICT"]


async def test_two_steps_at_the_same_time_do_not_both_happen(training: ServiceApp) -> None:
    row_id = await _assigned(training, "CF011")
    step = {"assignmentId": row_id, "expectedVersion": 1, "status": "NOTIFIED"}
    said = await asyncio.gather(*(change(training, **step) for _ in range(3)))
    assert sorted(code for each in said for code in codes(each)) == ["VERSION_CONFLICT"] * 2


async def test_assignment_of_another_agency_looks_absent(training: ServiceApp) -> None:
    row_id = await _assigned(training, "CF012")
    for asking, wanted in (
        (training_manager(CASE_MANAGEMENT), row_id),
        (training_manager(CASE_MANAGEMENT, access={Category.TRAINING: "*"}), row_id),
        (None, str(uuid4())),
        (None, "no id"),
    ):
        step = {"assignmentId": wanted, "status": "NOTIFIED", "expectedVersion": 7}
        payload = await change(training, asking, **step)
        assert payload["userErrors"] == [
            {
                "code": "NOT_FOUND",
                "field": ["input", "assignmentId"],
                "message": "No such record.",
            }
        ]


async def test_person_who_cancelled_can_be_assigned_again_and_trained_ones_are_flagged(
    training: ServiceApp,
) -> None:
    row_id = await _assigned(training, "CF013")
    await change(training, assignmentId=row_id, status="CANCELLED", expectedVersion=1)
    second = await _assigned(training, "CF013")
    assert second != row_id
    way = ["NOTIFIED", "REGISTERED", "ACCEPTED", "ATTENDED", "COMPLETED"]
    for version, status in enumerate(way, start=1):
        step = {"assignmentId": second, "status": status, "expectedVersion": version}
        assert codes(await change(training, **step)) == []
    flagged = await assign(training, "8020-1", personnelIds=[person("CF013")])
    assert outcomes(flagged) in (["ALREADY_TRAINED"], ["ALREADY_ASSIGNED"])
    assert flagged["outcomes"][0]["assignment"]["id"] == second
