"""Which coordinates `@requires` of a field reads, so that their labels can be carried over."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_object_type,
)

from gateway.supergraph.model import SubgraphType

Coordinate = tuple[str, str]


def read_requirements(
    types: Mapping[tuple[str, str], SubgraphType], schema: GraphQLSchema
) -> dict[Coordinate, tuple[Coordinate, ...]]:
    """For each field with `@requires`, all coordinates read for it, on object types."""
    direct: dict[Coordinate, set[Coordinate]] = {}
    for seen in types.values():
        for field in seen.fields.values():
            if field.requires is not None:
                read = set(_coordinates(field.requires, seen.name, schema))
                for type_name in _object_types(seen.name, schema):
                    direct.setdefault((type_name, field.name), set()).update(read)
                direct.setdefault((seen.name, field.name), set()).update(read)
    return {start: tuple(sorted(_closure(start, direct))) for start in direct}


def _closure(start: Coordinate, direct: Mapping[Coordinate, set[Coordinate]]) -> set[Coordinate]:
    found: set[Coordinate] = set()
    pending = [start]
    while pending:
        for coordinate in direct.get(pending.pop(), ()):
            if coordinate not in found:
                found.add(coordinate)
                pending.append(coordinate)
    return found - {start}


def _object_types(type_name: str, schema: GraphQLSchema) -> Iterable[str]:
    named = schema.get_type(type_name)
    if is_object_type(named):
        yield type_name
    elif is_abstract_type(named):
        yield from (possible.name for possible in schema.get_possible_types(named))


def _coordinates(
    selection_set: SelectionSetNode, type_name: str, schema: GraphQLSchema
) -> Iterable[Coordinate]:
    for node in selection_set.selections:
        if isinstance(node, InlineFragmentNode):
            narrowed = node.type_condition.name.value if node.type_condition else type_name
            yield from _coordinates(node.selection_set, narrowed, schema)
        elif isinstance(node, FieldNode) and node.name.value != "__typename":
            parent: Any = schema.get_type(type_name)
            for object_type in _object_types(type_name, schema):
                yield object_type, node.name.value
            inner = get_named_type(parent.fields[node.name.value].type)
            if node.selection_set is not None and is_composite_type(inner):
                yield from _coordinates(node.selection_set, inner.name, schema)
