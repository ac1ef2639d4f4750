"""Places, waiting lists, prerequisites with document and waiver, deadlines, reminders."""

import base64
from datetime import timedelta
from typing import Any

from infra import clock
from infra.vocabulary import Role
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.training_service import POLICE, account, staff_member, training_manager
from tests.svc_training.acadis.test_files import REGISTER, run
from tests.svc_training.assignments.test_assigning import CHANGE, assign, change, codes, person

PLACES = """mutation ($input: ChangeSessionPlacesInput!) { changeSessionPlaces(input: $input) {
  session { capacity version } userErrors { code } } }"""
ADD = """mutation ($input: AddPrerequisiteInput!) { addPrerequisite(input: $input) {
  prerequisite { id kind } userErrors { code } } }"""
SUBMIT = """mutation ($input: SubmitPrerequisiteDocumentInput!) {
  submitPrerequisiteDocument(input: $input) {
  fulfillment { status document { sha256 contentBase64 } } userErrors { code message } } }"""
FULFILL = """mutation ($input: ChangeFulfillmentInput!) { changeFulfillment(input: $input) {
  fulfillment { status version history { status } } userErrors { code message } } }"""
SESSION = 'query { session(number: "9101-1") { version } }'
DUE = """{ dueAssignments { edges { node { id dueOn prerequisites { status
  prerequisite { title } } } } } remindersDue { edges { node { id } } } }"""
REMIND = """mutation ($input: MarkRemindedInput!) { markReminded(input: $input) {
  assignments { status remindedAt } userErrors { code } } }"""


def told(payload: Any) -> list[str]:
    assert payload["userErrors"] == []
    return [each["outcome"] for each in payload["registrations"]]


async def set_places(training: ServiceApp, **given: Any) -> Any:
    found = await training.graphql(training_manager(), SESSION)
    version = found.data["session"]["version"]
    return await run(training, PLACES, number="9101-1", expectedVersion=version, **given)


async def test_places_then_waiting_list_then_none(training: ServiceApp) -> None:
    await set_places(training, capacity=1, waitlistCapacity=1)
    people = [person(f"CF00{number}") for number in (1, 2, 3)]
    await assign(training, "9101-1", personnelIds=people)
    registered = await run(training, REGISTER, sessionNumber="9101-1")
    assert sorted(told(registered)) == ["NO_PLACE_LEFT", "REGISTERED", "WAITLISTED"]
    waiting = next(e for e in registered["registrations"] if e["outcome"] == "WAITLISTED")
    refused = await change(
        training, assignmentId=waiting["assignment"]["id"], status="ACCEPTED", expectedVersion=4
    )
    assert codes(refused) == ["NO_PLACE_LEFT"]
    await set_places(training, capacity=2)
    other = training_manager(subject="test|second-manager")
    accepted = await change(
        training, other, assignmentId=waiting["assignment"]["id"], status="ACCEPTED",
        expectedVersion=4, comment="A place has come free",
    )  # fmt: skip
    assert codes(accepted) == []
    steps = accepted["assignment"]["statusHistory"]
    assert [each["version"] for each in steps] == [1, 2, 3, 4, 5]
    assert [each["status"] for each in steps[-3:]] == ["REGISTERED", "WAITLISTED", "ACCEPTED"]
    assert all(each["changedBy"] for each in steps)
    assert (steps[-1]["changedBy"], steps[-1]["comment"]) == (
        "test|second-manager", "A place has come free",
    )  # fmt: skip


async def test_nobody_is_registered_outside_its_time(training: ServiceApp) -> None:
    past = (clock.now() - timedelta(days=1)).isoformat()
    await set_places(training, registrationClosesAt=past)
    closed = await run(training, REGISTER, sessionNumber="9101-1")
    assert codes(closed) == ["REGISTRATION_CLOSED"]
    await set_places(training)


