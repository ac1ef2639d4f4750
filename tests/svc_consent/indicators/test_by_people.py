"""Figures of releases by groups of people: another service counts them, here they are told."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from infra.indicators.counting import ShownTable, tables_of
from infra.indicators.definitions import Indicator, Observation, Split
from infra.indicators.groups import Counted, GroupsError
from infra.indicators.publishing import Publisher
from infra.vocabulary import Category
from svc_consent.indicators import rules
from svc_consent.indicators.counted import ConsentFigures, TablesByPeople
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory
from tests.svc_consent.indicators.test_figures import QUERY, TAKEN_IN_AT, council, someone

SETTLED = date(2025, 5, 1)
SIGNED_ON = date(2025, 2, 5)


class People:
    """The service of people, as far as it counts: every other one is in the second group."""

    def __init__(self) -> None:
        self.is_away = False
        self.asked: dict[str, Mapping[UUID, Counted]] = {}
        self.of_one: dict[UUID, UUID] = {}

    async def merged(self, site_id: UUID) -> Mapping[UUID, UUID]:
        """Tell which records are merged into which."""
        return self.of_one

    async def tables(
        self,
        site_id: UUID,
        indicators: Sequence[Indicator],
        splits: Collection[Split],
        people: Mapping[UUID, Counted],
    ) -> list[ShownTable]:
        """Return suppressed tables of two groups."""
        if self.is_away:
            raise GroupsError("away")
        self.asked[indicators[0].population.key] = people
        seen = [
            Observation(of.outcomes, dict.fromkeys(splits, ("ONE", "TWO")[number % 2]))
            for number, of in enumerate(people.values())
        ]
        made = tables_of(indicators, seen, {split: ["ONE", "TWO"] for split in splits})
        return [each for each in made if each.split is not Split.NONE]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    """The running service; each test makes a site of its own."""
    async with service_app("svc_consent") as service:
        yield ConsentWorld(service)


async def a_site(world: ConsentWorld) -> None:
    """Make a site with people who signed at once, late and not at all."""
    world.site_id = uuid4()
    await world.make_site()
    agency = await world.make_agency("CM")
    for signed_on, many in ((SIGNED_ON, 30), (date(2025, 3, 5), 24), (None, 24)):
        for _ in range(many):
            await someone(world, agency, signed_on=signed_on)


async def told(world: ConsentWorld, by: Split, *more: Category) -> dict[str, Any]:
    """Return what is published of the quarter, by key."""
    asking = council(world, Category.ENROLLMENT, *more)
    answer = await world.service.graphql(asking, QUERY, {"by": by.value})
    return {
        each["key"]: each
        for each in answer.data["releaseIndicators"] or ()
        if each["period"] == "2025-Q1"
    }


async def test_releases_are_told_by_groups_that_are_not_known_here(world: ConsentWorld) -> None:
    await a_site(world)
    people = People()
    publisher = Publisher(world.service.chassis.database, ConsentFigures(), TablesByPeople(people))
    people.is_away = True
    with pytest.raises(GroupsError):
        await publisher.publish_settled(SETTLED)
    assert await told(world, Split.NONE) == {}, "a period is published whole, or waits"
    people.is_away = False
    await publisher.publish_settled(SETTLED)
    found = await told(world, Split.RACE, Category.DEMOGRAPHICS)
    assert set(found) == {each.key for each in rules.RELEASES}
    groups = {each["code"]: each["people"] for each in found["AT_INTAKE"]["groups"]}
    assert groups == {"ONE": 39, "TWO": 39}
    whole = await told(world, Split.NONE)
    for key, table in found.items():
        assert (table["people"], table["outcomes"]) == (
            whole[key]["people"], whole[key]["outcomes"],
        ), "the same people, whoever counts them"  # fmt: skip
    assert set(await told(world, Split.DOOR)) == set(found)
    assert await told(world, Split.RACE) == {}, "the demographics are wanted as everywhere"
    days = {of.on for of in people.asked["TAKEN_IN"].values()}
    assert days == {TAKEN_IN_AT.date()}
    assert {of.on for of in people.asked["HOLDERS"].values()} == {date(2025, 3, 31)}
    assert "ASKERS" not in people.asked, "who looks things up is no participant"


async def test_twin_that_publishes_without_whom_it_waits_for_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published without them, the quarter has no table by race for ever."""

    async def none(*_: Any) -> list[ShownTable]:
        return []

    await a_site(world)
    monkeypatch.setattr(TablesByPeople, "tables", none)
    people = People()
    people.is_away = True
    database = world.service.chassis.database
    await Publisher(database, ConsentFigures(), TablesByPeople(people)).publish_settled(SETTLED)
    assert await told(world, Split.NONE) != {}
    assert await told(world, Split.RACE, Category.DEMOGRAPHICS) == {}


async def test_without_an_address_there_are_no_such_splits(world: ConsentWorld) -> None:
    await a_site(world)
    await Publisher(world.service.chassis.database, ConsentFigures()).publish_settled(SETTLED)
    assert set(await told(world, Split.AGENCY)) == {each.key for each in rules.RELEASES}
    assert await told(world, Split.DOOR) == {}
