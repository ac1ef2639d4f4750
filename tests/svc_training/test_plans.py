"""Plans of the hot statements: what is read follows from the agency, not from the whole state."""

from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio

from infra.vocabulary import Category, Role
from tests.bench.training import fill
from tests.fixtures.plans import whole_tables
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory, caller
from tests.fixtures.statements import statements_of

LARGE = frozenset(
    {
        "personnel", "assignment", "assignment_step", "training_record", "requirement_standing",
        "requirement_exemption", "fulfillment", "fulfillment_step", "training_document",
        "exchange_roster", "exchange_conflict",
    }
)  # fmt: skip
PAGES: Mapping[str, str] = {
    "roster": "{ personnel(first: 50) { totalCount edges { node { name } } } }",
    "search": '{ personnel(search: "ann o", first: 50) { totalCount edges { node { name } } } }',
    "session": """{ session(number: "1007-3") { number title status }
      roster(sessionNumber: "1007-3", first: 50) { totalCount edges { node {
      status personnel { name } prerequisites { status } } } } }""",
    "some of a session": """{ roster(sessionNumber: "1007-3", first: 50, personnelIds:
      ["0f0e0d0c-0000-4000-8000-000000000001", "0f0e0d0c-0000-4000-8000-000000000002"]) {
      totalCount edges { node { status } } } }""",
    "places": """{ placesTaken(sessionNumber: "1007-3") { taken free waiting waitingList {
      position isNext since assignment { status personnel { name } } } } }""",
    "due": """{ dueAssignments(first: 50) { totalCount edges { node { dueOn status
      personnel { name } session { number course { title } } } } } }""",
    "reminders": "{ remindersDue(first: 50) { edges { node { dueOn } } } }",
    "assignments": """{ agencyAssignments(first: 50) { totalCount edges { node { status
      personnel { name } session { number } } } } }""",
    "records": """{ trainingRecords(first: 50) { totalCount edges { node { title completedOn
      personnel { name } } } } }""",
    "overdue": """{ compliance(status: OVERDUE, first: 50) { totalCount edges { node {
      reason dueOn personnel { name } } } } }""",
    "counts": "{ complianceSummary { people met due overdue exempt } }",
}
OWN: Mapping[str, str] = {
    "my assignments": "{ myAssignments(first: 25) { edges { node { id status } } } }",
    "my records": "{ myTrainingRecords(first: 25) { edges { node { id title } } } }",
    "my compliance": "{ myCompliance { status requirement { title } } }",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def state(service_app: ServiceAppFactory) -> AsyncIterator[ServiceApp]:
    """Twenty agencies: enough that reading all of it is not the cheapest way."""
    agencies = [f"agency-{number}" for number in range(20)]
    async with service_app("svc_training") as service:
        sizes = {"courses": 20, "sessions": 5, "people": 100, "assessed": 0, "each": 5, "all": 100}
        await fill(service, agencies, **sizes)
        yield service


MANAGER = caller(Role.TRM, {Category.TRAINING: "o"}, agency_id="agency-7")
OFFICER = caller(Role.LEO, {Category.TRAINING: "s"}, subject="acct-8-7", agency_id="agency-7")


@pytest.mark.parametrize("name", list(PAGES))
async def test_a_managers_page_reads_no_large_table_from_end_to_end(
    state: ServiceApp, name: str
) -> None:
    async with statements_of(state) as statements:
        answer = await state.graphql(MANAGER, PAGES[name])
    assert answer.data
    assert len(statements) <= 12
    assert await whole_tables(state, statements, LARGE) == []


@pytest.mark.parametrize("name", list(OWN))
async def test_the_own_training_is_looked_up(state: ServiceApp, name: str) -> None:
    async with statements_of(state) as statements:
        answer = await state.graphql(OFFICER, OWN[name])
    assert answer.data
    assert await whole_tables(state, statements, LARGE) == []


async def test_planted_statement_without_an_index_is_caught(state: ServiceApp) -> None:
    planted = ["SELECT id FROM assignment WHERE category = $1::varchar"]
    assert await whole_tables(state, planted, LARGE) == ["assignment"]
