"""Whoever has two records that were merged is counted once, with the cases of both."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from infra.indicators.definitions import Population
from infra.indicators.periods import Period
from svc_cases.indicators import repository, rules
from svc_cases.indicators.counted import CaseFigures
from tests.fixtures.service_app import ServiceApp
from tests.svc_cases.indicators.test_figures import (
    REFERRED_ON,
    Told,
    agreed_about,
    participant_with,
)


async def observed(
    service: ServiceApp, site: UUID, told: Told | None, population: Population, starts_on: date
) -> list[Mapping[str, Any]]:
    """Return the outcomes of everybody of a population in a period."""
    source, period = CaseFigures(told), Period(starts_on, population.grain)
    async with service.chassis.database.read() as session:
        found = await source.observations(session, str(site), population, period)
    return [each.outcomes for each in found]


async def two_people_one_twice(service: ServiceApp) -> tuple[UUID, Told]:
    """Make a site with two people, one of whom has two records with a case each."""
    site, told = uuid4(), Told()
    new = await participant_with(service, site, [-100])
    old = await participant_with(service, site, [90], is_diverted=True)
    other = await participant_with(service, site, [-100])
    await agreed_about(service, site, [old, new, other], [(1, 1)] * 3)
    told.of_one = {old: new}
    told.refer(site, new, other)
    return site, told


DAYS = {
    rules.MATCHED: date(2023, 9, 1), rules.WITH_WARRANT: date(2023, 10, 1),
    rules.AGREED: date(2024, 2, 1),
}  # fmt: skip


async def assert_counted_once(service: ServiceApp, population: Population) -> None:
    site, told = await two_people_one_twice(service)
    starts_on = _start_of(population, DAYS[population])
    assert len(await observed(service, site, told, population, starts_on)) == 2


def _start_of(population: Population, day: date) -> date:
    if population.grain.value == "YEAR":
        return date(day.year, 1, 1)
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


@pytest.mark.parametrize("population", DAYS, ids=lambda each: each.key)
async def test_two_records_of_one_person_are_counted_once(
    cases: ServiceApp, population: Population
) -> None:
    await assert_counted_once(cases, population)


@pytest.mark.parametrize("population", DAYS, ids=lambda each: each.key)
async def test_planted_figures_that_are_blind_to_merges_are_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch, population: Population
) -> None:
    monkeypatch.setattr(repository, "_who", lambda _: {"records": [], "persons": []})
    with pytest.raises(AssertionError):
        await assert_counted_once(cases, population)


async def test_the_person_has_the_cases_of_both_records(cases: ServiceApp) -> None:
    site, told = await two_people_one_twice(cases)
    (old, new) = next(iter(told.of_one.items()))
    async with cases.chassis.database.read() as session:
        found = await repository.cases(session, [new], told.of_one)
        apart = await repository.cases(session, [new], {})
    assert (list(found), len(found[new]), len(apart[new])) == ([new], 2, 1)
    assert any(each.case.is_diverted for each in found[new])
    assert old not in found
    # Referred once: one case before, one after.
    outcomes = await observed(
        cases, site, told, rules.REFERRED[6], _start_of(rules.REFERRED[6], REFERRED_ON)
    )
    assert sorted(each["FILED_CASES_6M"] for each in outcomes) == ["FEWER", "SAME"]


async def test_a_case_that_is_matched_to_both_records_is_one_case(cases: ServiceApp) -> None:
    site, told = await two_people_one_twice(cases)
    (old, new) = next(iter(told.of_one.items()))
    async with cases.chassis.database.write() as session:
        await session.execute(
            text(
                "insert into lead_link (id, case_id, participant_id, is_diverted_arrest,"
                " coordination_status, matched_by, matched_on, matched_at, version)"
                " select :id, case_id, :new, false, 'FILED', 'x', matched_on, now(), 1"
                " from lead_link where participant_id = :old"
            ),
            {"id": uuid4(), "old": old, "new": new},
        )
        found = await repository.cases(session, [new], told.of_one)
    assert len(found[new]) == 2, site
