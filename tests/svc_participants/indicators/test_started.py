"""A year after the first day: where people live, whom they were connected to, and what hides it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.indicators import counting, schema
from infra.indicators.definitions import Indicator
from infra.indicators.publishing import Publisher
from infra.small_cells import THRESHOLD
from infra.vocabulary import Category, Purpose, Role
from svc_participants.indicators import rules, started
from svc_participants.indicators.counted import ParticipantFigures
from svc_participants.indicators.populations import STARTED
from svc_participants.indicators.started import Arranged
from tests.fixtures.service_app import ServiceApp, caller
from tests.svc_participants.indicators.people_of_a_site import Somebody, add_people, settle_site
from tests.svc_participants.indicators.test_well_being import (
    _naive,
    groups_of,
    people_of,
    without_ratio,
)

ALL = frozenset(
    {
        Category.HOUSING, Category.SUD, Category.HEALTH_HIV, Category.MENTAL_HEALTH,
        Category.GOALS_PLAN, Category.DEMOGRAPHICS,
    }
)  # fmt: skip
QUERY = """
query($by: IndicatorSplit!) {
  housingIndicators(splitBy: $by) { ...all }
  overdoseIndicators(splitBy: $by) { ...all }
  healthIndicators(splitBy: $by) { ...all }
  mentalHealthIndicators(splitBy: $by) { ...all }
  planIndicators(splitBy: $by) { ...all }
}
fragment all on IndicatorTable {
  key period population people outcomes { outcome people }
  groups { code people cells { outcome people equityRatio } }
}
"""
BEGAN, SETTLED = date(2025, 3, 1), date(2027, 1, 31)
SHELTER, RENTED = "EMERGENCY_SHELTER", "RENTAL_WITH_SUBSIDY"
KINDS = ("MEDICAL_CARE", "MENTAL_HEALTH_CARE", "SUBSTANCE_USE_TREATMENT", "IDENTITY_PAPERS")


def helped(state: str | None, on: date = date(2025, 6, 1)) -> Any:
    """Return services of every kind that are counted, come to a state on a day."""
    moves = ((on, "BEGUN"), (on, state)) if state == "COMPLETED" else ((on, state),)
    return tuple((kind, BEGAN, moves if state else ()) for kind in KINDS)


HOUSED = Somebody(
    enrolled_on=BEGAN, homes=((BEGAN, SHELTER), (date(2025, 8, 31), RENTED)),
    helped=helped("COMPLETED"),
)  # fmt: skip
LATE = replace(  # both come a day after the year is over
    HOUSED, homes=((BEGAN, SHELTER), (date(2026, 3, 2), RENTED)),
    helped=helped("COMPLETED", date(2026, 3, 2)),
)  # fmt: skip
LEFT = replace(  # lived with friends when leaving; what came afterwards does not count
    HOUSED, steps=((date(2025, 5, 1), "EXITED"),), helped=(),
    homes=((BEGAN, SHELTER), (date(2025, 5, 1), "WITH_FRIENDS"), (date(2025, 6, 1), RENTED)),
)  # fmt: skip
BLACK = ("BLACK_AFRICAN_AMERICAN",)


class OfOnePopulation(ParticipantFigures):
    """The source, of the one population that is looked at here."""

    @property
    def indicators(self) -> Sequence[Indicator]:
        """Return what is published."""
        return started.AFTER_A_YEAR


async def a_year(service: ServiceApp, people: list[Somebody], on: date = SETTLED) -> UUID:
    """Make a site with people, and publish what has settled."""
    site = uuid4()
    await settle_site(service, site)
    await add_people(service, site, people)
    await Publisher(service.chassis.database, OfOnePopulation()).publish_settled(on)
    return site


async def tables(
    service: ServiceApp, site: UUID, by: str = "NONE", aggregates: frozenset[Category] = ALL
) -> dict[str, dict[str, Any]]:
    """Return the tables of those who were first enrolled in 2025, by key."""
    asking = caller(
        Role.PCG, {}, site_id=str(site), purpose=Purpose.LEAD_EVAL, aggregates=aggregates
    )
    answer = await service.graphql(asking, QUERY, {"by": by})
    wanted = {each.key for each in started.AFTER_A_YEAR}
    return {
        each["key"]: each
        for field in answer.data.values()
        for each in field or ()
        if each["key"] in wanted and each["period"] == "2025"
    }


async def test_where_people_live_after_half_a_year_and_a_year_or_when_they_leave(
    participants: ServiceApp,
) -> None:
    people = [*[HOUSED] * 20, *[LATE] * 15, *[LEFT] * 12]
    site = await a_year(participants, people, date(2027, 1, 30))
    assert await tables(participants, site) == {}, "a year and 30 days are waited for"
    await Publisher(participants.chassis.database, OfOnePopulation()).publish_settled(SETTLED)
    found = await tables(participants, site)
    shown = {key: {k: v for k, v in people_of(table).items() if v} for key, table in found.items()}
    assert found["HOUSING_AT_START"]["people"] == 47
    for key in ("HOUSING_AFTER_6_MONTHS", "HOUSING_AFTER_12_MONTHS"):
        assert shown[key].get("PERMANENT") == 20, shown[key]
    for key in ("MEDICAL_CARE", "MENTAL_HEALTH_CARE", "TREATMENT"):
        assert shown[key] == {"CONNECTED": 20, "ARRANGED": 15, "NOT_ARRANGED": 12}
    assert shown["IDENTITY_PAPERS"] == {"OBTAINED": 20, "SOUGHT": 15, "NOT_SOUGHT": 12}


def _mixed(race: tuple[str, ...], counts: tuple[int, int, int]) -> list[Somebody]:
    some = zip((HOUSED, LATE, replace(LEFT, helped=())), counts, strict=True)
    return [replace(each, race=race) for each, many in some for _ in range(many)]


async def test_no_number_of_any_split_is_under_eleven(participants: ServiceApp) -> None:
    few = [*_mixed(("WHITE",), (30, 20, 15)), *_mixed(BLACK, (14, 3, 2))]
    site = await a_year(participants, few)
    for by in STARTED.splits:
        found = await tables(participants, site, by.value)
        assert set(found) == {each.key for each in rules.INDICATORS if each.population is STARTED}
        assert without_ratio(found) == set()
        for table in found.values():
            numbers = [table["people"], *people_of(table).values(), *groups_of(table).values()]
            numbers += [cell["people"] for each in table["groups"] for cell in each["cells"]]
            assert all(not each or each >= THRESHOLD for each in numbers), table


def _rebuilt(table: dict[str, Any]) -> int | None:
    """Return how many Black people had it only arranged, if subtraction from all tells."""
    cells = {
        each["code"]: {cell["outcome"]: cell["people"] for cell in each["cells"]}
        for each in table["groups"]
    }
    whole, rest = people_of(table)["ARRANGED"], cells["WHITE"]["ARRANGED"]
    return None if whole is None or rest is None else whole - rest


async def test_subtraction_gives_nobody_back(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same attack finds three people where only small cells are hidden."""
    people = [*_mixed(("WHITE",), (30, 20, 15)), *_mixed(BLACK, (14, 3, 12))]
    sound = await a_year(participants, people)
    monkeypatch.setattr(counting, "protect_together", _naive)
    leaky = await a_year(participants, people)
    assert _rebuilt((await tables(participants, sound, "RACE"))["MEDICAL_CARE"]) is None
    assert _rebuilt((await tables(participants, leaky, "RACE"))["MEDICAL_CARE"]) == 3


