"""`roll` puts a fresh process in the place of each program, and nobody notices.

Under readers and writers of consent, with the history checker on, and with requests that leave at
a constant rate. Programs are given patience, so that a request fails for what was replaced and not
for a machine that has other things to do.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from infra.dev.up.programs import METERED
from tests.faults.load import UNHURRIED_SECONDS, Steady, drive_of, under_load
from tests.faults.rolling import rolled
from tests.faults.witness import eventually, is_whole, violations
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform

pytestmark = pytest.mark.timeout(3600)

_PATIENCE_FACTOR = "40"
_RATE, _MOST = 10.0, 2
_ANSWER_SECONDS = 600
_NAMES = [name if name == "gateway" else f"svc_{name}" for name in METERED]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def patient(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    folder = tmp_path_factory.mktemp("rolling")
    data_dir, port, log = folder / "data", free_ports(), folder / "up.log"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GT_PATIENCE", _PATIENCE_FACTOR)
        process = await asyncio.to_thread(start_platform, data_dir, port, log)
    try:
        async with httpx2.AsyncClient(timeout=_ANSWER_SECONDS) as client:
            yield Platform(data_dir, port, process, log, client)
    finally:
        await asyncio.to_thread(stop_platform, process)


async def test_every_program_is_replaced_and_no_request_fails(patient: Platform) -> None:
    drive, steady = await drive_of(patient, 3), Steady(patient, _RATE, _MOST)
    before = patient.run_file()["pids"]

    async def roll() -> None:
        await rolled(patient)

    async def beside() -> None:
        await under_load(drive, roll, readers=1, pause=UNHURRIED_SECONDS)

    await steady.run_beside(beside)
    after = patient.run_file()["pids"]
    assert all(after[name] != before[name] for name in _NAMES)
    assert {name: after[name] for name in ("issuer", "postgres")} == {
        name: before[name] for name in ("issuer", "postgres")
    }
    assert steady.failed == []
    assert steady.answered
    assert drive.lost == 0
    assert await violations(patient, drive) == []
    verified = await asyncio.to_thread(patient.command, "audit", "verify")
    assert verified.returncode == 0


async def test_what_dies_after_a_roll_is_started_again(patient: Platform) -> None:
    await rolled(patient)
    old = {name: patient.pid(name) for name in _NAMES}
    for pid in old.values():
        os.kill(pid, signal.SIGKILL)

    async def is_back() -> bool:
        pids = patient.run_file()["pids"]
        return all(pids.get(n, p) != p for n, p in old.items()) and await is_whole(patient)

    await eventually(is_back, "not everything came back")


async def test_twin_programs_that_just_end_are_noticed(patient: Platform) -> None:
    steady = Steady(patient, _RATE, _MOST)

    async def end_without_a_successor() -> None:
        while not steady.failed:
            old = patient.pid("svc_participants")
            os.kill(old, signal.SIGKILL)

            async def is_back(old: int = old) -> bool:
                is_new = patient.run_file()["pids"].get("svc_participants", old) != old
                return is_new and await is_whole(patient)

            await eventually(is_back, "it did not come back")

    await steady.run_beside(end_without_a_successor)
    assert steady.failed
