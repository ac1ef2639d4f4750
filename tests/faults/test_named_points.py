"""kill -9 at twelve named points of a release; in the long form also by chance (AU-01, AU-17).

Real processes: a gateway and a consent service that end themselves at a point (`mortal`), clients
that keep every byte of what they were shown, also of an answer that breaks off, and the ledger.
Nothing is shown that is not recorded, and what a release came to is recorded once.
"""

import asyncio
import itertools
import json
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from tests.faults.mortal import POINTS, SHOWN
from tests.fixtures.whole_platform import Platform
from tests.proof.processes import PATIENT, Cluster, OwnProcess, running_cluster
from tests.proof.revocation import RECORDED, Shown, unrecorded

pytestmark = pytest.mark.timeout(900)

_CLIENTS = 6
_PAUSE = 0.05
_ASK = "query {name}($id: ID!) {{ participant(id: $id) {{ id name {{ family }} }} }}"
_MORTALS = {program: f"tests.faults.mortal {program}" for program in POINTS}
_LONG_ROUNDS = int(os.environ.get("GT_SOAK_KILLS", "1000"))
_TWICE = """select release_id from ledger_entry where entry->>'operationName' like 'Dpoint%'
  group by release_id having count(*) > 1"""
_names = itertools.count()


class Clients:
    """Who asks for one person, and keeps what they were shown.

    Attributes:
        shown: every answer of which a byte about the person came.
        cut: of them, those that broke off.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._person = cluster.platform.participant("roi_active")
        self.shown: list[Shown] = []
        self.cut = 0

    async def ask(self) -> None:
        """Ask under a name of its own, and keep whatever comes."""
        name, began_at, came = f"Dpoint{next(_names)}", datetime.now(UTC), bytearray()
        asked = {"query": _ASK.format(name=name), "variables": {"id": self._person}}
        headers = {
            "content-type": "application/json", "purpose-of-use": "CAREMGT",
            "authorization": f"Bearer {await self._cluster.token('case_manager')}",
        }  # fmt: skip
        host = self._cluster.gateways[0].address.removeprefix("tcp:")
        is_cut = False
        try:
            async with self._cluster.client.stream(
                "POST", f"http://{host}/graphql", content=json.dumps(asked), headers=headers
            ) as answer:
                async for part in answer.aiter_raw():
                    came += part
        except httpx2.TransportError:
            is_cut = True
        if SHOWN not in came or came.endswith(SHOWN):
            return
        self.cut += is_cut
        shown = frozenset({self._person})
        self.shown.append(Shown(name, began_at, datetime.now(UTC), shown))

    async def ask_until_dead(self, *processes: OwnProcess) -> None:
        """Ask, several at a time, until each of these has ended once; each is started again."""
        waiting, is_over = list(processes), False

        async def go_on_asking() -> None:
            while not is_over:
                await self.ask()
                await asyncio.sleep(_PAUSE)  # whoever is dead refuses at once

        asking = [asyncio.create_task(go_on_asking()) for _ in range(_CLIENTS)]
        while waiting:
            await asyncio.sleep(_PAUSE)
            for each in list(waiting):
                assert each.process is not None
                if each.process.poll() is not None:
                    waiting.remove(each)
                    each.start()
        for each in processes:
            await each.is_ready()
        is_over = True
        await asyncio.gather(*asking)
        await self.are_shown_again()

    async def are_shown_again(self) -> None:
        known = len(self.shown)
        while len(self.shown) == known:
            await self.ask()

    async def flaws(self) -> list[str]:
        """Say what was shown and is not recorded, and which release is recorded twice."""
        twice = await self._cluster.consent_rows(_TWICE)
        recorded = await self._cluster.consent_rows(RECORDED)
        return unrecorded(self.shown, recorded) + [f"{row[0]} is there twice" for row in twice]


@asynccontextmanager
async def _mortals(platform: Platform) -> AsyncIterator[tuple[Cluster, Clients]]:
    async with running_cluster(platform, 1, PATIENT, has_consent=True, modules=_MORTALS) as cluster:
        clients = Clients(cluster)
        await clients.are_shown_again()
        yield cluster, clients


async def _die(platform: Platform, folder: Path, rounds: int, chances: int) -> None:
    """Let both programs die at each point, and at moments by chance; look at the ledger."""
    dice = random.Random(rounds)

    async def kill(process: OwnProcess) -> None:
        await asyncio.sleep(dice.random() * 0.2)
        process.kill()

    async with _mortals(platform) as (cluster, clients):
        assert cluster.consent is not None
        both = {"svc_consent": cluster.consent, "gateway": cluster.gateways[0]}
        for _ in range(rounds):
            for points in zip(*POINTS.values(), strict=True):
                for point in points:
                    (folder / point).touch()
                await clients.ask_until_dead(*both.values())
                assert not any((folder / point).exists() for point in points), points
        for _ in range(chances):
            dying = [asyncio.create_task(kill(each)) for each in both.values()]
            await clients.ask_until_dead(*both.values())
            await asyncio.gather(*dying)
        print(f"{len(clients.shown)} answers, {clients.cut} of them broke off", flush=True)
        assert await clients.flaws() == []


async def test_whoever_dies_wherever_what_was_shown_is_recorded(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MORTAL_DIR", str(tmp_path))
    await _die(platform, tmp_path, 1, 0)


@pytest.mark.soak
@pytest.mark.timeout(0)
async def test_whoever_dies_a_thousand_times_what_was_shown_is_recorded(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MORTAL_DIR", str(tmp_path))
    await _die(platform, tmp_path, _LONG_ROUNDS, _LONG_ROUNDS)


async def test_twin_that_answers_before_its_record_is_durable_is_noticed(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted in a real consent service."""
    monkeypatch.setenv("MORTAL_DIR", str(tmp_path))
    monkeypatch.setenv("MORTAL_PLANT", "early")
    async with _mortals(platform) as (_, clients):
        assert await clients.flaws()
