"""Figures of cases: before and after the first referral, diversion, filing, warrants."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from infra.authority.predicate import subject_holder
from infra.identity_token import Caller
from infra.indicators.publishing import Publisher
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_cases.indicators import rules
from svc_cases.indicators.counted import CaseFigures
from svc_cases.indicators.rules import MatchedCase
from tests.fixtures.cases_service import COURT, PROSECUTOR, permit
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
) -> None:  # fmt: skip
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
    await service.apply_facts([_referral_fact(person)])


def _referral_fact(person: UUID) -> Any:
    fact = permit(person, subject_holder("officer"), Basis.AUTHOR, category=Category.REFERRAL)
    row: Any = fact["row"]
    return {**fact, "row": {**row, "starts_at": f"{REFERRED_ON}T12:00:00+00:00"}}


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
    site = uuid4()
    for _ in range(20):
        await participant_with(cases, site, [-100, -60, 90], is_diverted=True)
    for _ in range(15):
        await participant_with(cases, site, [-100, 90], charge_class="FELONY_C", nibrs="35A")
    publisher = Publisher(cases.chassis.database, CaseFigures())
    await publisher.publish_settled(date(2024, 7, 30))
    asking = council(site)
    assert (await tables(cases, asking))["CASES_6M"]["period"] == "2022"
    await publisher.publish_settled(date(2024, 7, 31))
    found = await tables(cases, asking)
    newest = found["CASES_6M"]
    assert (newest["period"], newest["people"]) == ("2023", 35)
    assert people_of(newest) == {"NEITHER": None, "FEWER": 20, "SAME": None, "MORE": None}
    assert found["CASES_12M"]["period"] == "2022"
    assert people_of(found["WARRANTS"])["QUASHED"] is None, "all is as telling as none"
    diversion = (await tables(cases, asking, "OFFENCE"))["DIVERSION"]
    assert people_of(diversion) == {"DIVERTED": 20, "NOT_DIVERTED": 15}
    groups = {each["code"]: each for each in diversion["groups"]}
    assert (groups["90J"]["people"], groups["35A"]["people"]) == (20, 15)
    assert {cell["people"] for code in ("90J", "35A") for cell in groups[code]["cells"]} == {None}


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
