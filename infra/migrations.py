"""Runs a service's alembic migrations as the owner role (``python -m svc_X migrate``).

Migrations live in ``svc_X/migrations/versions`` and are plain alembic files; there is no
``alembic.ini``: the location and the DSN come from here. The runtime role owns nothing.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config

from infra.settings import Secret


def alembic_config(package_dir: Path, owner_dsn: Secret) -> Config:
    """Return an alembic configuration for one service.

    Args:
        package_dir: folder of the service's package; has ``migrations/``.
        owner_dsn: DSN of the owner role.
    """
    config = Config()
    config.set_main_option("script_location", str(package_dir / "migrations").replace("%", "%%"))
    config.attributes["dsn"] = owner_dsn.reveal()
    return config


def migrate(package_dir: Path, owner_dsn: Secret, revision: str = "head") -> None:
    """Bring a service's database to ``revision``.

    Raises:
        alembic.util.CommandError: the database is at a revision this code does not know.
    """
    command.upgrade(alembic_config(package_dir, owner_dsn), revision)


def downgrade(package_dir: Path, owner_dsn: Secret, revision: str) -> None:
    """Take a service's database back to ``revision`` (``base`` for nothing)."""
    command.downgrade(alembic_config(package_dir, owner_dsn), revision)
