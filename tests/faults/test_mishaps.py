"""Everything that happens to machines, at random and under load: no promise is broken (RL-16).

For a minute in each test run, and for `GT_FAULT_SECONDS` (half an hour) when asked for. Requests
may fail, and say so. What was shown was permitted at one instant and is recorded; a change that was
acknowledged is there once; the ledger verifies, also after kill -9 of PostgreSQL (AU-05); and it
all serves again when things are well.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import httpx2
import pytest
import pytest_asyncio

from infra import clock
from tests.faults.mishaps import Mishaps, mishaps_of
from tests.faults.witness import eventually, signed, violations
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform
from tests.proof.history import Change, Disclosure, check
from tests.proof.processes import PATIENT
from tests.proof.revocation import Drive

_SHORT_SECONDS = 55
"""With what it takes to put everything right, a minute."""
_LONG_SECONDS = float(os.environ.get("GT_FAULT_SECONDS", "1800"))
_SEED = int(os.environ.get("GT_FAULT_SEED", "1"))
_PAUSE_SECONDS = 0.5
_BETWEEN = (0.2, 1.5)

Trouble = Callable[[Mishaps, Drive], Awaitable[None]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stricken(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """A platform of its own: full disks and killed databases are nobody else's business."""
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


def everything_for(seconds: float) -> Trouble:
    """Return a trouble of each kind once, and then of any, for so long at least."""

    async def trouble(mishaps: Mishaps, _drive: Drive) -> None:
        ends_at = clock.monotonic() + seconds
        waiting = mishaps.all()
        mishaps.dice.shuffle(waiting)
        while waiting or clock.monotonic() < ends_at:
            if waiting:
                name, happen = waiting.pop()
                mishaps.happened[name] = mishaps.happened.get(name, 0) + 1
                await happen()
            else:
                await mishaps.one()
            await asyncio.sleep(mishaps.dice.uniform(*_BETWEEN))
        await mishaps.heal()

    return trouble


async def suffer(
    platform: Platform,
    trouble: Trouble,
    seed: int,
    changed: Mapping[str, str] = MappingProxyType({}),
    modules: Mapping[str, str] = MappingProxyType({}),
    gateways: int = 2,
) -> list[str]:
    """Read and change while there is trouble, put it right, and say which promise was broken."""
    dice = random.Random(seed)
    async with mishaps_of(platform, dice, gateways, changed=changed, modules=modules) as mishaps:
        drive = await drive_of(mishaps)
        before = await signed(platform, drive)
        troubling = asyncio.ensure_future(trouble(mishaps, drive))
        try:
            await drive.run(readers=2, until=troubling.done, pause=_PAUSE_SECONDS)
            await troubling
        finally:
            troubling.cancel()
            await asyncio.gather(troubling, return_exceptions=True)
            await mishaps.heal()
        print(
            f"{len(drive.disclosures)} disclosures, {len(drive.changes)} changes,"
            f" {drive.outages} outages, {drive.lost} of them without an answer;"
            f" {sum(mishaps.happened.values())} mishaps: {mishaps.happened}",
            flush=True,
        )
        assert drive.changes
        assert drive.disclosures
        found = await violations(platform, drive)
        told = sum(each.is_open for each in drive.changes)
        if (made := await signed(platform, drive) - before) != told:
            found.append(f"{told} releases were acknowledged and {made} made")
        verified = await asyncio.to_thread(platform.command, "audit", "verify", check=False)
        if verified.returncode != 0:
            found.append(verified.stdout)
        if mishaps.happened:
            await serves_again(drive)
        return found


async def serves_again(drive: Drive) -> None:
    """Everybody reads and writes again, without an outage for a while."""
    again = Drive(drive.door, drive.gateways, drive.agencies, random.Random(0))
    await again.prepare(3)
    await again.run(readers=1, until=lambda: len(again.disclosures) >= 5, pause=_PAUSE_SECONDS)


@pytest.mark.timeout(900)
async def test_a_minute_of_everything_breaks_no_promise(stricken: Platform) -> None:
    assert await suffer(stricken, everything_for(_SHORT_SECONDS), _SEED, PATIENT) == []


@pytest.mark.timeout(900)
async def test_twin_a_consent_service_that_answers_before_its_record_is_noticed(
    stricken: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted in a real process, to which nothing else happens: the witnesses need no luck."""
    monkeypatch.setenv("MORTAL_DIR", str(tmp_path))
    monkeypatch.setenv("MORTAL_PLANT", "early")

    async def somebody_is_shown(_mishaps: Mishaps, drive: Drive) -> None:
        async def is_shown() -> bool:
            return bool(drive.shown)

        await eventually(is_shown, "nobody is shown")

    planted = {"svc_consent": "tests.faults.mortal svc_consent"}
    found = await suffer(stricken, somebody_is_shown, _SEED, PATIENT, planted, gateways=1)
    assert any("not recorded" in each for each in found)


# How long a minute of this takes is up to the machine. Clocks are stepped where Debian's faketime
# is installed.
@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_half_an_hour_of_everything_breaks_no_promise(stricken: Platform) -> None:
    assert await suffer(stricken, everything_for(_LONG_SECONDS), _SEED + 1) == []


def test_twin_a_disclosure_after_a_revocation_is_noticed() -> None:
    """What the witnesses look for, made by hand from what a run writes down."""
    changes = [Change("p", True, 0.0, 1.0), Change("p", False, 2.0, 3.0)]
    stale = Disclosure(4.0, 5.0, {"p": True}, "reader")
    assert check(changes, [stale], is_fresh=False)
    assert not check(changes, [Disclosure(2.5, 5.0, {"p": True}, "reader")], is_fresh=False)
