"""The same histories with real processes under faults (CN-03, CN-04, AU-01).

Both forms are `soak` until the short one has been seen to end well on busy machines; the long one
runs until `GT_SOAK_DISCLOSURES` (200,000). Gateways are killed and paused, the
consent service is paused (slow, then lost for the gate's patience), its notifications are lost.
Steps of the clock need libfaketime and are not made here.
"""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.fixtures.whole_platform import Platform
from tests.proof.history import check
from tests.proof.processes import Cluster, running_cluster
from tests.proof.revocation import Drive

GATEWAYS = 3
SHORT, SHORT_SECONDS = 1_200, 45.0  # whichever comes first: a slow machine does less
_LEDGER = """
select entry->>'operationName' as name, p.participant_id::text as participant
from ledger_entry e join ledger_about a on a.lane = e.lane and a.sequence = e.sequence
join participant_pseudonym p on p.pseudonym = a.pseudonym
where entry->>'operationName' like 'D%'
"""


async def _kill_a_gateway(cluster: Cluster) -> None:
    one = random.choice(cluster.gateways)
    one.kill()
    await asyncio.sleep(0.3)
    one.start()
    await one.is_ready(cluster.client)


async def _pause_a_gateway(cluster: Cluster) -> None:
    process = random.choice(cluster.gateways).process
    assert process is not None
    await cluster.pause(process.pid, 1.0)


async def _pause_consent(cluster: Cluster) -> None:
    await cluster.pause(cluster.platform.pid("svc_consent"), 2.0)


async def _pause_participants(cluster: Cluster) -> None:
    await cluster.pause(cluster.platform.pid("svc_participants"), 0.7)


async def _lose_notifications(cluster: Cluster) -> None:
    await cluster.lose_notifications()


FAULTS: tuple[Callable[[Cluster], Awaitable[None]], ...] = (
    _kill_a_gateway,
    _pause_a_gateway,
    _pause_consent,
    _lose_notifications,
    _pause_participants,
)


async def _disturb(cluster: Cluster, drive: Drive, most: int) -> None:
    """Make one fault after the other, spread over the whole run."""
    number = 0
    while len(drive.disclosures) < most:
        await asyncio.sleep(1.0)
        await FAULTS[number % len(FAULTS)](cluster)
        number += 1


async def _violations(
    cluster: Cluster,
    *,
    readers: int,
    most: int,
    writers: int,
    seconds: float = float("inf"),
) -> list[str]:
    agencies = cluster.platform.demo()["agencies"]
    recipients = [a["id"] for a in agencies if a["key"] in ("cedar-housing", "cedar-sud")]
    drive = Drive(cluster.door, GATEWAYS, recipients, random.Random(23))
    await drive.prepare(writers)
    ends_at = time.monotonic() + seconds
    disturbing = asyncio.create_task(_disturb(cluster, drive, most))
    try:
        await drive.run(
            readers=readers,
            until=lambda: len(drive.disclosures) >= most or time.monotonic() > ends_at,
            pause=0.05,
        )
    finally:
        disturbing.cancel()
        await asyncio.gather(disturbing, return_exceptions=True)
        for each in cluster.gateways:
            if each.process is not None and each.process.poll() is None:
                each.signal(signal.SIGCONT)
        os.kill(cluster.platform.pid("svc_consent"), signal.SIGCONT)
        os.kill(cluster.platform.pid("svc_participants"), signal.SIGCONT)
    found = [
        f"{each.disclosure.reader}: {each.reason}"
        for each in check(drive.changes, drive.disclosures, is_fresh=False)
    ]
    found += [f"{name} was miscounted" for name in drive.miscounted]
    recorded: dict[str, set[str]] = {}
    for row in await cluster.consent_rows(_LEDGER):
        recorded.setdefault(row["name"], set()).add(row["participant"])
    found += [
        f"{name} was shown and is not recorded"
        for name, shown in drive.shown.items()
        if not shown <= recorded.get(name, set())
    ]
    opened = sum(any(each.saw.values()) for each in drive.disclosures)
    print(
        f"{len(drive.disclosures)} disclosures ({opened} of somebody),"
        f" {len(drive.changes)} changes,"
        f" {drive.outages} outages, {len(found)} violations",
        flush=True,
    )
    assert drive.disclosures
    return found


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_history_of_three_gateways_under_faults(platform: Platform) -> None:
    """A short history: every fault once or more, no violation, every answer recorded."""
    async with running_cluster(platform, GATEWAYS) as cluster:
        assert (
            await _violations(cluster, readers=8, most=SHORT, writers=4, seconds=SHORT_SECONDS)
            == []
        )


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_long_history_of_three_gateways_under_faults(platform: Platform) -> None:
    """32 clients, changes as fast as eight writers make them."""
    most = int(os.environ.get("GT_SOAK_DISCLOSURES", "200000"))
    async with running_cluster(platform, GATEWAYS) as cluster:
        assert await _violations(cluster, readers=32, most=most, writers=8) == []
