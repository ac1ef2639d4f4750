"""Income, benefits and overdoses in figures, by programme and by who pays, and what hides them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from infra.database import ReadSession
from infra.indicators import counting, schema
from infra.indicators.publishing import Publisher
from infra.small_cells import THRESHOLD, ProtectedTable
from infra.vocabulary import Category, Purpose, Role
from svc_participants.indicators import rules, well_being
from svc_participants.indicators.counted import ParticipantFigures
from svc_participants.indicators.populations import ENROLLED, SERVED
from tests.fixtures.service_app import ServiceApp, caller
from tests.svc_participants.indicators.people_of_a_site import (
    Somebody,
    add_people,
    add_programme,
    settle_site,
)

ALL = frozenset(
    {
        Category.ENROLLMENT, Category.HOUSING, Category.INCOME, Category.SUD,
        Category.DEMOGRAPHICS,
    }
)  # fmt: skip
QUERY = """
query($by: IndicatorSplit!) {
  engagementIndicators(splitBy: $by) { ...all }
  housingIndicators(splitBy: $by) { ...all }
  incomeIndicators(splitBy: $by) { ...all }
  overdoseIndicators(splitBy: $by) { ...all }
}
fragment all on IndicatorTable {
  key people outcomes { outcome people }
  groups { code people cells { outcome people equityRatio } }
}
"""
BEGAN, LATER = date(2025, 3, 1), date(2025, 9, 1)
CORE = Somebody(
    enrolled_on=BEGAN,
    incomes=((BEGAN, "NO", ()), (LATER, "YES", ("EARNED", "SSI"))),
    benefit="RECEIVING",
    naloxone_on=LATER,
)
LODGED = replace(
    CORE, programme="LODGING", incomes=((BEGAN, "NO", ()), (LATER, "YES", ("SSDI",))),
    benefit="APPLYING", overdose_on=LATER,
)  # fmt: skip
BESIDE = replace(CORE, programme="MILIEU_MANAGEMENT")


class OfOneSite(ParticipantFigures):
    """What is published of one site: other tests' sites have many years behind them."""

    def __init__(self, site: UUID) -> None:
        super().__init__()
        self._site = str(site)

    async def first_days(self, session: ReadSession) -> Mapping[str, date]:
        """Return since when there is anything to count at the site."""
        found = await super().first_days(session)
        return {self._site: found[self._site]}


async def a_year(service: ServiceApp, people: list[Somebody]) -> UUID:
    """Make a site with two programmes and people, and publish the year 2025."""
    site = uuid4()
    await settle_site(service, site)
    await add_programme(service, site, "CORE", "COUNTY")
    await add_programme(service, site, "LODGING", "STATE_LEAD")
    await add_programme(service, site, "MILIEU_MANAGEMENT", "COUNTY")
    await add_people(service, site, people)
    source = OfOneSite(site)
    await Publisher(service.chassis.database, source).publish_settled(date(2026, 1, 31))
    return site


async def tables(
    service: ServiceApp, site: UUID, by: str = "NONE", aggregates: frozenset[Category] = ALL
) -> dict[str, dict[str, Any]]:
    """Return the tables of the year by key."""
    asking = caller(
        Role.PCG, {}, site_id=str(site), purpose=Purpose.LEAD_EVAL, aggregates=aggregates
    )
    answer = await service.graphql(asking, QUERY, {"by": by})
    return {each["key"]: each for field in answer.data.values() for each in field or ()}


def people_of(table: dict[str, Any]) -> dict[str, int | None]:
    return {each["outcome"]: each["people"] for each in table["outcomes"]}


def groups_of(table: dict[str, Any]) -> dict[str, int | None]:
    return {each["code"]: each["people"] for each in table["groups"] if each["people"] != 0}


async def test_income_benefits_and_overdoses_of_a_year(participants: ServiceApp) -> None:
    unknown = replace(CORE, incomes=(), benefit=None, naloxone_on=None)
    early = replace(CORE, overdose_on=date(2024, 9, 1))
    site = await a_year(
        participants, [*[CORE] * 20, *[LODGED] * 30, *[unknown] * 12, *[early] * 11]
    )
    found = await tables(participants, site)
    assert people_of(found["INCOME_AT_INTAKE"])["NO_INCOME"] == 61
    assert people_of(found["INCOME_LATEST"])["EARNED"] == 31
    assert people_of(found["INCOME_LATEST"])["OTHER_INCOME"] == 30
    assert people_of(found["INCOME_LATEST"])["INCOME_NOT_KNOWN"] is None, "covers the empty one"
    assert people_of(found["BENEFITS"]) == {"RECEIVED": 31, "SOUGHT": 30, "NO_BENEFIT": 12}
    assert people_of(found["OVERDOSE"]) == {"NO_OVERDOSE": 43, "OVERDOSE_KNOWN": 30}
    assert people_of(found["NALOXONE"]) == {"NALOXONE_GIVEN": 61, "NO_NALOXONE": 12}


