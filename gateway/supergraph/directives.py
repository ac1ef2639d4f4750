"""The composed directives of a supergraph as plain data, by schema coordinate."""

from typing import Any

from graphql import DocumentNode, TypeDefinitionNode

from gateway.supergraph.links import directive_arguments

Directives = dict[str, list[tuple[str, dict[str, Any]]]]


def read_directives(document: DocumentNode, machinery_prefixes: tuple[str, ...]) -> Directives:
    """Every use of a directive outside the machinery, at `T`, `T.f`, `T.f(a:)` or `E.VALUE`."""
    found: Directives = {}

    def note(coordinate: str, node: Any) -> None:
        for directive in node.directives or ():
            name = directive.name.value
            if not name.startswith(machinery_prefixes):
                found.setdefault(coordinate, []).append(
                    (name, directive_arguments(directive, coordinate))
                )

    for definition in document.definitions:
        if not isinstance(definition, TypeDefinitionNode):
            continue
        type_name = definition.name.value
        note(type_name, definition)
        members = getattr(definition, "fields", None) or getattr(definition, "values", None)
        for member in members or ():
            coordinate = f"{type_name}.{member.name.value}"
            note(coordinate, member)
            for argument in getattr(member, "arguments", None) or ():
                note(f"{coordinate}({argument.name.value}:)", argument)
    return found
