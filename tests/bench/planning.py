"""`bench planning`: what an operation costs that nobody has asked before.

    ./goldenthread bench planning [--operations N]

Random valid operations over the conformance cases, and the large operation of `bench gateway`.
Processor time of one thread, so that other work on the machine counts little.
"""

import argparse
import itertools
import json
import sys
import warnings
from pathlib import Path
from time import thread_time
from typing import Any

from graphql import parse, validate
from hypothesis import HealthCheck, assume, given, settings

from gateway.executor import compile_plan
from gateway.planner import OperationError, PlanningError, normalize, parse_operation, plan
from gateway.supergraph import Supergraph, load_supergraph
from infra.collector import settle
from tests.bench.open_loop import quantile
from tests.bench.processes import ROOT
from tests.bench.storefront import LARGE, supergraph_sdl
from tests.conformance.load_cases import Case, all_cases
from tests.conformance.star import Star
from tests.strategies.operations import operations

STAGES = ("read and validate", "normalise", "plan", "compile", "project first")


def stages(source: str, supergraph: Supergraph, star: Star | None) -> list[float]:
    """Return milliseconds of each stage for an operation that is new."""
    moments = [thread_time()]
    operation = parse_operation(source, None, supergraph)
    moments.append(thread_time())
    normalized = normalize(operation)
    if star is not None:
        normalized = star.annotate(normalized)
    moments.append(thread_time())
    made = plan(normalized, supergraph)
    moments.append(thread_time())
    compiled = compile_plan(made, normalized, supergraph)
    moments.append(thread_time())
    compiled.plain_projection()
    moments.append(thread_time())
    return [1000 * (end - begin) for begin, end in itertools.pairwise(moments)]


def over_case(case: Case, number: int) -> list[list[float]]:
    """Return the stages of random operations over one case."""
    found: list[list[float]] = []
    supergraph, star = case.supergraph, Star(case.supergraph, [])

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(source=operations(supergraph.api_schema))
    def each(source: str) -> None:
        assume(not validate(supergraph.api_schema, parse(source)))
        try:
            found.append(stages(source, supergraph, star))
        except (OperationError, PlanningError):
            return

    each()
    return found


def table(report: dict[str, Any]) -> str:
    """Return the report as text."""
    lines = [f"{'milliseconds of processor time':28}" + "".join(f"{one:>20}" for one in STAGES)]
    for name, values in report["large"].items():
        lines.append(f"{name:28}" + "".join(f"{value:20.2f}" for value in values))
    for name, values in report["random"].items():
        lines.append(f"{name:28}" + "".join(f"{value:20.2f}" for value in values))
    return "\n".join(lines)


def main() -> int:
    """Run the benchmark; table to standard error, JSON beside it, summary to standard output."""
    parser = argparse.ArgumentParser(prog="goldenthread bench planning", description=__doc__)
    parser.add_argument("--operations", type=int, default=40, help="random ones for each case")
    parser.add_argument("--json", type=Path, default=ROOT / "bench-results" / "planning.json")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    settle()
    supergraph = load_supergraph(supergraph_sdl(1))
    large = {}
    for name, star in (("large", None), ("large, star", Star(supergraph, []))):
        runs = [stages(LARGE, supergraph, star) for _ in range(8)]
        large[name] = [min(values) for values in zip(*runs, strict=True)]
    found = [one for case in all_cases() for one in over_case(case, options.operations)]
    spread = {
        f"{len(found)} random, {word}": [
            quantile(sorted(values), share) for values in zip(*found, strict=True)
        ]
        for word, share in (("p50", 0.5), ("p99", 0.99))
    }
    planning = sorted(sum(one[1:4]) for one in found)
    whole = sorted(sum(one[1:]) for one in found)
    report = {
        "stages": STAGES, "large": large, "random": spread,
        "normalise_to_compile_p99": quantile(planning, 0.99),
        "normalise_to_first_projection_p99": quantile(whole, 0.99),
    }  # fmt: skip
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=1))
    sys.stderr.write(table(report) + "\n")
    sys.stdout.write(
        f"planning: large {large['large'][2]:.1f} ms; random p99 {quantile(planning, 0.99):.1f} ms "
        f"to the compiled plan, {quantile(whole, 0.99):.1f} ms with the first projection\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
