"""Figures of cases: before and after the first referral, diversion, filing, warrants."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text

from infra.identity_token import Caller
from infra.indicators import schema as indicator_schema
from infra.indicators.definitions import Split
from infra.indicators.groups import Groups
from infra.indicators.publishing import BULK_LOAD_LOCK, Publisher
from infra.small_cells import THRESHOLD
from infra.vocabulary import Category, Purpose, Role
from svc_cases.indicators import rules
from svc_cases.indicators.counted import CaseFigures
from svc_cases.indicators.rules import MatchedCase
from tests.fixtures.cases_service import COURT, PROSECUTOR
from tests.fixtures.service_app import ServiceApp, caller

REFERRED_ON = date(2023, 6, 15)
QUERY = """
query($by: IndicatorSplit!) {
  legalIndicators(splitBy: $by) { ...all }
  coordinationIndicators(splitBy: $by) { ...all }
  warrantIndicators(splitBy: $by) { ...all }
  meetingIndicators(splitBy: $by) { ...all }
}
fragment all on IndicatorTable {
  key period people outcomes { outcome people }
  groups { code people cells { outcome people } }
}
"""


def council(site: UUID, *categories: Category) -> Caller:
    """Return a member of the policy group of a site."""
    opened = categories or (Category.LEGAL_PUBLIC, Category.LEGAL_COORD, Category.WARRANTS)
    return caller(
        Role.PCG,
        {},
        site_id=str(site),
        purpose=Purpose.LEAD_EVAL,
        aggregates=frozenset(opened),
    )


async def participant_with(
    service: ServiceApp, site: UUID, days: list[int], *, is_diverted: bool = False,
    charge_class: str = "MISDEMEANOR", nibrs: str = "90J",
) -> UUID:  # fmt: skip
    """Make somebody who was referred, with cases so many days from the referral."""
    person = uuid4()
    async with service.chassis.database.write() as session:
        for number, day in enumerate(days):
            on = REFERRED_ON + timedelta(days=day)
            case, link = uuid4(), uuid4()
            await session.execute(
                text(
                    "insert into legal_case (id, number, court_id, site_id, prosecutor_agency_id,"
                    " defendant_given_name, defendant_family_name, status, incident_on, filed_on,"
                    " version) values (:id, :number, :court, :site, :office, 'Sam',"
                    " 'Example-Testcase', 'PENDING', :day, :day, 1)"
                ),
                {"id": case, "number": f"F-{case}", "court": COURT, "site": site,
                 "office": PROSECUTOR, "day": on},
            )  # fmt: skip
            await session.execute(
                text(
                    "insert into charge (id, case_id, position, statute, description, nibrs,"
                    " charge_class, status) values (:id, :case, 1, 'RCW', 'x', :nibrs, :class,"
                    " 'PENDING')"
                ),
                {"id": uuid4(), "case": case, "nibrs": nibrs, "class": charge_class},
            )
            await session.execute(
                text(
                    "insert into lead_link (id, case_id, participant_id, is_diverted_arrest,"
                    " coordination_status, matched_by, matched_on, matched_at, version) values"
                    " (:id, :case, :person, :diverted, 'FILED', 'x', :on, now(), 1)"
                ),
                {"id": link, "case": case, "person": person,
                 "diverted": is_diverted and number == 0, "on": date(2023, 9, 1)},
            )  # fmt: skip
            await session.execute(
                text(
                    "insert into warrant (id, link_id, participant_id, status, source, issued_on,"
                    " recorded_on, version) values (:id, :link, :person, 'QUASHED',"
                    " 'PUBLIC_COURT', :day, :day, 1)"
                ),
                {"id": uuid4(), "link": link, "person": person, "day": date(2023, 10, 1)},
            )
    return person


async def tables(service: ServiceApp, asking: Caller, by: str = "NONE") -> dict[str, Any]:
    """Return the newest tables by key."""
    answer = await service.graphql(asking, QUERY, {"by": by})
    found: dict[str, Any] = {}
    for field in answer.data.values():
        for table in field or ():
            found.setdefault(table["key"], table)
    return found


def people_of(table: dict[str, Any]) -> dict[str, int | None]:
    """Return people by outcome."""
    return {each["outcome"]: each["people"] for each in table["outcomes"]}


class Told:
    """People as a test says they are; the doors themselves have tests where they are."""

    def __init__(self) -> None:
        self.people: dict[UUID, dict[Split, str]] = {}
        self.days: dict[UUID, dict[UUID, date]] = {}
        self.asked: list[tuple[date, date]] = []
        self.of_one: dict[UUID, UUID] = {}

    async def merged(self, site_id: UUID) -> Mapping[UUID, UUID]:
        """Tell which records are merged into which."""
        return self.of_one

    def put(self, person: UUID, **groups: str) -> None:
        """Say the groups of somebody; the others are those of everybody."""
        self.people[person] = {
            **dict.fromkeys(rules.OF_PEOPLE, "ONE"),
            **{Split(name): value for name, value in groups.items()},
        }

    def refer(self, site: UUID, *people: UUID, on: date = REFERRED_ON) -> None:
        """Say that people were first referred at a site on a day."""
        self.days.setdefault(site, {}).update(dict.fromkeys(people, on))

    async def of(
        self, site_id: UUID, days: Mapping[UUID, date], starts_on: date, ends_on: date
    ) -> Groups:
        """Tell those who are asked for."""
        if days:
            self.asked.append((starts_on, ends_on))
        told = {each: self.people[each] for each in days if each in self.people}
        return Groups({split: ["ONE", "TWO"] for split in rules.OF_PEOPLE}, told)

    async def referred(self, site_id: UUID, starts_on: date, ends_on: date) -> Mapping[UUID, date]:
        """Tell those who were first referred in a period."""
        days = self.days.get(site_id, {})
        return {each: day for each, day in days.items() if starts_on <= day <= ends_on}


@pytest.mark.parametrize(
    ("days", "months", "expected"),
    [
        ([], 6, "NEITHER"),
        ([-100, -50, 40], 6, "FEWER"),
        ([-100, 40], 6, "SAME"),
        ([40], 6, "MORE"),
        ([-300, 40], 6, "MORE"),
        ([-300, 40], 12, "SAME"),
        ([0], 24, "NEITHER"),
    ],
)
def test_change_is_reckoned_from_the_referral(days: list[int], months: int, expected: str) -> None:
    cases = [
        MatchedCase(REFERRED_ON + timedelta(days=day), True, False, "FILED", "90J", ("FELONY_C",))
        for day in days
    ]
    assert rules.change(cases, REFERRED_ON, months) == expected
    unfiled = [
        MatchedCase(REFERRED_ON, False, False, "DECLINED", "90J", ("FELONY_C",)) for _ in days
    ]
    assert rules.change(unfiled, REFERRED_ON, months) == "NEITHER"


def test_months_end_where_the_month_does() -> None:
    assert rules.months_from(date(2024, 8, 31), 6) == date(2025, 2, 28)
    assert rules.months_from(date(2024, 8, 31), -6) == date(2024, 2, 29)


async def test_before_and_after_are_published_when_the_window_is_over(cases: ServiceApp) -> None:
    site, told = uuid4(), Told()
    for _ in range(20):
        diverted = await participant_with(cases, site, [-100, -60, 90], is_diverted=True)
        told.refer(site, diverted)
    for _ in range(15):
        other = await participant_with(
            cases, site, [-100, 90], charge_class="FELONY_C", nibrs="35A"
        )
        told.refer(site, other)
    told.refer(site, *(uuid4() for _ in range(25)))
    publisher = Publisher(cases.chassis.database, CaseFigures(told))
    await publisher.publish_settled(date(2024, 1, 30))
    asking = council(site)
    assert (await tables(cases, asking))["FILED_CASES_6M"]["period"] == "2023-Q1"
    await publisher.publish_settled(date(2024, 1, 31))
    found = await tables(cases, asking)
    newest = found["FILED_CASES_6M"]
    assert (newest["period"], newest["people"]) == ("2023-Q2", 60)
    assert people_of(newest) == {"NEITHER": 25, "FEWER": 20, "SAME": None, "MORE": None}
    assert found["FILED_CASES_12M"]["period"] == "2022-Q4"
    assert people_of(found["WARRANTS"])["QUASHED"] is None, "all is as telling as none"
    diversion = (await tables(cases, asking, "OFFENCE"))["DIVERSION"]
    assert people_of(diversion) == {"DIVERTED": 20, "NOT_DIVERTED": 15}
    groups = {each["code"]: each for each in diversion["groups"]}
    assert (groups["90J"]["people"], groups["35A"]["people"]) == (20, 15)
    assert {cell["people"] for code in ("90J", "35A") for cell in groups[code]["cells"]} == {None}


async def test_legal_figures_are_split_by_who_pays_and_who_people_are(cases: ServiceApp) -> None:
    site, told = uuid4(), Told()
    for number in range(50):
        person = await participant_with(cases, site, [-100, -60, 90], is_diverted=number % 2 == 0)
        who_pays = "TWO" if number < 25 else "ONE"
        told.put(person, FUNDING_SOURCE=who_pays, RACE=who_pays, PROGRAM="ONE")
        told.refer(site, person)
    await Publisher(cases.chassis.database, CaseFigures(told)).publish_settled(date(2024, 1, 31))
    # The programme is the last one until the quarter was counted where people are, not until now.
    assert {ends for begins, ends in told.asked if begins == date(2023, 4, 1)} == {
        date(2023, 7, 31)
    }
    asking = council(site, *Category)
    for split in ("FUNDING_SOURCE", "RACE"):
        found = (await tables(cases, asking, split))["FILED_CASES_6M"]
        groups = {each["code"]: each["people"] for each in found["groups"]}
        assert (groups["ONE"], groups["TWO"]) == (25, 25)
        assert "NOT_KNOWN" in groups, "whoever was never referred at the site is in no other"
    programs = (await tables(cases, asking, "PROGRAM"))["DIVERSION"]
    assert {each["code"]: each["people"] for each in programs["groups"]}["ONE"] == 50
    without = replace(asking, aggregates=frozenset({Category.LEGAL_PUBLIC, Category.LEGAL_COORD}))
    assert await tables(cases, without, "RACE") == {}


async def test_planted_split_without_the_demographics_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the demographics in aggregate there is no table by race; this check would see one."""
    site, told = uuid4(), Told()
    for _ in range(30):
        told.put(await participant_with(cases, site, [-10]), RACE="ONE")
    await Publisher(cases.chassis.database, CaseFigures(told)).publish_settled(date(2024, 7, 31))
    asking = council(site, Category.LEGAL_PUBLIC)
    assert await tables(cases, asking, "RACE") == {}
    monkeypatch.setattr(indicator_schema, "ABOUT_PERSONS", frozenset())
    assert await tables(cases, asking, "RACE") != {}


