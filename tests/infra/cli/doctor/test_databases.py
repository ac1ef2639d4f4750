"""The doctor asks PostgreSQL itself; each broken database is really broken."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from infra import clock
from infra.cli.doctor.databases import KEPT, examine
from infra.cli.doctor.deployment import Program
from infra.cli.doctor.findings import Finding, Outcome
from infra.migrations import downgrade, migrate
from infra.settings import Secret
from tests.fixtures.postgres import ServiceDatabaseFactory, in_own_loop

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def migrated(service_database: ServiceDatabaseFactory) -> tuple[str, str]:
    """Owner's and runtime role's address of a consent database at head."""
    owner, runtime = service_database("consent")
    migrate(ROOT / "svc_consent", Secret(owner))
    return owner, runtime


@pytest_asyncio.fixture
async def owner(migrated: tuple[str, str]) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(migrated[0])
    yield connection
    await connection.close()


def consent(dsn: str) -> Program:
    return Program("svc_consent", {"GT_DATABASE_DSN": dsn, "GT_ENVIRONMENT": "development"})


def failures(found: list[Finding], check: str) -> list[str]:
    return [f.message for f in found if f.check == check and f.outcome is Outcome.FAIL]


def outcomes(found: list[Finding], check: str) -> set[Outcome]:
    return {f.outcome for f in found if f.check == check}


async def test_a_sound_database_has_no_failure_but_the_server_of_the_tests(
    migrated: tuple[str, str],
) -> None:
    found = await examine(consent(migrated[1]))
    assert [f for f in found if f.outcome is Outcome.FAIL and f.check != "database"] == []
    # The tests' server runs without fsync; the doctor sees that, too.
    assert "fsync" in failures(found, "database")[0]
    assert {"clock", "role", "migrations", "ledger", "standby"} <= {f.check for f in found}
    assert all(f.advice for f in found if f.outcome is not Outcome.OK)


async def test_each_right_to_change_the_past_is_seen(
    migrated: tuple[str, str], owner: asyncpg.Connection
) -> None:
    for table, rights in KEPT.items():
        for right in rights:
            await owner.execute(f'grant {right} on {table} to "gt_consent"')
            [message] = failures(await examine(consent(migrated[1])), "ledger")
            assert right in message, table
            await owner.execute(f'revoke {right} on {table} from "gt_consent"')
    assert outcomes(await examine(consent(migrated[1])), "ledger") == {Outcome.OK}


async def test_a_right_on_one_column_is_a_right(
    migrated: tuple[str, str], owner: asyncpg.Connection
) -> None:
    await owner.execute('grant update (entry) on ledger_entry to "gt_consent"')
    assert failures(await examine(consent(migrated[1])), "ledger") != []


async def test_a_right_of_everybody_is_a_right(
    migrated: tuple[str, str], owner: asyncpg.Connection
) -> None:
    await owner.execute("grant delete on ledger_entry to public")
    assert failures(await examine(consent(migrated[1])), "ledger") != []


async def test_a_rule_that_swallows_entries_is_seen(
    migrated: tuple[str, str], owner: asyncpg.Connection
) -> None:
    await owner.execute("create rule quiet as on insert to ledger_about do instead nothing")
    assert "rule" in failures(await examine(consent(migrated[1])), "ledger")[0]


async def test_the_doctor_knows_every_table_that_the_migrations_protect(
    migrated: tuple[str, str],
) -> None:
    connection = await asyncpg.connect(migrated[1])
    rows = await connection.fetch(
        "select relname, array(select w.r from unnest(array['UPDATE', 'DELETE']) with ordinality "
        "w(r, n) where not has_table_privilege(c.oid, w.r) order by n) as lacking "
        "from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
    )
    await connection.close()
    protected = {row["relname"]: (*row["lacking"], "TRUNCATE") for row in rows if row["lacking"]}
    assert protected == KEPT


@pytest.mark.parametrize("service", ["participants", "cases"])
async def test_proofs_of_purges_that_could_be_changed_are_seen(
    service_database: ServiceDatabaseFactory, service: str
) -> None:
    owner_dsn, runtime = await asyncio.to_thread(service_database, service)
    await asyncio.to_thread(migrate, ROOT / f"svc_{service}", Secret(owner_dsn))
    settings = {"GT_DATABASE_DSN": runtime, "GT_ENVIRONMENT": "development"}
    program = Program(f"svc_{service}", settings)
    assert outcomes(await examine(program), "proof") == {Outcome.OK}
    owner = await asyncpg.connect(owner_dsn)
    await owner.execute(f'grant delete on purge_proof to "gt_{service}"')
    await owner.close()
    assert "DELETE" in failures(await examine(program), "proof")[0]


async def test_serving_as_the_owner_is_a_failure(migrated: tuple[str, str]) -> None:
    found = await examine(consent(migrated[0]))
    assert any("owns tables" in message for message in failures(found, "role"))
    assert failures(found, "ledger") != []


async def test_a_role_that_may_become_the_owner_is_a_failure(
    migrated: tuple[str, str], postgres_cluster: object, owner: asyncpg.Connection
) -> None:
    await owner.execute('grant create on schema public to "gt_consent"')
    assert "create tables" in failures(await examine(consent(migrated[1])), "role")[0]


def test_a_database_left_behind_is_a_failure(migrated: tuple[str, str]) -> None:
    downgrade(ROOT / "svc_consent", Secret(migrated[0]), "-1")
    found = asyncio.run(examine(consent(migrated[1])))
    [message] = failures(found, "migrations")
    assert "this release wants" in message
    assert outcomes(found, "ledger") == set()


def test_a_database_without_tables_is_a_failure(service_database: ServiceDatabaseFactory) -> None:
    _, runtime = service_database("consent")
    assert failures(asyncio.run(examine(consent(runtime))), "migrations") != []


async def test_a_database_ahead_of_the_release_wants_another_release(
    migrated: tuple[str, str], owner: asyncpg.Connection
) -> None:
    await owner.execute("update alembic_version set version_num = '9999'")
    found = await examine(consent(migrated[1]))
    [finding] = [f for f in found if f.check == "migrations"]
    assert finding.outcome is Outcome.FAIL
    assert "release" in finding.advice


async def test_a_server_whose_log_quotes_values_is_named(
    migrated: tuple[str, str],
) -> None:
    production = Program("svc_consent", {"GT_DATABASE_DSN": migrated[1]})
    [found] = [each for each in await examine(production) if each.check == "log"]
    assert found.outcome is Outcome.WARN
    assert "log_error_verbosity" in found.message
    assert [f for f in await examine(consent(migrated[1])) if f.check == "log"] == []


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [(0, Outcome.OK), (5, Outcome.WARN), (-5, Outcome.WARN), (-3600, Outcome.FAIL)],
)
async def test_a_clock_that_is_not_the_database_s_is_named(
    migrated: tuple[str, str], monkeypatch: pytest.MonkeyPatch, seconds: int, outcome: Outcome
) -> None:
    right = clock.now
    monkeypatch.setattr(clock, "now", lambda: right() + timedelta(seconds=seconds))
    [found] = [each for each in await examine(consent(migrated[1])) if each.check == "clock"]
    assert (found.subject, found.outcome) == ("database of svc_consent", outcome)
    assert ("apart" in found.message) == (outcome is not Outcome.OK)


async def test_nobody_there_is_a_failure_without_the_password() -> None:
    found = await examine(consent("postgresql://a:hunter2@127.0.0.1:1/x"))
    assert outcomes(found, "database") == {Outcome.FAIL}
    assert "hunter2" not in str(found)


async def test_a_site_without_a_privacy_officer_who_can_act_is_a_failure(
    migrated: tuple[str, str], owner: asyncpg.Connection
) -> None:
    site, account = uuid4(), uuid4()
    await owner.execute(
        "insert into site (id, name, county, time_zone) values ($1, 'Test', 'X', 'UTC')", site
    )
    assert failures(await examine(consent(migrated[1])), "site") != []
    await owner.execute(
        "insert into account (id, issuer, external_subject, name, is_blocked, created_at, version)"
        " values ($1, 'dev', 'p', 'P', false, now(), 1)",
        account,
    )
    await owner.execute("update site set privacy_officer = $1", account)
    assert failures(await examine(consent(migrated[1])), "site") != [], "named, without the role"
    await owner.execute(
        "insert into role_grant (id, account_id, site_id, role, is_liaison, starts_at, reason,"
        " granted_at, version) values ($1, $2, $3, 'PRV', false, now(), 'test', now(), 1)",
        uuid4(), account, site,
    )  # fmt: skip
    assert outcomes(await examine(consent(migrated[1])), "site") == {Outcome.OK}
    await owner.execute("update account set is_blocked = true")
    assert failures(await examine(consent(migrated[1])), "site") != []


@pytest.fixture
def mighty(migrated: tuple[str, str], postgres_cluster: object) -> Iterator[None]:
    """The runtime role is a superuser for as long as the test runs."""
    from infra.dev.postgres import EmbeddedPostgres

    assert isinstance(postgres_cluster, EmbeddedPostgres)

    async def change(rights: str) -> None:
        connection = await asyncpg.connect(postgres_cluster.server.superuser_dsn)
        await connection.execute(f'alter role "gt_consent" {rights}')
        await connection.close()

    in_own_loop(change("createrole"))
    yield
    in_own_loop(change("nocreaterole"))


@pytest.mark.usefixtures("mighty")
async def test_a_role_that_can_make_roles_is_a_failure(migrated: tuple[str, str]) -> None:
    found = await examine(consent(migrated[1]))
    assert any("ordinary role" in message for message in failures(found, "role"))
