"""Attendance, partial credit, certificates, and training that was completed elsewhere."""

from decimal import Decimal
from typing import Any

import pytest

from infra.errors import RuleError
from svc_training.records.rules import Attendance, Outcome, checked_credit
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.training_service import POLICE, training_manager
from tests.svc_training.acadis.test_files import RECORDS, ROSTER, run
from tests.svc_training.assignments.test_assigning import assign, codes, outcomes, person

RECORD = """mutation ($input: RecordResultsInput!) { recordResults(input: $input) {
  outcomes { outcome } userErrors { code } } }"""
SUBMIT = """mutation ($input: SubmitOutsideTrainingInput!) { submitOutsideTraining(input: $input) {
  outsideTraining { id status people { id } } userErrors { code field } } }"""
DECIDE = """mutation ($input: DecideOutsideTrainingInput!) { decideOutsideTraining(input: $input) {
  outsideTraining { status comment } userErrors { code } } }"""
MINE = "query ($id: ID!) { trainingRecords(personnelId: $id) { edges { node { title source } } } }"


async def test_results_move_assignments_and_give_certificates(training: ServiceApp) -> None:
    people = [person(f"CF00{number}") for number in (1, 2, 3)]
    await assign(training, "8020-1", personnelIds=people)
    given = [
        {"personnelId": people[0], "attendance": "PRESENT"},
        {"personnelId": people[1], "attendance": "PARTIAL", "hoursCredited": 0.75},
        {"personnelId": people[2], "attendance": "ABSENT"},
        {"personnelId": person("CF010"), "attendance": "PRESENT"},
        {"personnelId": person("BW001"), "attendance": "PRESENT"},
    ]
    recorded = await run(training, RECORD, sessionNumber="8020-1", results=given)
    told = [each["outcome"] for each in recorded["outcomes"]]
    assert told == ["RECORDED"] * 3 + ["NOT_ASSIGNED"] * 2
    roster = await training.graphql(training_manager(), ROSTER, {"number": "8020-1"})
    statuses = {
        edge["node"]["personnel"]["externalId"]: edge["node"]["status"]
        for edge in roster.data["roster"]["edges"]
    }
    assert statuses == {"CF001": "CREDITED", "CF002": "INCOMPLETE", "CF003": "NO_SHOW"}
    answer = await training.graphql(training_manager(), RECORDS, {"number": "8020-1"})
    records = {
        edge["node"]["personnel"]["externalId"]: edge["node"]
        for edge in answer.data["trainingRecords"]["edges"]
    }
    assert records["CF001"]["certificateNumber"].startswith("GT-8020-")
    assert records["CF002"]["hoursCredited"] == 0.75
    assert records["CF002"]["certificateNumber"] is None
    again = await assign(training, "8020-1", personnelIds=[people[0]])
    assert outcomes(again) == ["ALREADY_ASSIGNED"]  # and not once more


async def test_no_result_before_the_session(training: ServiceApp) -> None:
    early = await run(
        training, RECORD, sessionNumber="9101-1",
        results=[{"personnelId": person("CF001"), "attendance": "PRESENT"}],
    )  # fmt: skip
    assert codes(early) == ["NOT_BEGUN"]


@pytest.mark.parametrize(
    ("attendance", "outcome", "hours", "code"),
    [
        (Attendance.ABSENT, Outcome.COMPLETED, None, "ABSENT_WITH_CREDIT"),
        (Attendance.ABSENT, None, Decimal(1), "ABSENT_WITH_CREDIT"),
        (Attendance.PARTIAL, None, None, "HOURS_NEEDED"),
        (Attendance.PRESENT, None, Decimal(9), "BAD_HOURS"),
        (Attendance.PRESENT, None, Decimal("NaN"), "BAD_HOURS"),
    ],
)
def test_credit_that_cannot_be(
    attendance: Attendance, outcome: Outcome | None, hours: Decimal | None, code: str
) -> None:
    with pytest.raises(RuleError) as refused:
        checked_credit(attendance, outcome, hours, None, Decimal("1.5"))
    assert refused.value.code == code


def report(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Harm reduction basics", "description": "Two days at the county.",
        "startsOn": "2026-05-04", "endsOn": "2026-05-05", "category": "LEAD", "hours": 12,
        "instructionProvider": "County", "personnelIds": [person("CF009")], **changes,
    }  # fmt: skip


async def test_training_elsewhere_counts_once_somebody_else_approves(training: ServiceApp) -> None:
    empty = await run(training, SUBMIT, **report(description="  "))
    assert codes(empty) == ["BAD_TEXT"]
    sent = await run(training, SUBMIT, **report())
    found = sent["outsideTraining"]
    assert found["status"] == "SUBMITTED_FOR_APPROVAL"
    own = await run(training, DECIDE, outsideTrainingId=found["id"], approve=True)
    assert codes(own) == ["OWN_TRAINING"]
    second = training_manager(POLICE, subject="test|second-manager")
    variables = {
        "input": {"outsideTrainingId": found["id"], "approve": True, "idempotencyKey": new_key()}
    }
    answer = await training.graphql(second, DECIDE, variables)
    assert answer.data["decideOutsideTraining"]["outsideTraining"]["status"] == "APPROVED"
    records = await training.graphql(training_manager(), MINE, {"id": person("CF009")})
    assert [edge["node"] for edge in records.data["trainingRecords"]["edges"]] == [
        {"title": "Harm reduction basics", "source": "OUTSIDE"}
    ]


async def test_people_of_other_agencies_are_not_reported(training: ServiceApp) -> None:
    sent = await run(training, SUBMIT, **report(personnelIds=[person("CF009"), person("BW001")]))
    assert codes(sent) == ["NOT_FOUND"]
