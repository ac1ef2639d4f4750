"""Nothing is defined twice: of two definitions of one name, one would be lost without a word.

Source: GraphQL specification (September 2025) section 3, "must have a unique name" of each kind.
"""

from collections.abc import Iterable
from typing import Any

from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
)

from gateway.supergraph.model import SupergraphError


def check_definitions(document: DocumentNode) -> None:
    """Check that types, fields, arguments, enum values and members are defined once.

    Raises:
        SupergraphError: two definitions of one name; with its coordinate.
    """
    definitions = document.definitions
    _unique((one for one in definitions if isinstance(one, TypeDefinitionNode)), "{}")
    _unique((one for one in definitions if isinstance(one, DirectiveDefinitionNode)), "@{}")
    schemas = [one for one in definitions if isinstance(one, SchemaDefinitionNode)]
    if len(schemas) > 1:
        raise SupergraphError("defined twice", "schema")
    for schema in schemas:
        roots = [one.operation.value for one in schema.operation_types]
        if len(roots) != len(set(roots)):
            raise SupergraphError("two root types for one kind of operation", "schema")
    for definition in definitions:
        if isinstance(definition, TypeDefinitionNode):
            _check_members(definition)
        elif isinstance(definition, DirectiveDefinitionNode):
            _unique(definition.arguments, f"@{definition.name.value}({{}}:)")


def _check_members(definition: Any) -> None:
    name = definition.name.value
    _unique(getattr(definition, "interfaces", None), f"{name} implements {{}}")
    _unique(getattr(definition, "types", None), f"{name} = {{}}")
    _unique(getattr(definition, "values", None), f"{name}.{{}}")
    fields = getattr(definition, "fields", None) or ()
    _unique(fields, f"{name}.{{}}")
    for one in fields:
        arguments = getattr(one, "arguments", None)
        if arguments:
            _unique(arguments, f"{name}.{one.name.value}({{}}:)")


def _unique(nodes: Iterable[Any] | None, coordinate: str) -> None:
    seen: set[str] = set()
    for node in nodes or ():
        name = node.name.value
        if name in seen:
            raise SupergraphError("defined twice", coordinate.format(name))
        seen.add(name)
