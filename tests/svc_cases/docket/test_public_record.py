"""Public look-ups: exact, whole, of the own office, and nothing before filing."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from infra.dev.demo.world import World
from infra.vocabulary import Category, Purpose
from svc_cases.cases.rules import local_day
from tests.fixtures.cases_service import (
    OTHER_PROSECUTOR,
    PROSECUTOR,
    case_manager,
    defender,
    new_case,
    officer,
    prosecutor,
)
from tests.fixtures.service_app import ServiceApp, caller
from tests.fixtures.statements import statements_of

ZONE = "America/Los_Angeles"
BY_NUMBER = """
query($number: String!) {
  caseByNumber(number: $number) {
    id caseNumber filedOn incidentOn closedOn status defendantName version
    court { code name timeZone }
    charges { statute description nibrs chargeClass status }
    hearings { at kind courtroom }
  }
}
"""
DOCKET = """
query($court: String!, $on: Date!, $first: Int! = 25, $after: String) {
  docket(court: $court, on: $on, first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { cursor node { caseNumber hearings { at } charges { statute } court { code } } }
  }
}
"""


async def test_a_filed_case_is_shown_as_the_docket_has_it(cases: ServiceApp, world: World) -> None:
    case = next(each for each in world.legal_cases if each.hearings and len(each.charges) == 2)
    answer = await cases.graphql(officer(), BY_NUMBER, {"number": case.number})
    shown = answer.data["caseByNumber"]
    assert shown["caseNumber"] == case.number
    assert shown["defendantName"] == f"{case.defendant_family_name}, {case.defendant_given_name}"
    assert shown["filedOn"] == str(case.filed_on)
    assert shown["incidentOn"] == str(case.incident_on)
    assert shown["status"] == "PENDING"
    assert [charge["statute"] for charge in shown["charges"]] == [
        charge.statute for charge in case.charges
    ]
    assert [hearing["kind"] for hearing in shown["hearings"]] == [case.hearings[0].kind]


async def test_only_the_exact_number_finds_a_case(cases: ServiceApp, world: World) -> None:
    filed = next(each for each in world.legal_cases if each.filed_on)
    for number in (filed.number.lower(), filed.number[:-1], f" {filed.number}", "%", ""):
        answer = await cases.graphql(officer(), BY_NUMBER, {"number": number})
        assert answer.data == {"caseByNumber": None}


async def test_nothing_is_public_before_it_is_filed(cases: ServiceApp) -> None:
    case = await new_case(cases, filed_on=None)
    for asking in (officer(), prosecutor(), case_manager(), defender()):
        answer = await cases.graphql(asking, BY_NUMBER, {"number": case.number})
        assert answer.data == {"caseByNumber": None}
        by_id = "query($id: ID!) { legalCase(id: $id) { caseNumber } }"
        answer = await cases.graphql(asking, by_id, {"id": str(case.id)})
        assert answer.data == {"legalCase": None}
        reference = [{"__typename": "LegalCase", "id": str(case.id)}]
        entities = "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }"
        answer = await cases.graphql(asking, entities, {"r": reference})
        assert answer.data == {"_entities": [None]}


async def test_references_to_public_cases_are_read_in_one_batch(
    cases: ServiceApp, world: World
) -> None:
    filed = [each for each in world.legal_cases if each.filed_on][:3]
    references = [{"__typename": "LegalCase", "id": str(each.id)} for each in filed]
    references.insert(1, {"__typename": "LegalCase", "id": "no id at all"})
    references.insert(2, {"__typename": "LegalCase", "id": str(uuid4())})
    query = """query($r: [_Any!]!) {
      _entities(representations: $r) { ... on LegalCase { caseNumber } }
    }"""
    answer = await cases.graphql(officer(), query, {"r": references})
    numbers = [each and each["caseNumber"] for each in answer.data["_entities"]]
    assert numbers == [filed[0].number, None, None, filed[1].number, filed[2].number]


async def test_a_role_without_the_category_gets_nothing(cases: ServiceApp, world: World) -> None:
    filed = next(each for each in world.legal_cases if each.filed_on)
    asking = caller(officer().role, {Category.IDENTITY: "r"}, purpose=officer().purpose)
    answer = await cases.graphql(asking, BY_NUMBER, {"number": filed.number})
    assert answer.data == {"caseByNumber": None}


@pytest.mark.parametrize("purpose", [None, Purpose.HSYSADMIN, Purpose.TRAINING_ADMIN])
async def test_without_a_purpose_nothing_is_looked_up(
    cases: ServiceApp, world: World, purpose: Purpose | None
) -> None:
    """None, or one about the own staff record, which opens no case."""
    filed = next(each for each in world.legal_cases if each.filed_on)
    asking = caller(officer().role, {Category.LEGAL_PUBLIC: "*"}, purpose=purpose)
    answer = await cases.graphql(asking, BY_NUMBER, {"number": filed.number})
    assert answer.data == {"caseByNumber": None}


def expected_docket(world: World, on: date, agency_id: str) -> list[str]:
    rows = [
        (min(hearing.starts_at for hearing in each.hearings), each.number)
        for each in world.legal_cases
        if each.hearings
        and str(each.prosecutor_agency_id) == agency_id
        and local_day(each.hearings[0].starts_at, ZONE) == on
    ]
    return [number for _, number in sorted(rows)]


async def test_a_docket_is_whole_and_read_page_by_page(cases: ServiceApp, world: World) -> None:
    hearing = next(each for each in world.legal_cases if each.hearings).hearings[0]
    on = local_day(hearing.starts_at, ZONE)
    expected = expected_docket(world, on, PROSECUTOR)
    assert len(expected) > 1
    found: list[str] = []
    after = None
    while True:
        variables = {"court": "cedar-court", "on": str(on), "first": 1, "after": after}
        page = (await cases.graphql(prosecutor(), DOCKET, variables)).data["docket"]
        assert page["totalCount"] == len(expected)
        found += [edge["node"]["caseNumber"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found == expected


async def test_a_docket_is_of_the_own_office(cases: ServiceApp, world: World) -> None:
    hearing = next(each for each in world.legal_cases if each.hearings).hearings[0]
    variables = {"court": "cedar-court", "on": str(local_day(hearing.starts_at, ZONE))}
    strangers = (officer(), defender(), case_manager(), prosecutor(agency_id=OTHER_PROSECUTOR))
    for asking in strangers:
        page = (await cases.graphql(asking, DOCKET, variables)).data["docket"]
        assert page["edges"] == []
        assert page["totalCount"] == 0


async def test_an_unknown_court_has_an_empty_docket(cases: ServiceApp) -> None:
    variables = {"court": "nowhere", "on": "2026-12-01"}
    page = (await cases.graphql(prosecutor(), DOCKET, variables)).data["docket"]
    assert (page["edges"], page["totalCount"]) == ([], 0)


@pytest.mark.parametrize("on", ["0001-01-01", "9999-12-31"])
async def test_a_day_at_the_end_of_the_calendar_is_the_caller_s_mistake(
    cases: ServiceApp, on: str
) -> None:
    answer = await cases.graphql(prosecutor(), DOCKET, {"court": "cedar-court", "on": on})
    (error,) = answer.errors
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert answer.body["data"] == {"docket": None}


@pytest.mark.parametrize("on", ["0001-01-02", "9999-12-30"])
async def test_a_far_day_has_an_empty_docket(cases: ServiceApp, on: str) -> None:
    page = await cases.graphql(prosecutor(), DOCKET, {"court": "cedar-court", "on": on})
    assert page.data["docket"]["edges"] == []


async def test_the_day_of_a_docket_is_the_court_s(cases: ServiceApp) -> None:
    # 04:00 UTC is the evening before in Los Angeles.
    case = await new_case(cases, hearing_at=datetime(2027, 3, 2, 4, tzinfo=UTC))
    for on, numbers in (("2027-03-01", [case.number]), ("2027-03-02", [])):
        page = (await cases.graphql(prosecutor(), DOCKET, {"court": "cedar-court", "on": on})).data[
            "docket"
        ]
        assert [edge["node"]["caseNumber"] for edge in page["edges"]] == numbers


async def test_a_page_of_a_docket_takes_a_bounded_number_of_statements(
    cases: ServiceApp,
) -> None:
    day = date(2027, 4, 1)
    for hour in range(8):
        at = datetime(2027, 4, 1, 16, tzinfo=UTC) + timedelta(minutes=hour)
        await new_case(cases, hearing_at=at)
    variables = {"court": "cedar-court", "on": str(day)}
    async with statements_of(cases) as statements:
        page = (await cases.graphql(prosecutor(), DOCKET, variables)).data["docket"]
    assert len(page["edges"]) == 8
    # Snapshot (2), court, count, page, and one each for courts, charges and hearings.
    assert len(statements) <= 9


async def test_courts_are_a_catalogue_for_everybody(cases: ServiceApp) -> None:
    asking = caller(officer().role, {}, purpose=None)
    answer = await cases.graphql(asking, "{ courts { code name timeZone } }")
    codes = [court["code"] for court in answer.data["courts"]]
    assert [code for code in codes if code.endswith("-court")] == ["cedar-court", "harbor-court"]