async def test_without_a_service_of_people_the_rest_is_published(cases: ServiceApp) -> None:
    site = uuid4()
    for _ in range(12):
        await participant_with(cases, site, [-10])
    await Publisher(cases.chassis.database, CaseFigures()).publish_settled(date(2024, 7, 31))
    asking = council(site, *Category)
    found = await tables(cases, asking)
    assert found["DIVERSION"]["people"] == 12
    assert "FILED_CASES_6M" not in found, "nobody says who was referred"
    assert await tables(cases, asking, "FUNDING_SOURCE") == {}


async def test_nothing_is_counted_while_somebody_loads_in_bulk(cases: ServiceApp) -> None:
    site = uuid4()
    await participant_with(cases, site, [-10])
    publisher = Publisher(cases.chassis.database, CaseFigures())
    connection = await asyncpg.connect(cases.owner_dsn)
    try:
        await connection.execute("select pg_advisory_lock($1)", BULK_LOAD_LOCK)
        assert await publisher.publish_settled(date(2024, 7, 31)) == 0
    finally:
        await connection.close()
    assert await publisher.publish_settled(date(2024, 7, 31)) > 0
    assert "DIVERSION" in await tables(cases, council(site, *Category))


async def test_cases_at_two_sites_are_counted_at_each(cases: ServiceApp) -> None:
    """The group by offence and office is that of a case at the site, wherever the first one was."""
    here, there = uuid4(), uuid4()
    person = await participant_with(cases, there, [-50])
    async with cases.chassis.database.write() as session:
        await session.execute(
            text(
                "with made as (insert into legal_case (id, number, court_id, site_id,"
                " prosecutor_agency_id, defendant_given_name, defendant_family_name, status,"
                " incident_on, filed_on, version) values (:case, :number, :court, :site, :office,"
                " 'Sam', 'Example', 'PENDING', :day, :day, 1) returning id)"
                " insert into lead_link (id, case_id, participant_id, is_diverted_arrest,"
                " coordination_status, matched_by, matched_on, matched_at, version)"
                " select :link, id, :person, false, 'FILED', 'x', :matched, now(), 1 from made"
            ),
            {"case": uuid4(), "number": f"F-{uuid4()}", "court": COURT, "site": here,
             "office": uuid4(), "day": date(2023, 3, 1), "link": uuid4(), "person": person,
             "matched": date(2023, 9, 2)},
        )  # fmt: skip
    publisher = Publisher(cases.chassis.database, CaseFigures())
    await publisher.publish_settled(date(2024, 7, 31))
    for site in (here, there):
        found = await tables(cases, council(site, *Category), "AGENCY")
        assert found["DIVERSION"]["period"] == "2023"


