"""Migrations go up and down over rows that are there: what was stored before stays as it was."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

import svc_consent
from infra.migrations import downgrade, migrate
from infra.settings import Secret
from tests.fixtures.postgres import ServiceDatabaseFactory
from tests.fixtures.stored_rows import changed, plant, stored_rows

PACKAGE_DIR = Path(str(svc_consent.__file__)).parent
FIRST, BEFORE_COUNTS = "0003", "0022"
"""Below the first only tables were made; after the second, what administrators keep is counted."""
WHEN = "2026-02-16T09:00:00+00:00"
SITE, AGENCY, MEMBERSHIP, ACCOUNT, PERSON, RELEASE, STAFF = (uuid4() for _ in range(7))
APPLIED = 7
UNFAITHFUL = {
    "participant_pseudonym": "delete from participant_pseudonym",
    "release": "update release set status = 'DRAFT'",
    "ledger_key": "insert into ledger_key select 'k2', jwk, published_at from ledger_key",
}
"""What a bad migration would do: lose a row, rewrite one, make one up."""


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

    async def one(self, statement: str) -> tuple[object, ...]:
        """Return the one row of a statement."""
        (row,) = await self.connection.fetch(statement)
        return tuple(row)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(service_database: ServiceDatabaseFactory) -> AsyncIterator[Migrated]:
    """A database of the first days, with rows in every table that there was."""
    owner_dsn, _ = await asyncio.to_thread(service_database, "consent")
    connection = await asyncpg.connect(owner_dsn)
    try:
        made = Migrated(Secret(owner_dsn), connection)
        await made.up(FIRST)
        await fill_the_directory(connection)
        await fill_releases(connection)
        await fill_the_order(connection)
        await fill_the_ledger(connection)
        assert {table for table, rows in (await stored_rows(connection)).items() if not rows} <= {
            "authority_outbox",
            "idempotent_request",
        }
        yield made
    finally:
        await connection.close()


async def fill_the_directory(to: asyncpg.Connection) -> None:
    """A site, an agency of it, and somebody who works there and has a binding."""
    await plant(to, "site", id=SITE, name="King", county="King", time_zone="America/Los_Angeles")
    await plant(
        to, "agency", id=AGENCY, name="Harbor", type="PROVIDER", part2_status="PROGRAM", version=3
    )
    await plant(
        to, "membership", id=MEMBERSHIP, agency_id=AGENCY, site_id=SITE, status="ACTIVE",
        since_at=WHEN, version=2,
    )  # fmt: skip
    await plant(to, "mou", id=uuid4(), membership_id=MEMBERSHIP, starts_at=WHEN, version=1)
    await plant(
        to, "account", id=ACCOUNT, issuer="https://id.test", external_subject="ana", name="Ana",
        is_blocked=False, created_at=WHEN, version=4,
    )  # fmt: skip
    await plant(
        to, "role_grant", id=STAFF, account_id=ACCOUNT, agency_id=AGENCY, site_id=SITE, role="CM",
        is_liaison=False, starts_at=WHEN, reason="Hired.", granted_at=WHEN, version=1,
    )  # fmt: skip
    await plant(
        to, "account_binding", id=uuid4(), account_id=ACCOUNT, participant_id=PERSON, kind="SELF",
        starts_at=WHEN,
    )  # fmt: skip


async def fill_releases(to: asyncpg.Connection) -> None:
    """A release in force, with a provision."""
    await plant(
        to, "release", id=RELEASE, series_id=RELEASE, number=1, participant_id=PERSON,
        site_id=SITE, kind="PART2", status="ACTIVE", signed_at=WHEN, signature={"name": "Ana"},
        missing_elements=[], recorded_at=WHEN, version=1,
    )  # fmt: skip
    await plant(
        to, "release_provision", id=uuid4(), release_id=RELEASE, recipient_agency_id=AGENCY,
        effect="permit", categories=["NOTES"], purposes=["CAREMGT"],
    )  # fmt: skip


async def fill_the_order(to: asyncpg.Connection) -> None:
    """Changes of two sizes, what they made visible, and up to where they were applied."""
    for revision, operations in enumerate(([{"op": "a"}, {"op": "b"}], []), start=APPLIED - 1):
        await plant(
            to, "authority_change", revision=revision, keys=["k"], operations=operations, at=WHEN
        )
    await plant(to, "authority_key", key="k", revision=APPLIED)
    await plant(to, "authority_accepted", issuer="cases", id=uuid4(), revision=APPLIED, at=WHEN)
    await plant(
        to, "authority_visibility", id=uuid4(), participant_id=PERSON, holder="a:h", basis="r",
        effect="permit", starts_at=WHEN, revision=APPLIED,
    )  # fmt: skip
    await plant(
        to, "authority_agency_window", id=uuid4(), agency_id=AGENCY, site_id=SITE, starts_at=WHEN,
        revision=APPLIED,
    )  # fmt: skip
    await to.execute("update authority_applied set revision = $1", APPLIED)


async def fill_the_ledger(to: asyncpg.Connection) -> None:
    """One entry, about one person, with a signed head."""
    pseudonym, seal = uuid4(), "\\x0102"
    await plant(to, "participant_pseudonym", participant_id=PERSON, pseudonym=pseudonym)
    await plant(to, "ledger_lane", lane="one", sequence=1, hash=seal)
    await plant(
        to, "ledger_entry", lane="one", sequence=1, hash=seal, release_id=uuid4(),
        recorded_at=WHEN, entry={"fields": ["name"]},
    )  # fmt: skip
    await plant(
        to, "ledger_about", pseudonym=pseudonym, recorded_at=WHEN, lane="one", sequence=1, part=0
    )
    await plant(
        to, "ledger_signed_head", lane="one", sequence=1, signed_at=WHEN, hash=seal, kid="k1",
        signature=seal,
    )  # fmt: skip
    await plant(to, "ledger_key", kid="k1", jwk={"kty": "OKP"}, published_at=WHEN)


async def test_rows_from_before_live_through_both_directions(database: Migrated) -> None:
    first = await stored_rows(database.connection)
    await database.up(BEFORE_COUNTS)
    await fill_what_is_kept(database.connection)
    later = await stored_rows(database.connection)
    assert changed(first, later) == set()
    await database.up()
    assert changed(later, await stored_rows(database.connection)) == set()
    await check_what_was_added(database)
    await check_changes_are_caught(database.connection)
    await database.down(BEFORE_COUNTS)
    assert changed(later, await stored_rows(database.connection)) == set()
    await database.down(FIRST)
    again = await stored_rows(database.connection)
    assert again.keys() == first.keys()
    assert changed(first, again) == set()
    await database.up()
    assert changed(first, await stored_rows(database.connection)) == set()
    await check_changes_are_caught(database.connection)


async def fill_what_is_kept(to: asyncpg.Connection) -> None:
    """What a claim and a group of the agency's own directory mean."""
    await plant(
        to, "claim_meaning", issuer="https://id.test", claimed_role="worker", claimed_agency="h",
        role="CM", agency_id=AGENCY, changed_by=ACCOUNT, changed_at=WHEN,
    )  # fmt: skip
    await plant(
        to, "provisioned_group_role", agency_id=AGENCY, display_name="Outreach", role="CM",
        is_liaison=False, mapped_by=ACCOUNT, mapped_at=WHEN,
    )  # fmt: skip


