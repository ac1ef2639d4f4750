"""The service for the tests of this folder; each test finds the demo's caseloads as they were."""

import pytest
import pytest_asyncio

from infra.batch_loader import KeptStatements
from infra.dev.demo.world import World
from tests.fixtures.participants_service import (
    demo_world,
    demo_world_file,
    empty_test_assignments,
    participants,
)

__all__ = ["demo_world", "demo_world_file", "participants"]


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def room_on_caseloads(request: pytest.FixtureRequest, demo_world: World) -> None:
    """A caseload takes 25 people; what earlier tests put there must not fill it."""
    if "participants" in request.fixturenames:
        service = request.getfixturevalue("participants")
        KeptStatements.forget_all()  # what an earlier test has planted must not live on
        await empty_test_assignments(service, [each.id for each in demo_world.assignments])
