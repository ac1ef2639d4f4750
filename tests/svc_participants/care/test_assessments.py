"""Assessments: instruments as data, answers by their version, scores, signature, categories."""

from typing import Any

import pytest
from sqlalchemy import exists

from infra.vocabulary import Category, Purpose, Role
from svc_participants.care.assessments import repository
from svc_participants.care.assessments.tables import AssessmentRow
from tests.fixtures.participants_service import (
    HOUSING_PROVIDER,
    SITE,
    case_manager,
    change,
    codes,
    enrolled,
    officer,
    plant,
    released_to,
)
from tests.fixtures.service_app import ServiceApp, caller
from tests.fixtures.site_days import site_today

TODAY = site_today().isoformat()
ASSESSMENT = """
  id state version wording instrument signedByName
  answers { item question category state choices number text }
  earlierAnswers { item wording choices } scores { key points meaning }
"""
READ = (
    "query($id: ID!) { participant(id: $id) { assessments { totalCount edges { node {"
    f" {ASSESSMENT} }} }} }} }} }}"
)
WORDS = {"item": "words", "text": "I am tired of the street."}
SAFE = {"item": "safe_place", "choices": ["no"]}
FOOD = {"item": "food", "choices": ["most_days"]}
USE = {"item": "use", "choices": ["somewhat"]}
SLEEP = {"item": "sleep", "choices": ["badly"]}
INTAKE: list[dict[str, Any]] = [WORDS, SAFE, FOOD, USE, SLEEP]


async def record(service: ServiceApp, who: str, answers: list[dict[str, Any]]) -> dict[str, Any]:
    return await change(
        service, case_manager(), "recordAssessment", f"assessment {{ {ASSESSMENT} }}",
        participantId=who, instrument="lead-intake", instrumentVersion=1, takenOn=TODAY,
        answers=answers,
    )  # fmt: skip


async def step(
    service: ServiceApp, mutation: str, assessment: dict[str, Any], **given: Any
) -> dict[str, Any]:
    return await change(
        service, case_manager(), mutation, f"assessment {{ {ASSESSMENT} }}",
        assessmentId=assessment["id"], expectedVersion=assessment["version"], **given,
    )  # fmt: skip


async def test_an_intake_is_answered_scored_and_signed(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    draft = (await record(participants, who, [WORDS, SAFE]))["assessment"]
    assert (draft["state"], draft["scores"]) == (
        "DRAFT", [{"key": "daily_needs", "points": None, "meaning": None}],
    )  # fmt: skip
    assert codes(await step(participants, "signAssessment", draft)) == ["ANSWER_MISSING"]
    more = [FOOD, {"item": "use", "state": "PREFERS_NOT_TO_ANSWER"}, {**SAFE, "choices": ["yes"]}]
    revised = (await step(participants, "reviseAssessment", draft, answers=more))["assessment"]
    assert revised["scores"] == [{"key": "daily_needs", "points": 1, "meaning": "In part."}]
    assert [each["item"] for each in revised["answers"]] == ["words", "safe_place", "food", "use"]
    assert {"item": "safe_place", "wording": 1, "choices": ["no"]} in revised["earlierAnswers"]
    signed = (await step(participants, "signAssessment", revised))["assessment"]
    assert (signed["state"], signed["signedByName"]) == ("SIGNED", "Avery Sample-Okafor")
    assert codes(await step(participants, "signAssessment", signed)) == ["STEP_NOT_ALLOWED"]
    again = (await step(participants, "reviseAssessment", signed, answers=[USE]))["assessment"]
    assert (again["state"], again["wording"], again["signedByName"]) == ("DRAFT", 3, None)
    gone = (await step(participants, "enterAssessmentInError", again))["assessment"]
    assert codes(await step(participants, "reviseAssessment", gone, answers=[USE])) == [
        "STEP_NOT_ALLOWED"
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {"item": "nothing", "text": "?"},
        {"item": "safe_place", "choices": ["maybe"]},
        {"item": "safe_place", "choices": ["yes", "no"]},
        {"item": "safe_place", "text": "yes"},
        {"item": "people", "number": 51},
        {"item": "people", "number": 3, "state": "NOT_ASKED"},
        {"item": "words", "text": "  "},
        {"item": "papers", "choices": ["none", "none"]},
    ],
)
async def test_an_answer_that_the_instrument_does_not_take_is_refused(
    participants: ServiceApp, answer: dict[str, Any]
) -> None:
    who, _ = await enrolled(participants)
    assert codes(await record(participants, who, [answer])) == ["ANSWER_NOT_ACCEPTED"]
    assert codes(await record(participants, who, [FOOD, FOOD])) == ["ANSWER_NOT_ACCEPTED"]


async def test_an_instrument_that_there_is_not_is_refused(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    payload = await change(
        participants, case_manager(), "recordAssessment", "assessment { id }", participantId=who,
        instrument="lead-intake", instrumentVersion=99, takenOn=TODAY, answers=[],
    )  # fmt: skip
    assert codes(payload) == ["INSTRUMENT_UNKNOWN"]
    query = "{ assessmentInstruments { key version sections { category items { key } } } }"
    found = (await participants.graphql(officer(), query)).data["assessmentInstruments"]
    assert {(each["key"], each["version"]) for each in found} >= {("lead-intake", 1), ("phq-2", 1)}


async def hides_what_is_not_named(service: ServiceApp) -> bool:
    """A release names the assessment and mental health, and not substance use."""
    who, _ = await enrolled(service)
    assert (await record(service, who, INTAKE))["userErrors"] == []
    asking = caller(
        Role.SVC,
        dict.fromkeys((Category.PSYCHOSOCIAL, Category.MENTAL_HEALTH, Category.IDENTITY), "r"),
        agency_id=HOUSING_PROVIDER,
        site_id=SITE,
        purpose=Purpose.TREAT,
    )
    for category in (
        Category.IDENTITY,
        Category.PSYCHOSOCIAL,
        Category.MENTAL_HEALTH,
        Category.SUD,
    ):
        await service.apply_facts([released_to(who, HOUSING_PROVIDER, category=category)])
    edges = (await service.graphql(asking, READ, {"id": who})).data["participant"]["assessments"]
    shown = {each["item"] for each in edges["edges"][0]["node"]["answers"]}
    return shown == {"words", "safe_place", "food", "sleep"}


async def test_an_answer_needs_the_category_of_its_section(participants: ServiceApp) -> None:
    assert await hides_what_is_not_named(participants)


async def test_planted_answer_without_its_category_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def all_parts(asking: Any, part: Any) -> Any:
        return exists().where(
            AssessmentRow.id == part.assessment_id, repository.assessment_visible(asking)
        )

    plant(monkeypatch, repository, "part_visible", all_parts)
    assert not await hides_what_is_not_named(participants)
