"""Fixtures of the scenarios: the whole product with the demo world, anew for each file."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from infra.dev.demo.world import build_world, world_json
from tests.fixtures.postgres import ServiceDatabaseFactory
from tests.proof.house import SERVICES, Gateway, House, running_house


@pytest.fixture(scope="session")
def scenario_world_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo world of today as the file that the seeds read."""
    file = tmp_path_factory.mktemp("scenarios") / "world.json"
    today = datetime.now(UTC).date()
    file.write_text(world_json(build_world(today)), encoding="utf-8")
    return file


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scenario_house(
    service_database: ServiceDatabaseFactory, scenario_world_file: Path
) -> AsyncIterator[House]:
    """The services with the demo world in them."""
    names = (*SERVICES, "training")
    async with running_house(service_database, scenario_world_file, names) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scenario_gateway(scenario_house: House) -> AsyncIterator[Gateway]:
    """One gateway over them, following the feed."""
    async with scenario_house.gateway() as running:
        yield running
