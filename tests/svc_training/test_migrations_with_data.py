"""Migrations go up and down over rows that are there: what was stored before stays as it was."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

import svc_training
from infra.migrations import downgrade, migrate
from infra.settings import Secret
from tests.fixtures.postgres import ServiceDatabaseFactory
from tests.fixtures.stored_rows import changed, plant, stored_rows

PACKAGE_DIR = Path(str(svc_training.__file__)).parent
FIRST, BEFORE_CLEARANCES, BEFORE_RECORDS = "0001", "0008", "0009"
WHEN, DAY = "2026-02-16T09:00:00+00:00", "2026-02-16"
COURSE, SESSION, ANA, ANA_THERE, BO = (uuid4() for _ in range(5))
ACCOUNT = "acct-ana"
TAKEN_AWAY = {"authority_visibility", "training_clearance"}
"""Nothing of a participant belongs here; clearances are found anew from what people hold."""
UNFAITHFUL = {
    "assignment_step": "delete from assignment_step",
    "assignment": "update assignment set status = 'COMPLETED'",
}
"""What a bad migration would do: lose a row, rewrite one."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """A database that can be brought to a revision, and a connection to it."""

    owner: Secret
    connection: asyncpg.Connection

    async def up(self, revision: str = "head") -> None:
        """Bring it up to a revision."""
        await asyncio.to_thread(migrate, PACKAGE_DIR, self.owner, revision)

    async def down(self, revision: str) -> None:
        """Take it back to a revision."""
        await asyncio.to_thread(downgrade, PACKAGE_DIR, self.owner, revision)

    async def all(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        return [tuple(row) for row in await self.connection.fetch(statement)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(service_database: ServiceDatabaseFactory) -> AsyncIterator[Migrated]:
    """A database of the first day: somebody on two rosters, and assignments."""
    owner_dsn, _ = await asyncio.to_thread(service_database, "training")
    connection = await asyncpg.connect(owner_dsn)
    try:
        made = Migrated(Secret(owner_dsn), connection)
        await made.up(FIRST)
        await fill_the_catalogue(connection)
        await fill_rosters(connection)
        yield made
    finally:
        await connection.close()


async def fill_the_catalogue(to: asyncpg.Connection) -> None:
    """A course with a session, and the page that it was read from."""
    written = {"version": 1, "created_at": WHEN, "updated_at": WHEN}
    await plant(
        to, "course", id=COURSE, number="1007", title="LEAD 101", description="Basics.",
        audience=[], authority=[], **written,
    )  # fmt: skip
    await plant(
        to, "course_page_text", id=uuid4(), course_id=COURSE, digest="d", text="A page.",
        row_errors=[], imported_by="x", imported_at=WHEN,
    )  # fmt: skip
    await plant(
        to, "session", id=SESSION, number="1007-1", course_id=COURSE, title="LEAD 101",
        starts_at=WHEN, ends_at=WHEN, zone="America/Los_Angeles", is_zone_assumed=False, hours=2,
        location_mode="VIRTUAL", status="OPEN", raw_date="", raw_hours="", **written,
    )  # fmt: skip


async def fill_rosters(to: asyncpg.Connection) -> None:
    """Two people on three rosters, each with an assignment; one of them has an account."""
    for person, agency, account in (
        (ANA, "one", ACCOUNT),
        (ANA_THERE, "two", ACCOUNT),
        (BO, "one", None),
    ):
        await plant(
            to, "personnel", id=person, agency_id=agency, account_id=account, given_name="A",
            family_name="B", appointment_type="FULL_TIME", is_certified=True, version=1,
            created_at=WHEN, updated_at=WHEN,
        )  # fmt: skip
        assignment = uuid4()
        await plant(
            to, "assignment", id=assignment, personnel_id=person, session_id=SESSION,
            category="MANDATED", status="ASSIGNED", assigned_by="x", assigned_at=WHEN,
            updated_at=WHEN, version=1,
        )  # fmt: skip
        await plant(
            to, "assignment_step", assignment_id=assignment, version=1, status="ASSIGNED",
            changed_by="x", changed_at=WHEN,
        )  # fmt: skip
    await plant(
        to, "authority_visibility", id=uuid4(), participant_id=uuid4(), holder="a:one", basis="r",
        effect="permit", starts_at=WHEN, revision=1,
    )  # fmt: skip


async def put_record(to: asyncpg.Connection, person: object) -> None:
    """Store a training record as code does that knows of no agency in it."""
    await to.execute(
        "insert into training_record (id, personnel_id, title, attendance, outcome,"
        " hours_credited, completed_on, source, recorded_by, recorded_at, version)"
        " values (gen_random_uuid(), $1, 'LEAD 101', 'PRESENT', 'PASSED', 2, now(), 'MANUAL',"
        " 'x', now(), 1)",
        person,
    )


async def test_rows_from_before_live_through_both_directions(database: Migrated) -> None:
    to = database.connection
    first = await stored_rows(to)
    await database.up(BEFORE_CLEARANCES)
    agencies = "select a.agency_id = p.agency_id from assignment a join personnel p"
    assert await database.all(f"{agencies} on p.id = a.personnel_id") == [(True,)] * 3
    assert await database.all("select is_active from course") == [(True,)]
    flags = "select distinct is_active, is_training_manager, is_assessed from personnel"
    assert await database.all(flags) == [(True, False, False)]
    assert await database.all("select * from authority_visibility") == []
    assert changed(first, await stored_rows(to)) - TAKEN_AWAY == set()

    await to.execute("update personnel set is_assessed = true")
    await plant(
        to, "training_clearance", id=uuid4(), account_id=ACCOUNT, kind="CJIS", held_until=DAY,
        changed_at=WHEN,
    )  # fmt: skip
    await put_record(to, ANA_THERE)
    later = await stored_rows(to)
    await database.up(BEFORE_RECORDS)
    # Found anew for whoever signs in; nobody else has a clearance to hand over.
    assessed = "select id from personnel where is_assessed"
    assert await database.all(assessed) == [(BO,)]
    await to.execute("update personnel set is_assessed = true")
    assert changed(later, await stored_rows(to)) == {"training_clearance"}

    await database.up()
    assert await database.all("select agency_id from training_record") == [("two",)]
    await put_record(to, BO)
    stored = "select agency_id from training_record order by agency_id"
    assert await database.all(stored) == [("one",), ("two",)]
    # One account holds a kind on two rosters, which there was no room for before.
    for person, agency in ((ANA, "one"), (ANA_THERE, "two")):
        await plant(
            to, "training_clearance", id=uuid4(), account_id=ACCOUNT, personnel_id=person,
            agency_id=agency, kind="CJIS", held_until=DAY, changed_at=WHEN,
        )  # fmt: skip
    # Whatever was set by hand before nobody can tell; what is set now goes with the column.
    by_hand = "select set_by_hand from session union all select set_by_hand from course"
    assert await database.all(by_hand) == [("{}",)] * 2
    await to.execute("""update session set capacity = 12, set_by_hand = '{"capacity": "one"}'""")
    latest = await stored_rows(to)

    await database.down(BEFORE_CLEARANCES)
    assert changed(latest, await stored_rows(to)) - TAKEN_AWAY == set()
    await database.up()
    assert await database.all(by_hand) == [("{}",)] * 2
    assert await database.all("select capacity from session") == [(12,)]
    assert await database.all(stored) == [("one",), ("two",)]
    await database.down(FIRST)
    assert changed(first, await stored_rows(to)) - TAKEN_AWAY == set()
    await database.up()
    assert changed(first, await stored_rows(to)) - TAKEN_AWAY == set()
    assert await database.all(f"{agencies} on p.id = a.personnel_id") == [(True,)] * 3


@pytest.mark.parametrize("table", list(UNFAITHFUL))
async def test_planted_migration_that_is_not_faithful_is_caught(
    database: Migrated, table: str
) -> None:
    before = await stored_rows(database.connection)
    undone = database.connection.transaction()
    await undone.start()
    await database.connection.execute(UNFAITHFUL[table])
    after = await stored_rows(database.connection)
    await undone.rollback()
    assert changed(before, after) == {table}
