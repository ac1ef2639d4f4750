"""Their rosters and sessions beside ours: what only one has is seen, nothing is overwritten."""

from typing import Any

import pytest
from sqlalchemy import select

from svc_training.acadis import repository
from svc_training.acadis.tables import ExchangeRoster
from tests.fixtures.acadis_stand_in import AcadisStandIn
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.training_service import training_manager
from tests.svc_training.acadis.speaking import differences, one_run, registered, status_of
from tests.svc_training.acadis.test_files import CONFLICTS, RECONCILE, SETTLE, run
from tests.svc_training.assignments.test_assigning import assign, person

COURSE = {"course_number": "9101", "title": "LEAD 101", "active": "Y", "default_hours": "3"}
SESSION = {
    "session_number": "9101-1", "course_number": "9101", "start_local": "2027-03-09T09:00",
    "end_local": "2027-03-09T12:00", "tz": "America/Los_Angeles", "location_mode": "IN_PERSON",
    "status": "OPEN", "capacity": "30", "enrolled": "12",
}  # fmt: skip
COUNTED = '{ session(number: "9101-1") { capacity } }'


async def reconciled(training: ServiceApp) -> Any:
    answer = await training.graphql(training_manager(), RECONCILE)
    report = answer.data["reconcileReport"]
    return {
        side: {(each["personExternalId"], each["sessionNumber"]) for each in report[side]}
        for side in ("onlyHere", "onlyThere")
    }


async def test_rosters_are_compared_both_ways(training: ServiceApp, acadis: AcadisStandIn) -> None:
    await assign(training, "9101-2", personnelIds=[person("CF001"), person("CF002")])
    acadis.rosters["9101-2"] = {"CF001": "REGISTERED", "CF003": "REGISTERED", "ELSE9": "REGISTERED"}
    report, _ = await one_run(training, acadis)
    assert report.refused == 0
    (moved,) = await status_of(training, "9101-2", "CF001")
    assert moved["status"] == "REGISTERED"  # their answer to our wish
    found = await reconciled(training)
    assert ("CF002", "9101-2") in found["onlyHere"]
    assert ("CF003", "9101-2") in found["onlyThere"]
    async with training.chassis.database.read() as session:
        stored = set(await session.scalars(select(ExchangeRoster.person_external_id)))
    assert "ELSE9" not in stored  # nobody of a roster here


async def test_place_that_is_gone_there_is_seen(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    await registered(training, "9101-2", person("CF004"))
    await one_run(training, acadis)
    assert ("CF004", "9101-2") not in (await reconciled(training))["onlyHere"]
    acadis.enrolled.clear()
    acadis.rosters["9101-2"] = {}
    report, _ = await one_run(training, acadis)
    assert report.compared["places gone there"] >= 1
    assert ("CF004", "9101-2") in (await reconciled(training))["onlyHere"]
    (ours,) = await status_of(training, "9101-2", "CF004")
    assert ours["status"] == "REGISTERED"  # whom we mean to train is ours to say


async def settled_and_compared(training: ServiceApp, acadis: AcadisStandIn, who: str) -> Any:
    """Settle a difference that a roster shows, compare again; returns what is listed then."""
    await assign(training, "9101-1", personnelIds=[person(who)])
    acadis.rosters["9101-1"] = {who: "CANCELLED"}
    await one_run(training, acadis)
    answer = await training.graphql(training_manager(), CONFLICTS)
    nodes = [each["node"] for each in answer.data["exchangeConflicts"]["edges"]]
    (found,) = [each for each in nodes if each["personExternalId"] == who]
    await run(training, SETTLE, conflictId=found["id"], comment="Asked the academy")
    await one_run(training, acadis)
    return await differences(training, who)


async def test_difference_that_was_settled_is_not_listed_each_night(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    assert await settled_and_compared(training, acadis, "CF005") == []


async def test_planted_comparison_without_memory_is_caught(
    training: ServiceApp, acadis: AcadisStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> dict[str, str]:
        return {}

    monkeypatch.setattr(repository, "said_of", nothing)
    assert await settled_and_compared(training, acadis, "CF006") != []


async def test_their_sessions_are_taken_and_ours_alone_are_counted(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    await assign(training, "9101-1", personnelIds=[person("CF007")])
    await assign(training, "9101-2", personnelIds=[person("CF007")])
    report, _ = await one_run(training, acadis)
    assert report.compared["courses only here"] == 1
    acadis.courses.append(COURSE)
    acadis.sessions.append(SESSION)
    report, _ = await one_run(training, acadis)
    assert report.refused == 0
    assert "courses only here" not in report.compared
    assert report.compared["sessions only here"] == 1
    answer = await training.graphql(training_manager(), COUNTED)
    assert answer.data["session"]["capacity"] == 30


async def test_roster_with_a_column_that_is_not_agreed_is_refused(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    acadis.courses.append({**COURSE, "participant": "somebody"})
    await assign(training, "9101-1", personnelIds=[person("CF008")])
    with pytest.raises(Exception, match="not of the agreed form"):
        await one_run(training, acadis)
