"""`bench overload`: a gateway at three times what it can do, and how it comes back.

First so many callers at once show what one gateway can do. Then requests leave at three times that
rate, whatever becomes of those before: lists of four people's, a question about somebody who may
not be seen, and revocations, which are urgent. Then requests leave at half the rate until they are
all answered. Refusals must say so (503 `OVERLOADED` with `retry-after`, 429, or
`SERVICE_UNAVAILABLE`), nobody may be shown what is not theirs, and what is urgent is refused less
often than what is not.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx2

from infra import clock
from tests.bench.goals import Goal, below, lines
from tests.bench.open_loop import load
from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform
from tests.proof.processes import Cluster, running_cluster

HONEST = {"OVERLOADED", "SERVICE_UNAVAILABLE", "RATE_LIMITED"}
CALLERS = 16
IN_A_ROW = 20
_PERSONA, _PURPOSE = "case_manager", "CAREMGT"
_READERS = (_PERSONA, "case_manager_unassigned", "case_manager_other_agency", "cm_supervisor")
"""Four, since a gateway has room for so many requests of one person, and for so many in all."""
_LIST = "{ participants(first: 25) { edges { node { id name { family } } } } }"
_HIDDEN = "query($id: ID!) { participant(id: $id) { id name { family } } }"
_REVOKE = """mutation($input: RevokeReleaseInput!) { revokeRelease(input: $input) {
  release { id } userErrors { code } } }"""
_RECOVERY_SECONDS = 5.0
_FRESH_SECONDS = 600.0
"""Longer than any measurement: a caller's own patience is not what is measured."""


