"""`bench thread`: start-up, memory, latency under load and where the time goes, on this machine.

Everything is real: processes of ``up``, HTTP, consent, release gate with fsync, ledger. Traffic
goes to loopback only and is bounded in count and time.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx2
import psutil
from prometheus_client.parser import text_string_to_metric_families

from infra.http_client import HttpClient
from tests.bench.open_loop import Latencies, load
from tests.fixtures.whole_platform import (
    ROOT,
    Platform,
    free_ports,
    start_platform,
    stop_platform,
)

RATES = (5.0, 20.0, 50.0)
CALLERS = (("officer", "LEAD_COORD"), ("case_manager", "CAREMGT"))
PROGRAMS = ("gateway", "participants", "consent", "cases", "training")


def cold_start() -> float:
    """Return seconds from a fresh clone with an empty package cache to ``ready``."""
    with tempfile.TemporaryDirectory(prefix="gt-cold-") as folder:
        clone = Path(folder) / "clone"
        git = shutil.which("git") or "git"
        subprocess.run([git, "clone", "-q", str(ROOT), str(clone)], check=True)
        environment = {
            **os.environ, "UV_CACHE_DIR": f"{folder}/uv", "PIP_CACHE_DIR": f"{folder}/pip",
        }  # fmt: skip
        environment.pop("VIRTUAL_ENV", None)
        started = perf_counter()
        process = subprocess.Popen(
            [str(clone / "goldenthread"), "up", "--port", str(free_ports())],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            cwd=clone,
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = perf_counter() - started
        stop_platform(process)
        if not line.startswith("ready "):
            raise SystemExit("the fresh clone did not come up")
        return seconds


def launcher_cost() -> float:
    """Return the seconds that the launcher adds when nothing has changed (least of five)."""

    def least(*words: str) -> float:
        times = []
        for _ in range(5):
            started = perf_counter()
            subprocess.run([*words, "--help"], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
            times.append(perf_counter() - started)
        return min(times)

    straight = least(sys.executable, "-P", "-m", "infra.cli")
    return max(0.0, least(str(ROOT / "goldenthread")) - straight)


def memory(platform: Platform) -> dict[str, float]:
    """Return resident memory (MiB, private and shared parts by share) of each program."""
    sizes: dict[str, float] = {}
    for name, pid in platform.run_file()["pids"].items():
        total = 0
        parent = psutil.Process(pid)
        children = parent.children(recursive=True) if name == "postgres" else []
        for process in (parent, *children):
            total += process.memory_full_info().pss
        sizes[name] = total / 2**20
    return sizes


async def stages(platform: Platform) -> dict[str, tuple[float, float]]:
    """Return (seconds, count) of each stage and fetch, summed since the gateway started."""
    address = platform.run_file()["sockets"]["gateway.metrics"]
    client = HttpClient(address)
    response = await client.request("GET", "/metrics", {}, timeout_seconds=5)
    await client.close()
    found: dict[str, list[float]] = {}
    for family in text_string_to_metric_families(response.body.decode()):
        if family.name not in ("gt_stage_seconds", "gt_fetch_seconds", "gt_request_seconds"):
            continue
        for sample in family.samples:
            label = sample.labels.get("stage") or sample.labels.get("subgraph") or "whole"
            prefix = "fetch " if family.name == "gt_fetch_seconds" else ""
            entry = found.setdefault(prefix + label, [0.0, 0.0])
            if sample.name.endswith("_sum"):
                entry[0] += sample.value
            elif sample.name.endswith("_count"):
                entry[1] += sample.value
    return {name: (values[0], values[1]) for name, values in found.items()}


async def measure(platform: Platform, seconds: float) -> list[dict[str, Any]]:
    """Return latencies and stage times for each caller and rate."""
    shown = platform.operation("ParticipantOverview")
    handles = [row["id"] for row in platform.demo()["participants"] if row["handle"] != "absent"]
    results = []
    for persona, purpose in CALLERS:
        headers = {
            "authorization": f"Bearer {await platform.token(persona)}",
            "purpose-of-use": purpose, "content-type": "application/json",
        }  # fmt: skip

        async def send(number: int, headers: dict[str, str] = headers) -> str:
            body = {
                "query": shown["query"],
                "variables": {"id": handles[number % len(handles)]},
            }
            answer = await platform.client.post(
                f"{platform.url}/graphql", content=json.dumps(body), headers=headers
            )
            codes = {e["extensions"]["code"] for e in answer.json().get("errors", [])}
            unexpected = codes - {"FIELD_NOT_ALLOWED"}
            return "+".join(sorted(unexpected)) or str(answer.status_code)

        for _ in range(len(handles)):
            await send(_)
        for rate in RATES:
            before = await stages(platform)
            seen: Latencies = await load(send, rate=rate, seconds=seconds)
            after = await stages(platform)
            spent = {
                name: (total - before.get(name, (0, 0))[0]) * 1000 / seen.requests
                for name, (total, _count) in after.items()
            }
            results.append({"persona": persona, **asdict(seen), "milliseconds_per_request": spent})
    return results


def table(report: dict[str, Any]) -> str:
    """Return the report as text."""
    cold = report["cold_start_seconds"]
    begin = f"cold start {cold:.1f} s" if cold is not None else "cold start not measured"
    lines = [f"{begin}, warm start {report['warm_start_seconds']:.2f} s"]
    lines += [f"the launcher adds {report['launcher_seconds'] * 1000:.0f} ms"]
    lines += ["", "memory (PSS, MiB)"]
    lines += [f"  {name:14} {size:7.1f}" for name, size in report["memory_mib"].items()]
    lines += ["", "caller         rate    p50    p95    p99  worst   req/s  outcomes"]
    for row in report["load"]:
        lines.append(
            f"{row['persona']:14} {row['rate']:4.0f} {row['p50']:6.1f} {row['p95']:6.1f} "
            f"{row['p99']:6.1f} {row['worst']:6.1f}  {row['achieved']:6.1f}  {row['outcomes']}"
        )
    lines += ["", "milliseconds per request at 20 requests/s, by stage"]
    for row in report["load"]:
        if row["rate"] == 20.0:
            parts = ", ".join(
                f"{name} {value:.2f}"
                for name, value in sorted(
                    row["milliseconds_per_request"].items(), key=lambda each: -each[1]
                )
                if value >= 0.01
            )
            lines.append(f"  {row['persona']}: {parts}")
    return "\n".join(lines)


async def run(seconds: float, *, with_cold_start: bool) -> dict[str, Any]:
    """Measure everything."""
    cold = await asyncio.to_thread(cold_start) if with_cold_start else None
    with tempfile.TemporaryDirectory(prefix="gt-bench-") as folder:
        data_dir, port, log = Path(folder) / "data", free_ports(), Path(folder) / "up.log"
        process = await asyncio.to_thread(start_platform, data_dir, port, log)
        await asyncio.to_thread(stop_platform, process)
        started = perf_counter()
        process = await asyncio.to_thread(start_platform, data_dir, port, log)
        warm = perf_counter() - started
        try:
            limits = httpx2.Limits(max_connections=100, max_keepalive_connections=100)
            async with httpx2.AsyncClient(timeout=10, limits=limits) as client:
                platform = Platform(data_dir, port, process, log, client)
                results = await measure(platform, seconds)
                sizes = memory(platform)
        finally:
            await asyncio.to_thread(stop_platform, process)
    return {
        "cold_start_seconds": cold,
        "warm_start_seconds": warm,
        "launcher_seconds": await asyncio.to_thread(launcher_cost),
        "memory_mib": sizes,
        "load": results,
    }


def main() -> int:
    """Run the benchmark; table to standard error, JSON beside it, summary to standard output."""
    parser = argparse.ArgumentParser(prog="goldenthread bench thread")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each load")
    parser.add_argument("--no-cold-start", action="store_true", help="skip the fresh clone")
    parser.add_argument("--json", type=Path, default=ROOT / "bench-results" / "thread.json")
    arguments = parser.parse_args()
    report = asyncio.run(run(arguments.seconds, with_cold_start=not arguments.no_cold_start))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(report, indent=1))
    sys.stderr.write(table(report) + "\n")
    at_twenty = max(row["p95"] for row in report["load"] if row["rate"] == 20.0)
    sys.stdout.write(
        f"thread: warm start {report['warm_start_seconds']:.2f} s, "
        f"p95 at 20 requests/s {at_twenty:.1f} ms\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
