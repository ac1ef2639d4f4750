"""Migrations of care go up and down with data in the tables, and lose nothing that was there."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg

import svc_participants
from infra.migrations import downgrade, migrate
from infra.settings import Secret
from tests.fixtures.postgres import ServiceDatabaseFactory

PACKAGE_DIR = Path(str(svc_participants.__file__)).parent
BEFORE, AFTER = "0003", "0007"
PERSON, AGENCY, NOTE, GOAL = (str(uuid4()) for _ in range(4))
OLD = (
    (
        "insert into participant (id, site_id, name_quality, birth_date_quality, created_at,"
        f" version) values ('{PERSON}', '{AGENCY}', 'FULL', 'FULL', now(), 1)"
    ),
    (
        "insert into case_note (id, participant_id, agency_id, author_account_id, mode,"
        f" occurred_on, text, written_at) values ('{NOTE}', '{PERSON}', '{AGENCY}', 'x',"
        " 'OFFICE', '2026-01-01', 'An invented note.', now())"
    ),
    (
        "insert into goal (id, participant_id, agency_id, own_words, area, stage, state, set_on,"
        f" created_at, version) values ('{GOAL}', '{PERSON}', '{AGENCY}', 'A door.', 'HOUSING',"
        " 'ACTION', 'OPEN', '2026-01-01', now(), 1)"
    ),
)
_KEPT = "id, participant_id, agency_id, recorded_at, recorded_by"
_VALUES = f"gen_random_uuid(), '{PERSON}', '{AGENCY}', now(), 'x'"
NEW = (
    (
        "insert into case_note_topic values"
        f" (gen_random_uuid(), '{NOTE}', '{PERSON}', 'HEALTH', now(), 'x')"
    ),
    (
        f"insert into goal_step ({_KEPT}, goal_id, what, doer, state, planned_on, version)"
        f" values ({_VALUES}, '{GOAL}', 'Ask.', 'TOGETHER', 'PLANNED', '2026-01-02', 1)"
    ),
    (
        f"insert into encounter ({_KEPT}, mode, outcome, occurred_on)"
        f" values ({_VALUES}, 'OFFICE', 'MET', '2026-01-02')"
    ),
    (
        f"insert into income_status ({_KEPT}, any_source, sources, as_of)"
        f" values ({_VALUES}, 'YES', array['SSI'], '2026-01-02')"
    ),
)
KEPT = (
    "select text, mode from case_note",
    "select own_words, state from goal",
    "select count(*) from participant",
)


async def run(dsn: str, statements: Sequence[str]) -> list[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        return [[tuple(row) for row in await connection.fetch(each)] for each in statements]
    finally:
        await connection.close()


async def test_care_is_added_and_taken_back_around_what_is_there(
    service_database: ServiceDatabaseFactory,
) -> None:
    dsn, _ = await asyncio.to_thread(service_database, "participants")
    owner = Secret(dsn)
    await asyncio.to_thread(migrate, PACKAGE_DIR, owner, BEFORE)
    await run(dsn, OLD)
    there = await run(dsn, KEPT)
    await asyncio.to_thread(migrate, PACKAGE_DIR, owner, AFTER)
    assert await run(dsn, KEPT) == there
    await run(dsn, NEW)
    await asyncio.to_thread(downgrade, PACKAGE_DIR, owner, BEFORE)
    assert await run(dsn, KEPT) == there
    await asyncio.to_thread(migrate, PACKAGE_DIR, owner, AFTER)
    await run(dsn, NEW)
    assert await run(dsn, KEPT) == there
