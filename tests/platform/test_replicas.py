"""Two gateways and two of each service behind a balancer: one platform, whichever answers.

Under readers and writers of consent, with the history checker on: every instance is restarted in
turn (nothing fails, nothing stale), then processes are killed and the database is restarted
(outages are honest, nothing is stale, everything shown is recorded).
"""

import asyncio
import contextlib
import os
import random
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from infra import clock
from infra.dev.up.health import why_not_ready
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform
from tests.proof.history import check
from tests.proof.processes import Cluster, GatewayProcess
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
_PATIENCE_SECONDS = 90
_LEDGER = """
select entry->>'operationName' as name, p.participant_id::text as participant
from ledger_entry e join ledger_about a on a.lane = e.lane and a.sequence = e.sequence
join participant_pseudonym p on p.pseudonym = a.pseudonym
where entry->>'operationName' like 'D%'
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def replicated(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    folder = tmp_path_factory.mktemp("replicas")
    data_dir, port, log = folder / "data", free_ports(), folder / "up.log"
    scale = ("--gateways", "2", "--replicas", "2")
    process = await asyncio.to_thread(start_platform, data_dir, port, log, *scale)
    try:
        async with httpx2.AsyncClient(timeout=60) as client:
            yield Platform(data_dir, port, process, log, client)
    finally:
        await asyncio.to_thread(stop_platform, process)


async def eventually(is_so: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for something to come about."""
    ends_at = clock.monotonic() + _PATIENCE_SECONDS
    while not await is_so():
        assert clock.monotonic() < ends_at, what
        await asyncio.sleep(0.1)


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


async def drive_of(platform: Platform, writers: int) -> Drive:
    """Return readers and writers who all go through the balancer."""
    front = GatewayProcess("balancer", platform.port, {})
    cluster = Cluster(platform, [front], platform.client)
    agencies = platform.demo()["agencies"]
    recipients = [a["id"] for a in agencies if a["key"] in ("cedar-housing", "cedar-sud")]
    drive = Drive(cluster.door, 1, recipients, random.Random(7))
    await drive.prepare(writers)
    drive.outages = drive.lost = 0
    return drive


async def violations(platform: Platform, drive: Drive) -> list[str]:
    """Return what a history shows that may not be: stale, miscounted, or not recorded."""
    found = [
        f"{each.disclosure.reader}: {each.reason}"
        for each in check(drive.changes, drive.disclosures, is_fresh=False)
    ]
    found += [f"{name} was miscounted" for name in drive.miscounted]
    recorded: dict[str, set[str]] = {}
    cluster = Cluster(platform, [], platform.client)
    for row in await cluster.consent_rows(_LEDGER):
        recorded.setdefault(row["name"], set()).add(row["participant"])
    return found + [
        f"{name} was shown and is not recorded"
        for name, shown in drive.shown.items()
        if not shown <= recorded.get(name, set())
    ]


async def under_load(
    drive: Drive, disturbance: Callable[[], Awaitable[None]], readers: int = 3
) -> None:
    """Read and write until a disturbance is over."""
    disturbing = asyncio.create_task(_disturbed(disturbance))
    await drive.run(readers=readers, until=disturbing.done, pause=0.05)
    await disturbing


async def _disturbed(disturbance: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(1.0)
    await disturbance()
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


async def roll_everything(platform: Platform, drive: Drive) -> None:
    """Restart one instance of each program at a time, asked to stop as a deployment does."""
    instances = Instances(platform)

    async def roll() -> None:
        for suffix in (".1", ""):
            for name in (*SERVICES, "gateway"):
                await instances.restarted([f"{name}{suffix}"], signal.SIGTERM)
                await instances.balanced()

    await under_load(drive, roll)
    print(
        f"{len(drive.disclosures)} disclosures, {len(drive.changes)} changes,"
        f" {drive.lost} lost, {drive.outages} outages",
        flush=True,
    )
    assert drive.changes
    assert drive.disclosures
    assert await violations(platform, drive) == []


async def test_a_rolling_restart_of_everything_loses_nothing(replicated: Platform) -> None:
    """A busy machine may refuse for want of time; nothing is lost, cut off or stale."""
    drive = await drive_of(replicated, 3)
    await roll_everything(replicated, drive)
    assert drive.lost == 0


async def test_a_rolling_restart_of_everything_fails_nobody(replicated: Platform) -> None:
    """The same on a machine of its own: every request is answered in full."""
    drive = await drive_of(replicated, 3)
    await roll_everything(replicated, drive)
    assert drive.outages == 0


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


async def is_whole(platform: Platform) -> bool:
    """Say whether everything is ready."""
    run: dict[str, Any] = platform.run_file()
    addresses = [each.replace("http://", "tcp:") for each in run["health"].values()]
    return all([await why_not_ready(each) is None for each in addresses])
