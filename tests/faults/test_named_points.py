"""kill -9 at named points of a release: every answer that a client received has its record (AU-01).

Real processes: a gateway and a consent service that end themselves at a point (`mortal`), clients
that keep what they were shown, and the ledger.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.mortal import POINTS
from tests.fixtures.whole_platform import Platform
from tests.proof.processes import PATIENT, Cluster, OwnProcess, running_cluster
from tests.proof.revocation import RECORDED, Shown, unrecorded

pytestmark = pytest.mark.timeout(900)

_CLIENTS = 6
_ASK = "query {name}($id: ID!) {{ participant(id: $id) {{ id name {{ family }} }} }}"
_MORTALS = {program: f"tests.faults.mortal {program}" for program in POINTS}
_names = itertools.count()


class Clients:
    """Who asks for one person, and keeps what they were shown."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._person = cluster.platform.participant("roi_active")
        self.shown: list[Shown] = []

    async def ask(self) -> None:
        name, began_at = f"Dpoint{next(_names)}", datetime.now(UTC)
        answered = await self._cluster.door(
            0, "case_manager", _ASK.format(name=name), {"id": self._person}, "CAREMGT"
        )
        if answered is None or not (answered[1].get("data") or {}).get("participant"):
            return
        shown = frozenset({self._person})
        self.shown.append(Shown(name, began_at, datetime.now(UTC), shown))

    async def ask_until(self, process: OwnProcess) -> None:
        """Ask, several at a time, until the process has ended."""
        assert process.process is not None
        while process.process.poll() is None:
            await asyncio.gather(*(self.ask() for _ in range(_CLIENTS)))

    async def are_shown_again(self) -> None:
        known = len(self.shown)
        while len(self.shown) == known:
            await self.ask()

    async def unrecorded(self) -> list[str]:
        return unrecorded(self.shown, await self._cluster.consent_rows(RECORDED))


@asynccontextmanager
async def _mortals(platform: Platform) -> AsyncIterator[tuple[Cluster, Clients]]:
    async with running_cluster(platform, 1, PATIENT, has_consent=True, modules=_MORTALS) as cluster:
        clients = Clients(cluster)
        await clients.are_shown_again()
        yield cluster, clients


async def test_whoever_dies_wherever_what_was_shown_is_recorded(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MORTAL_DIR", str(tmp_path))
    async with _mortals(platform) as (cluster, clients):
        assert cluster.consent is not None
        for program, points in POINTS.items():
            process = cluster.consent if program == "svc_consent" else cluster.gateways[0]
            for point in points:
                (tmp_path / point).touch()
                await clients.ask_until(process)
                assert not (tmp_path / point).exists(), f"nobody died at {point!r}"
                process.start()
                await process.is_ready()
                await clients.are_shown_again()
        assert await clients.unrecorded() == []


async def test_twin_that_answers_before_its_record_is_durable_is_noticed(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted in a real consent service."""
    monkeypatch.setenv("MORTAL_DIR", str(tmp_path))
    monkeypatch.setenv("MORTAL_PLANT", "early")
    async with _mortals(platform) as (_, clients):
        assert await clients.unrecorded()
