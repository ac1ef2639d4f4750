"""Everything that happens to machines, at random and under load: no promise is broken.

For a minute, or for `GT_FAULT_SECONDS` (half an hour). Requests may fail, and say so. What was
shown was permitted at one instant and is recorded; a change that was acknowledged is there once;
the ledger verifies; and it all serves again when things are well.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from infra import clock
from tests.faults.mishaps import Mishaps, mishaps_of
from tests.faults.witness import signed, violations
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform
from tests.proof.history import Change, Disclosure, check
from tests.proof.revocation import Drive

_SHORT_SECONDS = 60
_LONG_SECONDS = float(os.environ.get("GT_FAULT_SECONDS", "1800"))
_SEED = int(os.environ.get("GT_FAULT_SEED", "1"))
_PAUSE_SECONDS = 0.5
_BETWEEN = (0.2, 1.5)

# Long runs, both: how long a minute of this takes is up to the machine. Clocks are stepped where
# Debian's faketime is installed.
pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stricken(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """A platform of its own: what is done to it is nobody else's business."""
    folder = tmp_path_factory.mktemp("mishaps")
    data_dir, port, log = folder / "data", free_ports(), folder / "up.log"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GT_PATIENCE", "5")
        process = await asyncio.to_thread(start_platform, data_dir, port, log)
    try:
        async with httpx2.AsyncClient(timeout=60) as client:
            yield Platform(data_dir, port, process, log, client)
    finally:
        await asyncio.to_thread(stop_platform, process)


async def drive_of(mishaps: Mishaps) -> Drive:
    agencies = mishaps.platform.demo()["agencies"]
    recipients = [a["id"] for a in agencies if a["key"] in ("cedar-housing", "cedar-sud")]
    drive = Drive(mishaps.cluster.door, len(mishaps.cluster.gateways), recipients, mishaps.dice)
    await drive.prepare(3)
    drive.outages = drive.lost = 0
    return drive


async def suffer(platform: Platform, seconds: float, seed: int) -> Drive:
    """Let each kind of thing happen, for so long at least; put them right, and look at it all."""
    async with mishaps_of(platform, random.Random(seed)) as mishaps:
        drive = await drive_of(mishaps)
        before = await signed(platform, drive)

        async def trouble() -> None:
            ends_at = clock.monotonic() + seconds
            waiting = mishaps.all()
            mishaps.dice.shuffle(waiting)
            while waiting or clock.monotonic() < ends_at:
                if waiting:  # each kind once, then whatever comes
                    name, happen = waiting.pop()
                    mishaps.happened[name] = mishaps.happened.get(name, 0) + 1
                    await happen()
                else:
                    await mishaps.one()
                await asyncio.sleep(mishaps.dice.uniform(*_BETWEEN))
            await mishaps.heal()

        troubling = asyncio.create_task(trouble())
        await drive.run(readers=2, until=troubling.done, pause=_PAUSE_SECONDS)
        await troubling
        print(
            f"{len(drive.disclosures)} disclosures, {len(drive.changes)} changes,"
            f" {drive.outages} outages, {drive.lost} of them without an answer;"
            f" {sum(mishaps.happened.values())} mishaps: {mishaps.happened}",
            flush=True,
        )
        assert await violations(platform, drive) == []
        opened = sum(each.is_open for each in drive.changes)
        assert await signed(platform, drive) - before == opened
        assert drive.changes
        verified = await asyncio.to_thread(platform.command, "audit", "verify", check=False)
        assert verified.returncode == 0, verified.stdout
        await serves_again(drive)
        return drive


async def serves_again(drive: Drive) -> None:
    """Everybody reads and writes again, without an outage for a while."""
    again = Drive(drive.door, drive.gateways, drive.agencies, random.Random(0))
    await again.prepare(3)
    await again.run(readers=1, until=lambda: len(again.disclosures) >= 5, pause=_PAUSE_SECONDS)


async def test_a_minute_of_everything_breaks_no_promise(stricken: Platform) -> None:
    drive = await suffer(stricken, _SHORT_SECONDS, _SEED)
    assert drive.disclosures


async def test_half_an_hour_of_everything_breaks_no_promise(stricken: Platform) -> None:
    await suffer(stricken, _LONG_SECONDS, _SEED + 1)


def test_twin_a_disclosure_after_a_revocation_is_noticed() -> None:
    """What the witnesses look for, made by hand from what a run writes down."""
    changes = [Change("p", True, 0.0, 1.0), Change("p", False, 2.0, 3.0)]
    stale = Disclosure(4.0, 5.0, {"p": True}, "reader")
    assert check(changes, [stale], is_fresh=False)
    assert not check(changes, [Disclosure(2.5, 5.0, {"p": True}, "reader")], is_fresh=False)
