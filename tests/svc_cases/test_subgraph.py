"""The schema as a whole: committed SDL, labels, nullability, and that the seed loads once."""

from pathlib import Path

from sqlalchemy import func, select

import svc_cases
from infra.dev.demo.world import World
from svc_cases.cases.tables import LegalCase
from svc_cases.coordination.tables import LeadLink
from svc_cases.seed import seed
from svc_cases.subgraph import schema
from tests.fixtures.service_app import ServiceApp


def test_committed_sdl_is_the_schema() -> None:
    file = Path(str(svc_cases.__file__)).parent / "subgraph.graphql"
    assert file.read_text(encoding="utf-8") == schema().as_str() + "\n"


async def test_seed_loads_whole_dockets_once(
    cases: ServiceApp, world: World, world_file: Path
) -> None:
    await seed(cases.chassis, world_file)
    async with cases.chassis.database.read() as session:
        stored = await session.scalar(
            select(func.count()).where(LegalCase.id.in_([each.id for each in world.legal_cases]))
        )
        matched = await session.scalar(
            select(func.count(LeadLink.case_id.distinct())).where(
                LeadLink.id.in_([match.id for match in world.matches])
            )
        )
    assert stored == len(world.legal_cases)
    assert matched is not None
    assert stored - matched >= 5 * matched
