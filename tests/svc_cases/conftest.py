"""One running cases service with the demo world, for all tests of the folder."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from infra.dev.demo.world import World, build_world, world_json
from svc_cases.seed import seed
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(TODAY)


@pytest.fixture(scope="session")
def world_file(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("cases") / "world.json"
    file.write_text(world_json(world), encoding="utf-8")
    return file


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def cases(service_app: ServiceAppFactory, world_file: Path) -> AsyncIterator[ServiceApp]:
    async with service_app("svc_cases") as running:
        await seed(running.chassis, world_file)
        handover = running.chassis.handover
        assert handover is not None
        await handover.flush()
        yield running
