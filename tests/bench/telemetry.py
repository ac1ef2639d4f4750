"""`bench telemetry`: what traces cost, in processor time, beside the same platform without them.

Three platforms run side by side and are asked in turns: no collector, 1 % of traces, all of them.
Compared is the processor time that the five programs take for one request; metrics are on in all.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from statistics import median

import httpx2
import psutil

from tests.bench import history
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform

PROGRAMS = ("gateway", "svc_consent", "svc_participants", "svc_cases", "svc_training")
SHARES = {"none": None, "1 %": "0.01", "all": "1"}


@contextmanager
def collector() -> Iterator[int]:
    """A collector that throws away what it gets, in this process, which is not measured."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Measured:
    """One platform and what it took."""

    platform: Platform
    cpu_ms: list[float] = field(default_factory=list)

    def spent(self) -> float:
        """Seconds of processor that the programs have taken so far."""
        times = [psutil.Process(self.platform.pid(name)).cpu_times() for name in PROGRAMS]
        return sum(each.user + each.system for each in times)

    async def ask(self, requests: int) -> None:
        """Send requests one after the other and note the processor time of each."""
        shown = await asyncio.to_thread(self.platform.operation, "ParticipantOverview")
        before = self.spent()
        for _ in range(requests):
            answer = await self.platform.send(
                shown["persona"], shown["query"], shown["variables"], purpose=shown["purpose"]
            )
            if answer.status != 200:
                raise SystemExit(f"a request was answered {answer.status}")
        self.cpu_ms.append((self.spent() - before) / requests * 1000)


async def measure(requests: int, rounds: int) -> dict[str, float]:
    """Return milliseconds of processor for one request, by share of traces."""
    with tempfile.TemporaryDirectory(prefix="gt-bench-") as folder, collector() as port:
        running: dict[str, Measured] = {}
        async with httpx2.AsyncClient(timeout=60) as client:
            try:
                for number, (name, ratio) in enumerate(SHARES.items()):
                    os.environ.pop("GT_OTLP_ENDPOINT", None)
                    if ratio is not None:
                        os.environ["GT_OTLP_ENDPOINT"] = f"http://127.0.0.1:{port}"
                        os.environ["GT_TRACE_RATIO"] = ratio
                    data, log = Path(folder) / f"data{number}", Path(folder) / f"up{number}.log"
                    at = free_ports()
                    process = await asyncio.to_thread(start_platform, data, at, log)
                    running[name] = Measured(Platform(data, at, process, log, client))
                for each in running.values():
                    await each.ask(requests)
                    each.cpu_ms.clear()
                for _ in range(rounds):
                    for each in running.values():
                        await each.ask(requests)
            finally:
                for each in running.values():
                    await asyncio.to_thread(stop_platform, each.platform.process)
        return {name: median(each.cpu_ms) for name, each in running.items()}


def main() -> None:
    """Measure and print a table; JSON on request."""
    parser = argparse.ArgumentParser(prog="goldenthread bench telemetry", description=__doc__)
    parser.add_argument("--requests", type=int, default=100, help="in each turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--note", action="store_true", help="append the ratios to the history")
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.requests, arguments.rounds))
    ratios = {
        f"cpu at {name} of traces / without": found[name] / found["none"] for name in ("1 %", "all")
    }
    sys.stdout.write("| traces | processor ms a request | ratio |\n|---|---|---|\n")
    for name, value in found.items():
        sys.stdout.write(f"| {name} | {value:.1f} | {value / found['none']:.2f} |\n")
    if arguments.json:
        arguments.json.write_text(json.dumps({"cpu_ms": found, "ratios": ratios}, indent=1))
    if arguments.note:
        history.note("telemetry", ratios)
    added = (found["1 %"] / found["none"] - 1) * 100
    sys.stdout.write(f"telemetry: 1 % of traces adds {added:.1f} % processor time\n")


if __name__ == "__main__":
    main()
