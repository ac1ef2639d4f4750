"""Scenario 19 with its numbers: forty on the roster, three who are not, and the academy's files."""

from collections import Counter
from typing import Any

from tests.fixtures.acadis_stand_in import result_row
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.training_service import training_manager
from tests.svc_training.acadis.test_files import (
    LINK,
    RECORDS,
    REGISTER,
    WORDS_ABOUT_PEOPLE_SERVED,
    batch,
    counts,
    run,
    send,
    table,
)
from tests.svc_training.assignments.test_assigning import assign, outcomes

PLACES = """mutation ($input: ChangeSessionPlacesInput!) { changeSessionPlaces(input: $input) {
  session { capacity version } userErrors { code } } }"""
SESSION = 'query { session(number: "8020-1") { version } }'
ADD = """mutation ($input: AddPrerequisiteInput!) { addPrerequisite(input: $input) {
  prerequisite { id } userErrors { code } } }"""
PEOPLE = """{ personnel(search: "SP0 Path", first: 100) { edges { node { id externalId } } } }"""
NUMBERS = range(1, 41)


def external(number: int) -> str:
    return f"SP{number:03d}"


async def bring_forty(training: ServiceApp) -> list[str]:
    """Put forty people on the roster; returns their ids by number."""
    await run(training, LINK, organizationId="ORG-19")
    rows = [
        {
            "person_external_id": external(number), "last_name": "Path", "email": "",
            "first_name": f"Person{number}", "organization_id": "ORG-19",
            "appointment_type": "PEACE_OFFICER", "certified": "Y", "active": "Y",
            "training_manager": "N",
        }
        for number in NUMBERS
    ]  # fmt: skip
    await send(training, batch("p-1", personnel_csv=table("personnel.csv", rows)))
    answer = await training.graphql(training_manager(), PEOPLE)
    nodes = [edge["node"] for edge in answer.data["personnel"]["edges"]]
    found = {node["externalId"]: str(node["id"]) for node in nodes}
    return [found[external(number)] for number in NUMBERS]


async def test_forty_are_assigned_and_each_is_told_where_they_stand(training: ServiceApp) -> None:
    ids = await bring_forty(training)
    # LEAD 101 comes first here; two of the forty have not had it, and there are 37 places.
    had = [result_row(external(number), "9101-1") for number in NUMBERS[:38]]
    await send(training, batch("p-2", results_csv=table("results.csv", had)))
    await run(
        training, ADD, courseNumber="8020", title="LEAD 101 first", requiredCourseNumber="9101"
    )
    version = (await training.graphql(training_manager(), SESSION)).data["session"]["version"]
    await run(
        training, PLACES, number="8020-1", capacity=37, waitlistCapacity=5, expectedVersion=version
    )
    prosecutors = [f"prosecutor-{number}" for number in range(3)]
    told = Counter(outcomes(await assign(training, "8020-1", personnelIds=[*ids, *prosecutors])))
    assert told == {"ASSIGNED": 40, "NEEDS_PERSON_RECORD": 3}
    registered = await run(training, REGISTER, sessionNumber="8020-1")
    told = Counter(each["outcome"] for each in registered["registrations"])
    assert told == {"REGISTERED": 37, "PREREQUISITES_UNMET": 2, "WAITLISTED": 1}

    there = [
        each["assignment"]["personnel"]["externalId"]
        for each in registered["registrations"]
        if each["outcome"] == "REGISTERED"
    ][:34]
    files = batch(
        "p-3", results_csv=table("results.csv", [result_row(one, "8020-1") for one in there])
    )
    for _ in range(2):  # the same files again change nothing
        assert counts(await send(training, files)) == {"results taken": 34}
        found = await credited(training)
        assert (found["totalCount"], found["hours"]) == (34, {1.5})
    for text in files.values():
        assert not [word for word in WORDS_ABOUT_PEOPLE_SERVED if word in text.lower()]


async def credited(training: ServiceApp) -> dict[str, Any]:
    answer = await training.graphql(training_manager(), RECORDS, {"number": "8020-1"})
    found = answer.data["trainingRecords"]
    hours = {edge["node"]["hoursCredited"] for edge in found["edges"]}
    return {"totalCount": found["totalCount"], "hours": hours}
