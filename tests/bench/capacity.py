"""What a state needs: a small model of the platform's stations, and a simulation of the same.

    ./goldenthread bench capacity [--rate R] [--json FILE] [--picture FILE]

Each kind of request visits stations (processor cores of gateways, services, databases; the log
device; the lock of one site's order) for a measured time. The model adds the times up: a station
is as busy as rate times time over its servers. The simulation lets requests arrive at random and
queue, which says what the model cannot: how long the wait gets before a station is full. Times
come from `infra/docs/benchmarks.md`; whoever has better ones changes `COSTS` and runs it again.
"""

import argparse
import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from heapq import heappop, heapreplace
from itertools import accumulate
from pathlib import Path

SECONDS_A_DAY = 86_400
DAYS_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request.

    Attributes:
        share: of all requests.
        milliseconds: station -> time that it takes there.
        records: ledger entries that it makes.
        parts: participants that an entry names, on average.
    """

    name: str
    share: float
    milliseconds: Mapping[str, float]
    records: float
    parts: float


COSTS: Sequence[Kind] = (
    Kind(
        "one person",
        0.70,
        {"gateway": 6.0, "participants": 9.0, "consent": 3.0, "database": 4.0, "log": 0.3},
        1,
        1,
    ),
    Kind(
        "list or whole file",
        0.20,
        {
            "gateway": 12.0,
            "participants": 40.0,
            "cases": 9.0,
            "consent": 6.0,
            "database": 15.0,
            "log": 0.3,
        },
        1,
        25,
    ),
    Kind(
        "change",
        0.08,
        {
            "gateway": 8.0,
            "participants": 12.0,
            "consent": 7.0,
            "database": 8.0,
            "log": 0.9,
        },
        2,
        1,
    ),
    Kind(
        "change of consent",
        0.02,
        {"gateway": 8.0, "consent": 45.0, "database": 12.0, "log": 0.9, "order": 2.5},
        2,
        1,
    ),
)
"""Times on the measured machine, rounded up; `infra/docs/capacity.md` says where each is from."""

ENTRY_BYTES = 900
"""A ledger entry without its parts, index rows and free space included; measured, see the page."""
PART_BYTES = 450
"""A participant named in an entry: their part, and the row that finds it."""
CHANGE_BYTES = 2_600
"""An authority change: feed, visibility rows and journal line."""


@dataclass(frozen=True, slots=True)
class Station:
    """How busy a station is at a rate, and how many servers it needs to stay under the target."""

    name: str
    seconds_a_request: float
    servers: int
    busy: float
    needed: int


def stations(
    rate: float, servers: Mapping[str, int], kinds: Sequence[Kind] = COSTS, target: float = 0.6
) -> list[Station]:
    """Return the stations at a rate, the busiest first.

    Args:
        rate: requests a second.
        servers: station -> cores, devices or, for `order`, sites.
        kinds: what is asked.
        target: share of a station's time that may be used.
    """
    found = []
    for name in sorted({name for kind in kinds for name in kind.milliseconds}):
        each = sum(kind.share * kind.milliseconds.get(name, 0.0) for kind in kinds) / 1000
        count = servers.get(name, 1)
        needed = max(1, math.ceil(rate * each / target))
        found.append(Station(name, each, count, rate * each / count, needed))
    return sorted(found, key=lambda station: -station.busy)


@dataclass(frozen=True, slots=True)
class Waits:
    """What a simulated load saw, in milliseconds."""

    rate: float
    requests: int
    p50: float
    p95: float
    p99: float


def simulate(
    rate: float,
    servers: Mapping[str, int],
    kinds: Sequence[Kind] = COSTS,
    *,
    requests: int = 20_000,
    seed: int = 1,
) -> Waits:
    """Let requests arrive at random and queue at each station in turn, first come first served.

    Times at a station are exponential around the measured mean: real ones scatter less, so waits
    come out on the safe side.
    """
    dice = random.Random(seed)
    free = {
        name: [0.0] * servers.get(name, 1)
        for name in sorted({name for kind in kinds for name in kind.milliseconds})
    }
    shares = [kind.share for kind in kinds]
    arrivals = list(accumulate(dice.expovariate(rate) for _ in range(requests)))
    chosen = [list(kind.milliseconds.items()) for kind in dice.choices(kinds, shares, k=requests)]
    # In the order of time: when a request comes to its next station.
    coming = [(at, number, 0) for number, at in enumerate(arrivals)]
    times = []
    while coming:
        at, number, step = coming[0]
        if step == len(chosen[number]):
            heappop(coming)
            times.append((at - arrivals[number]) * 1000)
            continue
        name, milliseconds = chosen[number][step]
        ends = max(at, free[name][0]) + dice.expovariate(1000 / milliseconds)
        heapreplace(free[name], ends)
        heapreplace(coming, (ends, number, step + 1))
    times.sort()
    return Waits(rate, requests, *(times[int(share * len(times))] for share in (0.5, 0.95, 0.99)))


def storage(rate: float, kinds: Sequence[Kind] = COSTS) -> dict[str, float]:
    """Return what a mean rate writes, in gigabytes a year."""
    entries = sum(kind.share * kind.records for kind in kinds)
    parts = sum(kind.share * kind.records * kind.parts for kind in kinds)
    changes = sum(kind.share for kind in kinds if "order" in kind.milliseconds)
    year = rate * SECONDS_A_DAY * DAYS_A_YEAR / 1e9
    return {
        "ledger": year * (entries * ENTRY_BYTES + parts * PART_BYTES),
        "authority": year * changes * CHANGE_BYTES,
    }


STATE = {
    "gateway": 26,
    "participants": 52,
    "cases": 8,
    "consent": 16,
    "database": 24,
    "log": 2,
}
"""Cores (and log devices) of a state's deployment, for the 2,000 requests/s of a shift change."""
STATE_PEAK = 2_000
STATES = 50
COUNTRY_PEAK = 25_000
"""Fifty states are not at their busiest in the same hour: a quarter of all their shift changes."""
COUNTRY = {name: math.ceil(count * COUNTRY_PEAK / STATE_PEAK) for name, count in STATE.items()}
COUNTRY["order"] = STATES
"""The same for all states together; each has an order of its own, at least."""
SHARD_CORES = 24
"""What one machine of `svc_consent` beside one primary carries."""


