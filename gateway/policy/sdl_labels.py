"""Checks labels in the services' own SDL, before composition can hide a conflict.

Composers keep one of two different uses of a directive, or emit both; neither fails. So the
labels of all subgraphs are compared here, with the coordinate in the error.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldDefinitionNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    parse,
    value_from_ast_untyped,
)

from gateway.policy.errors import PolicyError
from gateway.policy.labels import ABOUT_DIRECTIVE, CATEGORY_DIRECTIVE
from gateway.supergraph import Supergraph
from infra.vocabulary import Category, Form

_MACHINERY = frozenset({"_Service", "_Entity"})
_MACHINERY_FIELDS = frozenset({"_service", "_entities"})
Use = tuple[str, tuple[tuple[str, Any], ...]]


def check_subgraphs(documents: Mapping[str, str]) -> int:
    """Check the labels of all subgraphs together; returns how many coordinates are labelled.

    Args:
        documents: SDL by subgraph name.

    Raises:
        PolicyError: a type without label, an unknown word, or two subgraphs that disagree.
    """
    seen: dict[str, tuple[str, Use]] = {}
    count = 0
    for name, sdl in documents.items():
        for coordinate, use in _uses(parse(sdl), name):
            _check_words(coordinate, use)
            known = seen.setdefault(f"{coordinate} @{use[0]}", (name, use))
            if known[1] != use:
                raise PolicyError(f"{known[0]} and {name} label it differently", coordinate)
            count += 1
    return count


def check_composed(supergraph: Supergraph, documents: Mapping[str, str]) -> None:
    """Check that a supergraph says of each coordinate what the services say of it.

    A supergraph of another release, or one that somebody has changed, may hold what is closed for
    open. What either side has alone is no matter of labels: services are rolled out first.

    Raises:
        PolicyError: with the coordinate at fault.
    """
    for name, sdl in documents.items():
        for coordinate, use in _uses(parse(sdl), name):
            composed = _composed(supergraph, coordinate, use[0])
            if composed and use not in composed:
                raise PolicyError(f"the supergraph and {name} label it differently", coordinate)


def _composed(supergraph: Supergraph, coordinate: str, directive: str) -> list[Use]:
    """Return a supergraph's labels of a coordinate: none for what it has not."""
    type_name, _, field_name = coordinate.partition(".")
    field_name, _, argument = field_name.partition("(")
    fields = getattr(supergraph.full_schema.get_type(type_name), "fields", None)
    if fields is None or (field_name and field_name not in fields):
        return []
    if argument and argument.removesuffix(":)") not in fields[field_name].args:
        return []
    found = supergraph.directives_at(coordinate, directive)
    if not found and not argument:  # a field has its type's
        found = supergraph.type_directives(type_name, directive)
    default = {"as": Form.RAW.value} if directive == CATEGORY_DIRECTIVE else {}
    uses = [(directive, tuple(sorted({**default, **each}.items()))) for each in found]
    return uses or [(directive, ())]  # to have none is to say something else


def _uses(document: DocumentNode, subgraph: str) -> list[tuple[str, Use]]:
    uses: list[tuple[str, Use]] = []
    for node in document.definitions:
        if not isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode):
            continue
        type_name = node.name.value
        if type_name in _MACHINERY:
            continue
        of_type = _labels(node.directives or ())
        if not any(name == CATEGORY_DIRECTIVE for name, _ in of_type):
            raise PolicyError(f"the type has no @category in {subgraph}", type_name)
        uses += [(type_name, use) for use in of_type]
        for field in node.fields or ():
            uses += _field_uses(type_name, field, of_type)
    return uses


def _field_uses(
    type_name: str, field: FieldDefinitionNode, of_type: list[Use]
) -> list[tuple[str, Use]]:
    if field.name.value in _MACHINERY_FIELDS:
        return []
    own = _labels(field.directives or ())
    if not own:  # what it inherits counts: another subgraph may state something else
        own = [use for use in of_type if use[0] == CATEGORY_DIRECTIVE]
    coordinate = f"{type_name}.{field.name.value}"
    uses = [(coordinate, use) for use in own]
    for argument in field.arguments or ():
        where = f"{coordinate}({argument.name.value}:)"
        uses += [(where, use) for use in _labels(argument.directives or ())]
    return uses


def _labels(directives: tuple[DirectiveNode, ...] | list[DirectiveNode]) -> list[Use]:
    found: list[Use] = []
    for directive in directives:
        name = directive.name.value
        if name in (CATEGORY_DIRECTIVE, ABOUT_DIRECTIVE):
            arguments = {
                argument.name.value: value_from_ast_untyped(argument.value)
                for argument in directive.arguments or ()
            }
            if name == CATEGORY_DIRECTIVE:
                arguments.setdefault("as", Form.RAW.value)
            found.append((name, tuple(sorted(arguments.items()))))
    return found


def _check_words(coordinate: str, use: Use) -> None:
    if use[0] != CATEGORY_DIRECTIVE:
        return
    arguments = dict(use[1])
    try:
        Category(arguments.get("is", ""))
        Form(arguments.get("as", ""))
    except ValueError:
        raise PolicyError("the label names an unknown category or form", coordinate) from None
