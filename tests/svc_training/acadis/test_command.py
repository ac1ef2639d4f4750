"""The nightly command: told in one line what went out, came in and was found."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from infra.database import Database
from svc_training.__main__ import sync_command
from svc_training.acadis.provider import Changes
from svc_training.acadis.rest_v1 import RestV1
from svc_training.acadis.sync import sync
from tests.fixtures.acadis_stand_in import SECRET, AcadisStandIn, result_row
from tests.fixtures.service_app import ServiceApp
from tests.svc_training.acadis.speaking import cancelled, one_run, registered, speaking
from tests.svc_training.assignments.test_assigning import person


@pytest.fixture
def settings(
    training: ServiceApp, acadis: AcadisStandIn, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """What the command reads."""
    monkeypatch.setenv("GT_DATABASE_DSN", training.owner_dsn)
    monkeypatch.setenv("GT_ACADIS_ADDRESS", acadis.address)
    monkeypatch.setenv("GT_ACADIS_CLIENT_ID", "golden-thread")
    monkeypatch.setenv("GT_ACADIS_CLIENT_SECRET", SECRET)
    return monkeypatch


async def test_run_is_told_in_one_line(
    training: ServiceApp,
    acadis: AcadisStandIn,
    settings: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.setenv("GT_ACADIS_TIMEOUT_SECONDS", "5.5")
    await registered(training, "9101-1", person("CF001"))
    await one_run(training, acadis)
    await cancelled(training, "9101-1", "CF001")
    await registered(training, "9101-2", person("CF002"))
    acadis.add("results", **result_row("CF003", "8020-1"))
    assert await asyncio.to_thread(sync_command, []) == 0
    told = capsys.readouterr().out
    for part in ("1 places given up cancelled", "1 told registered", "1 results taken"):
        assert part in told
    assert told.endswith("rows not taken: 0\n")
    assert acadis.places() == [("CF002", "9101-2")]


@pytest.mark.parametrize("given", ["0", "-1", "601", "nan", "soon"])
async def test_time_out_that_is_none_is_refused(
    acadis: AcadisStandIn,
    settings: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: str,
) -> None:
    settings.setenv("GT_ACADIS_TIMEOUT_SECONDS", given)
    assert await asyncio.to_thread(sync_command, []) == 2
    assert "GT_ACADIS_TIMEOUT_SECONDS" in capsys.readouterr().err
    assert acadis.requests == []


class Halting(RestV1):
    """An adapter that stops before it reads what is new, until it is told to go on."""

    arrived: asyncio.Event
    goes_on: asyncio.Event

    async def changes_since(self, cursor: str | None) -> Changes:
        """Stop here first."""
        self.arrived.set()
        await self.goes_on.wait()
        return await super().changes_since(cursor)


async def _second_run_amid_the_first(training: ServiceApp, acadis: AcadisStandIn) -> int:
    """Run the command while another run is amid its work; return how that ended."""
    Halting.arrived, Halting.goes_on = asyncio.Event(), asyncio.Event()
    async with speaking(acadis, adapter=Halting) as provider:
        first = asyncio.create_task(sync(training.chassis.database, provider))
        await Halting.arrived.wait()
        asked = len(acadis.requests)
        ended = await asyncio.to_thread(sync_command, [])
        if ended == 2:
            assert len(acadis.requests) == asked, "nothing was sent and nothing asked"
        Halting.goes_on.set()
        assert (await first).refused == 0
    return ended


async def test_second_run_at_the_same_time_is_refused_and_a_later_one_is_not(
    training: ServiceApp,
    acadis: AcadisStandIn,
    settings: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    acadis.add("results", **result_row("CF001", "8020-1"))
    assert await _second_run_amid_the_first(training, acadis) == 2
    told = capsys.readouterr()
    assert "training sync: another run of training sync is under way" in told.err
    assert await asyncio.to_thread(sync_command, []) == 0


async def test_runs_that_do_not_see_each_other_would_be_noticed(
    training: ServiceApp, acadis: AcadisStandIn, settings: pytest.MonkeyPatch
) -> None:
    """Planted twin: the lock is none."""

    @asynccontextmanager
    async def together(_self: Database, _work: str) -> AsyncIterator[None]:
        yield

    settings.setattr(Database, "alone", together)
    assert await _second_run_amid_the_first(training, acadis) != 2
