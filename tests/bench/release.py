"""`bench release`: what gate and ledger add, what group commit gives, what deciding costs.

All in one run, over a platform of `up`: real processes, HTTP, decisions under the lock, fsync,
ledger. Calls of the gate are the gateway's own, at a constant rate for what they add, as fast as
they go for what group commit gives: up to 32 requests share a call, against one each, by turns,
over as many lanes. Decisions are timed by processor time, for as many people as the limits let one
answer have.
"""

import argparse
import asyncio
import gc
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from gateway.consent_client import ConsentClient
from gateway.limits.budget import Budget
from gateway.release import gate as gate_module
from gateway.release.gate import ReleaseGate
from infra import clock
from infra.authority.facts import agency_holder
from infra.http_client import HttpClient
from infra.identity_token import GATEWAY_ISSUER, TokenMinter
from infra.signing_keys import SigningKeys
from infra.vocabulary import Basis, Category
from svc_consent.authority.decision import Asker, Decider, Ground, Window
from tests.bench import history
from tests.bench.open_loop import load
from tests.fixtures.whole_platform import (
    ROOT,
    Platform,
    free_ports,
    start_platform,
    stop_platform,
)
from tests.proof.processes import environment_of

RATES = (20.0, 100.0)
GROUPED = (1, gate_module.MAX_CALLS_PER_GATE)
_PERSONA, _PURPOSE = "case_manager", "CAREMGT"
_PATIENCE = 40.0
_PEOPLE_BY_TURNS = 7


class Requests:
    """Requests at the point where their answers are ready: what is left is gate and ledger."""

    def __init__(self, gate: ReleaseGate, like: dict[str, Any], people: list[str]) -> None:
        self._gate, self._like, self._people = gate, like, people

    async def one(self, number: int) -> str:
        """Pass the gate with a record about one person; return the verdict."""
        person = self._people[number % len(self._people)]
        keys = {**self._like["keys"], f"participant:{person}": self._like["revision"]}
        call = {
            **self._like["call"],
            "releaseId": str(uuid4()),
            "keys": keys,
            "records": [{"participant": person, "categories": ["IDENTITY"], "count": 1}],
        }
        verdict, _ = await self._gate.verdict(call)
        return verdict.outcome


async def prepared(platform: Platform, client: ConsentClient) -> tuple[dict[str, Any], list[str]]:
    """Return what all calls have in common, and people whom they are about."""
    found = await platform.send(
        _PERSONA, "{ caseload(first: 40) { edges { node { id } } } }", purpose=_PURPOSE
    )
    people = [edge["node"]["id"] for edge in found.data["caseload"]["edges"]]
    row = (
        await _rows(
            platform,
            "select subject, e.entry from ledger_entry e, lateral (select entry->>'subject' as"
            " subject) s where entry->>'role' = 'CM' and entry->>'verdict' = 'RELEASED'"
            " order by recorded_at desc limit 1",
        )
    )[0]
    entry = json.loads(row["entry"]) if isinstance(row["entry"], str) else row["entry"]
    revision, _ = await client.changes(2**62, 0)
    subject, agency = entry["subject"], entry["agencyId"]
    same = ("subject", "agencyId", "siteId", "grantId", "role", "purpose", "policyVersion")
    call = {
        **{name: entry[name] for name in same},
        "access": {"IDENTITY": "ao|r"},
        "operationName": "Bench",
        "operationHash": "0" * 64,
        "stage": "RELEASE",
        "validUntil": None,
        "coordinates": {"IDENTITY": ["Participant.name"]},
        "denied": [],
    }
    keys = {f"subject:{subject}": revision, f"agency:{agency}": revision, "policy": revision}
    return {"call": call, "keys": keys, "revision": revision}, people


async def _rows(platform: Platform, statement: str) -> list[Any]:
    from tests.proof.processes import Cluster

    return await Cluster(platform, [], platform.client).consent_rows(statement)


@asynccontextmanager
async def _gate(client: ConsentClient, calls: int, name: str) -> AsyncIterator[ReleaseGate]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate_module, "MAX_CALLS_PER_GATE", calls)
        gate = ReleaseGate(client, f"bench-{name}", patience=_PATIENCE)
        gate.start()
        try:
            yield gate
        finally:
            await gate.stop()


async def throughput(requests: Requests, clients: int, seconds: float) -> float:
    """Return requests a second when so many at a time wait for their verdicts."""
    ends_at, done = time.monotonic() + seconds, 0

    async def ask(number: int) -> None:
        nonlocal done
        while time.monotonic() < ends_at:
            outcome = await requests.one(number)
            assert outcome == "RELEASED", outcome
            done += 1

    began_at = time.monotonic()
    await asyncio.gather(*(ask(number) for number in range(clients)))
    return done / (time.monotonic() - began_at)