async def test_who_comes_to_meetings_of_a_quarter(cases: ServiceApp) -> None:
    site, meeting = uuid4(), uuid4()
    await participant_with(cases, site, [-10])
    async with cases.chassis.database.write() as session:
        await session.execute(
            text(
                "insert into owg_meeting (id, site_id, starts_at, place, status, chaired_by,"
                " agency_id, version) values (:id, :site, '2024-02-01', 'Hall', 'CLOSED', 'x', 'a',"
                " 1)"
            ),
            {"id": meeting, "site": site},
        )
        for number in range(26):
            await session.execute(
                text(
                    "insert into owg_attendee (id, meeting_id, account, agency_id, role,"
                    " invited_at, has_attended) values (:id, :meeting, :account, 'a', 'CM',"
                    " '2024-01-01', :came)"
                ),
                {"id": uuid4(), "meeting": meeting, "account": str(number), "came": number < 14},
            )
    await Publisher(cases.chassis.database, CaseFigures()).publish_settled(date(2024, 5, 1))
    asking = council(site, Category.AGENCY_ROLES)
    table = (await tables(cases, asking))["ATTENDANCE"]
    assert (table["period"], people_of(table)) == (
        "2024-Q1", {"ALL": 14, "SOME": None, "NONE": None},
    )  # fmt: skip
    assert table["people"] == 26


