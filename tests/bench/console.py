"""`bench console`: how long the gateway takes for each page of the console, one after the other.

Everything is real: processes of ``up``, the sign-in, HTTP on loopback. One visitor at a time: it is
the time of the server, not of a browser.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx2

from infra.dev.screenshots.shots import SHOTS, resolved
from tests.fixtures.whole_platform import ROOT, Platform, free_ports, start_platform, stop_platform
from tests.platform.console.test_security import signed_in

BUSY = {429, 503}


async def measure(platform: Platform, times: int) -> list[dict[str, Any]]:
    """Return milliseconds of each page, the first (cold) visit apart."""
    rows: list[dict[str, Any]] = []
    demo = platform.demo()
    for persona in dict.fromkeys(shot.persona for shot in SHOTS):
        async with httpx2.AsyncClient(timeout=60) as http:
            await signed_in(platform, http, persona)
            for shot in [shot for shot in SHOTS if shot.persona == persona]:
                address = platform.url + resolved(shot.path, demo)
                spent: list[float] = []
                for _ in range(times + 1):
                    began = perf_counter()
                    answer = await http.get(address)
                    if answer.status_code not in BUSY:
                        spent.append((perf_counter() - began) * 1000)
                first, *warm = spent
                rows.append(
                    {
                        "page": shot.name,
                        "persona": persona,
                        "first": first,
                        "p50": statistics.median(warm),
                        "p95": statistics.quantiles(warm, n=20)[-1],
                        "bytes": len(answer.content),
                    }
                )
    return rows


async def run(times: int) -> list[dict[str, Any]]:
    """Start a platform, measure it, stop it."""
    with tempfile.TemporaryDirectory(prefix="gt-bench-") as folder:
        data_dir, port, log = Path(folder) / "data", free_ports(), Path(folder) / "up.log"
        process = await asyncio.to_thread(start_platform, data_dir, port, log)
        try:
            async with httpx2.AsyncClient(timeout=10) as client:
                return await measure(Platform(data_dir, port, process, log, client), times)
        finally:
            await asyncio.to_thread(stop_platform, process)


def main() -> int:
    """Run the benchmark; table to standard error, JSON beside it, summary to standard output."""
    parser = argparse.ArgumentParser(prog="goldenthread bench console")
    parser.add_argument("--times", type=int, default=20, help="visits of each page")
    parser.add_argument("--json", type=Path, default=ROOT / "bench-results" / "console.json")
    arguments = parser.parse_args()
    rows = asyncio.run(run(max(2, arguments.times)))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(rows, indent=1))
    sys.stderr.write("page                   first ms   p50 ms   p95 ms    bytes\n")
    for row in rows:
        sys.stderr.write(
            f"{row['page']:22} {row['first']:8.1f} {row['p50']:8.1f} {row['p95']:8.1f} "
            f"{row['bytes']:8d}\n"
        )
    worst = max(rows, key=lambda row: float(row["p95"]))
    sys.stdout.write(
        f"console: {len(rows)} pages, p50 {statistics.median(row['p50'] for row in rows):.1f} ms, "
        f"slowest p95 {worst['p95']:.1f} ms ({worst['page']})\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
