"""Measured points beside the capacity model's line: the same machine, the same loads.

Figures are those of `infra/docs/benchmarks.md`; the model is asked for what was measured there, so
that a model that is wrong shows, and by how much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.capacity import COSTS, ENTRY_BYTES, PART_BYTES, Kind, simulate
from tests.bench.scale_picture import Line, picture

CORES = 2
"""Of the machine on which everything was measured: load, database and all programs."""
RUN_SECONDS = 15
RATES = (5, 10, 20, 30, 40, 50, 70, 90)
_DRAWN_UP_TO = 10_000.0
_SEEDS = range(9)


@dataclass(frozen=True, slots=True)
class Thread:
    """The whole thread as somebody asks it: what it costs, and p95 by rate in each run."""

    who: str
    milliseconds: float
    runs: Sequence[Sequence[tuple[int, float]]]


THREADS = (
    Thread(
        "officer",
        20.8,
        (((5, 47.5), (20, 41.3), (50, 796.0)), ((5, 73.0), (20, 100.0), (50, 275.0))),
    ),
    Thread(
        "case manager",
        60.0,
        (((5, 146.0), (20, 1598.0), (50, 7627.0)), ((5, 202.0), (20, 689.0), (50, 6666.0))),
    ),
)
"""Two runs of 2026-11-22, another process on part of a core in the first."""
GATEWAYS = ((1, 124, 11.1), (2, 85, 21.5), (3, 58, 33.0))
"""Gateways, requests/s, processor ms a request of all programs together: 2026-11-23, no company."""


def modelled(milliseconds: float, rate: int) -> float:
    """Return the p95 of a run as long as the measured ones: two cores are one station."""
    kinds = (Kind("only", 1.0, {"machine": milliseconds}, 1, 1),)
    count = max(20, rate * RUN_SECONDS)
    return median(
        simulate(rate, {"machine": CORES}, kinds, requests=count, seed=seed).p95 for seed in _SEEDS
    )


def drawn() -> str:
    """Return the picture: a line for the model, dots for what was measured."""
    lines = []
    for thread in THREADS:
        model = [(rate, modelled(thread.milliseconds, rate)) for rate in RATES]
        shown = [point for point in model if point[1] <= _DRAWN_UP_TO]
        lines.append(Line(f"{thread.who}, model", shown))
        seen = [point for run in thread.runs for point in run]
        lines.append(Line(f"{thread.who}, measured", seen, is_dots=True))
    title = "p95 by requests a second on two cores: model and measured"
    return picture(title, lines, is_logarithmic=True)


def table() -> str:
    """Return what the model says about what was measured, as lines of a table."""
    lines = ["| what | model | measured |", "|---|---|---|"]
    for thread in THREADS:
        for at, rate in enumerate(each for each, _ in thread.runs[0]):
            seen = ", ".join(f"{run[at][1]:,.0f}" for run in thread.runs)
            what = f"p95 of the {thread.who} at {rate}/s, ms"
            lines.append(f"| {what} | {modelled(thread.milliseconds, rate):,.0f} | {seen} |")
    person = sum(v for name, v in COSTS[0].milliseconds.items() if name != "log")
    for count, rate, milliseconds in GATEWAYS:
        what = f"{count} gateway{'s' if count > 1 else ''}, twelve callers of one person"
        lines += [
            f"| {what}: processor ms a request | {person:.0f} | {milliseconds:.1f} |",
            f"| the same: requests/s on two cores | {CORES * 1000 / person:.0f} | {rate} |",
        ]
    size = (283 * ENTRY_BYTES + 1_444 * PART_BYTES) / 1e6
    lines.append(f"| ledger, 283 entries about 1,444 people, MB | {size:.2f} | 0.9 |")
    return "\n".join(lines) + "\n"