async def agreed_about(
    service: ServiceApp, site: UUID, people: list[UUID], closed: list[tuple[int, int]]
) -> None:
    """Let the work group agree actions about people: how many, and how many of them are closed."""
    meeting = uuid4()
    async with service.chassis.database.write() as session:
        await session.execute(
            text(
                "insert into owg_meeting (id, site_id, starts_at, place, status, chaired_by,"
                " agency_id, version) values (:id, :site, '2024-02-01', 'Hall', 'CLOSED', 'x', 'a',"
                " 1)"
            ),
            {"id": meeting, "site": site},
        )
        for place, (person, (agreed, done)) in enumerate(zip(people, closed, strict=True)):
            item = uuid4()
            await session.execute(
                text(
                    "insert into owg_item (id, meeting_id, participant_id, position, topic,"
                    " question, status, proposed_by, agency_id, proposed_on, proposed_at, version)"
                    " values (:id, :meeting, :person, :place, 'HOUSING', 'x', 'ACTIONS_SET', 'x',"
                    " 'a', '2024-01-20', now(), 1)"
                ),
                {"id": item, "meeting": meeting, "person": person, "place": place},
            )
            for number in range(agreed):
                await session.execute(
                    text(
                        "insert into owg_action (id, item_id, participant_id, what,"
                        " responsible_agency_id, status, set_by, set_on, set_at, closed_at,"
                        " version) values (:id, :item, :person, 'x', 'a', 'OPEN', 'x',"
                        " '2024-02-01', now(), :closed, 1)"
                    ),
                    {"id": uuid4(), "item": item, "person": person,
                     "closed": datetime(2024, 3, 1, tzinfo=UTC) if number < done
                     else datetime(2024, 6, 1, tzinfo=UTC)},
                )  # fmt: skip


ACTIONS = [*[(2, 2)] * 14, *[(2, 1)] * 12, *[(1, 0)] * 13]


async def test_what_became_of_what_the_work_group_agreed(cases: ServiceApp) -> None:
    site, told = uuid4(), Told()
    await participant_with(cases, site, [-10])
    people = [uuid4() for _ in ACTIONS]
    for number, person in enumerate(people):
        told.put(person, RACE="ONE" if number % 3 else "TWO")
    await agreed_about(cases, site, people, ACTIONS)
    await Publisher(cases.chassis.database, CaseFigures(told)).publish_settled(date(2024, 5, 1))
    asking = council(site, Category.LEGAL_COORD, Category.DEMOGRAPHICS)
    table = (await tables(cases, asking))["ACTIONS"]
    assert (table["period"], people_of(table)) == (
        "2024-Q1", {"ALL_CLOSED": 14, "SOME_OPEN": 12, "ALL_OPEN": 13},
    )  # fmt: skip
    by_race = (await tables(cases, asking, "RACE"))["ACTIONS"]
    assert {each["code"]: each["people"] for each in by_race["groups"] if each["people"]} == {
        "ONE": 26, "TWO": 13,
    }  # fmt: skip
    numbers = [cell["people"] for each in by_race["groups"] for cell in each["cells"]]
    assert all(not each or each >= THRESHOLD for each in numbers), by_race
    assert "ACTIONS" not in await tables(cases, council(site, Category.AGENCY_ROLES))


async def test_each_field_needs_its_category(cases: ServiceApp) -> None:
    answer = await cases.graphql(council(uuid4(), Category.LEGAL_PUBLIC), QUERY, {"by": "NONE"})
    assert answer.data == {
        "legalIndicators": [],
        "coordinationIndicators": None,
        "warrantIndicators": None,
        "meetingIndicators": None,
    }


async def test_the_public_record_opens_no_figures(cases: ServiceApp) -> None:
    asking = caller(Role.LEO, {Category.LEGAL_PUBLIC: "*"}, purpose=Purpose.LEAD_COORD)
    answer = await cases.graphql(asking, QUERY, {"by": "NONE"})
    assert set(answer.data.values()) == {None}
