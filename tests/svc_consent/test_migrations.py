"""Migrations go up, down and up again, and make what the tables say."""

from pathlib import Path

from alembic import command

import svc_consent
from infra.migrations import alembic_config, downgrade, migrate
from infra.settings import Secret
from tests.fixtures.postgres import ServiceDatabaseFactory

PACKAGE_DIR = Path(str(svc_consent.__file__)).parent


def test_migrations_make_the_declared_tables_and_take_them_back(
    service_database: ServiceDatabaseFactory,
) -> None:
    owner = Secret(service_database("consent")[0])
    migrate(PACKAGE_DIR, owner)
    command.check(alembic_config(PACKAGE_DIR, owner))
    downgrade(PACKAGE_DIR, owner, "base")
    migrate(PACKAGE_DIR, owner)
