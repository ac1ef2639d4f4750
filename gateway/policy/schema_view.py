"""The schema as a role can ever see it: refused coordinates, and what only they reach, are gone."""

from dataclasses import replace

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NamedTypeNode,
    Node,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    UnionTypeDefinitionNode,
    Visitor,
    build_ast_schema,
    parse,
    print_schema,
    visit,
)

from gateway.nodes import NODE_INTERFACE, direct_fields
from gateway.policy.access_table import View

_TYPES = (
    ObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    UnionTypeDefinitionNode,
    InputObjectTypeDefinitionNode,
    EnumTypeDefinitionNode,
    ScalarTypeDefinitionNode,
)
_ROOTS = ("Query", "Mutation", "Subscription")
TypeNodes = dict[str, DefinitionNode]


class _Names(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_named_type(self, node: NamedTypeNode, *_rest: object) -> None:
        self.found.add(node.name.value)


def _named(node: Node) -> set[str]:
    names = _Names()
    visit(node, names)
    return names.found


def _without(types: TypeNodes, view: View, gone: set[str]) -> TypeNodes:
    """Return the types without refused fields and without fields that return what is gone."""
    kept: TypeNodes = {}
    for name, node in types.items():
        if name in gone:
            continue
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            fields = tuple(
                _without_arguments(name, field, view)
                for field in node.fields or ()
                if (name, field.name.value) not in view.refused and not _returned(field) & gone
            )
            interfaces = tuple(each for each in node.interfaces or () if not _named(each) & gone)
            kept[name] = replace(node, fields=fields, interfaces=interfaces)
        elif isinstance(node, UnionTypeDefinitionNode):
            members = tuple(each for each in node.types or () if each.name.value not in gone)
            kept[name] = replace(node, types=members)
        else:
            kept[name] = node
    return kept


def _without_arguments(
    type_name: str, field: FieldDefinitionNode, view: View
) -> FieldDefinitionNode:
    """Return a field without the arguments that the view may not use."""
    coordinate = (type_name, field.name.value)
    kept = tuple(
        each
        for each in field.arguments or ()
        if view.arguments.get((coordinate, each.name.value), 0) is not None
    )
    return replace(field, arguments=kept)


def _returned(field: FieldDefinitionNode) -> set[str]:
    return _named(field.type)


def _is_empty(node: DefinitionNode) -> bool:
    if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        return not node.fields
    return isinstance(node, UnionTypeDefinitionNode) and not node.types


def _reached(types: TypeNodes) -> set[str]:
    waiting = [name for name in _ROOTS if name in types]
    reached = set(waiting)
    implementers: dict[str, set[str]] = {}
    for name, node in types.items():
        for interface in getattr(node, "interfaces", None) or ():
            implementers.setdefault(interface.name.value, set()).add(name)
    while waiting:
        name = waiting.pop()
        found = (_named(types[name]) | implementers.get(name, set())) & set(types)
        waiting += found - reached
        reached |= found
    return reached


def _refused_nodes(api_schema: GraphQLSchema, view: View) -> list[str]:
    """Return the types of which `Query.node` gives this view none, like the field of the type."""
    root = api_schema.query_type
    direct = direct_fields(api_schema)
    return [name for name, field in direct.items() if root and view.refuses(f"{root}.{field}")]


def _not_a_node(node: DefinitionNode) -> DefinitionNode:
    if not isinstance(node, ObjectTypeDefinitionNode):
        return node
    kept = tuple(each for each in node.interfaces or () if each.name.value != NODE_INTERFACE)
    return replace(node, interfaces=kept)


def role_schema(api_schema: GraphQLSchema, view: View) -> GraphQLSchema:
    """Return a schema with nothing in it that the view refuses.

    A type whose fields are all refused disappears with every field that returns it; what nothing
    reaches any more disappears as well, so that introspection shows no names of it.
    """
    document = parse(print_schema(api_schema), no_location=True)
    types: TypeNodes = {
        node.name.value: node for node in document.definitions if isinstance(node, _TYPES)
    }
    for name in _refused_nodes(api_schema, view):
        types[name] = _not_a_node(types[name])
    gone: set[str] = set()
    while True:
        kept = _without(types, view, gone)
        empty = {name for name, node in kept.items() if _is_empty(node)}
        if not empty:
            break
        gone |= empty
    reached = _reached(kept)
    directives = [
        node
        for node in document.definitions
        if isinstance(node, DirectiveDefinitionNode | SchemaDefinitionNode)
    ]
    definitions = [node for name, node in kept.items() if name in reached]
    return build_ast_schema(
        DocumentNode(definitions=(*directives, *definitions)), assume_valid_sdl=True
    )