@dataclass
class Found:
    """What came of the requests of one phase, by kind: `answered`, a code, `lost`, `shown`."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)

    def note(self, kind: str, outcome: str) -> None:
        """Count one request."""
        self.outcomes.setdefault(kind, Counter())[outcome] += 1

    def refused(self, kind: str) -> float:
        """Return the share of a kind that was refused."""
        counted = self.outcomes.get(kind, Counter())
        return 1 - counted["answered"] / max(1, counted.total())

    def wrong(self) -> dict[str, int]:
        """Return outcomes that may never be: lost, shown, or a code that is no honest refusal."""
        every = sum(self.outcomes.values(), Counter[str]())
        return {name: n for name, n in every.items() if name not in {"answered", *HONEST}}


@dataclass
class Callers:
    """Who asks what of one gateway."""

    cluster: Cluster
    hidden: str
    release: str
    found: Found = field(default_factory=Found)

    async def list_people(self, number: int = 0) -> bool:
        """Ask for a list, one person after the other."""
        return await self._ask("list", _LIST, {}, _READERS[number % len(_READERS)])

    async def look_at_hidden(self) -> bool:
        """Ask for somebody who may not be seen: null, or a refusal."""
        return await self._ask("hidden", _HIDDEN, {"id": self.hidden})

    async def revoke(self) -> bool:
        """Take a release back that is not in force any more: urgent, and harmless."""
        given = {
            "releaseId": self.release, "expectedVersion": 1, "reason": "Overload.",
            "idempotencyKey": uuid4().hex,
        }  # fmt: skip
        return await self._ask("urgent", _REVOKE, {"input": given})

    async def mixed(self, number: int) -> str:
        """Send the n-th of a mix: eight lists, one hidden, one urgent of ten."""
        kinds = {8: self.look_at_hidden, 9: self.revoke}
        if other := kinds.get(number % 10):
            await other()
        else:
            await self.list_people(number)
        return "sent"

    async def _ask(
        self, kind: str, query: str, variables: dict[str, object], persona: str = _PERSONA
    ) -> bool:
        answered = await self.cluster.door(0, persona, query, dict(variables), _PURPOSE)
        outcome = "lost" if answered is None else _outcome(kind, answered[1])
        self.found.note(kind, outcome)
        return outcome == "answered"


def _outcome(kind: str, body: dict[str, object]) -> str:
    errors = body.get("errors")
    data = body.get("data")
    if kind == "hidden" and isinstance(data, dict) and data.get("participant") is not None:
        return "shown"
    if isinstance(errors, list) and errors:
        return str(errors[0]["extensions"]["code"])
    return "answered"


async def capacity(callers: Callers, seconds: float) -> float:
    """Return how many of the mix a gateway answers a second, with so many callers at once."""
    ends_at, count = clock.monotonic() + seconds, 0

    async def call(number: int) -> None:
        nonlocal count
        while clock.monotonic() < ends_at:
            await callers.mixed(number)
            number += CALLERS + 1
            count += 1

    await asyncio.gather(*(call(number) for number in range(CALLERS)))
    return count / seconds


async def recovery(callers: Callers, rate: float) -> float:
    """Return how many seconds pass until so many in a row are answered at half the rate."""
    begin, first_of_row, row = clock.monotonic(), 0.0, 0
    while row < IN_A_ROW:
        asked_at = clock.monotonic()
        is_good = await callers.list_people()
        first_of_row = asked_at if is_good and row == 0 else first_of_row
        row = row + 1 if is_good else 0
        await asyncio.sleep(max(0.0, 2 / rate - (clock.monotonic() - asked_at)))
    return first_of_row - begin


@dataclass(frozen=True)
class Result:
    """One measurement."""

    rate: float
    before: Found
    during: Found
    recovered_after: float


async def measure(platform: Platform, seconds: float, factor: float) -> Result:
    """Find the capacity, overload for so long, and wait for the recovery."""
    async with running_cluster(platform, 1) as cluster:
        shown = platform.operation("RevokeRoi")["variables"]["input"]
        callers = Callers(cluster, platform.participant("other_site"), shown["releaseId"])
        cluster.client.timeout = httpx2.Timeout(_FRESH_SECONDS)
        for number in range(len(_READERS)):
            await callers.list_people(number)  # tokens
        callers.found = before = Found()
        rate = await capacity(callers, seconds)
        callers.found = during = Found()
        await load(callers.mixed, rate=factor * rate, seconds=seconds)
        callers.found = Found()
        return Result(rate, before, during, await recovery(callers, rate))


def table(result: Result, factor: float) -> str:
    """Return the result as lines of a table."""
    said = f"one gateway answers {result.rate:.1f} a second; then {factor:g} times that"
    lines = [
        f"{said}; whole again {result.recovered_after:.1f} s after the last",
        "| kind | requests | answered | refused | why |",
        "|---|---|---|---|---|",
    ]
    for kind, counted in sorted(result.during.outcomes.items()):
        why = ", ".join(f"{name} {n}" for name, n in counted.items() if name != "answered")
        lines.append(
            f"| {kind} | {counted.total()} | {counted['answered']}"
            f" | {result.during.refused(kind):.0%} | {why} |"
        )
    return "\n".join(lines) + "\n"


def goals(result: Result) -> list[Goal]:
    """Judge a measurement: what may never be, what is refused first, and how soon it is over."""
    during, wrong = result.during, result.during.wrong()
    urgent, lists = during.refused("urgent"), during.refused("list")
    refused = f"urgent {urgent:.0%}, lists {lists:.0%}"
    if not during.outcomes.get("urgent") or not during.outcomes.get("list"):
        order = None
    else:
        order = urgent < lists if lists else None  # where nothing was refused nothing shows
    against = ", ".join(f"{name} {count}" for name, count in wrong.items())
    return [
        Goal("nobody sees what is not theirs, refusals say so", against or "none", not wrong),
        Goal("what is urgent is refused less often", refused, order),
        below(
            f"whole again within {_RECOVERY_SECONDS:g} s", result.recovered_after,
            _RECOVERY_SECONDS, unit=" s",
        ),
    ]  # fmt: skip


async def _run(seconds: float, factor: float) -> Result:
    with tempfile.TemporaryDirectory(prefix="gt-bench-") as folder:
        data, log, port = Path(folder) / "data", Path(folder) / "up.log", free_ports()
        process = await asyncio.to_thread(start_platform, data, port, log)
        try:
            async with httpx2.AsyncClient(timeout=60) as client:
                platform = Platform(data, port, process, log, client)
                return await measure(platform, seconds, factor)
        finally:
            await asyncio.to_thread(stop_platform, process)


def main() -> None:
    """Measure, print a table and the goals. Exit status 1 for what may never be."""
    parser = argparse.ArgumentParser(prog="goldenthread bench overload", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each phase")
    parser.add_argument("--factor", type=float, default=3.0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result = asyncio.run(_run(arguments.seconds, arguments.factor))
    sys.stdout.write(table(result, arguments.factor))
    judged = goals(result)
    sys.stdout.write("\n" + lines(judged))
    if arguments.json:
        outcomes = {kind: dict(each) for kind, each in result.during.outcomes.items()}
        arguments.json.write_text(
            json.dumps(
                {
                    "rate": result.rate,
                    "outcomes": outcomes,
                    "recovered_after": result.recovered_after,
                    "goals": {goal.what: goal.is_met for goal in judged},
                },
                indent=1,
            )
        )
    if wrong := result.during.wrong():
        sys.stderr.write(f"what may never be: {wrong}\n")
        raise SystemExit(1)


if __name__ == "__main__":
    main()
