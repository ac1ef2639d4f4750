"""Every use of a join directive says what the specification lets it say, about what exists.

Source: the directive definitions of https://specs.apollo.dev/join/v0.5 and its earlier versions.
What is read afterwards may rely on kinds of arguments and on declared names.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from graphql import (
    BooleanValueNode,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    ValueNode,
)

from gateway.supergraph.links import Feature
from gateway.supergraph.model import Subgraph, SupergraphError

Reading = Callable[[ValueNode], bool]


def _is_graph(node: ValueNode) -> bool:
    return isinstance(node, EnumValueNode)


def _is_graphs(node: ValueNode) -> bool:
    return isinstance(node, ListValueNode) and all(map(_is_graph, node.values))


def _is_text(node: ValueNode) -> bool:
    return isinstance(node, StringValueNode)


def _is_boolean(node: ValueNode) -> bool:
    return isinstance(node, BooleanValueNode)


def _is_object(node: ValueNode) -> bool:
    return isinstance(node, ObjectValueNode)


def _are_contexts(node: ValueNode) -> bool:
    return isinstance(node, ListValueNode) and all(
        isinstance(one, ObjectValueNode)
        and sorted(field.name.value for field in one.fields)
        == ["context", "name", "selection", "type"]
        and all(_is_text(field.value) for field in one.fields)
        for one in node.values
    )


_DIRECTIVES: Final[Mapping[str, Mapping[str, tuple[Reading, str]]]] = {
    "graph": {"name": (_is_text, "!"), "url": (_is_text, "")},
    "owner": {"graph": (_is_graph, "!")},
    "type": {
        "graph": (_is_graph, "!"),
        "key": (_is_text, ""),
        "extension": (_is_boolean, "="),
        "resolvable": (_is_boolean, "="),
        "isInterfaceObject": (_is_boolean, "="),
    },
    "field": {
        "graph": (_is_graph, ""),
        "requires": (_is_text, ""),
        "provides": (_is_text, ""),
        "type": (_is_text, ""),
        "external": (_is_boolean, ""),
        "override": (_is_text, ""),
        "usedOverridden": (_is_boolean, ""),
        "overrideLabel": (_is_text, ""),
        "contextArguments": (_are_contexts, ""),
    },
    "implements": {"graph": (_is_graph, "!"), "interface": (_is_text, "!")},
    "unionMember": {"graph": (_is_graph, "!"), "member": (_is_text, "!")},
    "enumValue": {"graph": (_is_graph, "!")},
    "directive": {"graphs": (_is_graphs, ""), "name": (_is_text, "!"), "args": (_is_object, "")},
}
"""How each argument is read; ! it must be given, = it need not be, yet null is no value for it."""


def check_joins(document: DocumentNode, join: Feature, subgraphs: Mapping[str, Subgraph]) -> None:
    """Check the arguments of all join directives.

    Raises:
        SupergraphError: an argument is unknown, missing, given twice or of a wrong kind; it names
            a subgraph, interface or member that is not declared; a subgraph has a field or value
            twice, or one of a type that it does not have; with the coordinate.
    """
    known = {join.directive(name): name for name in _DIRECTIVES}
    prefix = f"{join.prefix}__"
    declared = {
        one.name.value for one in document.definitions if isinstance(one, DirectiveDefinitionNode)
    }
    fields: set[tuple[str, str]] = set()
    for coordinate, definition, directive in _uses(document):
        name = known.get(directive.name.value)
        if name is not None:
            _check(name, directive, coordinate, subgraphs)
            _check_names(name, directive, coordinate, definition)
            if name in ("field", "enumValue", "implements", "unionMember"):
                _check_graph(name, directive, coordinate, _type_graphs(definition, join), fields)
        elif directive.name.value.startswith(prefix) and directive.name.value not in declared:
            message = f"@{directive.name.value} is no directive of the join specification"
            raise SupergraphError(message, coordinate)


def _uses(document: DocumentNode) -> Iterable[tuple[str, Any, DirectiveNode]]:
    """Each use of a directive: where, within which type, and the use."""
    for definition in document.definitions:
        if isinstance(definition, TypeExtensionNode):
            message = "a type extension: a supergraph has each type in one place"
            raise SupergraphError(message, definition.name.value)
        if not isinstance(definition, TypeDefinitionNode):
            for one in getattr(definition, "directives", None) or ():
                yield "schema", definition, one
            continue
        name = definition.name.value
        for one in definition.directives or ():
            yield name, definition, one
        members: Any = getattr(definition, "fields", ())
        if isinstance(definition, EnumTypeDefinitionNode):
            members = definition.values
        for member in members or ():
            coordinate = f"{name}.{member.name.value}"
            for one in member.directives or ():
                yield coordinate, definition, one
            for argument in getattr(member, "arguments", None) or ():
                for one in argument.directives or ():
                    yield f"{coordinate}({argument.name.value}:)", definition, one


def _check(
    name: str, directive: DirectiveNode, coordinate: str, subgraphs: Mapping[str, Subgraph]
) -> None:
    readings = _DIRECTIVES[name]
    written = directive.name.value
    given: set[str] = set()
    for argument in directive.arguments or ():
        key, value = argument.name.value, argument.value
        what = f"@{written}({key}:)"
        if key not in readings:
            raise SupergraphError(f"{what} is unknown", coordinate)
        if key in given:
            raise SupergraphError(f"{what} is given twice", coordinate)
        given.add(key)
        reading, rule = readings[key]
        if isinstance(value, NullValueNode) and not rule:
            continue
        if not reading(value):
            raise SupergraphError(f"{what} is of another kind", coordinate)
        for graph in _graphs(value):
            if graph not in subgraphs:
                raise SupergraphError(f"{what} names the unknown subgraph {graph}", coordinate)
    for key, (_, rule) in readings.items():
        if rule == "!" and key not in given:
            raise SupergraphError(f"@{written}({key}:) is missing", coordinate)


def _graphs(value: Any) -> Iterable[str]:
    for one in getattr(value, "values", (value,)):
        if isinstance(one, EnumValueNode):
            yield one.value


def _check_names(name: str, directive: DirectiveNode, coordinate: str, definition: Any) -> None:
    """An interface must be implemented and a member be one, whichever subgraph says so."""
    argument = {"implements": ("interface", "interfaces"), "unionMember": ("member", "types")}
    if name not in argument:
        return
    key, declared = argument[name]
    names = {one.name.value for one in getattr(definition, declared, None) or ()}
    for one in directive.arguments or ():
        value: Any = one.value
        if one.name.value == key and value.value not in names:
            message = f"@{directive.name.value} names {value.value}, which is not declared here"
            raise SupergraphError(message, coordinate)


def _type_graphs(definition: Any, join: Feature) -> set[str] | None:
    """Subgraphs that have a type; None where the version does not say it of every type."""
    if join.version == "v0.1":
        return None
    name = join.directive("type")
    found = (_graph(one) for one in definition.directives or () if one.name.value == name)
    return {graph for graph in found if graph is not None}


def _graph(directive: DirectiveNode) -> str | None:
    for one in directive.arguments or ():
        if one.name.value == "graph" and isinstance(one.value, EnumValueNode):
            return one.value.value
    return None


def _check_graph(
    name: str,
    directive: DirectiveNode,
    coordinate: str,
    type_graphs: set[str] | None,
    fields: set[tuple[str, str]],
) -> None:
    """What a subgraph has of a type it has once, and has the type."""
    graph = _graph(directive)
    if graph is None:
        return
    written = directive.name.value
    if type_graphs is not None and graph not in type_graphs:
        message = f"@{written} says that {graph} has a part of a type that it does not have"
        raise SupergraphError(message, coordinate)
    if name == "field":
        if (coordinate, graph) in fields:
            raise SupergraphError(f"@{written} speaks of {graph} twice", coordinate)
        fields.add((coordinate, graph))