async def check_what_was_added(database: Migrated) -> None:
    """Rows from before say what is true of them in the columns that they got."""
    changes = "select array_agg(operation_count order by revision) from authority_change"
    assert await database.one(changes) == ([2, 0],)
    assert await database.one("select covers, narrowed_from from release") == ([], None)
    assert await database.one("select settings, settings_version from site") == ("{}", 0)
    binding = "select is_parent, version, authority, ended_by from account_binding"
    assert await database.one(binding) == (False, 1, None, None)
    assert await database.one("select is_inactive from account") == (False,)
    assert await database.one("select version from claim_meaning") == (1,)
    assert await database.one("select version from provisioned_group_role") == (1,)
    # Nobody is told of what was before there were webhooks.
    assert await database.one("select revision from webhook_cursor") == (APPLIED,)


async def check_changes_are_caught(to: asyncpg.Connection) -> None:
    """Rows from before the journal go into it, as do those of tables made before all joined it."""
    undone = to.transaction()
    await undone.start()
    await to.execute("set local gt.journal = on")
    await to.execute("update release set revocation_reason = 'Changed my mind.'")
    await plant(
        to, "indicator_publication", site_id=str(SITE), population="REFERRALS",
        starts_on="2026-01-01", published_at=WHEN,
    )  # fmt: skip
    await to.execute("update ledger_lane set sequence = 2")
    caught = await to.fetch("select of_table, did from authority_captured order by number")
    await undone.rollback()
    assert [tuple(row) for row in caught] == [
        ("release", "UPDATE"),
        ("indicator_publication", "INSERT"),
    ]


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
