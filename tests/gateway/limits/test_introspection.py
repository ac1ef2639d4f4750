"""What an introspection would answer with is estimated, and bounded, before it is executed."""

from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    get_introspection_query,
    parse,
)

from gateway.errors import RequestRefusedError
from gateway.limits.budget import Budget
from gateway.limits.introspection import Introspection
from gateway.planner import introspect, parse_operation
from gateway.policy.packaged import packaged_supergraph
from gateway.prepare import Preparer
from tests.fixtures.gateway_app import table_of
from tests.fixtures.gateway_subgraphs import supergraph

EVERYTHING = get_introspection_query(
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    one_of=True,
)
"""All options on, as GraphiQL sends it."""

FIELDS = """fragment F on __Type { name description fields(includeDeprecated: true) {
  name description args { name description type { name kind ofType { name } } }
  type { name kind ofType { name kind ofType { name } } } } }"""


def _aliased(times: int, selection: str) -> str:
    return " ".join(f"a{n}: {selection}" for n in range(times))


ATTACKS = {
    "aliases": f"{{ __schema {{ {_aliased(29, 'types { ...F }')} }} }} {FIELDS}",
    "four aliases": f"{{ __schema {{ {_aliased(4, 'types { ...F }')} }} }} {FIELDS}",
    "roots": f"{{ {_aliased(10, '__schema { types { ...F } }')} }} {FIELDS}",
    "a fragment of the root": "{ ...R } fragment R on Query { ... on Query {"
    f" {_aliased(9, '__schema { types { ...F } }')} }} }} {FIELDS}",
    "a root type": "{ __schema { mutationType { "
    + _aliased(29, "fields { args { type { inputFields { name type { name } } } } }")
    + " } } }",
    "a type by name": '{ __type(name: "Query") { fields { type { '
    + _aliased(29, "fields { name description type { name } }")
    + " } } } }",
    "lists within lists": "{ __schema { types { fields { type { "
    + _aliased(9, "fields { name description type { name } }")
    + " } } } } }",
    "fragments": "{ __schema { types { ...T0 } } } "
    + " ".join(f"fragment T{n} on __Type {{ ...T{n + 1} ...T{n + 1} }}" for n in range(9))
    + " fragment T9 on __Type { kind }",
}
DEEP = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"


def _is_refused(document: str) -> None:
    graph = supergraph()
    with pytest.raises(RequestRefusedError) as refused:
        Preparer(graph, table_of(graph), Budget()).parse(document, None, "c")
    assert (refused.value.status, refused.value.code) == (400, "EXPANSION_LIMIT")


def _estimate(document: str) -> float:
    parsed = parse(document)
    defined = parsed.definitions
    estimates = Introspection(
        {one.name.value: one for one in defined if isinstance(one, FragmentDefinitionNode)}
    )
    operation = next(one for one in defined if isinstance(one, OperationDefinitionNode))
    selected = operation.selection_set.selections
    return sum(estimates.values_of(field) for field in selected if isinstance(field, FieldNode))


def _answered(document: str) -> int:
    """Values and twice the objects of the answer about this product's whole schema."""
    graph = packaged_supergraph()
    pending: list[Any] = [introspect(parse_operation(document, None, graph), graph.api_schema, {})]
    found = 0
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            found += 2 + len(one)
            pending += one.values()
        elif isinstance(one, list):
            pending += one
    return found


@pytest.mark.parametrize("name", ATTACKS)
def test_introspection_that_would_hold_everybody_up_is_refused_before_it_runs(name: str) -> None:
    _is_refused(ATTACKS[name])


@pytest.mark.parametrize("name", ATTACKS)
def test_gateway_without_the_estimate_would_be_noticed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr(Introspection, "values_of", lambda *_: 1.0)
    with pytest.raises(pytest.fail.Exception):
        _is_refused(ATTACKS[name])


def test_a_doubling_of_fragments_is_counted_without_expanding_it() -> None:
    doubling = " ".join(
        f"fragment T{n} on __Type {{ type {{ ...T{n + 1} ...T{n + 1} ...T{n} }} }}"
        for n in range(100)
    )
    document = (
        f"{{ __schema {{ types {{ ...T0 }} }} }} {doubling} fragment T100 on __Type {{ kind }}"
    )
    assert _estimate(document) > 2.0**100  # expanding it would never end: that it comes at all


def test_lists_of_types_within_each_other_are_refused_by_validation() -> None:
    graph = supergraph()
    with pytest.raises(RequestRefusedError) as refused:
        Preparer(graph, table_of(graph), Budget()).parse(DEEP, None, "c")
    assert refused.value.code == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("document", [EVERYTHING, get_introspection_query()])
def test_what_tools_send_passes_with_a_margin(document: str) -> None:
    graph = supergraph()
    Preparer(graph, table_of(graph), Budget()).parse(document, None, "c")
    assert _estimate(document) * 1.4 < Budget().introspected_values


@pytest.mark.parametrize(
    "document",
    [
        EVERYTHING,
        "{ __schema { types { fields { type { fields { name } } } } } }",
        "{ __schema { types { fields { args { type { inputFields { name } } } } } } }",
        "{ __schema { types { inputFields { type { name enumValues { name } } } } } }",
        '{ __type(name: "Query") { fields { type { ofType { fields { name } } } } } }',
        "{ __schema { mutationType { fields { name args { name type { name } } } } } }",
    ],
)
def test_the_sizes_that_are_assumed_are_those_of_this_schema_or_more(document: str) -> None:
    """One that has grown beyond them needs new numbers in `gateway.limits.introspection`."""
    assert _answered(document) <= _estimate(document)
