"""Fixtures of the proof: the whole product, started once for each worker."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from infra.dev.demo.world import build_world, world_json
from tests.fixtures.postgres import ServiceDatabaseFactory
from tests.proof.house import Gateway, House, running_house


@pytest.fixture(autouse=True)
def _answers_and_not_moments(unhurried: None) -> None:
    """What is proven here holds whatever the time that an answer takes."""


@pytest.fixture(scope="session")
def proof_world_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo world of today as the file that the seeds read."""
    file = tmp_path_factory.mktemp("proof") / "world.json"
    today = datetime.now(UTC).date()
    file.write_text(world_json(build_world(today)), encoding="utf-8")
    return file


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(
    service_database: ServiceDatabaseFactory, proof_world_file: Path
) -> AsyncIterator[House]:
    """The services with the demo world in them."""
    async with running_house(service_database, proof_world_file) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gateway(house: House) -> AsyncIterator[Gateway]:
    """One gateway over them, following the feed."""
    async with house.gateway() as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Be patient: the first test of a worker starts everything, on machines that may be busy."""
    for item in items:
        if "tests/proof/" in item.nodeid and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(900))
