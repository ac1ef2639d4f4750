"""Statements of sampled requests are spans: verb and time, and nothing of text or parameters."""

from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from infra.database import Database
from infra.settings import Secret
from infra.telemetry import statements, traces
from tests.fixtures.postgres import ServiceDatabaseFactory

CANARY = "Example-Canary"


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", lambda name: provider.get_tracer(name))
    yield exporter
    provider.shutdown()


@pytest.mark.parametrize(
    ("statement", "verb"),
    [
        ("select 1", "SELECT"), ("\n  insert into x", "INSERT"), ("with a as", "WITH"),
        ("", "OTHER"),
        (CANARY, "OTHER"),
    ],
)  # fmt: skip
def test_verbs_are_a_closed_set(statement: str, verb: str) -> None:
    assert statements.verb_of(statement) == verb


async def test_each_statement_of_a_sampled_request_is_a_span_below_it(
    exported: InMemorySpanExporter, service_database: ServiceDatabaseFactory
) -> None:
    _, runtime = service_database("cases")
    database = Database(Secret(f"{runtime}&sslmode=prefer"), application_name="t", pool_size=1)
    statements.watch(database.engine, "service")
    async with database.read() as session:
        await session.execute(text("select 1"))
    assert exported.get_finished_spans() == (), "nothing is sampled outside of a trace"
    with traces.span("cases.execute"):
        async with database.read() as session:
            await session.execute(text("select cast(:x as text)"), {"x": CANARY})
            with pytest.raises(DBAPIError):
                await session.execute(text("select 1 / cast(:x as int)"), {"x": 0})
    await database.close()
    good, bad, request = exported.get_finished_spans()
    assert {good.name, bad.name} == {"database.statement"}
    assert dict(good.attributes or {}) == {"db.operation.name": "SELECT", "gt.pool": "service"}
    assert bad.status.status_code is trace.StatusCode.ERROR
    assert request.context is not None
    for each in (good, bad):
        assert each.parent is not None
        assert each.parent.span_id == request.context.span_id
        assert CANARY not in each.to_json()
