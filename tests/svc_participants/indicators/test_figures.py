"""Figures of a site: what is counted, what is shown, and that asking again gives nothing back."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from infra.identity_token import Caller
from infra.indicators import counting
from infra.indicators.definitions import Grain, Indicator
from infra.indicators.periods import period_of
from infra.indicators.publishing import Publisher
from infra.small_cells import THRESHOLD, ProtectedTable
from infra.vocabulary import Category, Purpose, Role
from svc_participants.indicators import repository, rules
from svc_participants.indicators.counted import ParticipantFigures
from svc_participants.indicators.populations import ENROLLED, REFERRED
from tests.fixtures.service_app import ServiceApp, caller
from tests.svc_participants.indicators.people_of_a_site import (
    SHOPS,
    Somebody,
    add_people,
    settle_site,
)

ALL = frozenset({Category.REFERRAL, Category.ENROLLMENT, Category.HOUSING, Category.DEMOGRAPHICS})
QUERY = """
query($by: IndicatorSplit!, $periods: Int! = 4) {
  reachIndicators(splitBy: $by, periods: $periods) { ...all }
  engagementIndicators(splitBy: $by, periods: $periods) { ...all }
  housingIndicators(splitBy: $by, periods: $periods) { ...all }
}
fragment all on IndicatorTable {
  key family title population definition split period startsOn endsOn people
  outcomes { outcome title isFavourable people share }
  groups { code people isReference cells { outcome people share equityRatio } }
}
"""

WHITE = Somebody()
BLACK = replace(WHITE, race=("BLACK_AFRICAN_AMERICAN",))
ASIAN = replace(WHITE, race=("ASIAN",))
_AFTER = ("WOULD_BOOK", "WOULD_CITE", "WOULD_NOT_ACT", "UNKNOWN")
_DECLINED = {"status": "DECLINED_INELIGIBLE", "reason": "OUTSIDE_ELIGIBILITY"}


def declined(somebody: Somebody) -> Somebody:
    """Return the same person, declined."""
    return replace(somebody, **_DECLINED)  # type: ignore[arg-type]  # both are texts


def crowd() -> list[Somebody]:
    """Return 140 people; three Asian people were taken up, as scenario 18 has it."""
    return [
        *[WHITE] * 22,
        *[replace(WHITE, counterfactual="WOULD_CITE")] * 12,
        *[replace(WHITE, counterfactual="UNKNOWN")] * 11,
        *[declined(WHITE)] * 25,
        *[BLACK] * 20,
        *[declined(BLACK)] * 15,
        *[ASIAN] * 3,
        *[declined(ASIAN)] * 17,
        *[replace(WHITE, door="COMMUNITY", counterfactual="WOULD_NOT_ACT", agency=SHOPS,
                  author="shop-1", place="By the Harbor", gender="WOMAN")] * 15,
    ]  # fmt: skip


def council(site: UUID, aggregates: frozenset[Category] = ALL) -> Caller:
    """Return a member of the policy group of a site."""
    return caller(Role.PCG, {}, site_id=str(site), purpose=Purpose.LEAD_EVAL, aggregates=aggregates)


async def publish(service: ServiceApp, today: date = date(2025, 5, 1)) -> int:
    """Publish what has settled by a day."""
    return await Publisher(service.chassis.database, ParticipantFigures()).publish_settled(today)


async def tables(
    service: ServiceApp, site: UUID, by: str = "NONE", asking: Caller | None = None
) -> dict[str, dict[str, Any]]:
    """Return the newest tables by key."""
    answer = await service.graphql(asking or council(site), QUERY, {"by": by})
    found: dict[str, dict[str, Any]] = {}
    for field in answer.data.values():
        for table in field or ():
            found.setdefault(table["key"], table)
    return found


def people_of(table: dict[str, Any]) -> dict[str, int | None]:
    """Return people by outcome, of everybody."""
    return {each["outcome"]: each["people"] for each in table["outcomes"]}


def group(table: dict[str, Any], code: str) -> dict[str, int | None]:
    """Return people by outcome, of one group."""
    (found,) = [each for each in table["groups"] if each["code"] == code]
    return {each["outcome"]: each["people"] for each in found["cells"]}


async def a_site(service: ServiceApp, people: list[Somebody]) -> UUID:
    """Make a site with people, and publish what has settled on 1 May 2025."""
    site = uuid4()
    await settle_site(service, site)
    await add_people(service, site, people)
    await publish(service)
    return site


async def test_reach_counts_each_person_once_by_the_first_referral(
    participants: ServiceApp,
) -> None:
    site = await a_site(participants, crowd())
    found = await tables(participants, site)
    decision = found["DECISION"]
    assert (decision["period"], decision["startsOn"], decision["endsOn"]) == (
        "2025-Q1", "2025-01-01", "2025-03-31",
    )  # fmt: skip
    assert decision["people"] == 140
    assert people_of(found["COUNTERFACTUAL"]) == {
        "WOULD_BOOK": 102, "WOULD_CITE": 12, "WOULD_NOT_ACT": 15, "UNKNOWN": 11,
    }  # fmt: skip
    assert people_of(found["FIRST_CONTACT"])["WITHIN_7_DAYS"] == 83


async def test_nobody_of_a_few_is_counted_and_no_total_gives_them_back(
    participants: ServiceApp,
) -> None:
    site = await a_site(participants, crowd())
    decision = (await tables(participants, site, "RACE"))["DECISION"]
    assert set(group(decision, "ASIAN").values()) == {None}
    white = [each for each in decision["groups"] if each["code"] == "WHITE"]
    assert white[0]["people"] == 85
    shown = {code for code in ("WHITE", "BLACK_AFRICAN_AMERICAN")
             if group(decision, code)["TAKEN_UP"] is not None}  # fmt: skip
    assert shown != {"WHITE", "BLACK_AFRICAN_AMERICAN"}, "or the third is what remains"


async def test_every_number_of_every_split_is_eleven_or_more(participants: ServiceApp) -> None:
    site = await a_site(participants, crowd())
    for by in REFERRED.splits:
        for table in (await tables(participants, site, by.value)).values():
            numbers = [table["people"], *people_of(table).values()]
            for each in table["groups"]:
                numbers += [each["people"], *(cell["people"] for cell in each["cells"])]
            assert all(not each or each >= THRESHOLD for each in numbers), table


async def test_equity_ratio_is_over_the_largest_group_that_is_whole(
    participants: ServiceApp,
) -> None:
    people = [
        *[WHITE] * 60,
        *[declined(WHITE)] * 40,
        *[BLACK] * 15,
        *[declined(BLACK)] * 35,
    ]
    people = [replace(each, counterfactual=after) for each in people for after in _AFTER]
    site = await a_site(participants, people)
    by_code = {
        each["code"]: each
        for each in (await tables(participants, site, "RACE"))["DECISION"]["groups"]
    }
    ratios = {
        code: {cell["outcome"]: cell["equityRatio"] for cell in each["cells"]}
        for code, each in by_code.items()
    }
    assert {code for code, each in by_code.items() if each["people"]} == {
        "WHITE", "BLACK_AFRICAN_AMERICAN",
    }  # fmt: skip
    assert by_code["WHITE"]["isReference"]
    assert ratios["WHITE"]["TAKEN_UP"] == 1.0
    assert ratios["BLACK_AFRICAN_AMERICAN"]["TAKEN_UP"] == 0.5


async def test_asking_again_after_late_entries_gives_the_same(participants: ServiceApp) -> None:
    site = await a_site(participants, crowd())
    before = await tables(participants, site, "RACE")
    await add_people(participants, site, [ASIAN])
    await publish(participants)
    await publish(participants, date(2025, 5, 2))
    assert await tables(participants, site, "RACE") == before


async def test_twin_that_counts_when_it_is_asked_gives_one_person_away(
    participants: ServiceApp,
) -> None:
    """The same question before and after one entry: counted anew, the difference is the person."""
    source, site = ParticipantFigures(), uuid4()
    await settle_site(participants, site)
    await add_people(participants, site, crowd())

    async def counted_now() -> dict[str, int | None]:
        async with participants.chassis.database.read() as session:
            period = period_of(date(2025, 1, 1), Grain.QUARTER)
            seen = await source.observations(session, str(site), REFERRED, period)
            categories = await source.categories(session, str(site))
        indicators = [each for each in rules.INDICATORS if each.population is REFERRED]
        made = counting.tables_of(indicators, seen, categories)
        (table,) = [
            each.shown for each in made if (each.indicator, each.split) == ("DECISION", "NONE")
        ]
        outcomes: dict[str, int | None] = table["outcomes"]
        return outcomes

    before = await counted_now()
    await add_people(participants, site, [ASIAN])
    after = await counted_now()
    assert before["TAKEN_UP"] is not None
    assert after["TAKEN_UP"] == before["TAKEN_UP"] + 1


async def test_what_was_published_cannot_be_changed(participants: ServiceApp) -> None:
    await a_site(participants, crowd())
    for statement in (
        "update indicator_table set shown = '{}'",
        "delete from indicator_publication",
    ):
        with pytest.raises(DBAPIError, match="stays as it is"):
            async with participants.chassis.database.write() as session:
                await session.execute(text(statement))


async def test_a_quarter_is_not_shown_before_it_has_settled(participants: ServiceApp) -> None:
    site = uuid4()
    await settle_site(participants, site)
    await add_people(participants, site, crowd())
    assert await tables(participants, site) == {}
    await publish(participants, date(2025, 4, 30))
    assert await tables(participants, site) == {}
    await publish(participants, date(2025, 5, 1))
    assert set(await tables(participants, site)) >= {"DECISION", "INTAKE", "WAIT"}


def by_intake() -> list[Somebody]:
    """Return people whose intake was completed sooner or later, or only began."""
    began = replace(WHITE, status="INTAKE_STARTED")
    on = WHITE.submitted_on
    return [
        *[replace(began, enrolled_on=on + timedelta(days=6))] * 20,
        *[replace(began, enrolled_on=on + timedelta(days=20))] * 15,
        *[began] * 13,
        *[replace(began, enrolled_on=on + timedelta(days=40))] * 12,
    ]


async def test_intake_is_counted_when_it_was_completed(participants: ServiceApp) -> None:
    found = await tables(participants, await a_site(participants, by_intake()))
    assert people_of(found["INTAKE"]) == {
        "WITHIN_14_DAYS": 20, "WITHIN_30_DAYS": 15, "LATER_OR_NEVER": 25,
    }  # fmt: skip


async def test_planted_count_of_when_intake_began_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It began within a day for all of them; the check above would see so many within a week."""

    async def began(session: Any, site: UUID, people: list[UUID], until: date) -> dict[UUID, date]:
        return dict.fromkeys(people, WHITE.submitted_on)

    monkeypatch.setattr(repository, "intakes", began)
    found = await tables(participants, await a_site(participants, by_intake()))
    assert people_of(found["INTAKE"])["WITHIN_14_DAYS"] != 20


