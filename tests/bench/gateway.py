"""`bench gateway`: requests per core of our engine and of its peers, in one run on this machine.

    ./goldenthread bench gateway [--seconds S] [--quick] [--only WORD] [--install-peers]

Each gateway runs alone on core 0; the subgraphs, whose answers are computed beforehand, and the
load share core 1. Every request carries another identity, which reaches the subgraphs. A gateway
is timed only once its answers equal those of one merged schema over the same data.
"""

import argparse
import asyncio
import json
import socket
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
import uvloop

from gateway.supergraph import load_supergraph
from infra.http_client import HttpClient, HttpClientError
from tests.bench.closed_loop import Load
from tests.bench.gateway_table import summary, table
from tests.bench.gateways import Gateway, gateways, install_peers
from tests.bench.processes import ROOT, answer_server, cost, started
from tests.bench.storefront import (
    LARGE,
    OPERATIONS,
    count_objects,
    expected_data,
    storefront_world,
    supergraph_sdl,
    with_denial,
    write_supergraph,
)

CONNECTIONS = (1, 16, 50)
GATEWAY_CORE, LOAD_CORE = 0, 1
READY_SECONDS = 60
WARM_UP_SECONDS = 1.5
REFUSALS = 60


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Bench:
    """One run over all gateways."""

    def __init__(self, folder: Path, seconds: float, expected: dict[str, Any]) -> None:
        self.folder = folder
        self.seconds = seconds
        self.expected = expected
        self.subgraph_port = 0
        self.subgraph_pid = 0

    async def measure(self, gateway: Gateway) -> list[dict[str, Any]]:
        """Return one row for each operation and number of connections."""
        supergraph = write_supergraph(self.folder, self.subgraph_port)
        address = f"http://127.0.0.1:{self.subgraph_port}"
        supergraph.with_name("address.txt").write_text(address)
        port = free_port()
        with started(
            gateway.command(supergraph, port, self.folder),
            core=GATEWAY_CORE,
            log=self.folder / "gateway.log",
            folder=ROOT if gateway.is_ours else self.folder,
            environment=gateway.environment(supergraph, port),
        ) as process:
            client = HttpClient(f"tcp:127.0.0.1:{port}")
            try:
                await self._wait_until_right(gateway, client)
                rows = []
                for name, source in OPERATIONS.items():
                    body = orjson.dumps({"query": source})
                    load = Load(port, "/graphql", body)
                    await load.run(8, WARM_UP_SECONDS)
                    for connections in CONNECTIONS:
                        row = await self._load(load, connections, process.pid)
                        rows.append({"gateway": gateway.name, "operation": name, **row})
                if gateway.is_ours:
                    rows.append({"gateway": gateway.name, **await _refusals(client)})
                return rows
            finally:
                await client.close()

    async def _load(self, load: Load, connections: int, pid: int) -> dict[str, Any]:
        before, subgraphs = cost(pid), cost(self.subgraph_pid)
        calls = (await self._counts())["total"]
        observed = await load.run(connections, self.seconds)
        after, subgraphs_after = cost(pid), cost(self.subgraph_pid)
        calls = (await self._counts())["total"] - calls
        done = max(observed.requests, 1)
        busy = subgraphs_after.cpu_seconds - subgraphs.cpu_seconds
        return {
            "connections": connections,
            **asdict(observed),
            "cpu_ms": (after.cpu_seconds - before.cpu_seconds) * 1000 / done,
            "peak_mib": after.peak_mib,
            "subgraph_calls": calls / done,
            "subgraph_busy": busy / observed.seconds,
        }

    async def _counts(self) -> dict[str, Any]:
        client = HttpClient(f"tcp:127.0.0.1:{self.subgraph_port}")
        answer = await client.request("GET", "/counts", {}, timeout_seconds=10)
        await client.close()
        told: dict[str, Any] = orjson.loads(answer.body)
        return {"total": sum(told["counts"].values()), "authorization": told["authorization"]}

    async def _wait_until_right(self, gateway: Gateway, client: HttpClient) -> None:
        """Wait for a right answer; raises SystemExit on a wrong one, or on none."""
        give_up_at = perf_counter() + READY_SECONDS
        for name, source in OPERATIONS.items():
            expected = self.expected[name]
            if gateway.denies:
                expected = with_denial(expected)
            found = None
            while found is None:
                try:
                    found = await _ask(client, source, f"Bearer {name}")
                except (HttpClientError, orjson.JSONDecodeError, KeyError):
                    if perf_counter() > give_up_at:
                        raise SystemExit(f"{gateway.name} does not answer") from None
                    await asyncio.sleep(0.2)
            if found != expected:
                raise SystemExit(f"{gateway.name} answers {name} wrongly")
            reached = (await self._counts())["authorization"]
            if reached != f"Bearer {name}":
                raise SystemExit(f"{gateway.name} does not hand the identity on")


