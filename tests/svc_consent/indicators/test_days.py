"""What happens in the evening of a period's last day counts there, by the site's zone."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from infra.authority.changes import VisibilityFact, put_visibility
from infra.authority.predicate import agency_holder
from infra.indicators.definitions import Grain, Population
from infra.indicators.periods import Period
from infra.vocabulary import Basis
from svc_consent.indicators import repository, rules
from svc_consent.indicators.counted import ConsentFigures
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory

ZONE = ZoneInfo("America/Los_Angeles")
QUARTER = Period(date(2025, 1, 1), Grain.QUARTER)
EVENING = datetime(2025, 3, 31, 23, 30, tzinfo=ZONE)
NIGHT = datetime(2025, 4, 1, 0, 30, tzinfo=ZONE)
POPULATIONS = tuple(dict.fromkeys(each.population for each in rules.INDICATORS))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    """The running service; each test makes a site of its own."""
    async with service_app("svc_consent") as service:
        yield ConsentWorld(service)


async def a_site(world: ConsentWorld) -> UUID:
    """Make a site with somebody of the quarter's last evening and somebody of the next day.

    Both were taken in, signed, and asked for somebody whom they may not see.
    """
    world.site_id = uuid4()
    await world.make_site()
    await world.execute(
        "update site set time_zone = :zone where id = :id", zone=ZONE.key, id=world.site_id
    )
    agency = await world.make_agency("CM")
    for at in (EVENING, NIGHT):
        person, account = uuid4(), await world.make_person("CM", agency)
        holder = agency_holder(agency, str(world.site_id))
        ground = VisibilityFact(uuid4(), person, holder, Basis.OWN_AGENCY, at)
        await world.change([], [put_visibility(ground)])
        await world.execute(
            "insert into release (id, series_id, number, participant_id, disclosing_agency_id,"
            " site_id, kind, status, signed_at, missing_elements, recorded_at, version) values"
            " (:id, :id, 1, :person, :agency, :site, 'LEAD_ROI', 'ACTIVE', :at, '{}', :at, 1)",
            id=uuid4(), person=person, agency=UUID(agency), site=world.site_id, at=at,
        )  # fmt: skip
        await world.execute(
            "insert into denied_attempts (subject, hour, attempts) values (:who, :hour, 1)",
            who=account.subject, hour=at.replace(minute=0),
        )  # fmt: skip
    return world.site_id


async def assert_the_evening_counts(world: ConsentWorld, population: Population) -> None:
    """Hold one of two in the quarter; at its end the release of the next day is not there yet."""
    site = await a_site(world)
    async with world.service.chassis.database.read() as session:
        found = await ConsentFigures().observations(session, str(site), population, QUARTER)
    assert len(found) == 1


@pytest.mark.parametrize("population", POPULATIONS, ids=lambda each: each.key)
async def test_the_last_evening_is_of_the_quarter(
    world: ConsentWorld, population: Population
) -> None:
    await assert_the_evening_counts(world, population)


@pytest.mark.parametrize("population", POPULATIONS, ids=lambda each: each.key)
async def test_planted_days_of_utc_are_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch, population: Population
) -> None:
    async def utc(_session: Any, _site_id: str) -> ZoneInfo:
        return ZoneInfo("UTC")

    monkeypatch.setattr(repository, "_zone", utc)
    with pytest.raises(AssertionError):
        await assert_the_evening_counts(world, population)


async def test_days_that_are_told_are_those_of_the_site(world: ConsentWorld) -> None:
    site = str(await a_site(world))
    days = (QUARTER.starts_on, QUARTER.ends_on)
    async with world.service.chassis.database.read() as session:
        assert (await repository.first_days(session))[site] == EVENING.date()
        for population in ("TAKEN_IN", "SIGNERS"):
            (row,) = await repository.people(
                session, population, site, days, QUARTER.settled_on(), {}
            )
            assert row["day"] == EVENING.date()