async def test_engagement_and_housing_of_a_year(participants: ServiceApp) -> None:
    stays = replace(
        WHITE,
        enrolled_on=date(2025, 3, 1),
        homes=((date(2025, 3, 1), "EMERGENCY_SHELTER"), (date(2025, 9, 1), "RENTAL_WITH_SUBSIDY")),
    )
    people = [
        *[stays] * 30,
        *[replace(stays, steps=((date(2025, 5, 1), "ENROLLED_INACTIVE"),
                                (date(2025, 6, 1), "ENROLLED_ACTIVE")), homes=())] * 12,
        *[replace(stays, steps=((date(2025, 5, 1), "ENROLLED_INACTIVE"),))] * 14,
        *[replace(stays, steps=((date(2025, 8, 1), "EXITED"),))] * 13,
        *[replace(stays, steps=((date(2026, 2, 1), "ENROLLED_INACTIVE"),))] * 11,
    ]  # fmt: skip
    site = uuid4()
    await settle_site(participants, site)
    await add_people(participants, site, people)
    await publish(participants, date(2026, 1, 30))
    assert "ENGAGEMENT" not in await tables(participants, site)
    await publish(participants, date(2026, 1, 31))
    found = await tables(participants, site)
    assert people_of(found["ENGAGEMENT"]) == {
        "IN_TOUCH": 41, "CAME_BACK": None, "OUT_OF_TOUCH": 14, "GOALS_MET": 13, "LEFT": None,
    }  # fmt: skip
    assert people_of(found["HOUSING_AT_INTAKE"])["HOMELESS"] == 68
    assert people_of(found["HOUSING_LATEST"])["PERMANENT"] == 68
    assert people_of(found["HOUSING_LATEST"])["NOT_KNOWN"] is None, "covers those that are nobody"


