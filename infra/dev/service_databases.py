"""A service's database, its two roles and what they may do, on any PostgreSQL server.

`gt_<service>_owner` owns the database and everything that migrations make in it. `gt_<service>`,
the role that the running service has, may read and write rows and nothing else. Other roles may
not even connect. Passwords are generated once and kept in a folder, one file per role (0600).
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from infra.dev.postgres_errors import PostgresError
from infra.dev.private_files import keep_secret, new_password

if TYPE_CHECKING:
    import asyncpg

EXTENSIONS = ("pg_trgm", "btree_gist")
_MAINTENANCE_DATABASE = "postgres"


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """A service's database and the two ways into it, as `postgresql://` addresses.

    `owner_dsn` is for migrations; `runtime_dsn` can read and write rows and nothing else.
    Both hold a password: do not print them.
    """

    name: str
    owner_dsn: str
    runtime_dsn: str


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server as its superuser sees it.

    `superuser_dsn` is a `postgresql://` address of any of its databases; `password_dir` is where
    the passwords of the services' roles are kept.
    """

    superuser_dsn: str
    password_dir: Path

    def dsn(self, database: str, role: str) -> str:
        """Return the address of `database` for `role`, whose password is made if there is none."""
        password = keep_secret(self.password_dir / role, new_password)
        host = urlsplit(self.superuser_dsn).netloc.rpartition("@")[2]
        return self._address(f"{role}:{password}@{host}", database)

    def service_database(self, service: str, database: str | None = None) -> ServiceDatabase:
        """Return the addresses of a service's database, without looking whether it exists."""
        name = database or f"gt_{service}"
        return ServiceDatabase(
            name=name,
            owner_dsn=self.dsn(name, f"gt_{service}_owner"),
            runtime_dsn=self.dsn(name, f"gt_{service}"),
        )

    def superuser_address(self, database: str) -> str:
        """Return the address of `database` for the superuser; for tools of development only."""
        return self._address(urlsplit(self.superuser_dsn).netloc, database)

    async def ensure(self, service: str, database: str | None = None) -> ServiceDatabase:
        """Make database, roles and grants of a service unless they exist.

        Raises PostgresError when the name will not do or the server refuses.
        """
        name = database or f"gt_{service}"
        owner, runtime = f"gt_{service}_owner", f"gt_{service}"
        _check_names(name, owner, runtime)
        async with self.superuser() as connection:
            for role in (owner, runtime):
                await self._ensure_role(connection, role)
            if not await _exists(connection, "pg_database", "datname", name):
                await connection.execute(f'CREATE DATABASE "{name}" OWNER "{owner}"')
            await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
            await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{runtime}"')
        async with self.superuser(name) as connection:
            await connection.execute(_grants(owner, runtime))
        return self.service_database(service, database)

    async def drop(self, database: str) -> None:
        """Drop `database` if it exists, closing the connections to it."""
        _check_names(database)
        async with self.superuser() as connection:
            await connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    @contextlib.asynccontextmanager
    async def superuser(
        self, database: str = _MAINTENANCE_DATABASE
    ) -> AsyncIterator["asyncpg.Connection"]:
        """Connect as superuser. Raises PostgresError when the server cannot be reached."""
        import asyncpg  # only a first start connects; a warm one is quicker without

        try:
            connection = await asyncpg.connect(self.superuser_address(database))
        except (OSError, asyncpg.PostgresError) as error:
            message = f"cannot sign in to PostgreSQL: {error}"
            raise PostgresError(message) from error
        try:
            yield connection
        finally:
            await connection.close()

    def _address(self, login: str, database: str) -> str:
        return urlunsplit(
            urlsplit(self.superuser_dsn)._replace(netloc=login, path=f"/{quote(database)}")
        )

    async def _ensure_role(self, connection: "asyncpg.Connection", role: str) -> None:
        verb = "ALTER" if await _exists(connection, "pg_roles", "rolname", role) else "CREATE"
        password = keep_secret(self.password_dir / role, new_password)
        rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"
        await connection.execute(f"{verb} ROLE \"{role}\" {rights} PASSWORD '{password}'")


def socket_dsn(role: str, password: str, database: str, socket_dir: Path) -> str:
    """Return the address of a database behind a Unix socket."""
    query = urlencode({"host": str(socket_dir)}, quote_via=quote)
    return f"postgresql://{role}:{password}@/{database}?{query}"


def _check_names(*names: str) -> None:
    for name in names:
        if not name.isidentifier() or not name.isascii() or name != name.lower():
            message = f"not a name for a database or role: {name!r}"
            raise PostgresError(message)


def _grants(owner: str, runtime: str) -> str:
    extensions = "".join(f'CREATE EXTENSION IF NOT EXISTS "{name}";' for name in EXTENSIONS)
    return f"""
        {extensions}
        ALTER SCHEMA public OWNER TO "{owner}";
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        GRANT USAGE ON SCHEMA public TO "{runtime}";
        ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}"
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{runtime}";
        ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}"
            GRANT USAGE, SELECT ON SEQUENCES TO "{runtime}";
    """


async def _exists(connection: "asyncpg.Connection", table: str, column: str, name: str) -> bool:
    found = await connection.fetchval(
        f"SELECT true FROM {table} WHERE {column} = $1",  # noqa: S608 - both names are ours
        name,
    )
    return bool(found)
