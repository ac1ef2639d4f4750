"""The nightly command: told in one line what went out, came in and was found."""

import asyncio

import pytest

from svc_training.__main__ import sync_command
from tests.fixtures.acadis_stand_in import SECRET, AcadisStandIn, result_row
from tests.fixtures.service_app import ServiceApp
from tests.svc_training.acadis.speaking import cancelled, one_run, registered
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
