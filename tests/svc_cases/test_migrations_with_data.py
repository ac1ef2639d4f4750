"""Migrations go up and down over rows that are there: what was stored before stays readable."""

import asyncio
from datetime import date
from pathlib import Path
from uuid import uuid4

import asyncpg

import svc_cases
from infra.migrations import downgrade, migrate
from infra.settings import Secret
from tests.fixtures.postgres import ServiceDatabaseFactory

PACKAGE_DIR = Path(str(svc_cases.__file__)).parent
COURT = "insert into court values ($1, 'c', 'Court', $2, 'America/Los_Angeles')"
CASE = (
    "insert into legal_case (id, number, court_id, site_id, prosecutor_agency_id,"
    " defendant_given_name, defendant_family_name, status, incident_on, filed_on, version)"
    " values ($1, 'N-1', $2, $3, $4, 'Sam', 'Example', 'PENDING', $5, $5, 1)"
)
CHARGE = (
    "insert into charge values"
    " ($1, $2, 1, 'RCW 9A.52.080', 'Criminal trespass', '90J', 'MISDEMEANOR', 'PENDING')"
)
HEARING = (
    "insert into hearing (id, case_id, kind, starts_at)"
    " values ($1, $2, 'PRETRIAL', timestamptz '2026-12-01 17:00+00')"
)


async def test_rows_from_before_live_through_both_directions(
    service_database: ServiceDatabaseFactory,
) -> None:
    owner_dsn, _ = await asyncio.to_thread(service_database, "cases")
    owner = Secret(owner_dsn)
    await asyncio.to_thread(migrate, PACKAGE_DIR, owner)
    await asyncio.to_thread(downgrade, PACKAGE_DIR, owner, "0002")
    connection = await asyncpg.connect(owner_dsn)
    try:
        court, site, case = uuid4(), uuid4(), uuid4()
        await connection.execute(COURT, court, site)
        await connection.execute(CASE, case, court, site, uuid4(), date(2026, 1, 5))
        await connection.execute(CHARGE, uuid4(), case)
        await connection.execute(HEARING, uuid4(), case)
        await asyncio.to_thread(migrate, PACKAGE_DIR, owner)
        listed = await connection.fetchrow("select site_id, code, title, nibrs from statute")
        assert tuple(listed) == (site, "RCW 9A.52.080", "Criminal trespass", "90J")
        assert await connection.fetchval("select is_cancelled from hearing") is False
        await asyncio.to_thread(downgrade, PACKAGE_DIR, owner, "0002")
        assert await connection.fetchval("select count(*) from hearing") == 1
        assert await connection.fetchval("select count(*) from charge") == 1
        await asyncio.to_thread(migrate, PACKAGE_DIR, owner)
        assert await connection.fetchval("select count(*) from statute") == 1
        # Two offices may hold one number before filing; a step back tells them apart.
        await connection.execute(
            "insert into legal_case select $1, number, court_id, site_id, $2,"
            " defendant_given_name, defendant_family_name, 'NOT_FILED', incident_on, null,"
            " closed_on, version from legal_case", uuid4(), uuid4(),
        )  # fmt: skip
        await asyncio.to_thread(downgrade, PACKAGE_DIR, owner, "0008")
        numbers = await connection.fetch("select number from legal_case order by filed_on, number")
        assert numbers[0]["number"] == "N-1"
        assert numbers[1]["number"].startswith("N-1 (")
        await asyncio.to_thread(migrate, PACKAGE_DIR, owner)
    finally:
        await connection.close()
