"""A disk that is full to the last byte: nothing is promised that is not kept (AU-02, RL-15).

A consent service over a database, and a journal, on small volumes of their own, which are filled
and emptied. Where no volume can be mounted the files of the database are limited instead, and the
journal's part is left to `tests/infra/authority/test_journal.py`.
"""

import contextlib
import resource
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
import pytest_asyncio

from infra.dev.postgres import EmbeddedPostgres
from svc_consent.disclosures.repository import gate
from svc_consent.disclosures.verification import verify_ledger
from tests.faults.volume import Volume, can_mount
from tests.faults.witness import eventually
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.release_case import REVOKE, SIGN, Case, new_case
from tests.fixtures.service_app import ServiceAppFactory, new_key

pytestmark = pytest.mark.timeout(600)

_DATABASE_MEBIBYTES, _JOURNAL_MEBIBYTES = 192, 1
_MOST_ROUNDS = 500
_SMALL_LOG = {"max_wal_size": "64MB", "min_wal_size": "32MB"}
_AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
_RECORDED = """select release_id, count(*) as times from ledger_entry
  where release_id = any($1::uuid[]) group by release_id"""
_RELEASES = "select status from release where participant_id = $1"
_TAKES_ROOM = """create unlogged table room as
  select repeat('x', 1000) as x from generate_series(1, 100000)"""


def _mounts() -> bool:
    with tempfile.TemporaryDirectory(prefix="gt-vol-") as folder:
        return can_mount(Path(folder))


_CAN_MOUNT = _mounts()
PLACES = ("database", "journal") if _CAN_MOUNT else ("database",)


@dataclass
class Stricken:
    """A consent service, and its disks by name: each a context in which there is no room."""

    world: ConsentWorld
    server: EmbeddedPostgres
    disks: dict[str, Callable[[], AbstractContextManager[None]]]

    async def is_back(self) -> bool:
        """Say whether the database answers; start it again if it gave up, as `up` does."""
        if not self.server.is_running():
            await self.server.stop()
            await self.server.start()
        with contextlib.suppress(*_AWAY):
            connection = await asyncpg.connect(self.world.service.owner_dsn)
            await connection.close()
            return True
        return False


@contextmanager
def _full(volume: Volume) -> Iterator[None]:
    volume.fill()
    try:
        yield
    finally:
        volume.make_room()


