"""Two gateways and two of each service behind a balancer: one platform, whichever answers.

Under readers and writers of consent, with the history checker on: every instance is restarted in
turn (nothing fails, nothing stale), then processes are killed and the database is restarted
(outages are honest, nothing is stale, everything shown is recorded).

Beside them requests leave at a constant rate, `GT_LOAD_RATE` a second and `GT_LOAD_MOST` at once at
most. Programs are given patience, so that a request fails for what was restarted and not for a
machine that is too slow for thirteen programs that start.
"""

import asyncio
import contextlib
import os
import random
import shutil
import signal
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from infra.dev.up.health import why_not_ready
from infra.dev.up.programs import Scale
from tests.faults.load import UNHURRIED_SECONDS, Steady, drive_of, under_load
from tests.faults.rolling import programs_of, rolled
from tests.faults.witness import eventually, is_whole, violations
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform
from tests.proof.processes import Cluster
from tests.proof.revocation import Drive

pytestmark = [
    pytest.mark.soak,  # thirteen programs and their restarts want a machine of their own
    pytest.mark.timeout(0),
    pytest.mark.skipif(
        shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None,
        reason="needs Debian's haproxy",
    ),
]

SERVICES = ("svc_consent", "svc_participants", "svc_cases", "svc_training")
SCALE = Scale(gateways=2, replicas=2)
_PATIENCE_FACTOR = "40"
_MOST_AT_ONCE = int(os.environ.get("GT_LOAD_MOST", "16"))
_RATE = float(os.environ.get("GT_LOAD_RATE", "20"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def replicated(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    folder = tmp_path_factory.mktemp("replicas")
    data_dir, port, log = folder / "data", free_ports(), folder / "up.log"
    scale = ("--gateways", str(SCALE.gateways), "--replicas", str(SCALE.replicas))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GT_PATIENCE", _PATIENCE_FACTOR)
        process = await asyncio.to_thread(start_platform, data_dir, port, log, *scale)
    try:
        async with httpx2.AsyncClient(timeout=60) as client:
            yield Platform(data_dir, port, process, log, client)
    finally:
        await asyncio.to_thread(stop_platform, process)


class Instances:
    """The processes of a platform, by name; the supervisor starts again what ends."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def pid(self, name: str) -> int:
        return self._platform.pid(name)

    async def restarted(self, names: list[str], number: signal.Signals) -> None:
        """Send processes a signal and wait until their successors are ready."""
        old = {name: self.pid(name) for name in names}
        for pid in old.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

        async def is_back() -> bool:
            run = self._platform.run_file()
            if any(run["pids"].get(name, pid) == pid for name, pid in old.items()):
                return False
            addresses = (run["health"][name].replace("http://", "tcp:") for name in names)
            return all([await why_not_ready(each) is None for each in addresses])

        await eventually(is_back, f"{names} did not come back")

    async def balanced(self) -> None:
        """Wait until a few checks of the balancer have passed since all said ready."""
        await asyncio.sleep(1.0)


async def test_both_gateways_and_all_replicas_answer(replicated: Platform) -> None:
    """Every answer in turn: what one gateway was told, another enforces."""
    drive = await drive_of(replicated, 3)
    cluster = Cluster(replicated, [], replicated.client)
    while len(drive.disclosures) < 40:
        await drive_some(drive, 40)
    assert await violations(replicated, drive) == []
    lanes = await cluster.consent_rows("select lane from ledger_lane")
    assert (
        len({row["lane"].split(":")[0] for row in lanes if row["lane"].startswith("gateway")}) > 1
    )


async def drive_some(drive: Drive, most: int) -> None:
    await drive.run(readers=2, until=lambda: len(drive.disclosures) >= most, pause=0.05)


def report(drive: Drive, steady: Steady) -> None:
    print(
        f"{len(drive.disclosures)} disclosures, {len(drive.changes)} changes,"
        f" {drive.lost} lost, {drive.outages} outages;"
        f" at {_RATE:g} a second: {steady.answered} answered, {len(steady.failed)} failed",
        flush=True,
    )


async def roll_everything(platform: Platform, drive: Drive) -> None:
    """Restart one instance of each program at a time, asked to stop as a deployment does."""
    instances = Instances(platform)

    async def roll() -> None:
        for suffix in (".1", ""):
            for name in (*SERVICES, "gateway"):
                await instances.restarted([f"{name}{suffix}"], signal.SIGTERM)
                await instances.balanced()

    steady = Steady(platform, _RATE, _MOST_AT_ONCE)
    await steady.run_beside(lambda: under_load(drive, roll, pause=UNHURRIED_SECONDS))
    report(drive, steady)
    assert drive.changes
    assert drive.disclosures
    assert await violations(platform, drive) == []
    assert steady.failed == []


async def test_a_rolling_restart_of_everything_fails_nobody(replicated: Platform) -> None:
    """Every request is answered in full, and nothing is stale."""
    drive = await drive_of(replicated, 3)
    await roll_everything(replicated, drive)
    assert (drive.lost, drive.outages) == (0, 0)


async def test_a_roll_behind_the_balancer_fails_nobody(replicated: Platform) -> None:
    """`roll` gives each of the ten programs a successor; requests go on through the balancer."""
    drive, steady = await drive_of(replicated, 3), Steady(replicated, _RATE, _MOST_AT_ONCE)
    before = replicated.run_file()["pids"]

    async def roll() -> None:
        await rolled(replicated, SCALE)

    await steady.run_beside(lambda: under_load(drive, roll, pause=UNHURRIED_SECONDS))
    report(drive, steady)
    after = replicated.run_file()["pids"]
    replaced = {name for name in before if before[name] != after[name]}
    assert len(replaced) == programs_of(SCALE)
    assert "balancer" not in replaced
    assert drive.disclosures
    assert await violations(replicated, drive) == []
    assert (steady.failed, drive.lost) == ([], 0)
    assert steady.answered


async def test_killed_processes_and_a_restarted_database_break_no_promise(
    replicated: Platform,
) -> None:
    """Each kind is killed once, in random order; the database last. Outages are allowed."""
    instances = Instances(replicated)
    drive = await drive_of(replicated, 3)
    dice = random.Random(11)
    chosen = [f"{name}{dice.choice(('', '.1'))}" for name in (*SERVICES, "gateway")]
    dice.shuffle(chosen)

    async def kill() -> None:
        for name in chosen:
            os.kill(instances.pid(name), signal.SIGKILL)
            await asyncio.sleep(0.3)
        old = instances.pid("postgres")
        os.kill(old, signal.SIGKILL)

        async def is_back() -> bool:
            return instances.pid("postgres") != old and await is_whole(replicated)

        await eventually(is_back, "the database did not come back")

    await under_load(drive, kill)
    assert await violations(replicated, drive) == []
    verified = await asyncio.to_thread(replicated.command, "audit", "verify")
    assert verified.returncode == 0, verified.stdout