async def gates(
    platform: Platform, seconds: float, clients: int, turns: int
) -> tuple[list[dict[str, Any]], dict[int, list[float]]]:
    """Return latencies at constant rates, and requests a second by calls that share a gate."""
    like = environment_of(platform, "gateway")
    keys = SigningKeys(GATEWAY_ISSUER, Path(like["GT_KEY_DIR"]), Path(like["GT_PUBLIC_KEY_DIR"]))
    http = HttpClient(like["GT_CONSENT_ADDRESS"])
    client = ConsentClient(http, TokenMinter(keys), _PATIENCE)
    try:
        common, people = await prepared(platform, client)
        latencies = []
        async with _gate(client, GROUPED[-1], "rate") as gate:
            requests = Requests(gate, common, people)
            for number in range(50):
                await requests.one(number)
            latencies += [
                asdict(await load(requests.one, rate=rate, seconds=seconds)) for rate in RATES
            ]
        found: dict[int, list[float]] = {calls: [] for calls in GROUPED}
        for _ in range(turns):
            for calls in GROUPED:
                async with _gate(client, calls, "group") as gate:
                    requests = Requests(gate, common, people)
                    found[calls].append(await throughput(requests, clients, seconds))
        return latencies, found
    finally:
        await http.close()


def largest_answer(budget: Budget | None = None) -> int:
    """Return how many people one answer can have: root fields, each with one full page."""
    limits = budget or Budget()
    return min(limits.root_fields * limits.page, limits.cost)


def decisions(people: int) -> float:
    """Return the least processor time, in milliseconds, of deciding about so many people.

    Each has a release in force that names every category for the asker's agency, and the agency's
    own grounds, as a case manager's caseload has them.
    """
    now = clock.now()
    agency, site = str(uuid4()), str(uuid4())
    holder = agency_holder(agency)
    categories = [each.value for each in Category]
    asker = Asker(
        subject=str(uuid4()), agency_id=agency, site_id=site, role="CM", purpose="CAREMGT",
        access=dict.fromkeys(categories, "ao|r"),
    )  # fmt: skip
    ends_at = now + timedelta(days=300)
    basis = Basis.RELEASE.value
    caseload = [
        [
            Ground(person, holder, basis, False, category, "CAREMGT", now, ends_at, source)
            for category in categories
        ]
        for person, source in ((str(uuid4()), str(uuid4())) for _ in range(people))
    ]
    window = Window(agency, now - timedelta(days=1), None, site)
    least = float("inf")
    gc.disable()  # as in the product, which looks for cycles by the clock and not by the object
    for _ in range(_PEOPLE_BY_TURNS):
        began = time.process_time()
        decider = Decider(asker, [window], now)
        found = [decider.decide(grounds) for grounds in caseload]
        least = min(least, time.process_time() - began)
        assert all(each.categories for each in found)
    gc.enable()
    return least * 1000


async def run(seconds: float, clients: int, turns: int) -> dict[str, Any]:
    """Measure everything."""
    costs = {people: decisions(people) for people in (1, 100, 400, largest_answer())}
    with tempfile.TemporaryDirectory(prefix="gt-bench-") as folder:
        data_dir, port, log = Path(folder) / "data", free_ports(), Path(folder) / "up.log"
        process = await asyncio.to_thread(start_platform, data_dir, port, log)
        try:
            async with httpx2.AsyncClient(timeout=60) as client:
                platform = Platform(data_dir, port, process, log, client)
                latencies, rates = await gates(platform, seconds, clients, turns)
        finally:
            await asyncio.to_thread(stop_platform, process)
    return {"decisions_ms": costs, "gate": latencies, "requests_a_second": rates}


def table(report: dict[str, Any]) -> str:
    """Return the report as text."""
    lines = ["gate and ledger add, ms:   rate    p50    p95    p99  outcomes"]
    lines += [
        f"{'':25}{row['rate']:6.0f} {row['p50']:6.1f} {row['p95']:6.1f} {row['p99']:6.1f}"
        f"  {row['outcomes']}"
        for row in report["gate"]
    ]
    lines += ["", "requests a second through the gate, by how many may share a call"]
    lines += [
        f"  {calls:3}: {median(each):7.0f}   ({', '.join(f'{one:.0f}' for one in each)})"
        for calls, each in report["requests_a_second"].items()
    ]
    lines += ["", "processor time of decisions, ms, by people in an answer"]
    lines += [f"  {people:5}: {cost:6.2f}" for people, cost in report["decisions_ms"].items()]
    return "\n".join(lines)


def main() -> int:
    """Run it; table to standard error, JSON beside it, summary to standard output."""
    parser = argparse.ArgumentParser(prog="goldenthread bench release")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each load")
    parser.add_argument("--clients", type=int, default=64, help="requests that wait at a time")
    parser.add_argument("--turns", type=int, default=3, help="of with and without group commit")
    parser.add_argument("--note", action="store_true", help="add the ratio to the history")
    parser.add_argument("--json", type=Path, default=ROOT / "bench-results" / "release.json")
    arguments = parser.parse_args()
    report = asyncio.run(run(arguments.seconds, arguments.clients, arguments.turns))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(report, indent=1))
    sys.stderr.write(table(report) + "\n")
    alone, grouped = (median(report["requests_a_second"][calls]) for calls in GROUPED)
    if arguments.note:
        history.note("release", {"group commit": grouped / alone})
    largest = largest_answer()
    sys.stdout.write(
        f"release: gate and ledger add p99 {report['gate'][0]['p99']:.1f} ms at"
        f" {RATES[0]:.0f} a second (goal 5), group commit {grouped / alone:.1f}x,"
        f" decisions about {largest} people {report['decisions_ms'][largest]:.1f} ms (goal 20)\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
