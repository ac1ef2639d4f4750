"""What must hold of a platform after whatever was done to it while it was read and changed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from infra import clock
from infra.dev.up.health import why_not_ready
from tests.fixtures.whole_platform import Platform
from tests.proof.history import check
from tests.proof.processes import Cluster
from tests.proof.revocation import RECORDED, Drive, unrecorded

_PATIENCE_SECONDS = 180
_SIGNED = "select count(*) from release where participant_id = any($1::uuid[])"


async def eventually(is_so: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for something to come about."""
    ends_at = clock.monotonic() + _PATIENCE_SECONDS
    while not await is_so():
        assert clock.monotonic() < ends_at, what
        await asyncio.sleep(0.1)


async def is_whole(platform: Platform) -> bool:
    """Say whether everything is ready."""
    run: dict[str, Any] = platform.run_file()
    addresses = [each.replace("http://", "tcp:") for each in run["health"].values()]
    return all([await why_not_ready(each) is None for each in addresses])


async def violations(platform: Platform, drive: Drive) -> list[str]:
    """Return what a history shows that may not be: stale, miscounted, or not recorded."""
    found = [
        f"{each.disclosure.reader}: {each.reason}"
        for each in check(drive.changes, drive.disclosures, is_fresh=False)
    ]
    found += [f"{name} was miscounted" for name in drive.miscounted]
    cluster = Cluster(platform, [], platform.client)
    return found + unrecorded(drive.shown, await cluster.consent_rows(RECORDED))


async def signed(platform: Platform, drive: Drive) -> int:
    """Return how many releases the participants of a run have; one key, one release."""
    cluster = Cluster(platform, [], platform.client)
    rows = await cluster.consent_rows(_SIGNED, drive.participants)
    return int(rows[0][0])
