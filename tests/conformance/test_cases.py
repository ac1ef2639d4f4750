"""Every case: the gateway's answer equals the oracle's, by the plan that the golden shows."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.executor import ExecutionContext, PermitAll, compile_plan, fetch_all, project
from gateway.planner import (
    coerce_variables,
    introspect,
    normalize,
    parse_operation,
    plan,
    plan_text,
)
from gateway.planner.path_search import PathSearch
from tests.conformance.load_cases import Case, DirectTransport, all_cases
from tests.conformance.world import ask_oracle

GOLDENS = Path(__file__).parents[1] / "golden" / "plans"
RUNS = [(case, operation) for case in all_cases() for operation in case.operations]
IDS = [f"{case.name}-{operation.name.split('.')[0]}" for case, operation in RUNS]


async def answer(
    case: Case, source: str, variables: dict[str, Any], operation_name: str | None = None
) -> dict[str, Any]:
    """The gateway's answer, with the subgraphs in this process."""
    supergraph = case.supergraph
    operation = parse_operation(source, operation_name, supergraph)
    coerced = coerce_variables(operation, variables)
    normalized = normalize(operation)
    compiled = compile_plan(plan(normalized, supergraph), normalized, supergraph)
    subgraphs = case.subgraphs()
    transports = {name: DirectTransport(one) for name, one in subgraphs.items()}
    context = ExecutionContext(transports=transports)
    guard = PermitAll()
    assembled = await fetch_all(compiled, coerced, context, guard)
    meta = introspect(operation, supergraph.api_schema, coerced)
    projected = project(compiled, assembled, coerced, guard, introspection=meta)
    failed = [str(error) for one in subgraphs.values() for error in one.errors]
    return {"data": projected.data, "errors": projected.errors, "subgraph_errors": failed}


OTHERS = [
    (other, operation)
    for case in all_cases()
    for other in case.by_other_composers()
    for operation in case.operations
]
OTHER_IDS = [
    f"{case.name}-{case.composed.split('.')[0]}-{operation.name.split('.')[0]}"
    for case, operation in OTHERS
]


@pytest.mark.parametrize(("case", "operation"), RUNS + OTHERS, ids=IDS + OTHER_IDS)
async def test_the_answer_is_that_of_one_merged_schema(case: Case, operation: Path) -> None:
    source = operation.read_text()
    for variables in case.variables(operation):
        found = await answer(case, source, variables)
        expected = ask_oracle(case.supergraph.api_schema, case.world, source, variables)
        assert found["subgraph_errors"] == []
        assert found["data"] == expected["data"]
        assert len(found["errors"]) == len(expected["errors"])
        assert [error.get("path") for error in found["errors"]] == [
            error["path"] for error in expected["errors"]
        ]


@pytest.mark.parametrize(("case", "operation"), RUNS, ids=IDS)
def test_the_plan_is_the_golden_one(case: Case, operation: Path) -> None:
    parsed = parse_operation(operation.read_text(), None, case.supergraph)
    text = plan_text(plan(normalize(parsed), case.supergraph))
    golden = GOLDENS / case.name / operation.name.replace(".query.graphql", ".txt")
    if os.environ.get("GT_WRITE_GOLDEN"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text)
    assert golden.read_text() == text


@pytest.mark.parametrize("name", ["provides", "nested-provides", "provides-union"])
def test_a_plan_that_ignores_a_promise_is_noticed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = PathSearch.direct

    def direct(self: Any, site: Any, *given: Any, **more: Any) -> Any:
        return honest(self, replace(site, provided=()), *given, **more)

    monkeypatch.delenv("GT_WRITE_GOLDEN", raising=False)
    monkeypatch.setattr(PathSearch, "direct", direct)
    case, operation = next(run for run in RUNS if run[0].name == name)
    with pytest.raises(AssertionError):
        test_the_plan_is_the_golden_one(case, operation)
