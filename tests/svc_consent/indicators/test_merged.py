"""Whoever has two records that were merged is counted once; each release stays its record's."""

from collections.abc import AsyncIterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from infra.indicators.definitions import Population
from infra.indicators.periods import Period
from svc_consent.indicators import repository, rules
from svc_consent.indicators.counted import ConsentFigures, TablesByPeople
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory
from tests.svc_consent.indicators.test_by_people import People
from tests.svc_consent.indicators.test_figures import someone

BEGINS, EARLY, LATE = date(2025, 1, 1), date(2025, 2, 5), date(2025, 3, 5)
OF_PEOPLE = [each.population for each in rules.INDICATORS if each.population is not rules.ASKERS]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    """The running service; each test makes a site of its own."""
    async with service_app("svc_consent") as service:
        yield ConsentWorld(service)


async def two_people_one_twice(world: ConsentWorld) -> tuple[People, UUID]:
    """Make a site with two people, one of whom has two records that are merged."""
    world.site_id = uuid4()
    await world.make_site()
    agency = await world.make_agency("CM")
    people = People()
    old = await someone(world, agency, signed_on=EARLY, revoked_on=date(2025, 2, 20))
    new = await someone(world, agency, signed_on=LATE)
    await someone(world, agency, signed_on=LATE)
    people.of_one = {old: new}
    return people, new


async def observed(
    world: ConsentWorld, people: People, population: Population
) -> list[Mapping[str, Any]]:
    """Return the outcomes of everybody of a population in the first quarter."""
    async with world.service.chassis.database.read() as session:
        found = await ConsentFigures(people).observations(
            session, str(world.site_id), population, Period(BEGINS, population.grain)
        )
    return [each.outcomes for each in found]


async def assert_counted_once(world: ConsentWorld, population: Population) -> None:
    people, new = await two_people_one_twice(world)
    assert len(await observed(world, people, population)) == 2, population.key
    async with world.service.chassis.database.read() as session:
        await TablesByPeople(people).tables(
            session, str(world.site_id), population, Period(BEGINS, population.grain)
        )
    asked = people.asked[population.key]
    assert len(asked) == 2
    assert new in asked


@pytest.mark.parametrize("population", dict.fromkeys(OF_PEOPLE), ids=lambda each: each.key)
async def test_two_records_of_one_person_are_counted_once(
    world: ConsentWorld, population: Population
) -> None:
    await assert_counted_once(world, population)


@pytest.mark.parametrize("population", [rules.TAKEN_IN, rules.SIGNERS], ids=lambda each: each.key)
async def test_planted_figures_that_are_blind_to_merges_are_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch, population: Population
) -> None:
    real = repository.people

    async def blind(session: Any, population: str, site: str, days: Any, until: Any, _: Any) -> Any:
        return await real(session, population, site, days, until, {})

    monkeypatch.setattr(repository, "people", blind)
    with pytest.raises(AssertionError):
        await assert_counted_once(world, population)


async def test_what_became_of_any_of_the_releases_is_the_persons(world: ConsentWorld) -> None:
    people, _ = await two_people_one_twice(world)
    kept = sorted(each["KEPT"] for each in await observed(world, people, rules.SIGNERS))
    people.of_one = {}
    apart = sorted(each["KEPT"] for each in await observed(world, people, rules.SIGNERS))
    assert kept == ["IN_FORCE", "TAKEN_BACK"]
    assert apart == ["IN_FORCE", "IN_FORCE", "TAKEN_BACK"]