async def test_people_are_split_by_programme_and_by_who_pays(participants: ServiceApp) -> None:
    site = await a_year(participants, [*[CORE] * 40, *[LODGED] * 30, *[BESIDE] * 20])
    by_programme = (await tables(participants, site, "PROGRAM"))["ENGAGEMENT"]
    assert groups_of(by_programme) == {"CORE": 40, "LODGING": 30, "MILIEU_MANAGEMENT": 20}
    by_funding = (await tables(participants, site, "FUNDING_SOURCE"))["ENGAGEMENT"]
    assert groups_of(by_funding) == {"COUNTY": 60, "STATE_LEAD": 30}


async def test_people_of_a_year_are_split_by_the_districts_of_the_site(
    participants: ServiceApp,
) -> None:
    harbor, away = replace(CORE, place="By the Harbor"), replace(CORE, place="Out of town")
    site = await a_year(participants, [*[CORE] * 30, *[harbor] * 20, *[away] * 15])
    found = await tables(participants, site, "PLACE")
    assert set(found) >= {"ENGAGEMENT", "HOUSING_LATEST", "INCOME_LATEST", "OVERDOSE"}
    for table in found.values():
        assert groups_of(table) == {"Downtown": 30, "Harbor": 20, "ELSEWHERE": 15}


REACH = """
query($by: IndicatorSplit!) { reachIndicators(splitBy: $by, periods: 8) {
  key people groups { code people }
} }
"""


async def test_who_was_referred_is_split_by_where_it_led_and_who_pays(
    participants: ServiceApp,
) -> None:
    site = await a_year(participants, [*[CORE] * 40, *[LODGED] * 30, *[BESIDE] * 20])
    asking = caller(
        Role.PCG, {}, site_id=str(site), purpose=Purpose.LEAD_EVAL,
        aggregates=frozenset({Category.REFERRAL}),
    )  # fmt: skip
    for by, expected in (
        ("PROGRAM", {"CORE": 40, "LODGING": 30, "MILIEU_MANAGEMENT": 20}),
        ("FUNDING_SOURCE", {"COUNTY": 60, "STATE_LEAD": 30}),
    ):
        answer = await participants.graphql(asking, REACH, {"by": by})
        (table,) = [
            each for each in answer.data["reachIndicators"]
            if each["key"] == "DECISION" and each["people"] == 90
        ]  # fmt: skip
        assert groups_of(table) == expected


def some(counts: dict[tuple[Any, str], int]) -> list[Somebody]:
    return [each for (kind, overdose), many in counts.items() for each in [
        replace(kind, overdose_on=LATER if overdose else None)
    ] * many]  # fmt: skip


def _few() -> list[Somebody]:
    """Return people of whom three in lodging had no overdose."""
    return some({
        (CORE, "yes"): 30, (CORE, ""): 40, (BESIDE, "yes"): 20, (BESIDE, ""): 15,
        (LODGED, "yes"): 25, (LODGED, ""): 3,
    })  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def few(participants: ServiceApp) -> UUID:
    """A site where three people in lodging had no overdose."""
    return await a_year(participants, _few())


@pytest.mark.parametrize("by", [each.value for each in ENROLLED.splits])
async def test_no_number_of_any_split_is_under_eleven(
    participants: ServiceApp, few: UUID, by: str
) -> None:
    for table in (await tables(participants, few, by)).values():
        numbers = [table["people"], *people_of(table).values(), *groups_of(table).values()]
        numbers += [cell["people"] for each in table["groups"] for cell in each["cells"]]
        assert all(not each or each >= THRESHOLD for each in numbers), table


def _rebuilt(table: dict[str, Any], code: str, others: set[str]) -> int | None:
    """Return how many of a group had no overdose, if subtraction tells."""
    cells = {
        each["code"]: {cell["outcome"]: cell["people"] for cell in each["cells"]}
        for each in table["groups"]
    }
    whole, rest = people_of(table)["NO_OVERDOSE"], [cells[each]["NO_OVERDOSE"] for each in others]
    own = dict(groups_of(table))[code], cells[code]["OVERDOSE_KNOWN"]
    if whole is not None and None not in rest:
        return int(whole - sum(each for each in rest if each is not None))
    return None if own[0] is None or own[1] is None else int(own[0] - own[1])


SUBTRACTIONS = [
    ("PROGRAM", "LODGING", {"CORE", "MILIEU_MANAGEMENT"}),
    ("FUNDING_SOURCE", "STATE_LEAD", {"COUNTY"}),
]


@pytest.mark.parametrize(("by", "code", "others"), SUBTRACTIONS, ids=["programme", "funding"])
async def test_subtraction_gives_nobody_of_a_programme_back(
    participants: ServiceApp,
    few: UUID,
    monkeypatch: pytest.MonkeyPatch,
    by: str,
    code: str,
    others: set[str],
) -> None:
    """The same attack finds the three people where only small cells are hidden."""
    monkeypatch.setattr(counting, "protect_together", _naive)
    leaky = await a_year(participants, _few())
    assert _rebuilt((await tables(participants, few, by))["OVERDOSE"], code, others) is None
    assert _rebuilt((await tables(participants, leaky, by))["OVERDOSE"], code, others) == 3


