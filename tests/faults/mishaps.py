"""What happens to machines: each done to a running platform at random, and undone after a while.

Nothing here reaches beyond the platform's own processes: a full disk is a limit on the size of
their files, a step of the clock is libfaketime in the gateways of the test.
"""

import asyncio
import contextlib
import os
import random
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

import asyncpg
import psutil

from tests.faults.witness import eventually, is_whole
from tests.fixtures.whole_platform import Platform
from tests.proof.processes import Cluster, OwnProcess, environment_of, running_cluster

SERVICES = ("consent", "participants", "cases", "training")
_STEPS = (3600, -3600, 10, -10, 4, -4, 400 * 86_400)
_A_WHILE = (0.3, 2.5)
_NO_ROOM_BYTES = 8_192
_MOST_CONNECTIONS = 400


@dataclass
class Mishaps:
    """A platform, further gateways with clocks of their own, and what may happen to them."""

    platform: Platform
    cluster: Cluster
    dice: random.Random
    happened: dict[str, int] = field(default_factory=dict)

    async def one(self) -> None:
        """Let one thing happen, and be over."""
        name, happen = self.dice.choice(self.all())
        self.happened[name] = self.happened.get(name, 0) + 1
        await happen()

    def all(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """Return everything that may happen, by name."""
        return [
            ("service killed", self.kill_a_service),
            ("gateway killed", self.kill_a_gateway),
            ("database killed", self.kill_the_database),
            ("process paused", self.pause_a_process),
            ("connections cut", self.cut_connections),
            ("connections exhausted", self.exhaust_connections),
            ("database's disk full", self.fill_the_databases_disk),
            ("journal's disk full", self.fill_the_journals_disk),
            ("notifications lost", self.lose_notifications),
            ("clock stepped", self.step_a_clock),
        ]

    async def kill_a_service(self) -> None:
        """kill -9; the supervisor starts it again."""
        self._signal(f"svc_{self.dice.choice(SERVICES)}", signal.SIGKILL)
        await self._a_while()

    async def kill_a_gateway(self) -> None:
        """kill -9 of one of the test's gateways or of its consent service, which comes again."""
        await self.dice.choice(self._own()).restart()
        await self._a_while()

    async def kill_the_database(self) -> None:
        """kill -9 of PostgreSQL; the supervisor starts it again."""
        old = self.platform.pid("postgres")
        self._signal("postgres", signal.SIGKILL)
        await eventually(lambda: self._is_another_database(old), "no database")

    async def pause_a_process(self) -> None:
        """A pause of the machine, of one process alone."""
        name = self.dice.choice([*(f"svc_{each}" for each in SERVICES), "gateway"])
        pid = (
            self._a_gateways_pid()
            if name == "gateway"
            else self.platform.run_file()["pids"].get(f"{name}")
        )
        with contextlib.suppress(ProcessLookupError, TypeError):
            await self.cluster.pause(pid, self.dice.uniform(*_A_WHILE))

    async def cut_connections(self) -> None:
        """Every connection of one service to its database ends."""
        with contextlib.suppress(asyncpg.PostgresError, OSError):
            await self.cluster.rows(
                self.dice.choice(SERVICES),
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
                " and usename = current_user",
            )

    async def lose_notifications(self) -> None:
        """The consent service's listening connection ends, unless the database is away anyway."""
        with contextlib.suppress(asyncpg.PostgresError, OSError):
            await self.cluster.lose_notifications()

    async def exhaust_connections(self) -> None:
        """All connections that PostgreSQL allows are taken, for a while."""
        dsn = environment_of(self.platform, "svc_consent")["GT_DATABASE_DSN"]
        taken: list[asyncpg.Connection] = []
        try:
            with contextlib.suppress(asyncpg.PostgresError, OSError):
                while len(taken) < _MOST_CONNECTIONS:
                    taken.append(await asyncpg.connect(dsn))
            await self._a_while()
        finally:
            for each in taken:
                each.terminate()

    async def fill_the_databases_disk(self) -> None:
        """No file of the database may grow, nor its log be written."""
        pid = self.platform.run_file()["pids"].get("postgres")
        await self._no_room(pid, self._processes_of_the_database)

    async def fill_the_journals_disk(self) -> None:
        """Neither the platform's consent service nor the test's can write its journal."""
        pids = [self.platform.run_file()["pids"].get("svc_consent")]
        if self.cluster.consent is not None:
            pids.append(self.cluster.consent.pid)
        await asyncio.gather(*(self._no_room(pid, lambda found: [found]) for pid in pids))

    async def step_a_clock(self) -> None:
        """The clock of one gateway, or of the consent service that they ask, steps, and back."""
        one = self.dice.choice(self._own())
        if await one.step_clock(self.dice.choice(_STEPS)):
            await self._a_while()
            await one.step_clock(0)

    async def heal(self) -> None:
        """Put everything right, also what was left half done, and wait until it serves."""
        for each in self._own():
            if each.process is None or each.process.poll() is not None:
                each.start()
        await asyncio.gather(*(each.step_clock(0) for each in self._own()))
        stopped = [each.pid for each in self._own()]
        with contextlib.suppress(OSError, ValueError):
            stopped += [self.platform.pid(f"svc_{each}") for each in SERVICES]
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

        async def is_healed() -> bool:
            with contextlib.suppress(OSError, ValueError):
                return await is_whole(self.platform)
            return False

        await eventually(is_healed, "the platform does not recover")
        for each in self._own():
            await each.is_ready()

    async def _no_room(self, pid: int | None, processes: Callable[[int], list[int]]) -> None:
        if pid is None:
            return
        found: list[int] = []
        try:
            found = processes(pid)
            _limit(found, _NO_ROOM_BYTES)
            await self._a_while()
        except psutil.NoSuchProcess:
            pass
        finally:
            _limit([pid, *found], resource.RLIM_INFINITY)
            # Whatever it starts from now on has room; so have those that it started meanwhile.
            with contextlib.suppress(psutil.NoSuchProcess):
                _limit(processes(pid), resource.RLIM_INFINITY)

    @staticmethod
    def _processes_of_the_database(pid: int) -> list[int]:
        return [pid, *(each.pid for each in psutil.Process(pid).children(recursive=True))]

    async def _is_another_database(self, old: int) -> bool:
        return bool(self.platform.run_file()["pids"].get("postgres", old) != old)

    def _a_gateways_pid(self) -> int:
        return self.dice.choice(self._own()).pid

    def _own(self) -> list[OwnProcess]:
        consent = self.cluster.consent
        return [*self.cluster.gateways, *([consent] if consent else [])]

    def _signal(self, name: str, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, KeyError):
            os.kill(self.platform.pid(name), number)

    async def _a_while(self) -> None:
        await asyncio.sleep(self.dice.uniform(*_A_WHILE))


def _limit(pids: list[int], most: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


@asynccontextmanager
async def mishaps_of(
    platform: Platform,
    dice: random.Random,
    gateways: int = 2,
    *,
    changed: Mapping[str, str] = MappingProxyType({}),
    modules: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Mishaps]:
    """Start gateways and a consent service whose clocks can be stepped, in a running platform.

    Args:
        platform: what they stand before.
        dice: what happens when.
        gateways: how many.
        changed: settings that they have in another way.
        modules: what is run in the place of `gateway` or `svc_consent`, for a planted fault.
    """
    async with running_cluster(
        platform, gateways, changed, has_consent=True, modules=modules
    ) as cluster:
        yield Mishaps(platform, cluster, dice)