async def test_prerequisite_by_document_and_by_waiver(training: ServiceApp) -> None:
    """The person sends the document, the manager checks it; a waiver is decided by another."""
    added = await run(training, ADD, courseNumber="9101", title="Signed pledge")
    prerequisite = added["prerequisite"]["id"]
    people = [person("CF004"), person("CF005")]
    await assign(training, "9101-2", personnelIds=people)
    unmet = await run(training, REGISTER, sessionNumber="9101-2")
    assert told(unmet) == ["PREREQUISITES_UNMET"] * 2
    for number, who in enumerate(people):
        sent = await run(
            training, SUBMIT, personnelId=who, prerequisiteId=prerequisite,
            fileName=f"pledge-{number}.txt", mediaType="text/plain",
            contentBase64=base64.b64encode(b"I pledge").decode(),
        )  # fmt: skip
        assert sent["fulfillment"]["status"] == "DOCUMENT_SUBMITTED"
        assert base64.b64decode(sent["fulfillment"]["document"]["contentBase64"]) == b"I pledge"
    step: dict[str, Any] = {"prerequisiteId": prerequisite}
    first = {**step, "expectedVersion": 1}
    late = await run(
        training, FULFILL, personnelId=people[0], status="MET", **step, expectedVersion=0
    )
    assert codes(late) == ["VERSION_CONFLICT"]
    met = await run(training, FULFILL, personnelId=people[0], status="MET", **first)
    assert (met["fulfillment"]["status"], met["fulfillment"]["version"]) == ("MET", 2)
    silent = await run(training, FULFILL, personnelId=people[1], status="WAIVER_REQUESTED", **first)
    assert codes(silent) == ["COMMENT_NEEDED"]
    asked = {**first, "status": "WAIVER_REQUESTED", "comment": "Has signed on paper"}
    await run(training, FULFILL, personnelId=people[1], **asked)
    step["expectedVersion"] = 2
    own = await run(training, FULFILL, personnelId=people[1], status="WAIVED", **step)
    assert codes(own) == ["OWN_WAIVER"]
    other = training_manager(subject="test|second-manager")
    variables = {
        "input": {"personnelId": people[1], "status": "WAIVED", "idempotencyKey": "w", **step}
    }
    answer = await training.graphql(other, FULFILL, variables)
    waived = answer.data["changeFulfillment"]["fulfillment"]
    assert [each["status"] for each in waived["history"]] == [
        "DOCUMENT_SUBMITTED", "WAIVER_REQUESTED", "WAIVED",
    ]  # fmt: skip
    registered = await run(training, REGISTER, sessionNumber="9101-2")
    assert told(registered) == ["REGISTERED"] * 2
    again = await run(training, FULFILL, personnelId=people[0], status="WAIVED", **step)
    assert "none: it has ended" in again["userErrors"][0]["message"]


async def test_social_security_number_in_a_document_is_refused(training: ServiceApp) -> None:
    added = await run(training, ADD, courseNumber="8020", title="License")
    sent = await run(
        training, SUBMIT, personnelId=person("CF006"),
        prerequisiteId=added["prerequisite"]["id"], fileName="card.txt", mediaType="text/plain",
        contentBase64=base64.b64encode(b"my number is 123-45-6789").decode(),
    )  # fmt: skip
    assert codes(sent) == ["SOCIAL_SECURITY_NUMBER"]


async def test_colleague_sends_no_document_for_another(training: ServiceApp) -> None:
    officer = staff_member("officer", Role.LEO, POLICE)
    variables = {
        "input": {
            "personnelId": person("CF007"), "prerequisiteId": person("CF007"),
            "fileName": "a.txt", "mediaType": "text/plain", "contentBase64": "YQ==",
            "idempotencyKey": "k",
        }
    }  # fmt: skip
    answer = await training.graphql(officer, SUBMIT, variables)
    assert codes(answer.data["submitPrerequisiteDocument"]) == ["NOT_FOUND"]
    assert account("officer")


async def test_due_and_reminders(training: ServiceApp) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).date().isoformat()
    await assign(
        training, "8020-1", personnelIds=[person("CF008")], dueOn=tomorrow, reminderDays=30
    )
    answer = await training.graphql(training_manager(), DUE)
    (due,) = [edge["node"] for edge in answer.data["dueAssignments"]["edges"]]
    assert due["dueOn"] == tomorrow
    assert {each["status"] for each in due["prerequisites"]} <= {"UNMET"}
    (reminder,) = answer.data["remindersDue"]["edges"]
    marked = await run(training, REMIND, assignmentIds=[reminder["node"]["id"]])
    assert marked["assignments"][0]["status"] == "NOTIFIED"
    after = await training.graphql(training_manager(), DUE)
    assert after.data["remindersDue"]["edges"] == []
    assert CHANGE
