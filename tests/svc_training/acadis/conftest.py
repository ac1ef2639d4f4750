"""A stand-in of the academy's system for each test of the exchange."""

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import delete

from svc_training.acadis.tables import ExchangeCursor
from tests.fixtures.acadis_stand_in import AcadisStandIn
from tests.fixtures.service_app import ServiceApp


@pytest_asyncio.fixture(loop_scope="session")
async def acadis(training: ServiceApp) -> AsyncIterator[AcadisStandIn]:
    """A stand-in of the test's own, of which nothing has been read yet."""
    async with training.chassis.database.write() as session:
        await session.execute(delete(ExchangeCursor))
    async with AcadisStandIn().listening() as standing_in:
        yield standing_in
