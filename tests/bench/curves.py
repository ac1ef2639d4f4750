"""`bench curves`: what one answer, plan and start cost as they grow, and where that is linear.

    ./goldenthread bench curves [--quick]

One process, no network: subgraphs are canned, so that the curve is the engine's alone. Times are
processor time, the best of several; memory is what the answer adds at its peak (tracemalloc, in a
run of its own). Writes a table, JSON, and pictures (`infra/docs/curves-*.svg`).
"""

import argparse
import asyncio
import json
import sys
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import log
from pathlib import Path
from time import thread_time
from typing import Any

import orjson

from gateway.executor import (
    CompiledOperation,
    ExecutionContext,
    ExecutionLimits,
    compile_plan,
    fetch_all,
    project,
)
from gateway.planner import normalize, parse_operation, plan
from gateway.supergraph import Supergraph, load_supergraph
from infra.http_client import HttpResponse
from tests.bench.curve_picture import picture
from tests.bench.curve_supergraphs import Shape, chain, wide
from tests.bench.processes import ROOT
from tests.conformance.star import Star, StarGuard

_LIMITS = ExecutionLimits(max_fetches=10**6, max_representations=10**9)


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement; milliseconds, and mebibytes at the peak."""

    size: int
    milliseconds: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Curve:
    """One thing that grows, and what that costs."""

    name: str
    unit: str
    what: str
    points: tuple[Point, ...]

    @property
    def exponent(self) -> float:
        """Growth over the upper half: 1 is linear, 2 is quadratic."""
        upper = self.points[len(self.points) // 2 :]
        if len(upper) < 2:
            upper = self.points[-2:]
        first, last = upper[0], upper[-1]
        return log(last.milliseconds / first.milliseconds) / log(last.size / first.size)


@dataclass(slots=True)
class Canned:
    """A subgraph that gives one answer, again and again as bytes."""

    answer: Callable[[Mapping[str, Any]], dict[str, Any]]
    known: dict[bytes, bytes]

    async def post(
        self, body: bytes, headers: Mapping[str, str], *, timeout_seconds: float, idempotent: bool
    ) -> HttpResponse:
        """Answer a request."""
        found = self.known.get(body)
        if found is None:
            found = self.known[body] = orjson.dumps({"data": self.answer(orjson.loads(body))})
        return HttpResponse(200, {}, found)


def best(action: Callable[[], object], seconds: float) -> float:
    """Return the least processor time of an action, in milliseconds, over some runs."""
    least, spent = float("inf"), 0.0
    while spent < seconds or least == float("inf"):
        started = thread_time()
        action()
        took = thread_time() - started
        least, spent = min(least, took), spent + took
    return least * 1000


def peak(action: Callable[[], object]) -> float:
    """Return how much memory an action takes at its peak, in MiB."""
    tracemalloc.start()
    action()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 2**20


def measured(
    sizes: list[int], make: Callable[[int], Callable[[], object]], seconds: float
) -> tuple[Point, ...]:
    """Measure an action for each size; `make` prepares it, outside of the time."""
    points = []
    for size in sizes:
        action = make(size)
        action()
        points.append(Point(size, best(action, seconds), peak(action)))
        sys.stderr.write(".")
        sys.stderr.flush()
    return tuple(points)


def _compiled(supergraph: Supergraph, query: str) -> tuple[CompiledOperation, Star]:
    star = Star(supergraph, [])
    operation = star.annotate(
        normalize(parse_operation(query, None, supergraph), max_selections=10**9)
    )
    return compile_plan(plan(operation, supergraph), operation, supergraph), star


def answering(shape: Shape) -> Callable[[], object]:
    """Return what answers one request, from the first fetch to the bytes."""
    compiled, star = _compiled(load_supergraph(shape.sdl), shape.query)
    transports = {name: Canned(answer, {}) for name, answer in shape.answers.items()}
    context = ExecutionContext(transports=transports, limits=_LIMITS)
    loop = asyncio.new_event_loop()

    def answer() -> bytes:
        guard = StarGuard(star)
        assembled = loop.run_until_complete(fetch_all(compiled, {}, context, guard))
        projected = project(compiled, assembled, {}, guard)
        assert not projected.errors
        return orjson.dumps({"data": projected.data})

    return answer


def planning(shape: Shape) -> Callable[[], object]:
    """Return what plans and compiles a validated operation."""
    supergraph = load_supergraph(shape.sdl)
    operation = parse_operation(shape.query, None, supergraph)

    def prepare() -> object:
        normalized = normalize(operation, max_selections=10**9)
        return compile_plan(plan(normalized, supergraph), normalized, supergraph)

    return prepare


def curves(seconds: float, *, is_quick: bool) -> list[Curve]:
    """Measure all curves."""
    most = 3 if is_quick else None
    objects = [1, 10, 100, 1_000, 10_000, 100_000][: 4 if is_quick else None]
    return [
        Curve(
            "objects", "objects in the answer", "one request, fetched from two subgraphs",
            measured(objects, lambda n: answering(chain(2, width=n)), seconds),
        ),
        Curve(
            "depth", "levels of objects", "one request, each level in the other of two subgraphs",
            measured([2, 4, 8, 16, 32][:most], lambda n: answering(chain(2, depth=n)), seconds),
        ),
        Curve(
            "subgraphs", "subgraphs", "one request for 100 objects, a field of each subgraph",
            measured(
                [2, 5, 10, 20, 50][:most], lambda size: answering(chain(size, width=100)), seconds
            ),
        ),
        Curve(
            "planning", "subgraphs", "planning and compiling that operation",
            measured([2, 5, 10, 20, 50][:most], lambda size: planning(chain(size)), seconds),
        ),
        Curve(
            "types", "object types", "loading a supergraph",
            measured(
                [10, 100, 1_000, 5_000][:most],
                lambda size: partial(load_supergraph, wide(size)),
                seconds / 4,
            ),
        ),
    ]  # fmt: skip


def table(found: list[Curve]) -> str:
    """Return all curves as text."""
    lines = []
    for curve in found:
        lines += ["", f"{curve.what}, by {curve.unit}: growth exponent {curve.exponent:.2f}"]
        lines += [
            f"  {point.size:8} {point.milliseconds:10.3f} ms {point.peak_mib:9.2f} MiB "
            f"{point.milliseconds * 1000 / point.size:9.2f} us each"
            for point in curve.points
        ]
    return "\n".join(lines)


def main() -> int:
    """Run the benchmark; table to standard error, JSON and pictures to files, then a summary."""
    parser = argparse.ArgumentParser(prog="goldenthread bench curves", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes only, no pictures")
    parser.add_argument("--seconds", type=float, default=0.5, help="processor time for each point")
    parser.add_argument("--json", type=Path, default=ROOT / "bench-results" / "curves.json")
    parser.add_argument("--pictures", type=Path, default=ROOT / "infra" / "docs")
    options = parser.parse_args()
    found = curves(0.05 if options.quick else options.seconds, is_quick=options.quick)
    told = {
        curve.name: {
            "unit": curve.unit, "what": curve.what, "exponent": curve.exponent,
            "points": [[point.size, point.milliseconds, point.peak_mib] for point in curve.points],
        }
        for curve in found
    }  # fmt: skip
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(told, indent=1))
    if not options.quick:
        for curve in found:
            sizes = [(point.size, point.milliseconds, point.peak_mib) for point in curve.points]
            drawn = picture(f"{curve.what}, by {curve.unit}", curve.unit, sizes)
            (options.pictures / f"curve-{curve.name}.svg").write_text(drawn)
    sys.stderr.write(table(found) + "\n")
    exponents = ", ".join(f"{curve.name} {curve.exponent:.2f}" for curve in found)
    sys.stdout.write(f"curves: growth exponents {exponents}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
