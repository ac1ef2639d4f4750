"""New code on a database that its migrations have not reached is not ready; ahead is fine."""

from pathlib import Path

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from infra.migrations import alembic_config
from infra.schema_revision import SchemaRevision, newest_of
from infra.settings import Secret
from tests.architecture.test_layout import ROOT
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory

SERVICES = ("consent", "participants", "cases", "training")


@pytest.mark.parametrize("service", SERVICES)
def test_the_names_of_files_say_what_alembic_says(service: str) -> None:
    folder = ROOT / f"svc_{service}"
    scripts = ScriptDirectory.from_config(alembic_config(Path(folder), Secret("")))
    assert scripts.get_heads() == [newest_of(folder.name)]


def test_what_has_no_migrations_wants_none() -> None:
    assert newest_of("gateway") == newest_of("no_such_package") == ""


async def statuses(service: ServiceApp, *revisions: str) -> list[int]:
    """Return what readiness says with the database at each of these."""
    handover = service.chassis.handover
    assert handover is not None
    await handover.flush()
    owner = await asyncpg.connect(service.owner_dsn)
    found = []
    for revision in revisions:
        await owner.execute("update alembic_version set version_num = $1", revision)
        found.append((await service.http.get("/health/ready")).status_code)
    await owner.close()
    return found


async def test_only_what_is_behind_is_not_ready(service_app: ServiceAppFactory) -> None:
    newest = newest_of("svc_training")
    async with service_app("svc_training") as service:
        assert await statuses(service, "0001", newest) == [503, 200]
    async with service_app("svc_training") as service:
        assert await statuses(service, "9999") == [200]


async def test_twin_a_service_that_does_not_look_is_noticed(
    service_app: ServiceAppFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_there(_self: object, _database: object) -> bool:
        return True

    monkeypatch.setattr(SchemaRevision, "is_there", is_there)
    async with service_app("svc_training") as service:
        assert await statuses(service, "0001") != [503]
