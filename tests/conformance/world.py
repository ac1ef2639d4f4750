"""A world of objects that both the honest subgraphs and the merged-schema oracle read.

A world is JSON: objects by reference (`Type/anything`), and root fields under `Query` and
`Mutation`.  A string that is a reference stands for that object wherever a composite type is
declared.  A field called with arguments is looked up as `name(argument: value)` first, with the
arguments sorted and values as JSON, and as `name` otherwise; a plain root field whose arguments
are named like fields of the objects finds those objects that have equal values.
"""

import json
from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLResolveInfo,
    GraphQLSchema,
    execute_sync,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
    parse,
)
from graphql.pyutils import is_awaitable


class World:
    """Objects and root values of one case."""

    def __init__(self, objects: Mapping[str, dict[str, Any]]) -> None:
        self.objects = objects

    def value(self, holder: Mapping[str, Any], name: str, arguments: Mapping[str, Any]) -> Any:
        """The value of a field; KeyError if the world says nothing of it."""
        if arguments:
            inner = ", ".join(f"{key}: {json.dumps(arguments[key])}" for key in sorted(arguments))
            specific = f"{name}({inner})"
            if specific in holder:
                return holder[specific]
        return holder[name]

    def root_value(
        self, root: str, info: GraphQLResolveInfo[Any], arguments: Mapping[str, Any]
    ) -> Any:
        """The value of a root field; by equal values where the world gives none."""
        name = info.field_name
        try:
            return self.value(self.objects.get(root, {}), name, arguments)
        except KeyError:
            pass
        returned = get_named_type(info.return_type)
        is_list = is_list_type(getattr(info.return_type, "of_type", info.return_type)) or (
            is_list_type(info.return_type)
        )
        found = [
            reference
            for reference, holder in self.objects.items()
            if self.is_a(info.schema, reference, returned.name)
            and all(holder.get(key) == value for key, value in arguments.items())
        ]
        return found if is_list else (found[0] if found else None)

    def is_a(self, schema: GraphQLSchema, reference: str, type_name: str) -> bool:
        """Whether an object has a type in a schema."""
        own = reference.split("/")[0]
        named, found = schema.get_type(type_name), schema.get_type(own)
        if own == type_name:
            return True
        return is_abstract_type(named) and found in schema.get_possible_types(named)

    def is_reference(self, value: Any) -> bool:
        """Whether a value names an object."""
        return isinstance(value, str) and value in self.objects

    def dereference(self, value: Any, declared: Any) -> Any:
        """A composite value as objects that say their type; leaves as they are."""
        if not is_composite_type(get_named_type(declared)):
            return value
        if isinstance(value, list):
            return [self.dereference(one, declared) for one in value]
        if self.is_reference(value):
            return {"__typename": value.split("/")[0], **self.objects[value]}
        return value


def type_of(value: Any, *_: Any) -> str:
    """The type that an object says it has."""
    name: str = value["__typename"]
    return name


def ask_oracle(
    schema: GraphQLSchema,
    world: World,
    source: str,
    variables: Mapping[str, Any] | None = None,
    operation_name: str | None = None,
) -> dict[str, Any]:
    """Execute an operation on one merged schema over a world."""

    def resolve(holder: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if info.parent_type in (schema.query_type, schema.mutation_type):
            value = world.root_value(info.parent_type.name, info, arguments)
        else:
            try:
                value = world.value(holder, info.field_name, arguments)
            except KeyError:
                value = None
        return world.dereference(value, info.return_type)

    result = execute_sync(
        schema,
        parse(source),
        variable_values=dict(variables or {}),
        operation_name=operation_name,
        field_resolver=resolve,
        type_resolver=type_of,
    )
    assert not is_awaitable(result)
    return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}