def _naive(
    many: Any, categories: list[str], outcomes: list[tuple[str, ...]]
) -> list[ProtectedTable[str, str]]:
    def shown(value: int) -> int | None:
        return value if value >= THRESHOLD else None

    return [
        ProtectedTable(
            sum(counts.values()),
            {o: shown(sum(counts[c, o] for c in categories)) for o in names},
            {c: shown(sum(counts[c, o] for o in names)) for c in categories},
            {(c, o): shown(counts[c, o]) for c in categories for o in names},
        )
        for counts, names in zip(many, outcomes, strict=True)
    ]


@pytest.mark.parametrize(
    ("by", "other"), [("PROGRAM", "FUNDING_SOURCE"), ("FUNDING_SOURCE", "PROGRAM")]
)
async def test_two_splits_of_the_same_people_do_not_give_a_cell_back(
    participants: ServiceApp, by: str, other: str
) -> None:
    """COUNTY pays for two programmes: their rows and its row are the same people."""
    site = await a_year(participants, _few())
    one, two = [await tables(participants, site, each) for each in (by, other)]
    assert _known(one["OVERDOSE"], two["OVERDOSE"]).isdisjoint({3, 25})


def _known(one: dict[str, Any], two: dict[str, Any]) -> set[int]:
    """Return every number that two tables show or that is the difference of two that they show."""
    shown = {
        cell["people"] for table in (one, two) for each in table["groups"]
        for cell in each["cells"] if cell["people"]
    } | {each for table in (one, two) for each in people_of(table).values() if each}  # fmt: skip
    return {abs(left - right) for left in shown for right in shown} | shown


def without_ratio(found: dict[str, dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Return the cells that are shown without an equity ratio."""
    return {
        (key, group["code"], cell["outcome"])
        for key, table in found.items()
        for group in table["groups"] if group["people"]
        for cell in group["cells"] if cell["people"] and cell["equityRatio"] is None
    }  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def two_races(participants: ServiceApp) -> UUID:
    """Make a year of 150 people, half of those who are Black lodged and a third of the others."""
    black = [replace(each, race=("BLACK_AFRICAN_AMERICAN",)) for each in (CORE, LODGED)]
    return await a_year(
        participants, [*[CORE] * 60, *[LODGED] * 40, *[black[0]] * 20, *[black[1]] * 30]
    )


async def test_no_cell_of_any_indicator_is_shown_without_an_equity_ratio(
    participants: ServiceApp, two_races: UUID
) -> None:
    for by in ENROLLED.splits:
        found = await tables(participants, two_races, by.value)
        assert set(found) == {
            each.key for each in rules.INDICATORS
            if each.population in (ENROLLED, SERVED) and by in each.population.splits
        }  # fmt: skip
        assert without_ratio(found) == set(), by


async def test_planted_figures_without_a_reference_show_cells_without_a_ratio(
    participants: ServiceApp, two_races: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "reference_of", lambda shown: None)
    found = await tables(participants, two_races, "RACE")
    assert {key for key, _, _ in without_ratio(found)} >= {"OVERDOSE", "BENEFITS"}


async def test_equity_ratio_is_the_share_over_that_of_the_largest_group(
    participants: ServiceApp, two_races: UUID
) -> None:
    found = await tables(participants, two_races, "RACE")
    table = found["OVERDOSE"]
    ratios = {
        each["code"]: {cell["outcome"]: cell["equityRatio"] for cell in each["cells"]}
        for each in table["groups"] if each["people"]
    }  # fmt: skip
    assert ratios["WHITE"] == {"NO_OVERDOSE": 1.0, "OVERDOSE_KNOWN": 1.0}
    assert ratios["BLACK_AFRICAN_AMERICAN"] == {"NO_OVERDOSE": 0.67, "OVERDOSE_KNOWN": 1.5}


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        (Category.INCOME, {"INCOME_AT_INTAKE", "INCOME_LATEST", "BENEFITS"}),
        (Category.SUD, {"OVERDOSE", "NALOXONE"}),
    ],
    ids=["income", "overdoses"],
)
async def test_each_field_needs_the_aggregate_of_its_category(
    participants: ServiceApp, missing: Category, gone: set[str]
) -> None:
    site = await a_year(participants, [CORE] * 30)
    everything = set(await tables(participants, site))
    assert everything - set(await tables(participants, site, "NONE", ALL - {missing})) == gone


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["ENDED", "RECEIVING"], "RECEIVED"),
        (["NOT_GRANTED", "APPEALING"], "SOUGHT"),
        (["APPLYING"], "SOUGHT"),
        (["NOT_GRANTED", "ENDED"], "NO_BENEFIT"),
        ([], "NO_BENEFIT"),
    ],
)
def test_the_best_state_of_any_benefit_counts(states: list[str], expected: str) -> None:
    assert well_being.benefits(states) == expected
