"""Exchange by files: scenario 19, whole files only, rows that stand alone, conflicts listed."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from svc_training.acadis import rules
from svc_training.acadis.rules import COLUMNS, write_csv, write_manifest
from tests.fixtures.acadis_stand_in import result_row
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.training_service import training_manager
from tests.svc_training.assignments.test_assigning import assign, outcomes, person

IMPORT = """mutation ($input: ImportExchangeInput!) { importExchange(input: $input) {
  batch { batchId counts { what number } problems { file row column code } }
  userErrors { code message } } }"""
LINK = """mutation ($input: LinkOrganizationInput!) { linkOrganization(input: $input) {
  organizationId userErrors { code } } }"""
REGISTER = """mutation ($input: RegisterAssignmentsInput!) { registerAssignments(input: $input) {
  registrations { outcome assignment { id personnel { externalId } } } userErrors { code } } }"""
RECORDS = """query ($number: String!) { trainingRecords(sessionNumber: $number, first: 100) {
  totalCount edges { node { personnel { externalId } hoursCredited outcome source
  certificateNumber } } } }"""
CONFLICTS = """{ exchangeConflicts(first: 100) { edges { node {
  id kind personExternalId sessionNumber ours theirs } } } }"""
SETTLE = """mutation ($input: SettleConflictInput!) { settleConflict(input: $input) {
  isSettled userErrors { code } } }"""
RECONCILE = """{ reconcileReport { onlyHere { personExternalId sessionNumber status }
  onlyThere { personExternalId sessionNumber status } } }"""
ROSTER = """query ($number: String!) { roster(sessionNumber: $number, first: 100) {
  edges { node { id status personnel { externalId } } } } }"""
WORDS_ABOUT_PEOPLE_SERVED = ("participant", "client", "enrollment_id", "referral", "birth", "ssn")


def table(name: str, rows: Sequence[Mapping[str, str]]) -> str:
    cells = [[row.get(column, "") for column in COLUMNS[name]] for row in rows]
    return write_csv(COLUMNS[name], cells)


def batch(batch_id: str, **files: str) -> dict[str, str]:
    named = {name.replace("_csv", ".csv"): text for name, text in files.items()}
    return {**named, rules.MANIFEST: write_manifest(batch_id, named)}


async def run(service: ServiceApp, query: str, **given: Any) -> Any:
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    answer = await service.graphql(training_manager(), query, variables)
    (payload,) = answer.data.values()
    return payload


async def send(service: ServiceApp, files: Mapping[str, str]) -> Any:
    listed = [{"name": name, "text": text} for name, text in files.items()]
    return await run(service, IMPORT, files=listed)


def counts(payload: Any) -> dict[str, int]:
    assert payload["userErrors"] == []
    return {each["what"]: each["number"] for each in payload["batch"]["counts"]}


async def test_training_path_from_roster_to_credit(training: ServiceApp) -> None:
    """Scenario 19 in small: the academy's roster, assignment, places, results, twice."""
    await run(training, LINK, organizationId="ORG-1")
    people = [
        {
            "person_external_id": f"AC{number:03d}",
            "last_name": "Sample",
            "first_name": f"Person{number}",
            "email": "",
            "organization_id": "ORG-1",
            "appointment_type": "PEACE_OFFICER",
            "certified": "Y",
            "active": "Y",
            "training_manager": "N",
        }
        for number in range(1, 38)
    ]
    foreign = {**people[0], "person_external_id": "ELSE1", "organization_id": "ORG-9"}
    taken = await send(
        training, batch("b-1", personnel_csv=table("personnel.csv", [*people, foreign]))
    )
    assert counts(taken) == {"people created": 37, "people without a login": 37, "refused": 1}
    assert taken["batch"]["problems"] == [
        {"file": "personnel.csv", "row": 38, "column": "organization_id", "code": "NO_ORGANIZATION"}
    ]
    listed = await training.graphql(
        training_manager(),
        '{ personnel(search: "AC0 Person", first: 100) { totalCount edges { node { id } } } }',
    )
    ids = [edge["node"]["id"] for edge in listed.data["personnel"]["edges"]]
    assert len(ids) == 37
    prosecutors = [f"prosecutor-{number}" for number in range(3)]
    given = await assign(training, "8020-1", personnelIds=[*ids, *prosecutors])
    told = outcomes(given)
    assert told.count("ASSIGNED") == 37
    assert told.count("NEEDS_PERSON_RECORD") == 3
    registered = await run(training, REGISTER, sessionNumber="8020-1")
    assert [each["outcome"] for each in registered["registrations"]].count("REGISTERED") == 37
    results = [result_row(f"AC{number:03d}", "8020-1") for number in range(1, 35)]
    files = batch("b-2", results_csv=table("results.csv", results))
    assert counts(await send(training, files)) == {"results taken": 34}
    assert counts(await send(training, files)) == {"results taken": 34}  # the first report again
    renamed = batch("b-3", results_csv=table("results.csv", results))
    assert counts(await send(training, renamed)) == {"results unchanged": 34}
    answer = await training.graphql(training_manager(), RECORDS, {"number": "8020-1"})
    found = answer.data["trainingRecords"]
    assert found["totalCount"] == 34
    assert {edge["node"]["hoursCredited"] for edge in found["edges"]} == {1.5}
    assert {edge["node"]["source"] for edge in found["edges"]} == {"ACADIS"}
    roster = await training.graphql(training_manager(), ROSTER, {"number": "8020-1"})
    statuses = [edge["node"]["status"] for edge in roster.data["roster"]["edges"]]
    assert statuses.count("CREDITED") == 34
    assert statuses.count("REGISTERED") == 3


