"""Exchange over REST with a stand-in that behaves badly: nothing lost, nothing twice."""

from typing import Any

import pytest

from svc_training.acadis import outgoing, repository
from svc_training.acadis.provider import Changes
from svc_training.acadis.rest_v1 import ProviderError, RestV1
from svc_training.acadis.sync import sync
from tests.fixtures.acadis_stand_in import AcadisStandIn, result_row
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.training_service import training_manager
from tests.svc_training.acadis.speaking import one_run, speaking
from tests.svc_training.acadis.test_files import RECORDS, REGISTER, run
from tests.svc_training.assignments.test_assigning import assign, person


async def hours(training: ServiceApp) -> dict[str, float]:
    answer = await training.graphql(training_manager(), RECORDS, {"number": "8020-1"})
    return {
        edge["node"]["personnel"]["externalId"]: edge["node"]["hoursCredited"]
        for edge in answer.data["trainingRecords"]["edges"]
    }


ALL_SEVEN = {f"CF{number:03d}" for number in range(1, 8)}


async def test_changes_come_in_whatever_happens_on_the_way(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    for number in range(1, 8):
        acadis.add("results", **result_row(f"CF{number:03d}", "8020-1"))
    acadis.misbehave("429", "500", "503", "401", "half", "shuffled", "again", "500")
    report, pauses = await one_run(training, acadis)
    assert report.refused == 0
    assert set(await hours(training)) >= ALL_SEVEN
    assert len(pauses) >= 4  # each failure was waited out
    assert acadis.tokens_given >= 2  # a token that was taken back is asked for anew
    async with training.chassis.database.read() as session:
        assert await repository.cursor(session, "REST") == "7"


class Forgetful(RestV1):
    """An adapter with a planted bug: it asks from the beginning, whatever was read."""

    async def changes_since(self, _cursor: str | None) -> Changes:
        """Forget the cursor."""
        return await super().changes_since(None)


async def test_planted_adapter_that_forgets_the_cursor_loses_changes(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    for who in (*sorted(ALL_SEVEN), "CF008"):
        acadis.add("results", **result_row(who, "8020-1", hours_credited="0.25"))
    async with speaking(acadis, adapter=Forgetful) as provider:
        await sync(training.chassis.database, provider)
    quarter = {who for who, credited in (await hours(training)).items() if credited == 0.25}
    assert not quarter >= {*ALL_SEVEN, "CF008"}


async def test_second_run_begins_where_the_first_ended(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    acadis.add("results", **result_row("CF008", "8020-1"))
    await one_run(training, acadis)
    acadis.add("results", **result_row("CF008", "8020-1", hours_credited="1"))
    before = len(acadis.requests)
    report, _ = await one_run(training, acadis)
    assert report.counts == {"results taken": 1}
    assert (await hours(training))["CF008"] == 1.0
    assert acadis.requests[before:].count("GET /v1/changes") == 1


async def test_planted_loss_of_what_was_read_takes_a_change_twice(
    training: ServiceApp, acadis: AcadisStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(repository, "put_cursor", nothing)
    acadis.add("results", **result_row("CF008", "8020-1", hours_credited="0.5"))
    await one_run(training, acadis)
    report, _ = await one_run(training, acadis)
    assert report.counts != {}  # the check of the second run: nothing new, so nothing counted


async def test_provider_that_never_answers_loses_nothing(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    acadis.add("results", **result_row("CF009", "8020-1", hours_credited="1"))
    acadis.misbehave(*["503"] * 6)
    with pytest.raises(ProviderError):
        await one_run(training, acadis)
    assert "CF009" not in await hours(training)
    await one_run(training, acadis)
    assert (await hours(training))["CF009"] == 1.0


async def test_nonsense_is_an_error_and_not_data(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    acadis.misbehave("nonsense")
    with pytest.raises(ProviderError):
        await one_run(training, acadis)


async def test_wrong_secret_is_refused_at_once(training: ServiceApp, acadis: AcadisStandIn) -> None:
    with pytest.raises(ProviderError) as caught:
        await one_run(training, acadis, secret="wrong")
    assert "wrong" not in str(caught.value)


async def test_registration_is_sent_once(training: ServiceApp, acadis: AcadisStandIn) -> None:
    await assign(training, "9101-1", personnelIds=[person("CF010"), person("CF011")])
    await run(training, REGISTER, sessionNumber="9101-1")
    acadis.unprepared.add("CF011")
    acadis.misbehave("500")  # after which the same key asks again
    report, _ = await one_run(training, acadis)
    assert report.enrolled == {"REGISTERED": 1, "PREREQ_UNMET": 1}
    assert list(acadis.enrolled.values()) == [("CF010", "9101-1")]
    acadis.unprepared.clear()
    report, _ = await one_run(training, acadis)
    assert report.enrolled == {"REGISTERED": 1}
    assert sorted(acadis.enrolled.values()) == [("CF010", "9101-1"), ("CF011", "9101-1")]
    report, _ = await one_run(training, acadis)
    assert report.enrolled == {}


async def test_planted_loss_of_the_answer_sends_a_registration_again(
    training: ServiceApp, acadis: AcadisStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = outgoing.put_enrollments

    async def answers_are_lost(session: Any, ids: Any, state: str, **more: Any) -> None:
        if state == outgoing.ASKED:
            await kept(session, ids, state, **more)

    monkeypatch.setattr(outgoing, "put_enrollments", answers_are_lost)
    await assign(training, "9101-2", personnelIds=[person("CF012")])
    await run(training, REGISTER, sessionNumber="9101-2")
    await one_run(training, acadis)
    report, _ = await one_run(training, acadis)
    assert report.enrolled != {}  # the check of `test_registration_is_sent_once`
    assert acadis.places() == [("CF012", "9101-2")]  # and yet nothing happens twice there