@pytest.mark.parametrize(
    ("missing", "field"),
    [
        (Category.REFERRAL, "reachIndicators"),
        (Category.ENROLLMENT, "engagementIndicators"),
        (Category.HOUSING, "housingIndicators"),
    ],
)
async def test_each_field_needs_the_aggregate_of_its_category(
    participants: ServiceApp, missing: Category, field: str
) -> None:
    site = await a_site(participants, crowd())
    answer = await participants.graphql(council(site, ALL - {missing}), QUERY, {"by": "NONE"})
    assert answer.data[field] is None
    assert [name for name, value in answer.data.items() if value is None] == [field]


async def test_race_needs_demographics_in_aggregate(participants: ServiceApp) -> None:
    site = await a_site(participants, crowd())
    without = council(site, ALL - {Category.DEMOGRAPHICS})
    assert await tables(participants, site, "RACE", without) == {}
    assert set(await tables(participants, site, "DOOR", without)) >= {"DECISION"}


async def test_raw_grounds_open_no_figures(participants: ServiceApp) -> None:
    site = await a_site(participants, crowd())
    asking = caller(
        Role.SUP, {Category.REFERRAL: "o|r"}, site_id=str(site), purpose=Purpose.CAREMGT
    )
    answer = await participants.graphql(asking, QUERY, {"by": "NONE"})
    assert answer.data["reachIndicators"] is None


