"""Migrations go up and down over rows that are there: what was stored before stays readable."""

import asyncio
from datetime import date
from pathlib import Path
from uuid import uuid4

import asyncpg

import svc_cases
from infra.migrations import downgrade, migrate
from infra.settings import Secret
from svc_cases.conferences.rules import FIRST_WORDING
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


MEETING = (
    "insert into owg_meeting"
    " (id, site_id, starts_at, place, status, chaired_by, agency_id, version)"
    " values ($1, $2, timestamptz '2026-12-03 17:00+00', 'Room 3', 'SCHEDULED', 'pm', 'pma', 1)"
)
PLEDGED = (
    "insert into owg_attendee (id, meeting_id, account, agency_id, role, invited_at, pledged_at,"
    " pledge_version) values ($1, $2, 'a', 'police', 'LEL', now(), now(), 'OWG-PLEDGE@2026-01')"
)
WORDING = (
    "insert into pledge_wording values ($1, $2, 1, 'What is said here stays here.', 'pm', now())"
)


async def test_who_had_pledged_before_wordings_were_kept_stays_so(
    service_database: ServiceDatabaseFactory,
) -> None:
    owner_dsn, _ = await asyncio.to_thread(service_database, "cases")
    owner = Secret(owner_dsn)
    await asyncio.to_thread(migrate, PACKAGE_DIR, owner)
    await asyncio.to_thread(downgrade, PACKAGE_DIR, owner, "0010")
    connection = await asyncpg.connect(owner_dsn)
    signed = "select pledge_version from owg_attendee where pledged_at is not null"
    try:
        site, meeting = uuid4(), uuid4()
        await connection.execute(MEETING, meeting, site)
        await connection.execute(PLEDGED, uuid4(), meeting)
        await asyncio.to_thread(migrate, PACKAGE_DIR, owner)
        assert await connection.fetchval(signed) == FIRST_WORDING.version
        assert await connection.fetchval("select count(*) from pledge_wording") == 0
        await connection.execute(WORDING, uuid4(), site)
        await asyncio.to_thread(downgrade, PACKAGE_DIR, owner, "0010")
        assert await connection.fetchval(signed) == FIRST_WORDING.version
        assert await connection.fetchval("select to_regclass('pledge_wording')") is None
        assert await connection.fetchval("select to_regproc('refuse_change')") is None
        await asyncio.to_thread(migrate, PACKAGE_DIR, owner)
        assert await connection.fetchval("select count(*) from pledge_wording") == 0
    finally:
        await connection.close()
