"""Sessions from a moment on: what is still to come is found, however many sessions are over."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest_asyncio

from infra import clock
from tests.fixtures.plans import whole_tables
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.statements import statements_of
from tests.fixtures.training_service import training_manager

LIST = """query ($since: DateTime, $course: String, $first: Int! = 100, $after: String) {
  sessions(since: $since, courseNumber: $course, first: $first, after: $after) {
    edges { node { number startsAt } } pageInfo { hasNextPage endCursor } totalCount } }"""
NOW = clock.now().replace(microsecond=0)
_ADD = """insert into session (id, number, course_id, title, starts_at, ends_at, zone,
  is_zone_assumed, hours, location_mode, status, raw_date, raw_hours, version, created_at,
  updated_at)
  select gen_random_uuid(), c.number || '-' || (n + 500), c.id, 'LEAD 101',
  $1::timestamptz + n * interval '1 day', $1::timestamptz + n * interval '1 day 2 hours',
  'America/Los_Angeles', false, 2, 'VIRTUAL', 'OPEN', '', '', 1, now(), now()
  from course c, unnest($2::int[]) n where c.number = '9101'"""
BEGINNINGS = 300
"""Days before now: older than any session of the demo world."""


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def past(training: ServiceApp) -> None:
    """Put 150 sessions that are over before two that come."""
    connection = await asyncpg.connect(training.owner_dsn)
    try:
        await connection.execute(_ADD, NOW, [*range(-BEGINNINGS, -BEGINNINGS + 150), 3, 9])
    finally:
        await connection.close()


async def asked(training: ServiceApp, **variables: Any) -> Any:
    answer = await training.graphql(training_manager(), LIST, variables)
    assert answer.data, answer.errors
    return answer.data["sessions"]


def numbers(connection: Any) -> list[str]:
    return [edge["node"]["number"] for edge in connection["edges"]]


async def test_what_comes_is_on_the_first_page(training: ServiceApp) -> None:
    found = await asked(training, since=NOW.isoformat(), course="9101")
    assert [each for each in numbers(found) if each in {"9101-503", "9101-509"}] == [
        "9101-503", "9101-509",
    ]  # fmt: skip
    assert all(datetime.fromisoformat(each["node"]["startsAt"]) >= NOW for each in found["edges"])
    assert found["totalCount"] == len(found["edges"])


async def test_planted_twin_without_the_argument_a_page_is_all_past(training: ServiceApp) -> None:
    found = await asked(training)
    assert len(found["edges"]) == 100
    assert found["pageInfo"]["hasNextPage"]
    assert "9101-503" not in numbers(found)


async def test_a_session_that_begins_at_the_moment_is_in_and_an_earlier_one_is_not(
    training: ServiceApp,
) -> None:
    at = NOW + timedelta(days=3)
    assert "9101-503" in numbers(await asked(training, since=at.isoformat()))
    later = at + timedelta(seconds=1)
    assert "9101-503" not in numbers(await asked(training, since=later.isoformat()))


async def test_pages_go_on_from_the_moment_and_hold_each_session_once(training: ServiceApp) -> None:
    since = (NOW - timedelta(days=BEGINNINGS - 100)).isoformat()
    found, cursor = list[str](), None
    for _ in range(20):
        page = await asked(training, since=since, first=17, after=cursor)
        found += numbers(page)
        if not page["pageInfo"]["hasNextPage"]:
            break
        cursor = page["pageInfo"]["endCursor"]
    assert len(found) == len(set(found)) == page["totalCount"]
    assert "9101-509" in found


async def test_a_cursor_belongs_to_the_moment_that_it_was_made_for(training: ServiceApp) -> None:
    since = NOW - timedelta(days=BEGINNINGS)
    page = await asked(training, since=since.isoformat(), first=1)
    cursor = page["pageInfo"]["endCursor"]
    for other in (None, (since + timedelta(days=1)).isoformat()):
        refused = await training.graphql(
            training_manager(), LIST, {"since": other, "first": 1, "after": cursor}
        )
        assert refused.error_codes == ["BAD_USER_INPUT"]
    # The same moment said with another offset is the same moment.
    same = since.astimezone(UTC).isoformat().replace("+00:00", "Z")
    again = await asked(training, since=same, first=1, after=cursor)
    assert numbers(again) != numbers(page)


async def test_a_moment_without_an_offset_is_refused(training: ServiceApp) -> None:
    refused = await training.graphql(training_manager(), LIST, {"since": "2026-01-01T00:00:00"})
    assert refused.error_codes == ["BAD_USER_INPUT"]


async def test_an_index_serves_it_in_few_statements(training: ServiceApp) -> None:
    """Its twin: from the first session on, the index is walked and not searched."""
    async with statements_of(training) as statements:
        await asked(training, since=NOW.isoformat())
    assert len(statements) <= 5
    assert await whole_tables(training, statements, {"session"}) == []
    async with statements_of(training) as statements:
        await asked(training)
    assert "session" in await whole_tables(training, statements, {"session"})