async def test_another_site_has_its_own_figures(participants: ServiceApp) -> None:
    await a_site(participants, crowd())
    assert await tables(participants, uuid4()) == {}


async def test_periods_are_bounded(participants: ServiceApp) -> None:
    answer = await participants.graphql(council(uuid4()), QUERY, {"by": "NONE", "periods": 21})
    assert set(answer.error_codes) == {"BAD_USER_INPUT"}


async def test_naive_suppression_is_seen_by_the_attack_over_the_api(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted publisher hides small cells alone; subtraction gives the three people back."""

    def naive(
        many: Any, categories: list[str], outcomes: list[tuple[str, ...]]
    ) -> list[ProtectedTable[str, str]]:
        return [_hide_small(counts, categories, names)
                for counts, names in zip(many, outcomes, strict=True)]  # fmt: skip

    sound = await a_site(participants, crowd())
    monkeypatch.setattr(counting, "protect_together", naive)
    leaky = await a_site(participants, crowd())
    assert _rebuilt((await tables(participants, sound, "RACE"))["DECISION"]) is None
    assert _rebuilt((await tables(participants, leaky, "RACE"))["DECISION"]) == 3


def _hide_small(
    counts: Any, categories: list[str], outcomes: tuple[str, ...]
) -> ProtectedTable[str, str]:
    def shown(value: int) -> int | None:
        return value if value >= THRESHOLD else None

    return ProtectedTable(
        sum(counts.values()),
        {o: shown(sum(counts[c, o] for c in categories)) for o in outcomes},
        {c: shown(sum(counts[c, o] for o in outcomes)) for c in categories},
        {(c, o): shown(counts[c, o]) for c in categories for o in outcomes},
    )


def _rebuilt(table: dict[str, Any]) -> int | None:
    """Return how many Asian people were taken up, if subtraction tells."""
    whole = people_of(table)["TAKEN_UP"]
    others = [group(table, code)["TAKEN_UP"] for code in ("WHITE", "BLACK_AFRICAN_AMERICAN")]
    if whole is None or None in others:
        return None
    return whole - sum(each for each in others if each is not None)


def test_no_indicator_tells_apart_what_another_adds_up() -> None:
    """Outcomes of one population have no code in common, so none is the sum of another's."""
    twice = {"HOUSING_AT_INTAKE", "HOUSING_LATEST", "INCOME_AT_INTAKE", "INCOME_LATEST"}  # two days
    for population in (REFERRED, ENROLLED):
        seen: dict[str, Indicator] = {}
        for each in rules.INDICATORS:
            if each.population is not population or each.key in twice:
                continue
            for code in set(each.codes) - {"LATER_OR_NEVER", "WITHIN_30_DAYS"}:
                assert code not in seen, (code, each.key, seen.get(code))
                seen[code] = each
