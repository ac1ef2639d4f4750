"""`bench hidden`: whether the time of an answer tells an officer that somebody is in LEAD.

An officer asks about nobody, and about people in the states of which none may be told from it:
nothing signed, the police left out, expired, taken back, defective, another site. A round asks once
about each, in an order by chance, so that whatever the machine does meanwhile meets all alike.
Judged is the order of the times within each round (Friedman's statistic, by permutation): the
chance that times which tell nothing lie as far apart as these. What the run would have noticed is
measured on its own times, with a delay added to one of the kinds.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from uuid import uuid4

import httpx2

from infra import clock
from tests.bench.goals import Goal, lines
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform
from tests.proof.processes import QuickDoor, running_cluster
from tests.proof.turmoil import FORM

ABSENT = "nobody"
LEFT_OUT = "police left out"
HANDLES = {
    "nothing signed": "roi_none", LEFT_OUT: "p008", "expired": "roi_expired",
    "taken back": "roi_revoked", "defective": "roi_defective", "another site": "other_site",
}  # fmt: skip
"""Kinds, and whom the demo has of each."""
DELAYS_MS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
LIMIT = 0.01
"""Chance below which kinds are called told apart (the figure of the catalogue's LK-16)."""
_PERMUTATIONS = 999
_WARM_UP = 20
_LOOK = "query Look($id: ID!) { participant(id: $id) { id name { given family } } }"
_SIGN = """mutation Sign($input: SignReleaseInput!) { signRelease(input: $input) {
  release { id } userErrors { code } } }"""

Times = Mapping[str, Sequence[float]]
"""Milliseconds of each kind, one a round, in the order of the rounds."""


def ranks(row: Sequence[float]) -> list[float]:
    """Return the place of each in a round, the quickest first; equal ones share theirs."""
    order = sorted(row)
    return [order.index(each) + (order.count(each) + 1) / 2 for each in row]


def spread(rounds: Sequence[Sequence[float]]) -> float:
    """Return how far the kinds' mean ranks lie from the middle (Friedman's, but for a factor)."""
    kinds = len(rounds[0])
    means = [sum(row[kind] for row in rounds) / len(rounds) for kind in range(kinds)]
    return sum((mean - (kinds + 1) / 2) ** 2 for mean in means)


def chance(times: Times, dice: random.Random) -> float:
    """Return the chance that times which tell nothing lie as far apart as these."""
    rounds = [ranks(row) for row in zip(*times.values(), strict=True)]
    found, as_far = spread(rounds), 0
    for _ in range(_PERMUTATIONS):
        as_far += spread([dice.sample(row, len(row)) for row in rounds]) >= found
    return (as_far + 1) / (_PERMUTATIONS + 1)


def noticed(times: Times, dice: random.Random) -> float | None:
    """Return the smallest delay of one kind that would have been noticed; None: none of them.

    The kinds of each round are mixed first, so that what is there already does not help.
    """
    mixed = [dice.sample(row, len(row)) for row in zip(*times.values(), strict=True)]
    for delay in DELAYS_MS:
        delayed = [[row[0] + delay, *row[1:]] for row in mixed]
        columns = {str(kind): column for kind, column in enumerate(zip(*delayed, strict=True))}
        if chance(columns, dice) < LIMIT:
            return delay
    return None


def table(times: Times) -> str:
    """Return p50 and p95 of each kind, and the median of its differences from nobody's."""
    said = ["| asked about | p50 ms | p95 ms | beside nobody, ms |", "|---|---|---|---|"]
    for kind, each in times.items():
        apart = median(a - b for a, b in zip(each, times[ABSENT], strict=True))
        p95 = quantiles(each, n=20)[-1]
        said.append(f"| {kind} | {median(each):.2f} | {p95:.2f} | {apart:+.2f} |")
    return "\n".join(said) + "\n"


def goal(found: float, least: float | None) -> Goal:
    """Judge a run; one that would have noticed no delay shows nothing."""
    seen = "no delay" if least is None else f"a delay of {least:g} ms"
    return Goal(
        "seven answers are not told apart by their time",
        f"chance {found:.3f}; {seen} would have been noticed",
        False if found < LIMIT else None if least is None else True,
    )


async def measure(rounds: int) -> dict[str, list[float]]:
    """Start a platform, ask, and return the times.

    Raises:
        AssertionError: an answer is not one, shows somebody, or is another than nobody's.
    """
    with tempfile.TemporaryDirectory(prefix="gt-bench-") as folder:
        data, log, port = Path(folder) / "data", Path(folder) / "up.log", free_ports()
        process = await asyncio.to_thread(start_platform, data, port, log)
        try:
            async with httpx2.AsyncClient(timeout=60) as client:
                platform = Platform(data, port, process, log, client)
                async with running_cluster(platform, 1) as cluster:
                    door = QuickDoor(cluster)
                    try:
                        await _leave_the_police_out(door, platform)
                        return await _ask(door, platform, rounds)
                    finally:
                        await door.close()
        finally:
            await asyncio.to_thread(stop_platform, process)


async def _leave_the_police_out(door: QuickDoor, platform: Platform) -> None:
    agencies = {each["key"]: each["id"] for each in platform.demo()["agencies"]}
    works_at = {each["persona"]: each["agency"] for each in platform.demo()["personas"]}
    given = {
        "participantId": platform.participant(HANDLES[LEFT_OUT]),
        "idempotencyKey": uuid4().hex,
        "formVersion": FORM,
        "expiresAt": (clock.now() + timedelta(days=30)).isoformat(),
        "signature": {"method": "WET_INK", "signedAt": clock.now().isoformat()},
        "provisions": [
            {
                "recipientAgencyId": agencies[works_at["defender"]["key"]],
                "categories": ["IDENTITY", "ENROLLMENT"],
                "purposes": ["LEAD_LEGAL_COORD"],
            }
        ],
    }
    answered = await door.ask(0, "case_manager", _SIGN, {"input": given}, "CAREMGT")
    assert answered is not None
    assert answered[1]["data"]["signRelease"]["release"], answered[1]


async def _ask(door: QuickDoor, platform: Platform, rounds: int) -> dict[str, list[float]]:
    people = {kind: platform.participant(handle) for kind, handle in HANDLES.items()}
    people[ABSENT] = str(uuid4())
    purposes = {each["persona"]: each["purposes"] for each in platform.demo()["personas"]}
    purpose = purposes["officer"][0]
    times: dict[str, list[float]] = {kind: [] for kind in people}
    dice = random.Random(16)
    answered = await door.ask(0, "officer", _LOOK, {"id": people[ABSENT]}, purpose)
    assert answered is not None
    of_nobody = answered[1]
    assert of_nobody["data"] == {"participant": None}, of_nobody
    for number in range(-_WARM_UP, rounds):
        for kind in dice.sample(list(people), len(people)):
            began_at = time.perf_counter()
            answered = await door.ask(0, "officer", _LOOK, {"id": people[kind]}, purpose)
            took = (time.perf_counter() - began_at) * 1000
            assert answered is not None, kind
            assert answered[1] == of_nobody, (kind, answered)
            if number >= 0:
                times[kind].append(took)
        if number % 100 == 0:
            sys.stderr.write(f"hidden: {max(number, 0)} of {rounds} rounds\n")
    return times


def main() -> None:
    """Measure and print a table; JSON on request."""
    parser = argparse.ArgumentParser(prog="goldenthread bench hidden", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000, help="each asks once of each kind")
    parser.add_argument("--json", type=Path, help="write all times here")
    arguments = parser.parse_args()
    times = asyncio.run(measure(arguments.rounds))
    if arguments.json:
        arguments.json.write_text(json.dumps(times))
    dice = random.Random(1)
    sys.stdout.write(f"{table(times)}\n{lines([goal(chance(times, dice), noticed(times, dice))])}")


if __name__ == "__main__":
    main()
