"""A restore brings back an older database; what was taken back since stays taken back.

The drill at the size of one service: copy, revoke, restore the copy, start. Its twins restore
without the journal, and let the service start without looking at it.
"""

import importlib
import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from infra.authority.facts import delete_visibility, timeline_after
from infra.authority.journal import Journal, JournalError, Line
from infra.database import AT_THE_END_KEY
from infra.dev.backups.copying import dump, load
from infra.dev.postgres import EmbeddedPostgres
from infra.dev.service_databases import Server
from infra.idempotency import once
from svc_consent.authority import recovery, repository
from svc_consent.authority.rules import subject_key
from tests.fixtures.consent_world import ConsentWorld, Person
from tests.fixtures.postgres import ServiceDatabaseFactory
from tests.fixtures.service_app import ServiceAppFactory

_REVOKE_GRANT = text("update role_grant set revoked_at = now() where id = :id")
_NOT_CAUGHT = text("""
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind = 'r' and not exists (
  select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'capture_row')
""")
_NOT_JOURNALLED = importlib.import_module(
    "svc_consent.migrations.versions.0012_journal"
).NOT_JOURNALLED


@dataclass
class Drill:
    """A service with a journal, one release of one person, and a copy made before its end."""

    world: ConsentWorld
    server: Server
    apps: ServiceAppFactory
    databases: ServiceDatabaseFactory
    stack: AsyncExitStack
    journal: Path
    copies: Any

    async def copy(self) -> Path:
        """Copy the database as a backup does."""
        target = self.journal.parent / f"{next(self.copies)}.dump"
        name = urlsplit(self.world.service.owner_dsn).path.removeprefix("/")
        async with (
            self.server.superuser(name) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await dump(
                self.server, name, await connection.fetchval("select pg_export_snapshot()"), target
            )
        return target

    def journal_copy(self) -> Path:
        """Copy the journal, as a restore does: two databases must not go on in one chain."""
        target = self.journal.parent / f"journal-{next(self.copies)}"
        return Path(shutil.copytree(self.journal, target))

    async def restored(self, copy: Path, *, journal: Path | None, mark: str = "") -> ConsentWorld:
        """Restore a copy into a database of its own and start a service on it."""
        owner, runtime = self.databases("consent")
        name = urlsplit(owner).path.removeprefix("/")
        await load(self.server, name, copy)
        async with self.server.superuser(name) as connection:
            await connection.execute(mark or "update authority_journal set is_restored = true")
        service = await self.stack.enter_async_context(
            self.apps("svc_consent", journal=journal, database=(owner, runtime))
        )
        world = ConsentWorld(service, site_id=self.world.site_id)
        world.make_keys_known()
        return world


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def drill(
    service_app: ServiceAppFactory,
    service_database: ServiceDatabaseFactory,
    postgres_cluster: EmbeddedPostgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator["Drill"]:
    """Return a drill on a running service."""
    async with AsyncExitStack() as stack:
        journal = tmp_path_factory.mktemp("drill") / "journal"
        service = await stack.enter_async_context(service_app("svc_consent", journal=journal))
        world = ConsentWorld(service)
        await world.make_site()
        yield Drill(
            world, postgres_cluster.server, service_app, service_database, stack, journal,
            itertools.count(),
        )  # fmt: skip


@dataclass(frozen=True)
class Released:
    """Who was released to whom."""

    participant: str
    agency: str
    person: Person
    row: UUID


async def release(world: ConsentWorld) -> Released:
    agency = await world.make_agency("LE")
    person = await world.make_person("LEO", agency)
    participant = str(uuid4())
    return Released(participant, agency, person, await world.release(participant, agency))


async def sees(world: ConsentWorld, released: Released) -> bool:
    """Say whether the holder of a release may see its participant."""
    found = await world.decisions(released.person, [released.participant], {"IDENTITY": "r"})
    return bool(found["decisions"][0]["categories"])


async def revoke(world: ConsentWorld, released: Released) -> None:
    await world.take_back(released.participant, f"agency:{released.agency}", released.row)


async def ready(world: ConsentWorld) -> int:
    return (await world.service.http.get("/health/ready")).status_code


async def test_a_revocation_holds_after_an_older_copy_is_restored(drill: Drill) -> None:
    released, kept = await release(drill.world), await release(drill.world)
    copy = await drill.copy()
    await revoke(drill.world, released)
    new = await release(drill.world)
    restored = await drill.restored(copy, journal=drill.journal_copy())
    assert await ready(restored) == 200
    assert [await sees(restored, each) for each in (released, kept, new)] == [False, True, True]


async def test_twin_that_starts_without_replaying_brings_the_release_back(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = await release(drill.world)
    copy = await drill.copy()
    await revoke(drill.world, released)

    async def looks_away(_database: object) -> None:
        return None

    monkeypatch.setattr(recovery, "recover", looks_away)
    restored = await drill.restored(copy, journal=drill.journal_copy())
    assert await sees(restored, released)


async def test_nothing_is_served_while_the_journal_is_away(drill: Drill, tmp_path: Path) -> None:
    released = await release(drill.world)
    copy = await drill.copy()
    await revoke(drill.world, released)
    for journal in (None, tmp_path / "another-volume"):
        restored = await drill.restored(copy, journal=journal)
        assert await ready(restored) == 503
        body = {"issuer": "dev", "subject": released.person.external_subject}
        asked = await restored.call("POST", "/internal/directory/principal", body)
        call = restored.gate_call(released.person, await restored.head())
        gated = await restored.call("POST", "/internal/gate", {"lane": "lane-1", "calls": [call]})
        fed = await restored.call("GET", "/internal/authority/changes?after=0")
        assert [asked[0], gated[0], fed[0]] == [503, 503, 503]
        assert (await restored.service.http.get("/health/live")).status_code == 200


async def test_it_is_served_as_soon_as_the_journal_is_back(drill: Drill, tmp_path: Path) -> None:
    released = await release(drill.world)
    copy = await drill.copy()
    await revoke(drill.world, released)
    elsewhere = tmp_path / "another-volume"
    restored = await drill.restored(copy, journal=elsewhere)
    with pytest.raises(JournalError):
        await recovery.recover(restored.service.chassis.database)
    shutil.copytree(drill.journal, elsewhere)
    assert await recovery.recover(restored.service.chassis.database) is not None
    assert await recovery.recover(restored.service.chassis.database) is None


async def test_a_role_taken_away_stays_away(drill: Drill) -> None:
    """A fact that is no visibility row: it comes back with the rows of its transaction."""
    released = await release(drill.world)
    copy = await drill.copy()
    async with drill.world.service.chassis.database.write() as session:
        await session.execute(_REVOKE_GRANT, {"id": released.person.grant_id})
        await repository.record_change(session, [subject_key(released.person.subject)], [])
    restored = await drill.restored(copy, journal=drill.journal_copy())
    body = {"issuer": "dev", "subject": released.person.external_subject}
    assert (await restored.ok("/internal/directory/principal", body))["grants"] == []


async def test_a_new_timeline_lets_all_older_decisions_lapse(drill: Drill) -> None:
    """A gateway that remembers the lost future relies on nothing that the gate accepts."""
    released = await release(drill.world)
    copy = await drill.copy()
    for _ in range(3):
        await release(drill.world)
    future = await drill.world.head()
    restored = await drill.restored(copy, journal=drill.journal_copy())
    head = await restored.head()
    assert head == timeline_after(future)
    old = restored.gate_call(released.person, future, [released.participant])
    new = restored.gate_call(released.person, head, [released.participant])
    listed = restored.gate_call(released.person, head, uses_list=True)
    listed["keys"][f"visible:{released.agency}"] = future
    verdicts = await restored.gate(old, new, listed)
    assert [each["verdict"] for each in verdicts] == [
        "PRINCIPAL_CHANGED", "RELEASED", "LIST_CHANGED",
    ]  # fmt: skip


async def test_changes_go_on_and_are_journalled_after_a_restore(drill: Drill) -> None:
    """A second restore of the same copy has both lives' changes."""
    first, second = await release(drill.world), await release(drill.world)
    copy = await drill.copy()
    await revoke(drill.world, first)
    journal = drill.journal_copy()
    restored = await drill.restored(copy, journal=journal)
    await revoke(restored, second)
    again = await drill.restored(copy, journal=journal)
    assert [await sees(again, first), await sees(again, second)] == [False, False]
    assert await again.head() == timeline_after(await restored.head())


async def test_what_was_rolled_back_is_not_replayed(drill: Drill) -> None:
    released = await release(drill.world)
    with pytest.raises(RuntimeError):
        await _change_and_fail(drill.world, released)
    assert await recovery.recover(drill.world.service.chassis.database) is None
    assert await sees(drill.world, released)


async def _change_and_fail(world: ConsentWorld, released: Released) -> None:
    async with world.service.chassis.database.write() as session:
        await repository.record_change(session, ["policy"], [delete_visibility(released.row)])
        raise RuntimeError


async def test_a_line_whose_transaction_was_rolled_back_does_not_count(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = await release(drill.world)
    append = Journal.append

    def cut_off(journal: Journal, database: str, line: Line) -> None:
        append(journal, database, line)
        raise RuntimeError

    monkeypatch.setattr(Journal, "append", cut_off)
    with pytest.raises(RuntimeError):
        await revoke(drill.world, released)
    assert await recovery.recover(drill.world.service.chassis.database) is None
    assert await sees(drill.world, released)


async def test_what_is_not_on_the_journal_is_not_committed(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = await release(drill.world)
    head = await drill.world.head()

    def full(_journal: Journal, _database: str, _line: Line) -> None:
        raise JournalError("the journal's volume is full")

    monkeypatch.setattr(Journal, "append", full)
    with pytest.raises(JournalError):
        await revoke(drill.world, released)
    assert await drill.world.head() == head
    assert await sees(drill.world, released)


async def test_a_crash_between_journal_and_commit_ends_with_the_change_made(drill: Drill) -> None:
    """Nobody was told how it ended: as the journal has it, it is carried out."""
    released = await release(drill.world)
    copy = await drill.copy()
    await revoke(drill.world, released)
    restored = await drill.restored(copy, journal=drill.journal_copy(), mark="select 1")
    assert not await sees(restored, released)
    assert await restored.head() == timeline_after(await drill.world.head())


async def _revoke_by_key(world: ConsentWorld, released: Released, *, at_once: bool = False) -> str:
    """Take a release back under a key of its own; return what the service says under it."""
    async with world.service.chassis.database.write() as session:

        async def effect() -> dict[str, Any]:
            operation = delete_visibility(released.row)
            revision = await repository.record_change(session, ["policy"], [operation])
            if at_once:
                await session.info.pop(AT_THE_END_KEY)()
            return {"revision": str(revision)}

        result = await once(
            session, subject="writer", key=str(released.row), request="revoke", effect=effect
        )
    return str(result["revision"])


async def test_a_request_that_a_crash_cut_off_is_known_by_its_key_afterwards(drill: Drill) -> None:
    """Its client, who was told nothing, repeats it and is told what came of it."""
    released = await release(drill.world)
    copy = await drill.copy()
    said = await _revoke_by_key(drill.world, released)
    restored = await drill.restored(copy, journal=drill.journal_copy(), mark="select 1")
    assert not await sees(restored, released)
    assert await _revoke_by_key(restored, released) == said


async def test_twin_whose_line_is_written_before_the_key_has_the_effect_twice(
    drill: Drill,
) -> None:
    released = await release(drill.world)
    copy = await drill.copy()
    said = await _revoke_by_key(drill.world, released, at_once=True)
    restored = await drill.restored(copy, journal=drill.journal_copy(), mark="select 1")
    assert not await sees(restored, released)
    assert await _revoke_by_key(restored, released) != said


async def test_every_table_is_journalled_or_named_as_one_that_is_not(drill: Drill) -> None:
    async with drill.world.service.chassis.database.read() as session:
        found = await session.execute(_NOT_CAUGHT)
    assert set(found.scalars()) == set(_NOT_JOURNALLED)
