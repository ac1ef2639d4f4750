"""The subgraphs' views of types and fields fit the schema that they are composed to."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
    parse_type,
)

from gateway.supergraph.model import SubgraphType, SupergraphError


def check_types(types: Mapping[tuple[str, str], SubgraphType], schema: GraphQLSchema) -> None:
    """Check what the join directives say about types against the schema.

    Raises:
        SupergraphError: a type is unknown, or a subgraph gives a field a type that no value of
            the schema's type can have; with the coordinate.
    """
    for (subgraph, type_name), seen in types.items():
        for possible in seen.possible_types:
            if schema.get_type(possible) is None:
                message = f"subgraph {subgraph} speaks of the unknown type {possible}"
                raise SupergraphError(message, type_name)
        definition: Any = schema.get_type(type_name)
        for field in seen.fields.values():
            coordinate = f"{type_name}.{field.name}"
            named = schema.get_type(field.named_type)
            if named is None:
                message = f"subgraph {subgraph} speaks of the unknown type {field.named_type}"
                raise SupergraphError(message, coordinate)
            declared = definition.fields[field.name].type
            if not _can_share(named, get_named_type(declared), schema):
                message = f"subgraph {subgraph} gives it a type of another kind"
                raise SupergraphError(message, coordinate)
            if _lists_in_text(field.type_text) != _lists_in(declared):
                message = f"subgraph {subgraph} gives it other lists"
                raise SupergraphError(message, coordinate)


def _can_share(one: Any, other: Any, schema: GraphQLSchema) -> bool:
    """Whether a value can be of both types; an object only of types with fields."""
    if one is other:
        return True
    if not (is_composite_type(one) and is_composite_type(other)):
        return False
    return not _members(one, schema).isdisjoint(_members(other, schema))


def _members(named: Any, schema: GraphQLSchema) -> set[str]:
    if not is_abstract_type(named):
        return {named.name}
    return {named.name} | {one.name for one in schema.get_possible_types(named)}


def _lists_in(declared: Any) -> int:
    count = 0
    inner = get_nullable_type(declared)
    while is_list_type(inner):
        count += 1
        inner = get_nullable_type(inner.of_type)
    return count


def _lists_in_text(text: str) -> int:
    node: Any = parse_type(text)
    count = 0
    while node.kind != "named_type":
        count += node.kind == "list_type"
        node = node.type
    return count
