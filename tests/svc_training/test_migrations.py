"""The migrations make exactly the tables that the code maps, and can be taken back."""

import asyncio
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

import svc_training
from infra.authority.tables import Visibility
from infra.idempotency import IdempotentRequest
from infra.migrations import downgrade, migrate
from infra.settings import Secret
from infra.tables import Base
from svc_training.acadis.tables import ExchangeEvent
from svc_training.assignments.tables import Assignment, AssignmentStep
from svc_training.catalogue.tables import Course, CoursePageText
from svc_training.personnel.tables import Personnel
from svc_training.sessions.tables import Session
from tests.fixtures.postgres import ServiceDatabaseFactory

PACKAGE = Path(str(svc_training.__file__)).parent
MAPPED: tuple[type[Base], ...] = (
    Assignment,
    AssignmentStep,
    Course,
    CoursePageText,
    ExchangeEvent,
    Personnel,
    Session,
    Visibility,
    IdempotentRequest,
)
OWN = {mapped.__tablename__ for mapped in MAPPED}


def _differences(connection: Connection) -> list[Any]:
    def mine(thing: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
        table = name if kind == "table" else thing.table.name
        return table in OWN

    options = {"compare_type": True, "include_object": mine}
    context = MigrationContext.configure(connection, opts=options)
    found: list[Any] = compare_metadata(context, Base.metadata)
    return found


async def test_migrated_database_has_what_the_code_maps(
    service_database: ServiceDatabaseFactory,
) -> None:
    owner_dsn, _ = await asyncio.to_thread(service_database, "training")
    await asyncio.to_thread(migrate, PACKAGE, Secret(owner_dsn))
    engine = create_async_engine(make_url(owner_dsn).set(drivername="postgresql+asyncpg"))
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
        tables = await connection.run_sync(lambda c: inspect(c).get_table_names())
    assert set(tables) >= OWN
    await asyncio.to_thread(downgrade, PACKAGE, Secret(owner_dsn), "base")
    async with engine.connect() as connection:
        left = await connection.run_sync(lambda c: inspect(c).get_table_names())
    assert left == ["alembic_version"]
    await engine.dispose()
