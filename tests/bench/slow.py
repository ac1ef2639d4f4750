"""`bench slow`: one service of four answers late; what the others' callers notice of it.

A gateway reaches each service through a proxy. Two loads leave at constant rates, whatever becomes
of those before: one asks for a person, one asks the training service. In turns that service is as
quick as it is, and a second late; compared is the latency of those who ask for a person.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

import httpx2

from tests.bench import history
from tests.bench.open_loop import Latencies, load
from tests.faults.proxy import Fault, proxies
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform
from tests.proof.processes import Cluster, environment_of, running_cluster

SERVICES = ("consent", "participants", "cases", "training")
LATE_SECONDS = 1.0
_PERSON = "query($id: ID!) { participant(id: $id) { id name { family } } }"
_COURSES = "{ courses(first: 2) { edges { node { number } } } }"
_PURPOSE = "CAREMGT"
_PERSONA = "case_manager"


async def turn(cluster: Cluster, rate: float, seconds: float) -> Latencies:
    """Run both loads and return the latencies of those who ask for a person."""
    person = {"id": cluster.platform.participant("roi_active")}

    async def ask(query: str, variables: dict[str, str]) -> str:
        answered = await cluster.door(0, _PERSONA, query, variables, _PURPOSE)
        return "ok" if answered is not None and "errors" not in answered[1] else "failed"

    found, _ = await asyncio.gather(
        load(lambda _: ask(_PERSON, person), rate=rate, seconds=seconds),
        load(lambda _: ask(_COURSES, {}), rate=rate, seconds=seconds),
    )
    return found


async def measure(rate: float, seconds: float, rounds: int) -> dict[str, list[Latencies]]:
    """Return the latencies of each turn: nobody late, training late."""
    with tempfile.TemporaryDirectory(prefix="gt-bench-") as folder:
        data, log, port = Path(folder) / "data", Path(folder) / "up.log", free_ports()
        process = await asyncio.to_thread(start_platform, data, port, log)
        found: dict[str, list[Latencies]] = {"quick": [], "late": []}
        try:
            async with httpx2.AsyncClient(timeout=60) as client:
                platform = Platform(data, port, process, log, client)
                like = environment_of(platform, "gateway")
                targets = {name: like[f"GT_{name.upper()}_ADDRESS"] for name in SERVICES}
                async with proxies(Path(folder), targets, LATE_SECONDS) as made:
                    through = {f"GT_{n.upper()}_ADDRESS": p.address for n, p in made.items()}
                    async with running_cluster(platform, 1, through) as cluster:
                        await turn(cluster, rate, seconds)
                        for _ in range(rounds):
                            for name in found:
                                fault = Fault.LATENCY if name == "late" else Fault.NONE
                                await made["training"].set(fault)
                                found[name].append(await turn(cluster, rate, seconds))
        finally:
            await asyncio.to_thread(stop_platform, process)
        return found


def main() -> None:
    """Measure and print a table; JSON on request."""
    parser = argparse.ArgumentParser(prog="goldenthread bench slow", description=__doc__)
    parser.add_argument("--rate", type=float, default=10.0, help="of each load, requests a second")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--note", action="store_true", help="append the ratios to the history")
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.rate, arguments.seconds, arguments.rounds))
    said = {"quick": "as it is", "late": f"{LATE_SECONDS:g} s late"}
    sys.stdout.write("| training | p50 ms | p95 ms | p99 ms | failed |\n|---|---|---|---|---|\n")
    middle = {
        name: {each: median(getattr(t, each) for t in turns) for each in ("p50", "p95", "p99")}
        for name, turns in found.items()
    }
    for name, turns in found.items():
        failed = sum(each.outcomes.get("failed", 0) for each in turns)
        cells = " | ".join(f"{value:.0f}" for value in middle[name].values())
        total = sum(each.requests for each in turns)
        sys.stdout.write(f"| {said[name]} | {cells} | {failed} of {total} |\n")
    ratios = {f"{each}, one late / none": middle["late"][each] / value
              for each, value in middle["quick"].items()}  # fmt: skip
    if arguments.json:
        arguments.json.write_text(json.dumps({"milliseconds": middle, "ratios": ratios}, indent=1))
    if arguments.note:
        history.note("slow", ratios)


if __name__ == "__main__":
    main()
