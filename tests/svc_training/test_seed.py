"""The demo's training: rosters, the course page's session 8020-1, and nothing twice."""

from datetime import date
from pathlib import Path

from sqlalchemy import func, select

from infra.dev.demo.world import build_world, world_json
from infra.tables import Base
from svc_training.catalogue.tables import Course, CoursePageText
from svc_training.personnel.tables import Personnel
from svc_training.seed import seed
from svc_training.sessions.tables import Session
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.training_service import POLICE, account, training_manager


async def test_seed_loads_rosters_and_courses_once(training: ServiceApp, tmp_path: Path) -> None:
    async def counts() -> dict[str, int]:
        kinds: list[type[Base]] = [Course, CoursePageText, Personnel, Session]
        async with training.chassis.database.read() as session:
            return {
                kind.__tablename__: await session.scalar(select(func.count()).select_from(kind))
                or 0
                for kind in kinds
            }

    before = await counts()
    assert before == {"course": 2, "course_page_text": 2, "personnel": 22, "session": 3}
    world = tmp_path / "world.json"
    world.write_text(world_json(build_world(date(2026, 12, 24))), encoding="utf-8")
    await seed(training.chassis, world)
    assert await counts() == before


async def test_personas_on_a_roster_are_bound_to_their_accounts(training: ServiceApp) -> None:
    answer = await training.graphql(
        training_manager(),
        '{ session(number: "8020-1") { title }'
        " personnel(first: 100) { edges { node { accountId agency { id } } } } }",
    )
    assert answer.data["session"]["title"].startswith("LEAD: Building")
    nodes = [edge["node"] for edge in answer.data["personnel"]["edges"]]
    accounts = {node["accountId"] for node in nodes}
    assert {account("officer"), account("training_manager"), None} <= accounts
    assert {node["agency"]["id"] for node in nodes} == {POLICE}