async def test_a_batch_is_looked_at_first_and_nothing_of_it_stays(training: ServiceApp) -> None:
    rows = [result_row("CF013", "8020-1"), result_row("NOBODY", "8020-1")]
    files = batch("b-look", results_csv=table("results.csv", rows))
    listed = [{"name": name, "text": text} for name, text in files.items()]
    looked = await run(training, IMPORT, files=listed, dryRun=True)
    assert counts(looked) == {"results taken": 1, "refused": 1}
    assert [each["code"] for each in looked["batch"]["problems"]] == ["NEEDS_PERSON_RECORD"]
    answer = await training.graphql(training_manager(), RECORDS, {"number": "8020-1"})
    stored = {
        each["node"]["personnel"]["externalId"] for each in answer.data["trainingRecords"]["edges"]
    }
    assert "CF013" not in stored
    assert counts(await send(training, files)) == counts(looked)  # it was not taken before
    again = await run(training, IMPORT, files=listed, dryRun=True)
    assert counts(again) == counts(looked)


async def test_half_written_file_leaves_everything_as_it_was(training: ServiceApp) -> None:
    files = batch("b-half", results_csv=table("results.csv", [result_row("CF012", "8020-1")]))
    files["results.csv"] = files["results.csv"][:-20]
    refused = await send(training, files)
    assert [each["code"] for each in refused["userErrors"]] == ["FILE_INCOMPLETE"]
    answer = await training.graphql(training_manager(), RECORDS, {"number": "8020-1"})
    listed = answer.data["trainingRecords"]["edges"]
    assert "CF012" not in {edge["node"]["personnel"]["externalId"] for edge in listed}


async def test_file_with_another_column_is_refused_whole(training: ServiceApp) -> None:
    """Nothing that is not on the list comes in by accident, such as whom a person has served."""
    text = table("results.csv", [result_row("AC036", "8020-1")])
    head, _, rest = text.partition("\r\n")
    widened = f"{head},participant_id\r\n" + rest.replace("\r\n", ",P-1\r\n", 1)
    refused = await send(training, batch("b-wide", results_csv=widened))
    assert [each["code"] for each in refused["userErrors"]] == ["UNKNOWN_COLUMN"]


