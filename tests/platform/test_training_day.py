"""A training manager's day over the real platform: assign many, take back, files for others."""

from typing import Any

import pytest

from tests.fixtures.service_app import new_key
from tests.fixtures.whole_platform import GraphQLAnswer, Platform

pytestmark = pytest.mark.walk

START = """mutation ($input: StartAssignmentBatchInput!) { startAssignmentBatch(input: $input) {
  batch { id status total } userErrors { code message } } }"""
BATCH = "query ($id: ID!) { assignmentBatch(id: $id) { status total done assigned } }"
UNDO = """mutation ($input: UndoAssignmentBatchInput!) { undoAssignmentBatch(input: $input) {
  batch { status kept } userErrors { code } } }"""
DUE = """{ dueAssignments(first: 50) { edges { node { dueOn status personnel { name } } } }
  complianceSummary { requirement { title } people overdue } }"""
RECORDS = "{ trainingRecords(first: 50) { edges { node { id outcome } } } }"
SEATS = """{ accessReviews(first: 50) { totalCount edges { node { id } } }
  roleRequests(first: 50) { totalCount edges { node { id } } } }"""


async def get(platform: Platform, path: str, persona: str | None) -> Any:
    headers = {}
    if persona is not None:
        headers["authorization"] = f"Bearer {await platform.token(persona)}"
    return await platform.client.get(f"{platform.url}{path}", headers=headers)


async def test_many_are_assigned_in_one_action_and_taken_back(platform: Platform) -> None:
    given = {
        "sessionNumber": "9102-2", "category": "Core", "wholeAgency": True,
        "idempotencyKey": new_key(),
    }  # fmt: skip
    purpose = "TRAINING_ADMIN"
    started = await platform.send("training_manager", START, {"input": given}, purpose=purpose)
    assert started.codes == []
    batch = started.data["startAssignmentBatch"]["batch"]

    async def done() -> GraphQLAnswer | None:
        found = await platform.send("training_manager", BATCH, {"id": batch["id"]}, purpose=purpose)
        return found if found.data["assignmentBatch"]["status"] == "DONE" else None

    finished = await platform.eventually(done)
    counted = finished.data["assignmentBatch"]
    assert counted["done"] == counted["total"] == batch["total"]
    undo = {"batchId": batch["id"], "idempotencyKey": new_key()}
    undone = await platform.send("training_manager", UNDO, {"input": undo}, purpose=purpose)
    assert undone.data["undoAssignmentBatch"]["batch"]["status"] == "UNDONE"
    officer = await platform.send("officer", START, {"input": {**given, "idempotencyKey": "x"}})
    assert officer.codes != []


async def test_demo_has_something_due_and_overdue(platform: Platform) -> None:
    answer = await platform.send("training_manager", DUE, purpose="TRAINING_ADMIN")
    assert answer.codes == []
    assert len(answer.data["dueAssignments"]["edges"]) >= 6
    assert answer.data["complianceSummary"]


async def test_files_for_other_programs(platform: Platform) -> None:
    calendar = await get(platform, "/training/sessions.ics?course=9102", "officer")
    assert calendar.status_code == 200
    assert calendar.text.count("BEGIN:VEVENT") == 2
    table = await get(platform, "/training/assignments.csv", "training_manager")
    assert table.status_code == 200
    assert table.text.startswith("personnel_externalId,personnel_name,session_number")
    assert len(table.text.splitlines()) > 5
    assert (await get(platform, "/training/assignments.csv", None)).status_code == 401
    assert (await get(platform, "/training/nothing.csv", "training_manager")).status_code == 404
    records = await platform.send("training_manager", RECORDS, purpose="TRAINING_ADMIN")
    nodes = [edge["node"] for edge in records.data["trainingRecords"]["edges"]]
    completed = next(node["id"] for node in nodes if node["outcome"] == "COMPLETED")
    badge = await get(platform, f"/training/badges/{completed}", "training_manager")
    assert badge.status_code == 200
    assert badge.headers["content-type"].startswith("application/vc+jwt")
    stranger = await get(platform, f"/training/badges/{completed}", "case_manager")
    assert stranger.status_code == 404


async def test_administrator_sees_requests_and_reviews(platform: Platform) -> None:
    answer = await platform.send("agency_admin", SEATS, purpose="HSYSADMIN")
    assert answer.codes == []
    for listed in ("accessReviews", "roleRequests"):  # other tests of this platform begin some
        shown = answer.data[listed]
        assert len(shown["edges"]) == min(shown["totalCount"], 50)
