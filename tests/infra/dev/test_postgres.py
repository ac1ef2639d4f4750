import asyncpg
import pytest

from infra.dev.postgres import EmbeddedPostgres
from tests.fixtures.postgres import ServiceDatabaseFactory


async def test_runtime_role_reads_and_writes_the_owners_tables(
    service_database: ServiceDatabaseFactory,
) -> None:
    owner_dsn, runtime_dsn = service_database("cases")
    owner = await asyncpg.connect(owner_dsn)
    await owner.execute("CREATE TABLE thing (id serial PRIMARY KEY, name text)")
    await owner.close()
    runtime = await asyncpg.connect(runtime_dsn)
    await runtime.execute("INSERT INTO thing (name) VALUES ('a')")
    assert await runtime.fetchval("SELECT count(*) FROM thing WHERE name % 'a'") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runtime.execute("CREATE TABLE other (id int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await runtime.execute("TRUNCATE thing")
    await runtime.close()


async def test_a_service_cannot_open_the_database_of_another(
    postgres_cluster: EmbeddedPostgres, service_database: ServiceDatabaseFactory
) -> None:
    service_database("cases")
    consent_owner, _ = service_database("consent")
    database = consent_owner.split("@/")[1].split("?")[0]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(postgres_cluster.dsn(database, "gt_cases"))


def test_databases_are_fresh_each_time(service_database: ServiceDatabaseFactory) -> None:
    assert service_database("training") != service_database("training")