def shard_rate(kinds: Sequence[Kind] = COSTS, target: float = 0.6) -> float:
    """Return the requests/s from which one `svc_consent` is too small and sites are parted."""
    [consent] = [each for each in stations(1, {}, kinds) if each.name == "consent"]
    return SHARD_CORES * target / consent.seconds_a_request


def main() -> None:
    """Print the tables of `infra/docs/capacity.md`."""
    parser = argparse.ArgumentParser(prog="goldenthread bench capacity", description=__doc__)
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second")
    parser.add_argument("--mean", type=float, default=20.0, help="mean of a year, for storage")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--picture", type=Path, help="draw model and measured points as SVG")
    arguments = parser.parse_args()
    found = stations(arguments.rate, STATE)
    print(f"{'station':14}{'ms/request':>12}{'servers':>9}{'busy':>8}{'needed at 60 %':>16}")
    for each in found:
        print(
            f"{each.name:14}{each.seconds_a_request * 1000:12.2f}{each.servers:9}"
            f"{each.busy:8.0%}{each.needed:16}"
        )
    waits = [simulate(arguments.rate * share, STATE) for share in (0.25, 0.5, 1, 2)]
    for wait in waits:
        print(
            f"{wait.rate:6.0f}/s: p50 {wait.p50:.0f} ms, p95 {wait.p95:.0f} ms,"
            f" p99 {wait.p99:.0f} ms"
        )
    written = storage(arguments.mean)
    print(", ".join(f"{name} {size:.0f} GB a year" for name, size in written.items()))
    country = simulate(COUNTRY_PEAK, COUNTRY, requests=200_000)
    print(
        f"country, {COUNTRY_PEAK:,}/s on {sum(COUNTRY.values()) - STATES:,} servers:"
        f" p50 {country.p50:.0f} ms, p95 {country.p95:.0f} ms, p99 {country.p99:.0f} ms"
    )
    for each in stations(COUNTRY_PEAK, COUNTRY):
        print(f"{each.name:14}{each.servers:9}{each.busy:8.0%}{each.needed:16}")
    print(f"one svc_consent of {SHARD_CORES} cores carries {shard_rate():,.0f} requests/s")
    from tests.bench import capacity_measured  # which stands on this module

    print(capacity_measured.table())
    if arguments.picture:
        arguments.picture.write_text(capacity_measured.drawn())
    if arguments.json:
        arguments.json.write_text(
            json.dumps(
                {
                    "stations": [asdict(each) for each in found],
                    "waits": [asdict(each) for each in waits],
                    "storage": written,
                },
                indent=1,
            )
        )
    print(f"capacity: {found[0].name} is busiest at {arguments.rate:g}/s ({found[0].busy:.0%})")


if __name__ == "__main__":
    main()