@contextmanager
def _limited(server: EmbeddedPostgres) -> Iterator[None]:
    """No file of the database may grow."""
    assert server.process_id is not None
    found = psutil.Process(server.process_id)

    def limit(most: int) -> None:
        for each in (found, *found.children(recursive=True)):
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(each.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    limit(8192)
    try:
        yield
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            limit(resource.RLIM_INFINITY)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stricken(service_app: ServiceAppFactory) -> AsyncIterator[Stricken]:
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gt-full-")))
        data, journal = folder / "data", folder / "journal"
        disks: dict[str, Callable[[], AbstractContextManager[None]]] = {}
        if _CAN_MOUNT:
            on_data = stack.enter_context(Volume(data, _DATABASE_MEBIBYTES))
            on_journal = stack.enter_context(Volume(journal, _JOURNAL_MEBIBYTES))
            disks = {"database": lambda: _full(on_data), "journal": lambda: _full(on_journal)}
        server = EmbeddedPostgres(data / "pg", folder / "run", settings=_SMALL_LOG)
        await stack.enter_async_context(server)
        disks.setdefault("database", lambda: _limited(server))
        made = await server.ensure_service_database("consent")
        service = await stack.enter_async_context(
            service_app("svc_consent", database=(made.owner_dsn, made.runtime_dsn), journal=journal)
        )
        world = ConsentWorld(service)
        await world.make_site()
        yield Stricken(world, server, disks)


@dataclass
class Attempts:
    """What somebody asked for and was told, while there was no room and after it.

    Attributes:
        case: whom gate calls are about.
        other: whose releases are signed; a new one takes the place of the last.
        told: gate calls that were released.
        refused: gate calls that had no answer.
        signed: releases to sign, and whether that was acknowledged.
        head: revision that calls rely on.
    """

    case: Case
    other: Case
    head: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    signed: list[tuple[dict[str, Any], bool]] = field(default_factory=list)

    async def disclose(self, call: dict[str, Any] | None = None) -> bool:
        """Pass the gate, with a new call or one again; return whether there was an answer."""
        world = self.case.world
        if call is None:
            call = world.gate_call(self.case.officer, self.head, [self.case.participant])
        status, answer = await world.call(
            "POST", "/internal/gate", {"lane": f"full-{self.case.participant}", "calls": [call]}
        )
        if status != 200:
            assert status == 503
            assert "space" not in str(answer)
            self.refused.append(call)
            return False
        (verdict,) = answer["verdicts"]
        assert verdict["verdict"] == "RELEASED"
        self.told.append(call)
        return True

    async def sign(self, form: dict[str, Any] | None = None) -> bool:
        """Sign a release, a new one or one again under its key; return whether it was said so."""
        given = form or self.other.form()
        is_done = await self._is_said(self.other, SIGN, given, "signRelease")
        self.signed.append((given, is_done))
        return is_done

    async def is_revoked(self, given: dict[str, Any]) -> bool:
        """Take a release back; return whether that was acknowledged."""
        return await self._is_said(self.case, REVOKE, given, "revokeRelease")

    async def _is_said(self, case: Case, document: str, given: dict[str, Any], name: str) -> bool:
        answer = await case.world.service.graphql(case.acting(), document, {"input": given})
        if answer.errors:
            assert "space" not in str(answer.body)
            return False
        payload = answer.body["data"][name]
        assert payload["userErrors"] == [], payload
        return True

    async def begin(self) -> dict[str, Any]:
        """Sign what everything rests on, and return what takes it back."""
        payload = await self.case.sign(self.case.form())
        assert await self.case.officer_sees() == ["IDENTITY"]
        self.head = await self.case.world.head()
        return {
            "releaseId": payload["release"]["id"],
            "expectedVersion": payload["release"]["version"],
            "reason": "Asked for it", "idempotencyKey": new_key(),
        }  # fmt: skip

    async def until_refused(self, attempt: Callable[[], Awaitable[bool]]) -> None:
        """Try until there is no answer any more."""
        for _ in range(_MOST_ROUNDS):
            if not await attempt():
                return
        raise AssertionError("there is room")

    async def not_recorded_once(self) -> list[str]:
        """Return disclosures that were told and do not stand in the ledger exactly once."""
        told = [call["releaseId"] for call in self.told]
        rows = await rows_of(self.case.world, _RECORDED, told)
        times = {str(row["release_id"]): row["times"] for row in rows}
        return [each for each in told if times.get(each) != 1]


async def releases_of(case: Case) -> list[str]:
    """Return the status of each release of a participant."""
    rows = await rows_of(case.world, _RELEASES, case.participant)
    return [row["status"] for row in rows]


async def rows_of(world: ConsentWorld, statement: str, *given: Any) -> list[Any]:
    """Run a statement on the database as its owner."""
    connection = await asyncpg.connect(world.service.owner_dsn)
    try:
        return list(await connection.fetch(statement, *given))
    finally:
        await connection.close()


async def assert_no_room(stricken: Stricken, place: str) -> None:
    if place != "database":
        return
    with pytest.raises(_AWAY):
        await rows_of(stricken.world, _TAKES_ROOM)


@pytest.mark.parametrize("place", PLACES)
async def test_what_a_full_disk_cannot_keep_is_refused_and_later_done_once(
    stricken: Stricken, place: str
) -> None:
    attempts = Attempts(await new_case(stricken.world), await new_case(stricken.world))
    taking_back = await attempts.begin()
    with stricken.disks[place]():
        await assert_no_room(stricken, place)
        if place == "database":
            await attempts.until_refused(attempts.disclose)
        await attempts.until_refused(attempts.sign)
        await attempts.is_revoked(taking_back)  # acknowledged or not: see below
    await eventually(stricken.is_back, "the database does not come back")

    # Nobody restarts the service. Each attempt again, under its own id or key, until it is told.
    async def all_told() -> bool:
        waiting, attempts.refused = attempts.refused, []
        for call in waiting:
            await attempts.disclose(call)
        forms = [form for form, is_done in attempts.signed if not is_done]
        attempts.signed = [each for each in attempts.signed if each[1]]
        for form in forms:
            await attempts.sign(form)
        return not attempts.refused and all(is_done for _, is_done in attempts.signed)

    await eventually(all_told, "it does not recover")
    assert await attempts.not_recorded_once() == []

    async def is_taken_back() -> bool:
        return await attempts.is_revoked(taking_back)

    await eventually(is_taken_back, "it cannot be taken back")
    assert await releases_of(attempts.case) == ["REVOKED"]
    signed = await releases_of(attempts.other)
    assert (len(signed), signed.count("ACTIVE")) == (len(attempts.signed), 1), (
        "one key, one release"
    )
    owner = await asyncpg.connect(stricken.world.service.owner_dsn)
    try:
        assert (await verify_ledger(owner, None)).flaws == []
    finally:
        await owner.close()


async def test_twin_a_gate_that_answers_without_its_record_is_noticed(
    stricken: Stricken, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = Attempts(await new_case(stricken.world), await new_case(stricken.world))
    await attempts.begin()
    assert await attempts.disclose()  # its lane and the pseudonym have their pages
    for step in ("append", "commit"):
        monkeypatch.setattr(gate, step, careless(getattr(gate, step)))
    with stricken.disks["database"]():
        for _ in range(_MOST_ROUNDS):
            await attempts.disclose()
            with contextlib.suppress(*_AWAY):
                if await attempts.not_recorded_once():
                    break
    monkeypatch.undo()
    await eventually(stricken.is_back, "the database does not come back")
    assert await attempts.not_recorded_once()


def careless(step: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Return a step of the gate that takes no notice of a database that refuses."""

    async def run(*arguments: Any) -> None:
        with contextlib.suppress(*_AWAY):
            await step(*arguments)

    return run
