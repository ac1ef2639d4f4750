"""What changed between two schemas, for the people who write against them.

Beside the breaking and the dangerous changes that graphql-core finds
(https://graphql-core-3.readthedocs.io/en/latest/modules/utilities.html): what was deprecated, with
its reason, and what is new.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    find_breaking_changes,
    find_dangerous_changes,
)


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One change.

    Attributes:
        is_breaking: an operation that ran before may not run any more.
        text: one line.
    """

    is_breaking: bool
    text: str


def schema_changes(old: GraphQLSchema, new: GraphQLSchema) -> list[SchemaChange]:
    """Return all changes: the breaking ones first, then dangerous, deprecated and new ones."""
    found = [
        SchemaChange(True, f"breaking: {x.description}") for x in find_breaking_changes(old, new)
    ]
    found += [
        SchemaChange(False, f"dangerous: {x.description}") for x in find_dangerous_changes(old, new)
    ]
    before, after = dict(_coordinates(old)), dict(_coordinates(new))
    for coordinate, reason in after.items():
        if reason is not None and before.get(coordinate) != reason:
            found.append(SchemaChange(False, f"deprecated: {coordinate}: {reason}"))
    found += [SchemaChange(False, f"new: {x}") for x in after if x not in before]
    return found


def _coordinates(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Yield type, field and value coordinates, each with the reason of its deprecation, if any."""
    for name, kind in sorted(schema.type_map.items()):
        if name.startswith("__"):
            continue
        yield name, None
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field.deprecation_reason
        elif isinstance(kind, GraphQLEnumType):
            for value_name, value in kind.values.items():
                yield f"{name}.{value_name}", value.deprecation_reason
