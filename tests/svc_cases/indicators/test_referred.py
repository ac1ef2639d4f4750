"""Everybody who was referred at a site is counted there, once, and no table gives anybody back."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from infra.indicators.counting import tables_of
from infra.indicators.definitions import (
    Family,
    Grain,
    Indicator,
    Observation,
    Outcome,
    Population,
    Split,
)
from infra.indicators.periods import Period, period_of
from infra.indicators.publishing import Publisher
from infra.small_cells import THRESHOLD
from svc_cases.indicators import repository, rules
from svc_cases.indicators.counted import CaseFigures
from svc_participants.indicators import populations as of_people
from tests.fixtures.service_app import ServiceApp
from tests.svc_cases.indicators.test_figures import (
    REFERRED_ON,
    Told,
    council,
    participant_with,
    people_of,
    tables,
)

SETTLED = date(2024, 1, 31)
"""When the quarter of ``REFERRED_ON`` is counted, six months later."""
BEFORE = REFERRED_ON - timedelta(days=80)
"""A referral at the other site, in the quarter before; settled on 31 October 2023."""


async def two_sites(service: ServiceApp, told: Told) -> tuple[UUID, UUID]:
    """Make two sites, with twenty people who were referred at both and have cases.

    At one of them 25 people without a case were referred as well, at the other one twelve.
    """
    here, there = uuid4(), uuid4()
    for _ in range(20):
        person = await participant_with(service, here, [-100, -60, 90])
        told.refer(here, person)
        told.refer(there, person, on=BEFORE)
    await participant_with(service, there, [-10])  # a site's figures begin with its first match
    told.refer(here, *(uuid4() for _ in range(25)))
    told.refer(there, *(uuid4() for _ in range(12)), on=BEFORE)
    return here, there


async def newest(service: ServiceApp, site: UUID) -> dict[str, Any]:
    """Return the newest table of cases six months before and after."""
    found: dict[str, Any] = (await tables(service, council(site)))["FILED_CASES_6M"]
    return found


async def test_who_has_no_case_is_counted_at_each_site_from_its_own_referral(
    cases: ServiceApp,
) -> None:
    told = Told()
    here, there = await two_sites(cases, told)
    publisher = Publisher(cases.chassis.database, CaseFigures(told))
    await publisher.publish_settled(date(2023, 10, 31))
    table = await newest(cases, there)
    assert (table["period"], table["people"]) == ("2023-Q1", 32)
    assert people_of(table) == {"NEITHER": None, "FEWER": None, "SAME": None, "MORE": 20}
    await publisher.publish_settled(SETTLED)
    table = await newest(cases, here)
    assert (table["period"], table["people"]) == ("2023-Q2", 45)
    assert people_of(table) == {"NEITHER": 25, "FEWER": None, "SAME": None, "MORE": None}


async def test_planted_count_of_matched_people_alone_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted by their cases, people without any are in no table; the test above would see it."""
    sound = CaseFigures._referred

    async def matched_alone(source: CaseFigures, site: UUID, period: Period) -> Mapping[UUID, date]:
        people = await sound(source, site, period)
        async with cases.chassis.database.read() as session:
            known = await repository.cases(session, list(people), {})
        return {each: day for each, day in people.items() if each in known}

    monkeypatch.setattr(CaseFigures, "_referred", matched_alone)
    told = Told()
    here, _ = await two_sites(cases, told)
    await Publisher(cases.chassis.database, CaseFigures(told)).publish_settled(SETTLED)
    assert (await newest(cases, here))["people"] == 20


