"""Who is due, overdue, exempt, and why; requirements are data."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from infra.vocabulary import Category, Role
from svc_training.background import BackgroundWork
from svc_training.compliance import repository
from svc_training.compliance.commands import packaged_requirements
from svc_training.compliance.rules import (
    FOREVER,
    PersonFacts,
    Rule,
    StandingBasis,
    StandingDays,
    StandingStatus,
    assess,
    status_on,
)
from svc_training.compliance.tables import Standing
from svc_training.records.rules import months_later
from tests.fixtures.service_app import ServiceApp, caller
from tests.fixtures.training_service import training_manager
from tests.svc_training.acadis.test_files import run
from tests.svc_training.assignments.test_assigning import codes, person

TODAY = date(2026, 11, 22)
LAW = Rule({"certified": True}, (), date(2022, 7, 1), date(2022, 7, 1), None, None, None)
LOCAL = Rule({}, ("9101",), None, date(2026, 1, 1), None, 90, 24)
SET = """mutation ($input: SetAgencyRequirementInput!) { setAgencyRequirement(input: $input) {
  requirement { key title isAgencyPolicy version } userErrors { code } } }"""
END = """mutation ($input: EndAgencyRequirementInput!) { endAgencyRequirement(input: $input) {
  requirement { isActive version } userErrors { code } } }"""
EXEMPT = """mutation ($input: ExemptFromTrainingInput!) { exemptFromTraining(input: $input) {
  requirement { key } userErrors { code } } }"""
STANDINGS = """query ($key: String, $status: ComplianceStatus) {
  compliance(requirementKey: $key, status: $status, first: 100) { totalCount edges { node {
  status basis reason dueOn personnel { externalId } } } } }"""
SUMMARY = """{ complianceSummary { requirement { key } people met due overdue exempt } }"""
STATEWIDE = """{ statewideCompliance { requirement { key } agency { id } people due } }"""


def officer(**changes: Any) -> PersonFacts:
    given: dict[str, Any] = {
        "appointment_type": "PEACE_OFFICER", "is_certified": True, "is_active": True,
        "has_account": True, "hired_on": None, "academy_on": None, "completions": (),
        "exempt_until": None, **changes,
    }  # fmt: skip
    return PersonFacts(**given)


def stands(rule: Rule, who: PersonFacts) -> tuple[StandingStatus, StandingBasis] | None:
    found = assess(rule, who)
    return None if found is None else (status_on(found, TODAY), found.basis)


@pytest.mark.parametrize(
    ("who", "wanted"),
    [
        (officer(academy_on=date(2023, 1, 5)), (StandingStatus.MET, StandingBasis.ACADEMY)),
        (officer(academy_on=date(2022, 7, 1)), (StandingStatus.MET, StandingBasis.ACADEMY)),
        (officer(academy_on=date(2022, 6, 30)), None),  # left to the agency's policy
        (officer(hired_on=date(2010, 1, 1)), None),
        (officer(), (StandingStatus.DUE, StandingBasis.ACADEMY_UNKNOWN)),
        (officer(is_certified=False), None),
        (officer(is_active=False), None),
    ],
)
def test_law_is_met_by_the_academy_itself(who: PersonFacts, wanted: object) -> None:
    assert stands(LAW, who) == wanted


@pytest.mark.parametrize(
    ("who", "wanted"),
    [
        (officer(), (StandingStatus.OVERDUE, StandingBasis.NOT_HAD)),
        (officer(hired_on=TODAY), (StandingStatus.DUE, StandingBasis.NOT_HAD)),
        (
            officer(completions=(("9101", date(2026, 3, 1), None),)),
            (StandingStatus.MET, StandingBasis.LAPSED),
        ),
        (
            officer(completions=(("9101", date(2024, 3, 1), None),)),
            (StandingStatus.OVERDUE, StandingBasis.LAPSED),
        ),
        (
            officer(completions=(("8020", date(2026, 3, 1), None),)),
            (StandingStatus.OVERDUE, StandingBasis.NOT_HAD),
        ),
        (officer(exempt_until=FOREVER), (StandingStatus.EXEMPT, StandingBasis.NOT_HAD)),
    ],
)
def test_agency_policy_by_course(who: PersonFacts, wanted: object) -> None:
    assert stands(LOCAL, who) == wanted


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 120))
def test_a_month_later_is_in_the_month_that_is_meant(day: date, months: int) -> None:
    later = months_later(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day


def test_packaged_requirements_invent_no_hours() -> None:
    for each in packaged_requirements():
        assert not any("hours" in name for name in each)


async def settle(training: ServiceApp) -> None:
    await BackgroundWork(training.chassis.database, None).settle()


async def test_own_agency_by_name_with_reasons(training: ServiceApp) -> None:
    await settle(training)
    made = await run(
        training, SET, title="LEAD 101 for all", courseNumbers=["9101"], inForceOn="2026-01-01",
        dueDays=30,
    )  # fmt: skip
    key = made["requirement"]["key"]
    for _ in range(300):  # the service's own worker may have people in hand just now
        await settle(training)
        answer = await training.graphql(training_manager(), STANDINGS, {"key": key})
        found = answer.data["compliance"]
        if found["totalCount"] == 14:
            break
        await asyncio.sleep(0.1)
    assert found["totalCount"] == 14
    assert {edge["node"]["status"] for edge in found["edges"]} == {"OVERDUE"}
    assert found["edges"][0]["node"]["reason"] == "Has not completed course 9101."
    exempted = await run(
        training, EXEMPT, key=key, personnelId=person("CF003"), reason="On long leave"
    )
    assert exempted["userErrors"] == []
    variables = {"key": key, "status": "EXEMPT"}
    exempt = await training.graphql(training_manager(), STANDINGS, variables)
    (edge,) = exempt.data["compliance"]["edges"]
    assert edge["node"]["personnel"]["externalId"] == "CF003"
    summary = await training.graphql(training_manager(), SUMMARY)
    (row,) = [
        each for each in summary.data["complianceSummary"] if each["requirement"]["key"] == key
    ]
    assert (row["people"], row["overdue"], row["exempt"]) == (14, 13, 1)


async def test_requirement_that_changed_meanwhile_is_read_again_first(training: ServiceApp) -> None:
    given = {"title": "Radio", "courseNumbers": ["9101"], "inForceOn": "2090-01-01"}
    key = (await run(training, SET, **given))["requirement"]["key"]
    assert codes(await run(training, SET, **given, key=key)) == ["VERSION_CONFLICT"]
    changed = await run(training, SET, **given, key=key, dueDays=9, expectedVersion=1)
    assert changed["requirement"]["version"] == 2
    assert codes(await run(training, END, key=key, expectedVersion=1)) == ["VERSION_CONFLICT"]
    ended = await run(training, END, key=key, expectedVersion=2)
    assert ended["requirement"] == {"isActive": False, "version": 3}


async def test_statewide_counts_leave_small_agencies_and_policies_out(
    training: ServiceApp,
) -> None:
    board = caller(Role.PCG, {}, aggregates=frozenset({Category.TRAINING}))
    for _ in range(300):  # the service's own worker may have people in hand just now
        await settle(training)
        rows = (await training.graphql(board, STATEWIDE)).data["statewideCompliance"]
        if rows:
            break
        await asyncio.sleep(0.05)
    assert {each["requirement"]["key"] for each in rows} == {"rcw-43-101-205"}
    assert all(each["people"] >= 10 for each in rows)
    nobody = caller(Role.COM, {Category.TRAINING: "s"})
    refused = await training.graphql(nobody, STATEWIDE)
    assert refused.data["statewideCompliance"] is None


async def test_status_in_sql_is_the_rule_s(training: ServiceApp) -> None:
    async with training.chassis.database.read() as session:
        for day in (TODAY - timedelta(days=400), TODAY, TODAY + timedelta(days=4000)):
            rows = await session.execute(select(Standing, repository.status_on(day)))
            for standing, status in rows:
                wanted = status_on(
                    StandingDays(
                        standing.held_until, standing.exempt_until, standing.due_on,
                        StandingBasis(standing.basis), standing.reason,
                    ),
                    day,
                )  # fmt: skip
                assert status == wanted.value
