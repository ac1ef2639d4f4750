"""The calendar of court dates: whose they are, in which order, and what a reminder leaves."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import true

from infra.authority.predicate import subject_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis
from svc_cases.court_dates import repository
from svc_cases.court_dates.rules import PeriodError, period
from tests.fixtures.cases_service import (
    DEFENDER,
    account,
    case_manager,
    defender,
    new_case,
    new_match,
    permit,
    prosecutor,
    released_to,
)
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.statements import statements_of

SOON = datetime(2028, 5, 1, 17, tzinfo=UTC)
CALENDAR = """
query($from: DateTime, $days: Int! = 60, $first: Int! = 100, $after: String) {
  courtCalendar(from: $from, days: $days, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { node {
      hearingId at kind caseNumber courtroom isCancelled remindedAt remindedBy
      court { name } link { id } participant { id }
    } }
  }
}
"""
REMIND = """
mutation($input: RecordCourtReminderInput!) { recordCourtReminder(input: $input) {
  courtDate { hearingId remindedBy remindedAt } userErrors { code } } }
"""


async def calendar(service: ServiceApp, asking: Caller, **given: Any) -> list[dict[str, Any]]:
    answer = await service.graphql(asking, CALENDAR, {"from": SOON.isoformat(), **given})
    found = answer.data["courtCalendar"]
    return [edge["node"] for edge in found["edges"]]


async def matched(service: ServiceApp, hours: int = 1) -> tuple[str, UUID]:
    case = await new_case(service, hearing_at=SOON + timedelta(hours=hours))
    return await new_match(service, case)


def links(days: list[dict[str, Any]]) -> list[str]:
    return [day["link"]["id"] for day in days]


async def assert_own_people_only(service: ServiceApp) -> None:
    """Court dates of people whom the caller does not work with are not in the calendar."""
    link_id, _ = await matched(service)
    assert link_id in links(await calendar(service, case_manager()))
    assert links(await calendar(service, case_manager("case_manager_unassigned"))) == []


async def test_the_calendar_is_that_of_the_own_people(cases: ServiceApp) -> None:
    await assert_own_people_only(cases)


async def test_a_calendar_without_narrowing_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "sees_match", lambda _caller: true())
    with pytest.raises(AssertionError):
        await assert_own_people_only(cases)


async def test_court_dates_come_in_order_and_by_page(cases: ServiceApp) -> None:
    await matched(cases, hours=3)
    await matched(cases, hours=2)
    whole = await calendar(cases, case_manager())
    assert [day["at"] for day in whole] == sorted(day["at"] for day in whole)
    first = await cases.graphql(case_manager(), CALENDAR, {"from": SOON.isoformat(), "first": 1})
    after = first.data["courtCalendar"]["pageInfo"]["endCursor"]
    rest = await calendar(cases, case_manager(), after=after)
    assert rest == whole[1:]


async def test_counsel_has_the_dates_of_the_own_client(cases: ServiceApp) -> None:
    link_id, whose = await matched(cases)
    assert link_id not in links(await calendar(cases, defender()))
    counsel = permit(whose, subject_holder(account("defender")), Basis.COUNSEL)
    await cases.apply_facts([released_to(whose, DEFENDER), counsel])
    assert link_id in links(await calendar(cases, defender()))


async def test_a_reminder_is_recorded_with_its_method(cases: ServiceApp) -> None:
    link_id, _ = await matched(cases)
    (day,) = [
        each for each in await calendar(cases, case_manager()) if each["link"]["id"] == link_id
    ]
    assert day["remindedAt"] is None
    given = {"linkId": link_id, "hearingId": day["hearingId"], "method": "TEXT"}
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    answer = await cases.graphql(case_manager(), REMIND, variables)
    assert answer.data["recordCourtReminder"]["courtDate"]["remindedBy"] == "TEXT"
    stranger = case_manager("case_manager_unassigned")
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    refused = await cases.graphql(stranger, REMIND, variables)
    assert refused.data["recordCourtReminder"]["userErrors"] == [{"code": "NOT_FOUND"}]
    variables = {"input": {"idempotencyKey": new_key(), **given}}
    liaison = await cases.graphql(prosecutor(), REMIND, variables)
    assert liaison.data["recordCourtReminder"]["userErrors"] == [{"code": "NOT_ALLOWED"}]


async def test_statements_do_not_grow_with_the_calendar(cases: ServiceApp) -> None:
    for hours in range(4):
        await matched(cases, hours=hours)
    counts = []
    for first in (1, 4):
        async with statements_of(cases) as found:
            await calendar(cases, case_manager(), first=first)
        counts.append(len(found))
    assert counts[0] == counts[1] <= 8


@pytest.mark.parametrize(
    ("starts_at", "days"),
    [(datetime(2026, 1, 1), 1), (SOON, 0), (SOON, 400), (datetime.max.replace(tzinfo=UTC), 9)],  # noqa: DTZ001
    ids=["no zone", "no day", "too long", "beyond the calendar"],
)
def test_a_period_outside_the_bounds_is_refused(starts_at: datetime, days: int) -> None:
    with pytest.raises(PeriodError):
        period(starts_at, days, SOON)