@pytest.mark.parametrize("key", ["REFERRED_6M", "ANOTHER"], ids=["sound", "planted"])
async def test_a_quarter_of_a_year_that_stands_for_some_is_not_counted_anew(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """Tables of the matched people of 2023 stand: those of everybody would give cells back."""
    told = Told()
    here, _ = await two_sites(cases, told)
    async with cases.chassis.database.write() as session:
        await session.execute(
            text(
                "insert into indicator_publication (site_id, population, starts_on, published_at)"
                " values (:site, 'REFERRED_6M', '2023-01-01', now())"
            ),
            {"site": str(here)},
        )
    monkeypatch.setattr(rules, "MATCHED_BY_YEAR", dict.fromkeys(rules.WINDOWS, key))
    await Publisher(cases.chassis.database, CaseFigures(told)).publish_settled(SETTLED)
    table = await newest(cases, here)
    assert table["period"] == "2023-Q2"
    assert (table["people"] is not None) == (key == "ANOTHER")


REACH = Indicator(
    "REACH", Family.REACH, "Reach", of_people.REFERRED, "-", (Outcome("YES", "-"),)
)  # fmt: skip
_QUARTERS = tuple(date(2023, month, 10) for month in (2, 5, 8, 11))
_PEOPLE = [
    (day, race)
    for number, day in enumerate(_QUARTERS)
    for race, many in (("WHITE", 60), ("BLACK", 30), ("ASIAN", 5 if number == 2 else 20))
    for _ in range(many)
]
"""People of a year, by the day of the first referral; five Asian people in the third quarter."""


def groups_by_period(population: Population) -> dict[Period, dict[str, int | None]]:
    """Return how many people of each race the tables of a population show, by period."""
    (indicator,) = [
        each for each in (REACH, *rules.PUBLIC) if each.population.key == population.key
    ][:1]
    found = {}
    for period in {period_of(day, population.grain) for day, _ in _PEOPLE}:
        seen = [
            Observation({indicator.key: indicator.codes[0]}, {Split.RACE: race})
            for day, race in _PEOPLE
            if period_of(day, population.grain) == period
        ]
        made = tables_of([indicator], seen, {Split.RACE: ["WHITE", "BLACK", "ASIAN"]})
        (table,) = [each.shown for each in made if each.split is Split.RACE]
        found[period] = table["groups"]
    return found


def given_back(
    quarters: Mapping[Period, Mapping[str, int | None]],
    others: Mapping[Period, Mapping[str, int | None]],
) -> set[int]:
    """Return what subtraction tells of a group that a quarter's tables hide."""
    told = set()
    for period, groups in others.items():
        parts = [
            each for when, each in quarters.items()
            if period.starts_on <= when.starts_on <= period.ends_on
        ]  # fmt: skip
        for race, whole in groups.items():
            of_race = [each[race] for each in parts]
            if whole is not None and of_race.count(None) == 1:
                told.add(whole - sum(each for each in of_race if each is not None))
    return told


@pytest.mark.parametrize("months", rules.WINDOWS)
def test_legal_tables_give_back_nobody_whom_tables_of_the_referred_hide(months: int) -> None:
    population = rules.REFERRED[months]
    quarters = groups_by_period(of_people.REFERRED)
    assert quarters[Period(date(2023, 7, 1), Grain.QUARTER)]["ASIAN"] is None
    assert given_back(quarters, groups_by_period(population)) == set()


def test_planted_tables_of_a_year_give_five_people_back(monkeypatch: pytest.MonkeyPatch) -> None:
    yearly = Population("YEARLY", "-", Grain.YEAR, (Split.RACE,))
    planted = Indicator("PLANTED", Family.LEGAL, "-", yearly, "-", (Outcome("YES", "-"),))
    monkeypatch.setattr(rules, "PUBLIC", (planted,))
    told = given_back(groups_by_period(of_people.REFERRED), groups_by_period(yearly))
    assert 5 in told
    assert min(told) < THRESHOLD


def test_nobody_is_split_by_what_only_a_case_has() -> None:
    """A group of those without a case would say what its cells hide: none before, none after."""
    for population in rules.REFERRED.values():
        assert set(population.splits).isdisjoint({Split.OFFENCE, Split.AGENCY})
