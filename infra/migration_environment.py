"""What each ``migrations/env.py`` calls: migrate over asyncpg in one transaction."""

import asyncio

from alembic import context
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine


def run(metadata: MetaData) -> None:
    """Run the migrations that alembic's context asks for.

    Args:
        metadata: the service's tables, for ``alembic check``-style comparison.
    """
    url = context.config.attributes["url"]

    def apply(connection: Connection) -> None:
        context.configure(connection=connection, target_metadata=metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()

    async def connect() -> None:
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(apply)
        await engine.dispose()

    asyncio.run(connect())
