"""`bench console`: how long the gateway takes for each page of the console, one after the other.

Everything is real: processes of ``up``, the sign-in, HTTP on loopback. One visitor at a time: it is
the time of the server, not of a browser. The first load is the page with everything that it links
to, as nobody has it kept yet, as it travels.

A machine that others load says little by its clock. So the processor's time of all programs and of
PostgreSQL is told as well: what a page costs whatever else runs, and, since most of it comes one
after the other, about the time that it takes where nothing else does.
"""

import argparse
import asyncio
import json
import os
import platform as machine
import re
import statistics
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urljoin

import httpx2

from infra import clock
from infra.dev.screenshots.shots import SHOTS, resolved
from tests.bench.platform_cost import processor_ms
from tests.fixtures.whole_platform import ROOT, Platform, free_ports, start_platform, stop_platform
from tests.platform.console.test_security import form_token, signed_in

BUSY = {429, 503}
GOAL_MILLISECONDS, GOAL_BYTES = 150, 150_000
DOCS = ROOT / "infra" / "docs" / "benchmarks.md"
MAX_NAMED = 8
HEADING = "## Pages of the console"
LINKED = re.compile(r'(?:href|src)="(/console/static/[^"]+)"|url\("([^"]+)"\)')


async def measure(platform: Platform, times: int) -> list[dict[str, Any]]:
    """Return milliseconds of each page, the first (cold) visit apart."""
    rows: list[dict[str, Any]] = []
    demo = platform.demo()
    for persona in dict.fromkeys(shot.persona for shot in SHOTS):
        async with httpx2.AsyncClient(timeout=60) as http:
            await signed_in(platform, http, persona)
            weights: dict[str, httpx2.Response] = {}
            for shot in [shot for shot in SHOTS if shot.persona == persona]:
                if shot.is_found:
                    continue  # its address is known only to who looks for it in a browser
                if shot.needs == "review":
                    await _open_review(platform, http, resolved("{participant}", demo))
                address = platform.url + resolved(shot.path, demo)
                spent: list[float] = []
                worked = 0.0
                for number in range(times + 1):
                    if number == 1:
                        worked = processor_ms(platform)
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
                        "processor": (processor_ms(platform) - worked) / times,
                        "bytes": len(answer.content),
                        "load": await _first_load(platform, http, answer, weights),
                    }
                )
    return rows


async def _open_review(platform: Platform, http: httpx2.AsyncClient, participant: str) -> None:
    page = await http.get(f"{platform.url}/console/privacy")
    form = {"form_token": form_token(page), "participant": participant, "reason": "A measurement."}
    await http.post(f"{platform.url}/console/privacy", data=form)


async def _first_load(
    platform: Platform,
    http: httpx2.AsyncClient,
    page: httpx2.Response,
    kept: dict[str, httpx2.Response],
) -> int:
    """Return bytes, as they travel, of a page with its scripts, styles, typeface and pictures."""
    todo, seen = [page.text], set[str]()
    total = page.num_bytes_downloaded
    while todo:
        text = todo.pop()
        for linked, of_style in LINKED.findall(text):
            path = linked or urljoin("/console/static/", of_style)
            if path in seen:
                continue
            seen.add(path)
            if path not in kept:
                kept[path] = await http.get(platform.url + path)
            total += kept[path].num_bytes_downloaded
            if ".css" in path:
                todo.append(kept[path].text)
    return total


def table(rows: list[dict[str, Any]], on: str) -> str:
    """Return the section of the documentation that these rows are."""
    late = [row for row in rows if row["p95"] >= GOAL_MILLISECONDS]
    heavy = [row for row in rows if row["load"] >= GOAL_BYTES and row["page"] != "graphiql"]
    times = (
        f"{len(rows) - len(late)} of {len(rows)} pages have a p95 under {GOAL_MILLISECONDS} ms"
        + (
            f" (not: {', '.join(row['page'] for row in late)})"
            if 0 < len(late) <= MAX_NAMED
            else ""
        )
    )
    weight = (
        f"{len(rows) - len(heavy)} of {len(rows)} weigh under {GOAL_BYTES // 1000} KB at the first"
        " load, as it travels"
        + (
            f" (not: {', '.join(row['page'] for row in heavy)})"
            if 0 < len(heavy) <= MAX_NAMED
            else ""
        )
    )
    how = (
        f"`./goldenthread bench console --write`, demo world, CPython {machine.python_version()}:"
        " server time of each page, one visitor, HTTP on loopback."
    )
    where = "Every program, PostgreSQL and the client run on the same two cores."
    lean = [row for row in rows if row["processor"] < GOAL_MILLISECONDS]
    load = (
        f"The machine's load was {os.getloadavg()[1]:.0f} meanwhile: the clock tells how long it"
        " was shared; processor time, of all programs together, is what a page costs:"
        f" {len(lean)} of {len(rows)} pages need less than {GOAL_MILLISECONDS} ms of it."
    )
    lines = [
        f"{HEADING}, {on}",
        "",
        how,
        f"{where} {times}; {weight}.",
        load,
        "",
        "| page | who | processor ms | first ms | p50 ms | p95 ms | page KB | first load KB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['page']} | {row['persona'].replace('_', ' ')} | {row['processor']:.0f}"
        f" | {row['first']:.0f}"
        f" | {row['p50']:.0f} | {row['p95']:.0f} | {row['bytes'] / 1000:.1f}"
        f" | {row['load'] / 1000:.0f} |"
        for row in sorted(rows, key=lambda row: -float(row["processor"]))
    ]
    return "\n".join([*lines, ""])


def written(before: str, section: str) -> str:
    """Return the documentation with this section in place of the one before, or at its end."""
    parts = re.split(r"(?m)^(?=## )", before)
    kept = [part for part in parts if not part.startswith(HEADING)]
    places = [at for at, part in enumerate(parts) if part.startswith(HEADING)]
    kept.insert(places[0] if places else len(kept), section + "\n")
    return "".join(kept).rstrip("\n") + "\n"


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
    parser.add_argument("--write", action="store_true", help="put the table into the docs")
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
    if arguments.write:
        DOCS.write_text(written(DOCS.read_text(), table(rows, f"{clock.now():%Y-%m-%d}")))
    worst = max(rows, key=lambda row: float(row["p95"]))
    sys.stdout.write(
        f"console: {len(rows)} pages, p50 {statistics.median(row['p50'] for row in rows):.1f} ms, "
        f"slowest p95 {worst['p95']:.1f} ms ({worst['page']})\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
