"""Training as xAPI statements: whose records they speak of is what the caller's role may see."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from gateway.web.doors import statements
from infra.identity_token import Caller
from infra.owner_pages import PageRequest, page
from infra.vocabulary import Role
from svc_training.assignments.repository import lists
from svc_training.assignments.tables import Assignment
from svc_training.records import repository
from svc_training.records.tables import TrainingRecord
from svc_training.sessions.tables import Session
from tests.fixtures.people_served import people_served_in
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.training_service import (
    CASE_MANAGEMENT,
    POLICE,
    staff_member,
    training_manager,
)
from tests.svc_training.acadis.speaking import ask, registered
from tests.svc_training.assignments.test_assigning import person
from tests.svc_training.results.test_results import RECORD

ISSUER = "https://lead.example/training"
OTHER = training_manager(CASE_MANAGEMENT)
NUMBER = "8020-1"
OPERATIONS = Path(statements.__file__).parent / "operations"


async def had(training: ServiceApp) -> None:
    """Let people of two agencies have had a session, one of them with a test."""
    await registered(training, NUMBER, person("CF001"), person("CF002"))
    await registered(training, NUMBER, person("BW001"), asking=OTHER)
    came = {"attendance": "PRESENT"}
    given = [
        {"personnelId": person("CF001"), **came, "score": 90.0},
        {"personnelId": person("CF002"), "attendance": "ABSENT"},
    ]
    await ask(training, RECORD, sessionNumber=NUMBER, results=given)
    theirs = [{"personnelId": person("BW001"), **came}]
    await ask(training, RECORD, OTHER, sessionNumber=NUMBER, results=theirs)


async def told(training: ServiceApp, name: str, asking: Caller) -> list[dict[str, Any]] | None:
    """Return what a file says to somebody, or None where nothing is given."""
    file = statements.FILES[name]
    text = (OPERATIONS / f"{file.operation}.graphql").read_text(encoding="utf-8")
    rows: list[Any] = []
    after = None
    while True:
        answer = await training.graphql(asking, text, {"after": after})
        found = answer.data["rows"]
        if found is None:
            return None
        rows += [edge["node"] for edge in found["edges"]]
        if not found["pageInfo"]["hasNextPage"]:
            return statements.statements_of(name, rows, ISSUER)
        after = found["pageInfo"]["endCursor"]


def people_of(made: list[dict[str, Any]] | None) -> set[str]:
    assert made is not None
    return {each["actor"]["account"]["name"] for each in made}


def verbs_of(made: list[dict[str, Any]] | None, who: str) -> set[str]:
    assert made is not None
    return {
        each["verb"]["display"]["en-US"]
        for each in made
        if each["actor"]["account"]["name"] == who
        and each["context"]["contextActivities"]["grouping"][0]["id"].endswith(NUMBER)
    }


async def test_statements_say_what_was_recorded(training: ServiceApp) -> None:
    await had(training)
    results = await told(training, "results", training_manager())
    assert verbs_of(results, person("CF001")) == {"attended", "completed", "passed"}
    assert verbs_of(results, person("CF002")) == set()
    places = await told(training, "assignments", training_manager())
    assert verbs_of(places, person("CF001")) == verbs_of(places, person("CF002")) == {"registered"}
    assert results is not None
    (passed,) = (
        each
        for each in results
        if each["verb"]["display"]["en-US"] == "passed"
        and each["actor"]["account"]["name"] == person("CF001")
    )
    assert passed["result"] == {"completion": True, "success": True, "duration": "PT1H30M"}
    assert passed["authority"]["account"]["name"] == POLICE
    assert passed["timestamp"] == "2023-05-18T12:00:00Z"
    assert await told(training, "results", training_manager()) == results
    assert people_served_in([str(results), str(places)]) == []


async def each_sees_the_own(training: ServiceApp) -> None:
    await had(training)
    for name in statements.FILES:
        ours = people_of(await told(training, name, training_manager()))
        theirs = people_of(await told(training, name, OTHER))
        assert person("CF001") in ours
        assert person("BW001") in theirs
        assert not ours & theirs, "one agency is told of another's people"
        officer = await told(training, name, staff_member("officer", Role.LEO, POLICE))
        assert people_of(officer) <= {person("CF001")}
        assert not await told(training, name, training_manager(access={}))


async def test_each_agency_gets_its_own_and_who_reads_none_gets_none(training: ServiceApp) -> None:
    await each_sees_the_own(training)


@pytest.mark.parametrize("name", ["results", "assignments"])
async def test_planted_list_of_everybody_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async def records(session: Any, _caller: Caller, request: PageRequest, **_: Any) -> Any:
        rows = select(TrainingRecord).join(TrainingRecord.personnel)
        whole = rows.options(
            contains_eager(TrainingRecord.personnel),
            joinedload(TrainingRecord.course),
            joinedload(TrainingRecord.session).joinedload(Session.course),
        )
        return await page(session, whole, repository.ORDER, request)

    async def assignments(session: Any, _caller: Caller, request: PageRequest, **_: Any) -> Any:
        rows = select(Assignment).join(Assignment.personnel)
        course = joinedload(Assignment.session).joinedload(Session.course)
        whole = rows.options(contains_eager(Assignment.personnel), course)
        return await page(session, whole, lists.OWN_ORDER, request)

    if name == "results":
        monkeypatch.setattr(repository, "page_of_records", records)
    else:
        monkeypatch.setattr(lists, "page_of_agency", assignments)
    with pytest.raises(AssertionError, match="another's people"):
        await each_sees_the_own(training)
