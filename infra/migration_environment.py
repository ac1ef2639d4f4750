"""What each ``migrations/env.py`` calls: migrate over asyncpg in one transaction."""

import asyncio
from pathlib import Path

from alembic import context
from sqlalchemy import Connection, MetaData, Table
from sqlalchemy.ext.asyncio import create_async_engine

from infra.retention_tables import PROOFS
from infra.tables import Base


def _own_tables(package: str) -> set[str]:
    """Return the tables of one service and of the ground floor.

    A process that has imported several services (the test suite) knows the tables of all.
    """
    return {
        str(table.name)
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.startswith((f"{package}.", "infra."))
        for table in mapper.tables
        if isinstance(table, Table)
    }


def run(metadata: MetaData) -> None:
    """Run the migrations that alembic's context asks for.

    Args:
        metadata: the service's tables, for ``alembic check``-style comparison.
    """
    dsn = context.config.attributes["dsn"]

    own = _own_tables(Path(context.script.dir).parent.name)

    def is_own(
        obj: object, name: str | None, kind: str, is_reflected: bool, _other: object
    ) -> bool:
        del obj
        return name != PROOFS and (kind != "table" or is_reflected or name in own)

    def apply(connection: Connection) -> None:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            compare_type=True,
            include_object=is_own,
        )
        with context.begin_transaction():
            context.run_migrations()

    async def connect() -> None:
        engine = create_async_engine("postgresql+asyncpg://", connect_args={"dsn": dsn})
        async with engine.begin() as connection:
            await connection.run_sync(apply)
        await engine.dispose()

    asyncio.run(connect())