async def test_every_split_has_ratios_and_a_twin_without_reference_none(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = await a_year(
        participants, [*_mixed(("WHITE",), (30, 20, 15)), *_mixed(BLACK, (15, 20, 30))]
    )
    found = await tables(participants, site, "RACE")
    assert without_ratio(found) == set()
    monkeypatch.setattr(schema, "reference_of", lambda shown: None)
    lacking = {key for key, _, _ in without_ratio(await tables(participants, site, "RACE"))}
    assert lacking >= {"TREATMENT", "IDENTITY_PAPERS"}


async def test_each_field_needs_the_aggregate_of_its_category(participants: ServiceApp) -> None:
    site = await a_year(participants, [HOUSED] * 30)
    everything = set(await tables(participants, site))
    for missing, gone in (
        (Category.SUD, {"TREATMENT"}),
        (Category.HEALTH_HIV, {"MEDICAL_CARE"}),
        (Category.MENTAL_HEALTH, {"MENTAL_HEALTH_CARE"}),
        (Category.GOALS_PLAN, {"IDENTITY_PAPERS"}),
    ):
        left = set(await tables(participants, site, "NONE", ALL - {missing}))
        assert everything - left == gone


@pytest.mark.parametrize(
    ("reached", "link", "papers"),
    [
        (["BEGUN", "PERSON_CHOSE_OTHERWISE"], "CONNECTED", "SOUGHT"),
        (["BEGUN", "COMPLETED"], "CONNECTED", "OBTAINED"),
        (["PROVIDER_COULD_NOT"], "ARRANGED", "SOUGHT"),
        ([], "ARRANGED", "SOUGHT"),
    ],
)
def test_who_once_began_was_connected(reached: list[str], link: str, papers: str) -> None:
    found = started.services([Arranged(kind, reached) for kind in KINDS])
    assert [found[each.key] for each in started.LINKS.values()] == [link] * 3
    assert found["IDENTITY_PAPERS"] == papers


def test_costs_are_told_in_bands() -> None:
    assert [started.funds(each) for each in (0, 1, 25_000, 25_001, 100_001)] == [
        "NONE", "UP_TO_250_DOLLARS", "UP_TO_250_DOLLARS", "UP_TO_1000_DOLLARS", "MORE",
    ]  # fmt: skip
    assert [started.nights(each) for each in (0, 1, 31, 181)] == [
        "NONE", "UP_TO_30", "UP_TO_180", "MORE",
    ]  # fmt: skip
