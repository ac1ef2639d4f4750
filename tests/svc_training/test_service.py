"""The service as a program: only the gateway gets in, and it lives without the consent service."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import event

from infra import clock
from infra.authority.changes import put_agency_window
from tests.fixtures.background import is_background
from tests.fixtures.service_app import ServiceApp, ServiceAppFactory, new_key
from tests.fixtures.training_service import training_manager

CATALOGUE = "{ courses { edges { node { number } } } }"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def alone(service_app: ServiceAppFactory) -> AsyncIterator[ServiceApp]:
    """The service with no consent service to be reached."""
    async with service_app("svc_training", with_consent=False) as running:
        yield running


@pytest.mark.parametrize("query", [CATALOGUE, "{ _service { sdl } }", "{ __typename }"])
async def test_nobody_gets_in_without_the_gateways_token(training: ServiceApp, query: str) -> None:
    foreign = training.token(training_manager(), audience="cases")
    for token in (None, "", "x.y.z", foreign):
        answer = await training.post({"query": query}, token)
        assert (answer.status, answer.error_codes) == (401, ["INTERNAL_TOKEN_INVALID"])


async def test_courses_are_served_and_changed_while_consent_is_away(alone: ServiceApp) -> None:
    assert (await alone.http.get("/health/live")).status_code == 200
    for _ in range(600):  # ready once what an earlier run left to hand over was looked through
        if (await alone.http.get("/health/ready")).status_code == 200:
            break
        await asyncio.sleep(0.05)
    assert (await alone.http.get("/health/ready")).status_code == 200
    assert (await alone.graphql(training_manager(), CATALOGUE)).data == {"courses": {"edges": []}}
    mutation = """
    mutation A($i: AddPersonnelInput!) { addPersonnel(input: $i) { personnel { id } } }"""
    given = {
        "givenName": "Ann",
        "familyName": "Example",
        "appointmentType": "CIVILIAN",
        "idempotencyKey": new_key(),
    }
    answer = await alone.graphql(training_manager(), mutation, {"i": given})
    assert answer.data["addPersonnel"]["personnel"] is not None


async def test_statements_do_not_grow_with_the_page(training: ServiceApp) -> None:
    assign = """
    mutation A($i: AssignSessionInput!) { assignSession(input: $i) { outcomes { outcome } } }"""
    given = {"sessionNumber": "8020-1", "category": "LEAD", "wholeAgency": True}
    await training.graphql(
        training_manager(), assign, {"i": {**given, "idempotencyKey": new_key()}}
    )
    query = """
    query R($first: Int!) {
      roster(sessionNumber: "8020-1", first: $first) {
        totalCount
        edges { node { personnel { name } session { course { title } } statusHistory { status } } }
      }
    }"""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not is_background():
            seen.append(statement)

    engine = training.chassis.database.engine.sync_engine
    counts = []
    for first in (1, 7):
        seen.clear()
        event.listen(engine, "before_cursor_execute", note)
        answer = await training.graphql(training_manager(), query, {"first": first})
        event.remove(engine, "before_cursor_execute", note)
        assert len(answer.data["roster"]["edges"]) == first
        counts.append(len([each for each in seen if "assignment" in each]))
    assert counts[0] == counts[1] <= 3


async def test_facts_are_followed_again_after_the_database_cut_every_connection(
    service_app: ServiceAppFactory,
) -> None:
    async with service_app("svc_training") as service:
        window = put_agency_window(uuid4(), "agency-1", "site-1", clock.now(), None)
        assert await service.apply_facts([window]) == 1
        await _cut_connections(service.settings.database_dsn.reveal())
        assert await service.apply_facts([window]) == 2
        answers = [await service.graphql(training_manager(), CATALOGUE) for _ in range(2)]
        assert answers[-1].data == {"courses": {"edges": []}}


async def _cut_connections(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await connection.close()
