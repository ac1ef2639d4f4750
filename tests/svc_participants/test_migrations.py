"""Migrations go up and down, and what they make is what the tables say; records are append-only."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

import svc_participants
from infra.migrations import alembic_config, downgrade, migrate
from infra.settings import Secret
from tests.fixtures.postgres import ServiceDatabaseFactory
from tests.fixtures.service_app import ServiceApp

PACKAGE_DIR = Path(str(svc_participants.__file__)).parent
APPEND_ONLY = (
    "referral_event",
    "enrollment_event",
    "enrollment_date_correction",
    "case_note",
    "case_note_amendment",
    "goal_progress",
    "housing_status",
    "case_note_topic",
    "case_note_sign_off",
    "care_plan",
    "goal_step_event",
    "assessment_answer",
    "assessment_score",
    "care_move",
    "encounter",
    "income_status",
    "naloxone_given",
    "overdose_event",
    "fund_limit",
)


async def test_migrations_make_the_declared_tables_and_take_them_back(
    service_database: ServiceDatabaseFactory,
) -> None:
    owner_dsn, _ = await asyncio.to_thread(service_database, "participants")
    owner = Secret(owner_dsn)
    await asyncio.to_thread(migrate, PACKAGE_DIR, owner)
    await asyncio.to_thread(command.check, alembic_config(PACKAGE_DIR, owner))
    await asyncio.to_thread(downgrade, PACKAGE_DIR, owner, "base")
    await asyncio.to_thread(migrate, PACKAGE_DIR, owner)


async def _refuses(service: ServiceApp, statement: str) -> bool:
    try:
        async with service.chassis.database.write() as session:
            await session.execute(text(statement))
            _undo()
    except _UndoError:
        return False
    except DBAPIError as error:
        return "append-only" in str(error)


def _undo() -> NoReturn:
    raise _UndoError


class _UndoError(Exception):
    """Takes back what should not have been possible."""


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["update {} set id = id", "delete from {}"])
async def test_what_is_a_record_can_neither_be_changed_nor_deleted(
    participants: ServiceApp, table: str, change: str
) -> None:
    assert await _refuses(participants, change.format(table))


async def test_without_its_trigger_a_note_could_be_overwritten(participants: ServiceApp) -> None:
    """The planted twin: the same check tells a database without the trigger apart."""

    async def as_owner(statement: str) -> None:
        dsn = participants.owner_dsn.replace("postgresql://", "postgresql+asyncpg://")
        engine = create_async_engine(dsn)
        async with engine.begin() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    run: Callable[[str], Awaitable[None]] = as_owner
    await run("alter table case_note disable trigger case_note_append_only")
    try:
        assert not await _refuses(participants, "update case_note set text = 'overwritten'")
    finally:
        await run("alter table case_note enable trigger case_note_append_only")
