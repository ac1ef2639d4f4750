"""Introspection speaks of the API schema as the specification says, in whatever way it is asked."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import get_introspection_query, graphql_sync

from gateway.planner import coerce_variables, introspect, parse_operation
from gateway.supergraph import Supergraph, load_supergraph
from tests.conformance.load_cases import CASES, Case
from tests.gateway.executor.engine_runs import run

SUPERGRAPH = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)
{ query: Query }
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__field(graph: join__Graph, type: String) repeatable on FIELD_DEFINITION
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT
directive @join__type(graph: join__Graph!) repeatable on
  | OBJECT | INTERFACE | ENUM | INPUT_OBJECT | SCALAR
directive @link(url: String, as: String, for: link__Purpose) repeatable on SCHEMA
directive @inaccessible on FIELD_DEFINITION | OBJECT | ENUM_VALUE | ARGUMENT_DEFINITION
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph { A @join__graph(name: "a", url: "http://a.test/graphql") }

"The root."
type Query @join__type(graph: A) {
  "A thing."
  thing(by: Key, old: Int = 3 @deprecated(reason: "use by"), secret: Int @inaccessible): Thing
  things: [Thing!]! @deprecated(reason: "use thing")
  hidden: Hidden @inaccessible
}
interface Named @join__type(graph: A) { name: String! }
type Thing implements Named @join__type(graph: A) @join__implements(graph: A, interface: "Named") {
  name: String!
  at: Instant
  color: Color
}
type Hidden @join__type(graph: A) @inaccessible { x: Int }
scalar Instant @join__type(graph: A) @specifiedBy(url: "https://www.rfc-editor.org/rfc/rfc3339")
enum Color @join__type(graph: A) {
  RED @join__enumValue(graph: A)
  GREY @join__enumValue(graph: A) @deprecated
  UNSEEN @join__enumValue(graph: A) @inaccessible
}
input Key @join__type(graph: A) @oneOf { id: ID code: String }
"""

FRAGMENTS = """
{ __schema { queryType { name fields { name isDeprecated } } mutationType { name } } }

{ __schema { queryType { all: fields(includeDeprecated: true) { name deprecationReason } } } }

query ($old: Boolean = true) {
  __type(name: "Query") {
    fields(includeDeprecated: $old) {
      name
      args(includeDeprecated: $old) { name defaultValue isDeprecated deprecationReason }
    }
  }
}

query ($old: Boolean) {
  __type(name: "Color") { enumValues(includeDeprecated: $old) { name } }
}

{
  a: __type(name: "Key") { name isOneOf inputFields { name } }
  b: __type(name: "Thing") { isOneOf interfaces { name } }
}

{
  __type(name: "Instant") { kind specifiedByURL }
  other: __type(name: "Int") { specifiedByURL }
}

{ __type(name: "Hidden") { name } color: __type(name: "Color") { enumValues { name } } }

{
  __type(name: "join__Graph") { name }
  link__Purpose: __type(name: "link__Purpose") { name }
}

query ($name: String!) { __type(name: $name) { ...T } }
fragment T on __Type { name kind possibleTypes { name } ofType { name } }

query ($no: Boolean = false) {
  __schema @include(if: $no) { types { name } }
  again: __schema { directives { name isRepeatable locations args { name } } }
  ... on Query @skip(if: $no) {
    __type(name: "Thing") { __typename fields { type { kind ofType { name } } } }
  }
}
"""
QUERIES = [
    get_introspection_query(
        specified_by_url=True,
        schema_description=True,
        directive_is_repeatable=True,
        input_value_deprecation=True,
    ),
    get_introspection_query(descriptions=False),
    *FRAGMENTS.strip().split("\n\n"),
]
VARIABLES = {"name": "Named"}


@pytest.fixture(scope="module")
def supergraph() -> Supergraph:
    return load_supergraph(SUPERGRAPH)


def _asked(supergraph: Supergraph, source: str) -> tuple[Any, Any]:
    """What the gateway answers, and what graphql-core says of the same schema."""
    used = {key: value for key, value in VARIABLES.items() if f"${key}" in source}
    operation = parse_operation(source, None, supergraph)
    coerced: Mapping[str, Any] = coerce_variables(operation, used)
    found = introspect(operation, supergraph.api_schema, coerced)
    expected = graphql_sync(supergraph.api_schema, source, variable_values=used)
    assert not expected.errors
    return found, expected.data


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_introspection_is_that_of_the_api_schema(supergraph: Supergraph, number: int) -> None:
    found, expected = _asked(supergraph, QUERIES[number])
    assert found == expected


@pytest.mark.parametrize("name", ["abstract", "inaccessible-enum", "mutations"])
def test_real_supergraphs_are_introspected_whole(name: str) -> None:
    found, expected = _asked(Case(CASES / name).supergraph, QUERIES[0])
    assert found == expected


def test_what_is_hidden_is_not_spoken_of(supergraph: Supergraph) -> None:
    found, _ = _asked(supergraph, QUERIES[0])
    text = str(found)
    for word in ("Hidden", "UNSEEN", "secret", "join__", "link__", "inaccessible"):
        assert word not in text
    for word in ("Instant", "rfc3339", "use by", "GREY"):
        assert word in text


async def test_introspection_stands_beside_data_in_the_order_of_the_document() -> None:
    case = Case(CASES / "storefront")
    source = '{ a: __typename t: __type(name: "User") { name } __schema { queryType { name } } }'
    found = await run(case.supergraph, source, {})
    assert list(found.data) == ["a", "t", "__schema"]
