"""A program that is told to stop answers everything that it is sent: 200 requests a second.

Two programs stand behind the real balancer; queries and changes leave at a constant rate, whatever
becomes of those before. One program after the other is told to stop, and started again.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra import clock
from infra.dev.up.balancer import configuration
from infra.dev.up.health import why_not_ready
from infra.http_client import HttpClient, HttpClientError

HAPROXY = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
RATE = 200
_DEADLINE_SECONDS = 60
# Several of the balancer's checks, also on a machine that has other things to do.
_STOP_DELAY_SECONDS = "3"

pytestmark = [
    pytest.mark.skipif(HAPROXY is None, reason="needs Debian's haproxy"),
    pytest.mark.timeout(300),
]


async def ready(address: str) -> None:
    ends_at = clock.monotonic() + _DEADLINE_SECONDS
    while (why_not := await why_not_ready(address)) is not None:
        assert clock.monotonic() < ends_at, f"{address}: {why_not}"
        await asyncio.sleep(0.05)


@dataclass
class Pair:
    """Two programs behind a balancer, and what requests to them came to."""

    folder: Path
    processes: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    statuses: list[int | str] = field(default_factory=list)

    @property
    def front(self) -> str:
        return f"unix:{self.folder}/front.sock"

    def address(self, number: int) -> str:
        return f"unix:{self.folder}/{number}.sock"

    async def start(self, number: int) -> None:
        environment = {
            **os.environ,
            "GT_BIND": self.address(number),
            "GT_METRICS_BIND": f"unix:{self.folder}/{number}.metrics.sock",
            "GT_STOP_DELAY_SECONDS": _STOP_DELAY_SECONDS,
        }
        words = [sys.executable, "-m", "tests.infra.dev.stand_ins.answering"]
        self.processes[number] = subprocess.Popen(words, env=environment)
        await ready(self.address(number))

    async def stopped(self, number: int, how: signal.Signals) -> int:
        self.processes[number].send_signal(how)
        return await asyncio.to_thread(self.processes[number].wait, _DEADLINE_SECONDS)

    async def under_load(self, work: Callable[[], Awaitable[None]]) -> None:
        """Send at the rate until some work is over, and wait for the last answer."""
        client = HttpClient(self.front, max_connections=1_000)
        working = asyncio.ensure_future(work())
        begin, number = clock.monotonic(), 0
        async with asyncio.TaskGroup() as group:
            while not working.done():
                group.create_task(self._ask(client, is_change=number % 2 == 0))
                number += 1
                await asyncio.sleep(max(0.0, begin + number / RATE - clock.monotonic()))
        await client.close()
        await working

    async def _ask(self, client: HttpClient, *, is_change: bool) -> None:
        try:
            response = await client.request(
                "POST", "/graphql", {}, b"{}",
                timeout_seconds=_DEADLINE_SECONDS, idempotent=not is_change,
            )  # fmt: skip
        except HttpClientError as error:
            self.statuses.append(error.code)
        else:
            self.statuses.append(response.status)


@asynccontextmanager
async def pair_in(folder: Path) -> AsyncIterator[Pair]:
    pair = Pair(folder)
    assert HAPROXY is not None
    file = folder / "balancer.cfg"
    file.write_text(configuration({"pair": (pair.front, [pair.address(0), pair.address(1)])}))
    await asyncio.gather(pair.start(0), pair.start(1))
    balancer = subprocess.Popen([HAPROXY, "-W", "-db", "-f", str(file)], stderr=subprocess.DEVNULL)
    try:
        await ready(pair.front)
        yield pair
    finally:
        for each in (*pair.processes.values(), balancer):
            each.kill()
            each.wait()


async def test_two_programs_restart_one_after_the_other_and_no_request_fails(
    tmp_path: Path,
) -> None:
    async with pair_in(tmp_path) as pair:

        async def restart_both() -> None:
            for number in (0, 1):
                await asyncio.sleep(0.5)
                assert await pair.stopped(number, signal.SIGTERM) == 0
                await pair.start(number)
                await asyncio.sleep(1.0)

        await pair.under_load(restart_both)
    assert set(pair.statuses) == {200}
    assert len(pair.statuses) > RATE


async def test_twin_a_program_that_just_ends_is_noticed(tmp_path: Path) -> None:
    async with pair_in(tmp_path) as pair:

        async def kill_both() -> None:
            for number in (0, 1):
                await asyncio.sleep(0.5)
                await pair.stopped(number, signal.SIGKILL)

        await pair.under_load(kill_both)
    assert set(pair.statuses) > {200}
