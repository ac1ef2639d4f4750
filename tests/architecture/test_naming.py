"""Names of the schema: one style, Relay's shapes, and mutations that all look alike.

Sources: https://relay.dev/graphql/connections.htm, GraphQL specification 2.1.9 Names; the shape of
mutations is the platform's own (infra/docs/api.md).
"""

import re
from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from gateway.policy.packaged import packaged_supergraph

CAMEL = re.compile(r"[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)*\Z")
PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
UPPER = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*\Z")
SHOUTED = re.compile(r"[A-Z]{3,}")
ABBREVIATIONS = {"addr", "amt", "cfg", "cnt", "desc", "dob", "dt", "fname", "lname", "msg", "nbr",
                 "num", "pct", "qty", "ref", "tel", "tmp", "usr", "val"}  # fmt: skip
WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def faults(schema: GraphQLSchema) -> list[str]:
    """Return what is not named or shaped as agreed, with coordinates."""
    return [*_names(schema), *_connections(schema), *_mutations(schema)]


def _names(schema: GraphQLSchema) -> Iterator[str]:
    for name, kind in sorted(schema.type_map.items()):
        if name.startswith("__"):
            continue
        if not PASCAL.match(name):
            yield f"{name}: a type is PascalCase"
        if isinstance(kind, GraphQLEnumType):
            yield from (f"{name}.{value}: a value is UPPER_CASE" for value in kind.values
                        if not UPPER.match(value))  # fmt: skip
        elif isinstance(kind, GraphQLInputObjectType):
            for field in kind.fields:
                yield from _name(f"{name}.{field}", field)
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, definition in kind.fields.items():
                yield from _name(f"{name}.{field}", field)
                for argument in definition.args:
                    yield from _name(f"{name}.{field}({argument}:)", argument)
                named = get_named_type(definition.type).name
                if named == "Boolean" and field.startswith(("get", "do")):
                    yield f"{name}.{field}: a Boolean is a statement"


def _name(coordinate: str, name: str) -> Iterator[str]:
    if not CAMEL.match(name):
        yield f"{coordinate}: camelCase"
    if SHOUTED.search(name):
        yield f"{coordinate}: an acronym is written like a word"
    if {word.lower() for word in WORD.findall(name)} & ABBREVIATIONS:
        yield f"{coordinate}: no abbreviations"


def _connections(schema: GraphQLSchema) -> Iterator[str]:
    for name, kind in sorted(schema.type_map.items()):
        if not isinstance(kind, GraphQLObjectType):
            continue
        if name.endswith("Connection"):
            edges, info = kind.fields.get("edges"), kind.fields.get("pageInfo")
            if edges is None or not get_named_type(edges.type).name.endswith("Edge"):
                yield f"{name}: a connection has edges of an Edge type"
            if info is None or get_named_type(info.type).name != "PageInfo":
                yield f"{name}: a connection has pageInfo"
        elif name.endswith("Edge") and not {"node", "cursor"} <= kind.fields.keys():
            yield f"{name}: an edge has node and cursor"
        for field, definition in kind.fields.items():
            if get_named_type(definition.type).name.endswith("Connection"):
                if is_list_type(definition.type):
                    yield f"{name}.{field}: no list of connections"
                if not {"first", "after"} <= definition.args.keys():
                    yield f"{name}.{field}: a connection takes first and after"


def _mutations(schema: GraphQLSchema) -> Iterator[str]:
    for name, definition in sorted((schema.mutation_type or _NONE).fields.items()):
        coordinate = f"Mutation.{name}"
        if list(definition.args) != ["input"]:
            yield f"{coordinate}: one argument, input"
            continue
        taken = definition.args["input"].type
        input_type = get_named_type(taken)
        if not is_non_null_type(taken) or not isinstance(input_type, GraphQLInputObjectType):
            yield f"{coordinate}: input is an object, and required"
        elif "idempotencyKey" not in input_type.fields:
            yield f"{coordinate}: the input has an idempotencyKey"
        payload = get_named_type(definition.type)
        if not payload.name.endswith("Payload") or not isinstance(payload, GraphQLObjectType):
            yield f"{coordinate}: answers with a Payload"
        elif "userErrors" not in payload.fields:
            yield f"{payload.name}: has userErrors"
        elif not isinstance(payload.fields["userErrors"].type, GraphQLNonNull):
            yield f"{payload.name}.userErrors: is always there"


_NONE = GraphQLObjectType("None", {})


def test_names_and_shapes_are_as_agreed() -> None:
    assert faults(packaged_supergraph().api_schema) == []


BARE_MUTATION = """type Query { a: Int } type Mutation { b(input: I!): BPayload }
input I { c: Int } type BPayload { userErrors: [Int!]! }"""


@pytest.mark.parametrize(
    ("sdl", "expected"),
    [
        ("type Query { snake_case: Int }", "camelCase"),
        ("type Query { roiID: Int }", None),
        ("type Query { patientDOB: Int }", "an acronym is written like a word"),
        ("type Query { phoneNum: Int }", "no abbreviations"),
        ("type Query { a(Bad: Int): Int }", "camelCase"),
        ("type Query { a: bad } type bad { b: Int }", "PascalCase"),
        ("type Query { a: E } enum E { one }", "UPPER_CASE"),
        ("type Query { a: AConnection } type AConnection { edges: [Int] }", "edges"),
        (BARE_MUTATION, "idempotencyKey"),
        ("type Query { a: Int } type Mutation { b(id: ID): Int }", "one argument"),
    ],
)  # fmt: skip
def test_the_lint_sees(sdl: str, expected: str | None) -> None:
    """Planted faults, each seen; and what is no fault."""
    found = faults(build_schema(sdl))
    assert (expected is None and not found) or any(str(expected) in one for one in found)
