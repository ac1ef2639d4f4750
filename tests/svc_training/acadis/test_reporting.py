"""Training elsewhere is reported once it is approved: once, and what is refused is listed."""

from typing import Any
from uuid import uuid4

import pytest

from infra import clock
from svc_training.acadis import outgoing
from svc_training.personnel.tables import Personnel
from tests.fixtures.acadis_stand_in import AcadisStandIn
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.training_service import POLICE, training_manager
from tests.svc_training.acadis.speaking import ask, differences, one_run
from tests.svc_training.assignments.test_assigning import person
from tests.svc_training.results.test_results import DECIDE, SUBMIT, report

SECOND = training_manager(POLICE, subject="test|second-manager")


async def decided(training: ServiceApp, *, approve: bool | None = True, **changes: Any) -> None:
    sent = await ask(training, SUBMIT, **report(**changes))
    if approve is not None:
        given = {"outsideTrainingId": sent["outsideTraining"]["id"], "approve": approve}
        await ask(training, DECIDE, SECOND, comment="Looked at.", **given)


def titles(acadis: AcadisStandIn) -> list[str]:
    return [each["title"] for each in acadis.events.values()]


async def test_only_what_a_second_person_approved_goes_out(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    await decided(training, title="Waits", approve=None)
    await decided(training, title="Rejected", approve=False)
    await decided(training, title="Approved", personnelIds=[person("CF009"), person("CF010")])
    acadis.misbehave("500", "slow")  # after which the same key reports nothing new
    told, _ = await one_run(training, acadis, timeout_seconds=0.5)
    assert told.reported == {"SUBMITTED_FOR_APPROVAL": 1}
    (event,) = acadis.events.values()
    assert {key: event[key] for key in ("title", "hours", "startsOn", "personExternalIds")} == {
        "title": "Approved", "hours": 12.0, "startsOn": "2026-05-04",
        "personExternalIds": ["CF009", "CF010"],
    }  # fmt: skip
    told, _ = await one_run(training, acadis)
    assert told.reported == {}


async def test_planted_loss_of_the_answer_reports_again(
    training: ServiceApp, acadis: AcadisStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(outgoing, "put_event", nothing)
    await decided(training, title="Twice")
    await one_run(training, acadis)
    told, _ = await one_run(training, acadis)
    assert told.reported != {}
    assert titles(acadis).count("Twice") == 1  # and yet it stands there once


async def test_refused_report_is_listed(training: ServiceApp, acadis: AcadisStandIn) -> None:
    acadis.refused_titles.add("Not theirs")
    await decided(training, title="Not theirs", personnelIds=[person("CF007")])
    told, _ = await one_run(training, acadis)
    assert told.reported["REFUSED"] == 1
    what = "elsewhere, 2026-05-05: Not theirs"
    assert await differences(training, "CF007") == [("STATUS_DIFFERS", what, "APPROVED", "REFUSED")]
    told, _ = await one_run(training, acadis)
    assert told.reported == {}


async def test_person_whom_they_do_not_know_is_listed(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    unknown, now = uuid4(), clock.now()
    async with training.chassis.database.write() as session:
        session.add(
            Personnel(
                id=unknown, agency_id=POLICE, external_id=None, given_name="Not",
                family_name="Known", appointment_type="CIVILIAN", is_certified=False,
                version=1, created_at=now, updated_at=now,
            )
        )  # fmt: skip
    await decided(training, title="Alone", personnelIds=[str(unknown)])
    await decided(training, title="Together", personnelIds=[str(unknown), person("CF008")])
    await one_run(training, acadis)
    assert "Together" in titles(acadis)
    assert "Alone" not in titles(acadis)  # it waits until somebody in it is known there
    what = "elsewhere, 2026-05-05: Together"
    wanted = ("STATUS_DIFFERS", what, "APPROVED", "NEEDS_PERSON_RECORD")
    assert wanted in await differences(training, None)
