"""Exchange over REST with a stand-in that behaves badly: nothing lost, nothing twice."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import delete

from infra.http_client import HttpClient
from infra.settings import Secret
from svc_training.acadis import repository
from svc_training.acadis.rest_v1 import ProviderError, RestSettings, RestV1
from svc_training.acadis.sync import SyncReport, sync
from svc_training.acadis.tables import ExchangeCursor
from tests.fixtures.acadis_stand_in import SECRET, AcadisStandIn, result_row
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.training_service import training_manager
from tests.svc_training.acadis.test_files import RECORDS, REGISTER, run
from tests.svc_training.assignments.test_assigning import assign, person


@pytest_asyncio.fixture(loop_scope="session")
async def acadis(training: ServiceApp) -> AsyncIterator[AcadisStandIn]:
    """A stand-in of the test's own, of which nothing has been read yet."""
    async with training.chassis.database.write() as session:
        await session.execute(delete(ExchangeCursor))
    async with AcadisStandIn().listening() as standing_in:
        yield standing_in


class Caught:
    """Pauses that were asked for, none of which takes time."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def one_run(
    training: ServiceApp, acadis: AcadisStandIn, secret: str = SECRET
) -> tuple[SyncReport, list[float]]:
    settings = RestSettings(acadis.address, "golden-thread", Secret(secret), base_path="/v1")
    caught = Caught()
    client = HttpClient(acadis.address)
    try:
        provider = RestV1(settings, client, sleep=caught.sleep)
        return await sync(training.chassis.database, provider), caught.pauses
    finally:
        await client.close()


async def hours(training: ServiceApp) -> dict[str, float]:
    answer = await training.graphql(training_manager(), RECORDS, {"number": "8020-1"})
    return {
        edge["node"]["personnel"]["externalId"]: edge["node"]["hoursCredited"]
        for edge in answer.data["trainingRecords"]["edges"]
    }


async def test_changes_come_in_whatever_happens_on_the_way(
    training: ServiceApp, acadis: AcadisStandIn
) -> None:
    for number in range(1, 8):
        acadis.add("results", **result_row(f"CF{number:03d}", "8020-1"))
    acadis.misbehave("429", "500", "503", "401", "half", "shuffled", "again", "500")
    report, pauses = await one_run(training, acadis)
    assert report.refused == 0
    assert {f"CF{number:03d}" for number in range(1, 8)} <= set(await hours(training))
    assert len(pauses) >= 4  # each failure was waited out
    assert acadis.tokens_given >= 2  # a token that was taken back is asked for anew
    async with training.chassis.database.read() as session:
        assert await repository.cursor(session, "REST") == "7"


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
