"""Whether a service's database is as new as its code: one that is behind is not served from.

Migrations come before the code that needs them (operations guide, Upgrades). Where they did not,
a program that is not ready leaves the former one in service, instead of failing at each request.
A database that is ahead is the ordinary case of a roll-out: former code goes on running on it.
"""

import importlib.util
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from infra.database import Database


class SchemaRevision:
    """The newest migration of a service, and whether its database has had it.

    Args:
        service: name without ``svc_``.
    """

    def __init__(self, service: str) -> None:
        self.newest = newest_of(f"svc_{service}")
        self._is_there = False

    async def is_there(self, database: Database) -> bool:
        """Return whether the database has it, or a later one; asked no more once it has."""
        if not self._is_there:
            self._is_there = await _revision(database) >= self.newest
        return self._is_there


def newest_of(package: str) -> str:
    """Return the number of a package's newest migration, empty where it has none.

    Numbers are the names of files: alembic, which knows them too, takes long to load.
    """
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    files = Path(places[0]).glob("migrations/versions/[0-9]*.py") if places else ()
    return max((file.name.partition("_")[0] for file in files), default="")


async def _revision(database: Database) -> str:
    try:
        async with database.read() as session:
            found: str | None = await session.scalar(
                text("select version_num from alembic_version")
            )
    except (SQLAlchemyError, OSError):  # no table yet, or nobody there
        return ""
    return found or ""