def columns_about_people_served(columns: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [
        column
        for names in columns.values()
        for column in names
        if any(word in column for word in WORDS_ABOUT_PEOPLE_SERVED)
    ]


def test_no_file_has_a_column_about_people_served() -> None:
    assert columns_about_people_served(COLUMNS) == []
    planted = {**COLUMNS, "results.csv": (*COLUMNS["results.csv"], "participant_id")}
    assert columns_about_people_served(planted) == ["participant_id"]


async def test_bad_rows_stand_alone(training: ServiceApp) -> None:
    rows = [
        result_row("CF011", "8020-1", attendance="MAYBE"),
        result_row("CF011", "9999-9"),
        result_row("NOBODY", "8020-1"),
        result_row("CF011", "8020-1", hours_credited="-1"),
        result_row("CF011", "8020-1", certificate_no="123-45-6789"),
        result_row("CF011", "8020-1", attendance="ABSENT", hours_credited="0", result="INCOMPLETE"),
    ]
    taken = await send(training, batch("b-bad", results_csv=table("results.csv", rows)))
    codes = [each["code"] for each in taken["batch"]["problems"]]
    wanted = ["BAD_WORD", "NO_SESSION", "NEEDS_PERSON_RECORD", "BAD_NUMBER"]
    assert codes == [*wanted, "SOCIAL_SECURITY_NUMBER"]
    assert counts(taken)["results taken"] == 1


async def test_their_result_replaces_ours_and_the_conflict_is_listed(training: ServiceApp) -> None:
    await assign(training, "8020-1", personnelIds=[person("CF010")])
    ours = """mutation ($input: RecordResultsInput!) { recordResults(input: $input) {
      outcomes { outcome } userErrors { code } } }"""
    given = {"personnelId": person("CF010"), "attendance": "PRESENT"}
    recorded = await run(training, ours, sessionNumber="8020-1", results=[given])
    assert recorded["outcomes"] == [{"outcome": "RECORDED"}]
    row = result_row(
        "CF010", "8020-1", attendance="PARTIAL", hours_credited="0.5", result="INCOMPLETE"
    )
    taken = await send(training, batch("b-4", results_csv=table("results.csv", [row])))
    assert counts(taken)["conflicts listed"] == 1
    again = await run(training, ours, sessionNumber="8020-1", results=[given])
    assert again["outcomes"] == [{"outcome": "HELD_BY_ACADIS"}]
    listed = await training.graphql(training_manager(), CONFLICTS)
    nodes = [each["node"] for each in listed.data["exchangeConflicts"]["edges"]]
    (conflict,) = [each for each in nodes if each["personExternalId"] == "CF010"]
    assert conflict["kind"] == "RESULT_DIFFERS"
    assert conflict["ours"] == "PRESENT COMPLETED 1.50"
    settled = await run(training, SETTLE, conflictId=conflict["id"], comment="Asked the academy")
    assert settled["isSettled"] is True


async def test_their_cancellation_is_listed_and_ends_nothing(training: ServiceApp) -> None:
    """Whom we mean to train is ours to say."""
    await assign(training, "8020-1", personnelIds=[person("CF009")])
    row = {"person_external_id": "CF009", "session_number": "8020-1", "status": "CANCELLED"}
    await send(training, batch("b-5", assignments_csv=table("assignments.csv", [row])))
    roster = await training.graphql(training_manager(), ROSTER, {"number": "8020-1"})
    statuses = {
        edge["node"]["personnel"]["externalId"]: edge["node"]["status"]
        for edge in roster.data["roster"]["edges"]
    }
    assert statuses["CF009"] == "ASSIGNED"
    listed = await training.graphql(training_manager(), CONFLICTS)
    nodes = [each["node"] for each in listed.data["exchangeConflicts"]["edges"]]
    assert [
        (each["kind"], each["theirs"]) for each in nodes if each["personExternalId"] == "CF009"
    ] == [("STATUS_DIFFERS", "CANCELLED")]


async def test_reconcile_report_goes_both_ways(training: ServiceApp) -> None:
    await assign(training, "9101-2", personnelIds=[person("CF006"), person("CF007")])
    rows = [
        {"person_external_id": who, "session_number": number, "status": "REGISTERED"}
        for who, number in (("CF005", "9101-1"), ("CF007", "9101-2"))
    ]
    await send(training, batch("b-6", assignments_csv=table("assignments.csv", rows)))
    answer = await training.graphql(training_manager(), RECONCILE)
    report = answer.data["reconcileReport"]
    assert [each["personExternalId"] for each in report["onlyThere"]] == ["CF005"]
    here = {each["personExternalId"] for each in report["onlyHere"]}
    assert "CF006" in here  # of a session that they have told us about
    assert "CF007" not in here


def test_error_file_has_the_agreed_columns_and_runs_no_formula() -> None:
    problem = rules.RowProblem("results.csv", 3, "score", "BAD_NUMBER", "=cmd()")
    (head, row) = csv.reader(io.StringIO(rules.write_errors([problem])))
    assert tuple(head) == rules.ERROR_COLUMNS
    assert row == ["results.csv:3", "score", "BAD_NUMBER", "'=cmd()"]
