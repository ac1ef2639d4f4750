"""A gateway and a service of two releases: what either of them keeps closed stays closed (PC-11).

Nothing refuses to start while a release is rolled out, since two of them run side by side then.
The gateway leaves out what its labels refuse, and the service answers null for what its own do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType, SimpleNamespace
from typing import Any

import orjson
import pytest
import strawberry

from gateway.executor import ExecutionContext, PermitAll, compile_plan, fetch_all, project
from gateway.planner import normalize, parse_operation, plan
from gateway.policy.access_table import compile_table
from gateway.policy.labels import read_labels
from gateway.policy.mutations import MutationRules
from gateway.policy.roles import prune
from infra import subgraph_schema
from infra.http_client import HttpResponse
from infra.identity_token import Caller
from infra.schema_directives import about, category
from infra.subgraph_schema import SubgraphSchema, build_schema
from infra.vocabulary import Category, Purpose, Role
from tests.factories.supergraphs import labelled_supergraph
from tests.fixtures.service_app import caller
from tests.gateway.policy.test_small_access_table import MATRIX

COLUMN = "PM"  # reads goals, and no notes
GOALS, NOTES = Category.GOALS_PLAN, Category.CASE_NOTES
CANARY = "wants to see her brother"
SDL = """
type Query @category(is: "STRUCTURE") { person: Person }
type Person @category(is: "IDENTITY") @about(participant: "id") {
  id: ID! @category(is: "STRUCTURE")
  text: String @category(is: "%s")
}
"""


def service(label: Category) -> SubgraphSchema:
    """Return a service that says this of the text."""
    structure = [category(Category.STRUCTURE)]

    @strawberry.type(directives=[category(Category.IDENTITY), about("id")])
    class Person:
        id: strawberry.ID = strawberry.field(default=strawberry.ID("p1"), directives=structure)
        text: str | None = strawberry.field(default=CANARY, directives=[category(label)])

    def found() -> Person | None:
        return Person()

    @strawberry.type(directives=structure)
    class Query:
        person: Person | None = strawberry.field(resolver=found)

    return build_schema(query=Query, types=[Person])


@dataclass
class Inside:
    """Calls a service in this process, with what the gateway's token says of the caller."""

    schema: SubgraphSchema
    asking: Caller
    asked: list[str] = field(default_factory=list)

    async def post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout_seconds: float,
        idempotent: bool,
    ) -> HttpResponse:
        request = orjson.loads(body)
        self.asked.append(request["query"])
        context: Any = SimpleNamespace(caller=self.asking)
        result = await self.schema.execute(
            request["query"], variable_values=request.get("variables"), context_value=context
        )
        assert not result.errors, result.errors
        return HttpResponse(200, {}, orjson.dumps({"data": result.data}))


async def shown(of_gateway: Category, of_service: Category) -> tuple[Any, bool]:
    """Return the text that the column is shown, and whether the service was asked for it."""
    graph = labelled_supergraph(SDL % of_gateway.value)
    matrix = replace(MATRIX, own_lists=frozenset(), restricted={})
    table = compile_table(graph, read_labels(graph), matrix, MutationRules({}))
    view = table.view(COLUMN, has_person_purpose=True)
    pruned = prune(
        normalize(parse_operation("{ person { id text } }", None, graph)), view, table.labels
    )
    compiled = compile_plan(plan(pruned.operation, graph), pruned.operation, graph)
    access, forms, aggregates = table.access_of(COLUMN, has_person_purpose=True)
    asking = replace(
        caller(Role.PM, access, purpose=Purpose.LEAD_COORD, aggregates=aggregates),
        forms=MappingProxyType(forms),
    )
    inside = Inside(service(of_service), asking)
    context = ExecutionContext(transports={"a": inside})
    answer = project(compiled, await fetch_all(compiled, {}, context, PermitAll()), {}, PermitAll())
    assert answer.data is not None
    assert answer.data["person"]["id"] == "p1"
    return answer.data["person"]["text"], any("text" in each for each in inside.asked)


async def assert_only_what_both_permit_passes() -> None:
    assert await shown(GOALS, GOALS) == (CANARY, True)
    assert await shown(GOALS, NOTES) == (None, True)
    assert await shown(NOTES, GOALS) == (None, False)
    assert await shown(NOTES, NOTES) == (None, False)


async def test_of_two_releases_only_what_both_permit_passes() -> None:
    await assert_only_what_both_permit_passes()


async def test_a_service_that_trusts_the_gateways_labels_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin."""
    monkeypatch.setattr(subgraph_schema, "enforce_labels", lambda _schema: None)
    with pytest.raises(AssertionError):
        await assert_only_what_both_permit_passes()


async def test_a_gateway_that_trusts_the_services_labels_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin."""
    monkeypatch.setattr(
        f"{__name__}.prune", lambda operation, *_: SimpleNamespace(operation=operation)
    )
    with pytest.raises(AssertionError):
        await assert_only_what_both_permit_passes()
