"""`bench soak`: a platform under a steady load for long; whether memory or handles grow.

Requests leave at a constant rate: two questions and one change of three. Every few seconds each
program's memory (private, of /proc) and open handles are written down. A slope is a least-squares
line through the second half, when caches are full; its error is that of the line. The goals are
less than a MiB an hour, and no handle more in the second half than in the first; they are judged,
never enforced.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psutil

from infra import clock
from tests.bench.goals import Goal, below, lines
from tests.bench.open_loop import load
from tests.fixtures.site_days import site_today
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform
from tests.proof.processes import Cluster, OwnProcess

_PERSONA, _PURPOSE = "case_manager", "CAREMGT"
_PERSON = "query($id: ID!) { participant(id: $id) { id name { family } } }"
_LIST = "{ participants(first: 25) { edges { node { id name { family } } } } }"
_ADD = """mutation($input: AddGoalInput!) { addGoal(input: $input) {
  goal { id } userErrors { code } } }"""
_HOUR = 3_600.0
_TOOLS = {"up", "issuer", "postgres", "balancer"}
_MOST_MIB_AN_HOUR = 1.0


@dataclass
class Sample:
    """One program over time: seconds, memory in MiB, handles."""

    seconds: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    handles: list[int] = field(default_factory=list)

    def slope(self) -> tuple[float, float]:
        """Return MiB an hour and its standard error, of the second half."""
        half = len(self.seconds) // 2
        return line(self.seconds[half:], self.memory[half:])


def line(xs: list[float], ys: list[float]) -> tuple[float, float]:
    """Return the slope of the least-squares line an hour, and its standard error."""
    count = len(xs)
    middle_x, middle_y = sum(xs) / count, sum(ys) / count
    spread = sum((x - middle_x) ** 2 for x in xs)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / spread
    rest = sum(
        (y - middle_y - slope * (x - middle_x)) ** 2 for x, y in zip(xs, ys, strict=True)
    ) / max(1, count - 2)
    return slope * _HOUR, (rest / spread) ** 0.5 * _HOUR


async def watch(platform: Platform, every: float, samples: dict[str, Sample]) -> None:
    """Write down memory and handles of each program until cancelled."""
    pids = platform.run_file()["pids"]
    programs = {name: psutil.Process(pid) for name, pid in pids.items() if name not in _TOOLS}
    begin = clock.monotonic()
    while True:
        for name, program in programs.items():
            kept = samples.setdefault(name, Sample())
            kept.seconds.append(clock.monotonic() - begin)
            kept.memory.append(program.memory_full_info().uss / 2**20)
            kept.handles.append(program.num_fds())
        await asyncio.sleep(every)


async def measure(
    platform: Platform, rate: float, seconds: float, every: float
) -> tuple[dict[str, Sample], Counter[str]]:
    """Load the platform and return what was written down, and the outcomes."""
    cluster = Cluster(
        platform, [OwnProcess("own", f"127.0.0.1:{platform.port}", {})], platform.client
    )
    person = platform.participant("roi_active")

    async def send(number: int) -> str:
        query = _PERSON
        variables: dict[str, Any] = {"id": person}
        if number % 3 == 1:
            query, variables = _LIST, {}
        elif number % 3 == 2:
            query, variables = _ADD, {"input": _goal(person)}
        answered = await cluster.door(0, _PERSONA, query, variables, _PURPOSE)
        if answered is None:
            return "lost"
        errors = answered[1].get("errors")
        return str(errors[0]["extensions"]["code"]) if errors else "answered"

    samples: dict[str, Sample] = {}
    watching = asyncio.create_task(watch(platform, every, samples))
    try:
        seen = await load(send, rate=rate, seconds=seconds)
    finally:
        watching.cancel()
    return samples, Counter(seen.outcomes)


def _goal(person: str) -> dict[str, str]:
    return {
        "participantId": person, "area": "HOUSING", "stage": "CONTEMPLATION",
        "ownWords": "Steady.", "setOn": site_today().isoformat(),
        "idempotencyKey": uuid4().hex,
    }  # fmt: skip


def table(samples: dict[str, Sample]) -> str:
    """Return what was written down as a table."""
    lines = [
        "| program | MiB at first | half-way | at last | MiB an hour, second half | handles |",
        "|---|---|---|---|---|---|",
    ]
    for name, each in sorted(samples.items()):
        slope, error = each.slope()
        half = len(each.memory) // 2
        lines.append(
            f"| {name} | {each.memory[0]:.1f} | {each.memory[half]:.1f} | {each.memory[-1]:.1f}"
            f" | {slope:+.1f} ± {error:.1f}"
            f" | {each.handles[0]}, {each.handles[half]}, {each.handles[-1]} |"
        )
    return "\n".join(lines) + "\n"


def goals(samples: dict[str, Sample]) -> list[Goal]:
    """Judge what was written down: memory that does not grow, and handles that do not."""
    found = []
    for name, each in sorted(samples.items()):
        slope, error = each.slope()
        what = f"{name}: memory grows less than {_MOST_MIB_AN_HOUR:g} MiB an hour"
        found.append(below(what, slope, _MOST_MIB_AN_HOUR, error=error, unit=" MiB/h"))
        half = len(each.handles) // 2
        before, after = max(each.handles[:half]), max(each.handles[half:])
        found.append(Goal(f"{name}: no more handles", f"{before}, then {after}", after <= before))
    return found


async def _run(rate: float, seconds: float, every: float) -> tuple[dict[str, Sample], Counter[str]]:
    with tempfile.TemporaryDirectory(prefix="gt-bench-") as folder:
        data, log, port = Path(folder) / "data", Path(folder) / "up.log", free_ports()
        process = await asyncio.to_thread(start_platform, data, port, log)
        try:
            async with httpx2.AsyncClient(timeout=60) as client:
                platform = Platform(data, port, process, log, client)
                return await measure(platform, rate, seconds, every)
        finally:
            await asyncio.to_thread(stop_platform, process)


def main() -> None:
    """Measure and print a table and what became of the goals; JSON on request."""
    parser = argparse.ArgumentParser(prog="goldenthread bench soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=10.0, help="requests a second")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two looks")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    samples, outcomes = asyncio.run(_run(arguments.rate, arguments.minutes * 60, arguments.every))
    sys.stdout.write(table(samples))
    sys.stdout.write(f"\n{sum(outcomes.values())} requests: {dict(outcomes)}\n")
    judged = goals(samples)
    sys.stdout.write("\n" + lines(judged))
    if arguments.json:
        kept: dict[str, Any] = {name: vars(each) for name, each in samples.items()}
        kept["goals"] = {goal.what: goal.is_met for goal in judged}
        arguments.json.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
