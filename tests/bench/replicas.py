"""`bench replicas`: what one, two and three gateways answer, beside the processors that there are.

One platform with three gateways and two of each service behind the balancer; the first, the first
two and all three gateways are asked in turns by so many callers at once. Compared is what a
request takes of all programs' processor time: gateways share nothing, so it must not grow with
their number, and throughput grows with them for as long as there are processors.
"""

import argparse
import asyncio
import itertools
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import httpx2
import psutil

from infra import clock
from infra.http_client import HttpClient
from tests.bench import history
from tests.bench.open_loop import quantile
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform

GATEWAYS = 3
SCALE = ("--gateways", str(GATEWAYS), "--replicas", "2")
_PATIENCE = "10"
_OPERATION = "ParticipantOverview"


@dataclass
class Turn:
    """What so many gateways did in their turns."""

    gateways: int
    rates: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    gateway_cpu_ms: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    failed: int = 0


@dataclass
class Bench:
    """A platform, and how to ask its gateways without the balancer's choice."""

    platform: Platform
    clients: list[HttpClient]
    body: bytes
    headers: dict[str, str]

    def spent(self, prefix: str = "") -> float:
        """Seconds of processor that the programs (and the database) have taken so far."""
        found = 0.0
        for name, pid in self.platform.run_file()["pids"].items():
            if name == "up" or not name.startswith(prefix):
                continue
            process = psutil.Process(pid)
            for each in (process, *process.children(recursive=True)):
                times = each.cpu_times()
                found += times.user + times.system
        return found

    async def ask(self, turn: Turn, callers: int, seconds: float) -> None:
        """Have callers ask the first gateways in turns, each after its last answer."""
        ends_at, next_client = clock.monotonic() + seconds, itertools.count()
        before, gateway_before, answered = self.spent(), self.spent("gateway"), 0
        began_at = clock.monotonic()

        async def call() -> None:
            nonlocal answered
            while clock.monotonic() < ends_at:
                client = self.clients[next(next_client) % turn.gateways]
                sent_at = clock.monotonic()
                response = await client.request(
                    "POST", "/graphql", self.headers, self.body, timeout_seconds=60
                )
                turn.times.append((clock.monotonic() - sent_at) * 1000)
                turn.failed += response.status != 200 or b'"errors"' in response.body
                answered += 1

        await asyncio.gather(*(call() for _ in range(callers)))
        took, spent = clock.monotonic() - began_at, self.spent() - before
        turn.rates.append(answered / took)
        turn.cpu_ms.append(spent / answered * 1000)
        turn.gateway_cpu_ms.append((self.spent("gateway") - gateway_before) / answered * 1000)
        turn.busy.append(spent / took)


async def measure(callers: int, seconds: float, rounds: int) -> list[Turn]:
    """Return what one, two and three gateways did."""
    with tempfile.TemporaryDirectory(prefix="gt-bench-") as folder:
        data, log, port = Path(folder) / "data", Path(folder) / "up.log", free_ports()
        os.environ["GT_PATIENCE"] = _PATIENCE
        process = await asyncio.to_thread(start_platform, data, port, log, *SCALE)
        turns = [Turn(number) for number in range(1, GATEWAYS + 1)]
        try:
            async with httpx2.AsyncClient() as client:
                platform = Platform(data, port, process, log, client)
                bench = await _bench(platform)
                for number in (GATEWAYS, GATEWAYS):  # everybody has planned and warmed up
                    await bench.ask(Turn(number), callers, seconds / 2)
                for _ in range(rounds):
                    for turn in turns:
                        await bench.ask(turn, callers, seconds)
                for each in bench.clients:
                    await each.close()
        finally:
            await asyncio.to_thread(stop_platform, process)
        return turns


async def _bench(platform: Platform) -> Bench:
    shown = await asyncio.to_thread(platform.operation, _OPERATION)
    headers = {
        "authorization": f"Bearer {await platform.token(shown['persona'])}",
        "content-type": "application/json",
        "purpose-of-use": shown["purpose"],
    }
    body = json.dumps({"query": shown["query"], "variables": shown["variables"]}).encode()
    health = platform.run_file()["health"]
    names = ["gateway", *(f"gateway.{number}" for number in range(1, GATEWAYS))]
    clients = [HttpClient(health[name].replace("http://", "tcp:")) for name in names]
    return Bench(platform, clients, body, headers)


def main() -> None:
    """Measure and print a table; JSON on request."""
    parser = argparse.ArgumentParser(prog="goldenthread bench replicas", description=__doc__)
    parser.add_argument("--callers", type=int, default=12, help="at once")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--note", action="store_true", help="append the ratios to the history")
    arguments = parser.parse_args()
    turns = asyncio.run(measure(arguments.callers, arguments.seconds, arguments.rounds))
    one = turns[0]
    sys.stdout.write(
        "| gateways | requests/s | p50 ms | p99 ms | processor ms a request | of these gateways |"
        " processors busy | failed |\n|---|---|---|---|---|---|---|---|\n"
    )
    for turn in turns:
        turn.times.sort()
        sys.stdout.write(
            f"| {turn.gateways} | {median(turn.rates):.0f} | {quantile(turn.times, 0.5):.0f} |"
            f" {quantile(turn.times, 0.99):.0f} | {median(turn.cpu_ms):.1f} |"
            f" {median(turn.gateway_cpu_ms):.1f} | {median(turn.busy):.2f} of {os.cpu_count()} |"
            f" {turn.failed} of {len(turn.times)} |\n"
        )
    ratios = {
        f"{turn.gateways} gateways: {what} / with 1": median(getattr(turn, name))
        / median(getattr(one, name))
        for turn in turns[1:]
        for what, name in (("throughput", "rates"), ("processor of a request", "cpu_ms"))
    }
    if arguments.json:
        found = [{**asdict(turn), "times": None} for turn in turns]
        arguments.json.write_text(json.dumps({"turns": found, "ratios": ratios}, indent=1))
    if arguments.note:
        history.note("replicas", ratios)


if __name__ == "__main__":
    main()
