"""The publisher counts a bounded number of periods at a look, the newest of all sites first."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select

from infra.database import ReadSession
from infra.indicators import publishing
from infra.indicators.definitions import (
    Categories,
    Grain,
    Indicator,
    Observation,
    Population,
)
from infra.indicators.periods import Period
from infra.indicators.publishing import Publisher
from infra.indicators.tables import Publication
from svc_training.indicators.counted import TrainingFigures
from tests.fixtures.service_app import ServiceApp

SITES = ("site-a", "site-b", "site-c")
TODAY = date(2026, 5, 1)


class LongPast(TrainingFigures):
    """Three sites that bring ten years with them; remembers what was counted."""

    def __init__(self) -> None:
        self.counted: list[tuple[date, str]] = []

    @property
    def indicators(self) -> Sequence[Indicator]:
        return [each for each in super().indicators if each.population.grain is Grain.YEAR][:1]

    async def first_days(self, session: ReadSession) -> Mapping[str, date]:
        return dict.fromkeys(SITES, date(2016, 1, 1))

    async def observations(
        self, session: ReadSession, site_id: str, population: Population, period: Period
    ) -> Sequence[Observation]:
        self.counted.append((period.starts_on, site_id))
        return []

    async def categories(self, session: ReadSession, site_id: str) -> Categories:
        return {split: [] for split in self.indicators[0].population.splits}


async def test_a_look_counts_so_many_and_the_newest_first(training: ServiceApp) -> None:
    source = LongPast()
    publisher = Publisher(training.chassis.database, source)
    assert await publisher.publish_settled(TODAY, most=4) == 4
    assert source.counted == [
        (date(2025, 1, 1), "site-a"), (date(2025, 1, 1), "site-b"), (date(2025, 1, 1), "site-c"),
        (date(2024, 1, 1), "site-a"),
    ]  # fmt: skip
    looks = 1
    while await publisher.publish_settled(TODAY, most=4):
        looks += 1
    assert looks == 8, "thirty periods, four at a look"
    assert len(source.counted) == len(set(source.counted)) == 30
    async with training.chassis.database.read() as session:
        stored = await session.scalars(
            select(Publication.site_id).where(Publication.site_id.in_(SITES))
        )
        assert len(list(stored)) == 30


def test_the_running_publisher_has_a_bound() -> None:
    assert 0 < publishing.MOST_AT_A_LOOK <= 100
    assert publishing.LOOK_AGAIN_SECONDS >= 10
