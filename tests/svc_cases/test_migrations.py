"""Migrations go up and down, and what they make is what the tables say."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config

import svc_cases
from infra.migrations import alembic_config, downgrade, migrate
from infra.settings import Secret
from tests.fixtures.postgres import ServiceDatabaseFactory

PACKAGE_DIR = Path(str(svc_cases.__file__)).parent


async def test_migrations_make_the_declared_tables_and_take_them_back(
    service_database: ServiceDatabaseFactory,
) -> None:
    owner_dsn, _ = await asyncio.to_thread(service_database, "cases")
    owner = Secret(owner_dsn)
    await asyncio.to_thread(migrate, PACKAGE_DIR, owner)
    config: Config = alembic_config(PACKAGE_DIR, owner)
    await asyncio.to_thread(command.check, config)
    await asyncio.to_thread(downgrade, PACKAGE_DIR, owner, "base")
    await asyncio.to_thread(migrate, PACKAGE_DIR, owner)
