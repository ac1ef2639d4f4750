"""A history of disclosures under faults, as long as one likes: checked as it goes on.

    python -m tests.proof.long_history --disclosures 200000 --state FILE

Three gateways and a consent service of their own over one platform, clients that read, writers
that grant and take back. Gateways and the consent service are killed, paused and slowed down,
notifications are lost, wall clocks step (where Debian's libfaketime is installed). What is settled
is forgotten, so memory stays as it is; a run that was ended goes on counting where it was.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

from tests.fixtures.whole_platform import Platform, free_ports, start_platform, stop_platform
from tests.proof.history import Disclosure, History
from tests.proof.processes import (
    Cluster,
    OwnProcess,
    QuickDoor,
    environment_of,
    running_cluster,
)
from tests.proof.revocation import RECORDED_SINCE, Drive, Shown, unrecorded
from tests.proof.spent import Spent, spent_line

GATEWAYS = 3
CLIENTS = 32
CHANGES_A_SECOND = 20.0
WRITERS = 12
BETWEEN_SECONDS = 3.0
PEOPLE = 36
"""Whose consent changes; the writers share them. About half are open, and so in each list."""
_EXPIRING = 0.2
_SIZES = (1, 2, 4, 8)
"""How many people one look-up asks for: what is decided about several must hold at one instant."""
_LEAST = 30
_LATE = timedelta(minutes=1)
"""So long an entry may be under way between its moment and its commit; one later is a violation."""
_LOOK_SECONDS = 2.0
_SAY_SECONDS = 15.0
_GATEWAY_STEPS = (4, -10, 10, -4, 0)
_CONSENT_STEPS = (10, -4, 4, -10, 0)


@dataclass
class Totals:
    """What has been seen, in all runs that share a state file.

    Attributes:
        disclosures: how often somebody was shown: a line of that person's accounting each time.
        answers: in which they were, and those
        of_nobody: in which nobody was, judged all the same.
        refusals: of what readers asked and were not told, how much for which reason.
        spent: processor seconds by program.
    """

    disclosures: int = 0
    answers: int = 0
    of_nobody: int = 0
    changes: int = 0
    outages: int = 0
    seconds: float = 0.0
    most_held: int = 0
    spent: dict[str, float] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Say it in one line."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return (
            f"{self.disclosures} disclosures in {self.answers} answers"
            f" ({self.of_nobody} of nobody), {self.changes} changes"
            f" ({self.changes / max(self.seconds, 1):.1f} a second),"
            f" {self.outages} outages {self.refusals}, {len(self.violations)} violations;"
            f" {self.seconds:.0f} s,"
            f" checker held {self.most_held} entries at most, {peak:.0f} MiB;"
            f" faults: {self.faults}; processor: {spent_line(self.spent)}"
        )


class Watch:
    """Takes from a drive what has happened, judges it, and forgets it."""

    def __init__(self, cluster: Cluster, drive: Drive, totals: Totals) -> None:
        self._cluster, self._drive, self.totals = cluster, drive, totals
        self._history = History(is_fresh=False)
        self._lanes: dict[str, int] = {}
        self._looked_at = datetime.now(UTC) - timedelta(days=1)
        self._records: list[dict[str, Any]] = []
        self._shown: list[Shown] = []
        self._began_at = time.monotonic()
        self._outages = drive.outages
        self._ledger: Any = None
        self._spent, self._spent_before = Spent(), dict(totals.spent)
        self._sample()

    async def look(self, *, is_last: bool = False) -> None:
        """Judge what can be judged by now."""
        drive, totals = self._drive, self.totals
        now = time.monotonic()
        # Taken at one moment: nothing of this loop runs between.
        oldest = min([now, *drive.reading.values()])
        known_to = min([now, *drive.writing.values()])
        changes, drive.changes = drive.changes, []
        disclosures, drive.disclosures = drive.disclosures, []
        self._shown += drive.shown
        drive.shown = []
        for change in changes:
            self._history.change(change)
        for each in disclosures:
            self._history.disclose(each)
        bounds = () if is_last else (known_to, oldest)
        found = [
            f"{each.disclosure.reader}: {each.reason}" for each in self._history.settle(*bounds)
        ]
        found += [f"{name} was miscounted" for name in drive.miscounted]
        drive.miscounted = []
        found += await self._not_recorded()
        totals.violations += found
        totals.disclosures += _shown_in(disclosures)
        totals.answers += len(disclosures)
        totals.of_nobody += sum(not any(each.saw.values()) for each in disclosures)
        totals.changes += len(changes)
        totals.outages += drive.outages - self._outages
        self._outages = drive.outages
        for code, count in drive.refusals.items():
            totals.refusals[code] = totals.refusals.get(code, 0) + count
        drive.refusals.clear()
        totals.most_held = max(totals.most_held, self._history.held + len(self._records))
        totals.seconds += now - self._began_at
        self._began_at = now
        self._sample()

    async def _not_recorded(self) -> list[str]:
        """A record is durable before its answer leaves: what is not there by now never will be."""
        shown, self._shown = self._shown, []
        waits = [time.monotonic() - began_at for began_at in self._drive.reading.values()]
        oldest = datetime.now(UTC) - timedelta(seconds=max(waits, default=0.0))
        try:
            self._records += await self._news()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._shown = shown + self._shown  # the database was away: next time
            return []
        found = unrecorded(shown, self._records)
        # Whoever is told later has asked at that moment or later.
        self._records = [row for row in self._records if row["recorded_at"] >= oldest]
        return found

    async def _news(self) -> list[dict[str, Any]]:
        if self._ledger is None or self._ledger.is_closed():
            dsn = environment_of(self._cluster.platform, "svc_consent")["GT_DATABASE_DSN"]
            self._ledger = await asyncpg.connect(dsn)
        looks_at = datetime.now(UTC)
        lanes = await self._ledger.fetch("select lane, sequence from ledger_lane")
        grown = {
            each["lane"]: (self._lanes.get(each["lane"], 0), each["sequence"])
            for each in lanes
            if each["sequence"] > self._lanes.get(each["lane"], 0)
        }
        parts = zip(*grown.values(), strict=True) if grown else ((), ())
        rows = await self._ledger.fetch(
            RECORDED_SINCE, list(grown), *map(list, parts), self._looked_at - _LATE
        )
        self._looked_at = looks_at
        self._lanes |= {lane: until for lane, (_, until) in grown.items()}
        return [dict(each) for each in rows]

    async def close(self) -> None:
        """End the session that reads the ledger."""
        if self._ledger is not None:
            await self._ledger.close()

    def _sample(self) -> None:
        cluster = self._cluster
        own = [*cluster.gateways, *([cluster.consent] if cluster.consent else [])]
        programs = {
            each.module: [one.pid for one in own if one.module == each.module and one.process]
            for each in own
        }
        pids: dict[str, int] = cluster.platform.run_file()["pids"]
        programs |= {name: [pids[name]] for name in ("svc_participants",) if name in pids}
        programs["clients"] = [os.getpid()]
        self._spent.sample(programs, pids.get("postgres"))
        self.totals.spent = {**self._spent_before}
        for name, seconds in self._spent.seconds.items():
            self.totals.spent[name] = self._spent_before.get(name, 0.0) + seconds


def _shown_in(answers: Iterable[Disclosure]) -> int:
    return sum(sum(each.saw.values()) for each in answers)


class Faults:
    """One fault after the other, for as long as a run lasts."""

    def __init__(self, cluster: Cluster, dice: random.Random) -> None:
        assert cluster.consent is not None
        self._cluster, self._consent, self._dice = cluster, cluster.consent, dice

    async def go_on(self, happened: dict[str, int], *, between: float) -> None:
        """Let each of them happen, again and again, until cancelled."""
        while True:
            await self.once(happened, between=between)

    async def once(self, happened: dict[str, int], *, between: float) -> None:
        """Let each of them happen once."""
        for name, happen in FAULTS.items():
            await asyncio.sleep(between)
            await self._start_what_has_ended(happened)
            await happen(self)
            happened[name] = happened.get(name, 0) + 1

    async def _start_what_has_ended(self, happened: dict[str, int]) -> None:
        for each in (*self._cluster.gateways, self._consent):
            if each.process is not None and each.process.poll() is not None:
                happened["ended unasked"] = happened.get("ended unasked", 0) + 1
                each.start()
                await each.is_ready()

    async def undo(self) -> None:
        """Let everything that was stopped go on, with the right time."""
        own = [*self._cluster.gateways, self._consent]
        for each in own:
            with contextlib.suppress(ProcessLookupError):
                each.signal(signal.SIGCONT)
            if each.process is None or each.process.poll() is not None:
                each.start()
                await each.is_ready()
            await each.step_clock(0)
        for name in ("svc_consent", "svc_participants"):
            await self._cluster.pause(self._cluster.platform.pid(name), 0.0)

    def _gateway(self) -> OwnProcess:
        return self._dice.choice(self._cluster.gateways)

    async def kill_a_gateway(self) -> None:
        """As a power cut would."""
        await self._gateway().restart()

    async def pause_a_gateway(self) -> None:
        """For less or more than a verdict holds."""
        await self._cluster.pause(self._gateway().pid, self._dice.uniform(0.3, 5.0))

    async def pause_consent(self) -> None:
        """For long enough that nobody waits for it: lost."""
        await self._cluster.pause(self._consent.pid, 2.0)

    async def slow_consent(self) -> None:
        """It gets a fraction of its time: some calls are in time, some are not."""
        for _ in range(10):
            await self._cluster.pause(self._consent.pid, self._dice.uniform(0.02, 0.3))
            await asyncio.sleep(0.05)

    async def kill_consent(self) -> None:
        """As a power cut would."""
        await self._consent.restart()

    async def pause_participants(self) -> None:
        """Its replica is late."""
        await self._cluster.pause(self._cluster.platform.pid("svc_participants"), 0.7)

    async def step_a_gateways_clock(self) -> None:
        """Ahead and back, within what others bear and beyond."""
        await self._step(self._gateway(), _GATEWAY_STEPS)

    async def step_the_consent_clock(self) -> None:
        """Ahead and back, within what others bear and beyond."""
        await self._step(self._consent, _CONSENT_STEPS)

    async def lose_notifications(self) -> None:
        """Of both consent services."""
        await self._cluster.lose_notifications()

    async def _step(self, one: OwnProcess, steps: tuple[int, ...]) -> None:
        for seconds in steps:
            if await one.step_clock(seconds):
                await asyncio.sleep(0.5)


FAULTS: dict[str, Callable[[Faults], Awaitable[None]]] = {
    "gateway killed": Faults.kill_a_gateway,
    "gateway paused": Faults.pause_a_gateway,
    "consent paused": Faults.pause_consent,
    "consent slow": Faults.slow_consent,
    "consent killed": Faults.kill_consent,
    "notifications lost": Faults.lose_notifications,
    "replica late": Faults.pause_participants,
    "gateway clock stepped": Faults.step_a_gateways_clock,
    "consent clock stepped": Faults.step_the_consent_clock,
}


async def drive_on(
    cluster: Cluster,
    totals: Totals,
    *,
    most: int,
    clients: int = CLIENTS,
    writers: int = WRITERS,
    people: int | None = None,
    pace: float = CHANGES_A_SECOND,
    seconds: float = float("inf"),
    once: bool = False,
    calm: bool = False,
    between: float = BETWEEN_SECONDS,
    save: Callable[[], None] = lambda: None,
) -> None:
    """Read and write under faults, and judge, until there are so many disclosures.

    Args:
        cluster: gateways with a consent service of their own.
        totals: what has been seen; is added to.
        most: end at so many in all.
        people: whose consent changes; one for each writer if not stated.
        pace: changes a second, at most.
        seconds: end after so many, whatever has been reached.
        once: end when each fault has happened once and somebody was answered.
        calm: let nothing happen, to see what reading and writing cost by themselves.
        between: seconds between two faults.
        save: called now and then.
    """
    agencies = cluster.platform.demo()["agencies"]
    recipients = [a["id"] for a in agencies if a["key"] in ("cedar-housing", "cedar-sud")]
    dice = random.Random(totals.disclosures + 23)
    door = QuickDoor(cluster)
    drive = Drive(
        door.ask, len(cluster.gateways), recipients, dice,
        pace=pace, expiring=_EXPIRING, sizes=_SIZES,
    )  # fmt: skip
    await drive.prepare(people or writers)
    watch = Watch(cluster, drive, totals)
    faults = Faults(cluster, dice)
    least = _LEAST if once else most
    happening = faults.once if once else faults.go_on
    disturbing = asyncio.create_task(
        asyncio.Event().wait() if calm else happening(totals.faults, between=between)
    )
    ends_at = time.monotonic() + seconds
    is_over = asyncio.Event()
    watching = asyncio.create_task(_watch(watch, save, is_over))

    def is_enough() -> bool:
        if watching.done():
            watching.result()
        if disturbing.done():
            disturbing.result()
        seen = totals.disclosures + _shown_in(drive.disclosures)
        return seen >= most or time.monotonic() > ends_at or (seen >= least and disturbing.done())

    try:
        await drive.run(readers=clients, until=is_enough, writers=writers)
    finally:
        is_over.set()
        disturbing.cancel()
        await asyncio.gather(disturbing, watching, return_exceptions=True)
        await faults.undo()
        await door.close()
    await watching
    await watch.look(is_last=True)
    await watch.close()
    save()


async def _watch(watch: Watch, save: Callable[[], None], is_over: asyncio.Event) -> None:
    said_at = time.monotonic()
    while not is_over.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(is_over.wait(), _LOOK_SECONDS)
        await watch.look()
        if time.monotonic() - said_at > _SAY_SECONDS:
            said_at = time.monotonic()
            save()
            sys.stderr.write(f"{watch.totals}\n")


@asynccontextmanager
async def own_platform() -> AsyncIterator[Platform]:
    """Start a platform for this run alone."""
    with tempfile.TemporaryDirectory(prefix="gt-history-") as folder:
        data_dir, port, log = Path(folder) / "data", free_ports(), Path(folder) / "up.log"
        process = await asyncio.to_thread(start_platform, data_dir, port, log)
        try:
            async with httpx2.AsyncClient(timeout=60) as client:
                yield Platform(data_dir, port, process, log, client)
        finally:
            await asyncio.to_thread(stop_platform, process)


async def run(totals: Totals, arguments: argparse.Namespace, save: Callable[[], None]) -> None:
    """Start everything and drive on."""
    async with (
        own_platform() as platform,
        running_cluster(platform, GATEWAYS, has_consent=True) as cluster,
    ):
        await drive_on(
            cluster, totals, most=arguments.disclosures, clients=arguments.clients,
            writers=arguments.writers, people=arguments.people, pace=arguments.pace,
            seconds=arguments.seconds, calm=arguments.calm, between=arguments.between, save=save,
        )  # fmt: skip


def main() -> int:
    """Run it; progress to standard error, one line at the end. Exit status 1 on a violation."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.long_history", description=__doc__)
    parser.add_argument("--disclosures", type=int, default=200_000, help="of all runs together")
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--writers", type=int, default=WRITERS)
    parser.add_argument("--people", type=int, default=PEOPLE, help="whose consent changes")
    parser.add_argument("--pace", type=float, default=CHANGES_A_SECOND, help="changes a second")
    parser.add_argument("--calm", action="store_true", help="without faults")
    parser.add_argument(
        "--between", type=float, default=BETWEEN_SECONDS, help="seconds between two faults"
    )
    parser.add_argument("--seconds", type=float, default=float("inf"), help="of this run at most")
    parser.add_argument("--patience", help="factor for deadlines, where the machine is slow")
    parser.add_argument("--state", type=Path, help="file to go on from, and to write to")
    arguments = parser.parse_args()
    if arguments.patience:
        os.environ["GT_PATIENCE"] = arguments.patience
    totals = Totals()
    state: Path | None = arguments.state
    if state is not None and state.exists():
        totals = Totals(**json.loads(state.read_text()))

    def save() -> None:
        if state is not None:
            state.write_text(json.dumps(asdict(totals), indent=1))

    asyncio.run(run(totals, arguments, save))
    for each in totals.violations:
        sys.stderr.write(f"{each}\n")
    sys.stdout.write(f"{totals}\n")
    return 1 if totals.violations else 0


if __name__ == "__main__":
    raise SystemExit(main())