async def _ask(client: HttpClient, source: str, authorization: str) -> Any:
    body = orjson.dumps({"query": source})
    headers = {"content-type": "application/json", "authorization": authorization}
    answer = await client.request("POST", "/graphql", headers, body, timeout_seconds=20)
    return orjson.loads(answer.body)["data"]


async def _refusals(client: HttpClient) -> dict[str, Any]:
    """Return how long it takes to refuse what is beyond a limit; each request another text."""
    many = "{ " + " ".join(f"a{n}: me {{ id name username }}" for n in range(4_000)) + " }"
    inner = "id"
    for _ in range(40):
        inner = f"reviews {{ product {{ reviews {{ author {{ id {inner} }} }} }} }}"
    bomb = "query { users { ...f0 } } " + " ".join(
        f"fragment f{n} on User {{ reviews {{ author {{ ...f{n + 1} }} }} "
        f"more: reviews {{ author {{ ...f{n + 1} }} }} }}"
        for n in range(30)
    )
    bomb += " fragment f30 on User { id }"
    documents = {"tokens": many, "depth": f"{{ users {{ {inner} }} }}", "fragments": bomb}
    took: dict[str, float] = {}
    for name, document in documents.items():
        times = []
        for number in range(REFUSALS):
            body = orjson.dumps({"query": f"{document} # {number}"})
            begun = perf_counter()
            answer = await client.request(
                "POST", "/graphql", {"content-type": "application/json"}, body, timeout_seconds=30
            )
            times.append((perf_counter() - begun) * 1000)
            if b'"errors"' not in answer.body[:400] or b'"data":{' in answer.body:
                raise SystemExit(f"the limit on {name} let an operation through")
        took[name] = sorted(times)[len(times) // 2]
    return {"operation": "refused", "refused_ms": took}


async def run(seconds: float, only: str) -> dict[str, Any]:
    """Measure all gateways that are here."""
    world = storefront_world()
    schema = load_supergraph(supergraph_sdl(1)).api_schema
    expected = {name: expected_data(schema, world, text) for name, text in OPERATIONS.items()}
    rows: list[dict[str, Any]] = []
    skipped: list[str] = []
    with tempfile.TemporaryDirectory(prefix="gt-bench-") as name:
        folder = Path(name)
        bench = Bench(folder, seconds, expected)
        with answer_server(folder / "subgraphs.log", core=LOAD_CORE) as (port, pid):
            bench.subgraph_port, bench.subgraph_pid = port, pid
            for gateway in gateways():
                if only and only.lower() not in gateway.name.lower():
                    continue
                if not gateway.is_here:
                    skipped.append(f"{gateway.name} is not installed (--install-peers)")
                    continue
                sys.stderr.write(f"{gateway.name} ...\n")
                try:
                    rows += await bench.measure(gateway)
                except SystemExit as reason:
                    if gateway.is_ours:
                        raise
                    skipped.append(f"{gateway.name}: {reason}")
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
        "answer_bytes": len(orjson.dumps({"data": expected["large"]})),
        "answer_objects": count_objects(expected["large"]),
        "operation": LARGE,
        "rows": rows,
        "skipped": skipped,
    }


def main() -> int:
    """Run the benchmark; table to standard error, JSON beside it, summary to standard output."""
    parser = argparse.ArgumentParser(prog="goldenthread bench gateway", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each load")
    parser.add_argument("--quick", action="store_true", help="one second for each load")
    parser.add_argument("--only", default="", help="only gateways whose name has this word")
    parser.add_argument("--install-peers", action="store_true", help="install them with npm first")
    parser.add_argument("--json", type=Path, default=ROOT / "bench-results" / "gateway.json")
    options = parser.parse_args()
    if options.install_peers:
        install_peers()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        _pin_to(LOAD_CORE)
        report = runner.run(run(1.0 if options.quick else options.seconds, options.only))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=1))
    sys.stderr.write(table(report) + "\n")
    sys.stdout.write(summary(report) + "\n")
    return 0


def _pin_to(core: int) -> None:
    import os

    available = os.sched_getaffinity(0)
    if {GATEWAY_CORE, LOAD_CORE} <= available:
        os.sched_setaffinity(0, {core})


if __name__ == "__main__":
    raise SystemExit(main())
