"""The schema without its federation machinery, for clients and for hidden selections."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    TypeNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    validate_schema,
)

from gateway.supergraph.model import SupergraphError

_KEPT_DIRECTIVES: Final = frozenset({"deprecated", "specifiedBy", "oneOf"})
_EXECUTABLE: Final = frozenset(
    {
        "QUERY",
        "MUTATION",
        "SUBSCRIPTION",
        "FIELD",
        "FRAGMENT_DEFINITION",
        "FRAGMENT_SPREAD",
        "INLINE_FRAGMENT",
        "VARIABLE_DEFINITION",
    }
)


@dataclass(frozen=True, slots=True)
class Stripping:
    """What to leave out of a schema.

    Attributes:
        machinery_prefixes: prefixes (with two underscores) of federation types and directives.
        is_hidden: whether a definition carries `@inaccessible`.
        machinery_types: federation types that were imported under names of their own.
    """

    machinery_prefixes: tuple[str, ...]
    is_hidden: Callable[[Any], bool]
    machinery_types: frozenset[str] = frozenset()


def build_schema_without(document: DocumentNode, stripping: Stripping) -> GraphQLSchema:
    """Build the schema of a supergraph document; SupergraphError if it is not a valid schema."""
    definitions = [
        stripped
        for definition in document.definitions
        if (stripped := _strip_definition(definition, stripping)) is not None
    ]
    known = {
        definition.name.value
        for definition in definitions
        if isinstance(definition, TypeDefinitionNode)
    }
    definitions = [_drop_lost_references(definition, known) for definition in definitions]
    try:
        schema = build_ast_schema(
            DocumentNode(definitions=tuple(definitions)), assume_valid_sdl=True
        )
        errors = validate_schema(schema)
    except (GraphQLError, TypeError) as error:
        message = f"not a valid schema: {error}"
        raise SupergraphError(message) from error
    if errors:
        message = f"not a valid schema: {errors[0].message}"
        raise SupergraphError(message)
    return schema


def _strip_definition(definition: DefinitionNode, stripping: Stripping) -> DefinitionNode | None:
    if isinstance(definition, DirectiveDefinitionNode):
        is_executable = any(location.value in _EXECUTABLE for location in definition.locations)
        is_machinery = definition.name.value.startswith(stripping.machinery_prefixes)
        return definition if is_executable and not is_machinery else None
    if isinstance(definition, SchemaDefinitionNode):
        return replace(definition, directives=())
    if not isinstance(definition, TypeDefinitionNode):
        return None
    name = definition.name.value
    if name.startswith(stripping.machinery_prefixes) or name in stripping.machinery_types:
        return None
    if stripping.is_hidden(definition):
        return None
    changes: dict[str, Any] = {"directives": _kept(definition.directives)}
    if isinstance(definition, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        changes["fields"] = tuple(
            _strip_field(node, stripping)
            for node in definition.fields or ()
            if not stripping.is_hidden(node)
        )
    elif isinstance(definition, InputObjectTypeDefinitionNode):
        changes["fields"] = _strip_inputs(definition.fields, stripping)
    elif isinstance(definition, EnumTypeDefinitionNode):
        changes["values"] = tuple(
            replace(node, directives=_kept(node.directives))
            for node in definition.values or ()
            if not stripping.is_hidden(node)
        )
    return replace(definition, **changes)


def _strip_field(node: FieldDefinitionNode, stripping: Stripping) -> FieldDefinitionNode:
    arguments = _strip_inputs(node.arguments, stripping)
    return replace(node, directives=_kept(node.directives), arguments=arguments)


def _strip_inputs(
    nodes: Iterable[InputValueDefinitionNode] | None, stripping: Stripping
) -> tuple[InputValueDefinitionNode, ...]:
    return tuple(
        replace(node, directives=_kept(node.directives))
        for node in nodes or ()
        if not stripping.is_hidden(node)
    )


def _drop_lost_references(definition: DefinitionNode, known: set[str]) -> DefinitionNode:
    """Leave out interfaces, members and fields whose type was itself left out."""
    builtin = {"Int", "Float", "String", "Boolean", "ID"}

    def is_known(node: TypeNode) -> bool:
        inner: Any = node
        while not isinstance(inner, NamedTypeNode):
            inner = inner.type
        return inner.name.value in known or inner.name.value in builtin

    changes: dict[str, Any] = {}
    if isinstance(definition, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        changes["interfaces"] = tuple(
            node for node in definition.interfaces or () if is_known(node)
        )
        changes["fields"] = tuple(node for node in definition.fields or () if is_known(node.type))
    elif isinstance(definition, UnionTypeDefinitionNode):
        changes["types"] = tuple(node for node in definition.types or () if is_known(node))
    elif isinstance(definition, InputObjectTypeDefinitionNode):
        changes["fields"] = tuple(node for node in definition.fields or () if is_known(node.type))
    return replace(definition, **changes) if changes else definition


def _kept(directives: Iterable[Any] | None) -> tuple[Any, ...]:
    return tuple(node for node in directives or () if node.name.value in _KEPT_DIRECTIVES)
