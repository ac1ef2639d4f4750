"""Read the `@join__*` directives: how each subgraph sees each type and field.

Source: https://specs.apollo.dev/join/v0.5 and its earlier versions.  Where v0.1 speaks of an
owner, later versions list every subgraph on every type; both come out as the same values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLError,
    InlineFragmentNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    OperationDefinitionNode,
    SelectionSetNode,
    UnionTypeDefinitionNode,
    parse,
    parse_type,
    print_ast,
)

from gateway.supergraph.implied_fields import with_implied_fields
from gateway.supergraph.links import Feature, directive_arguments
from gateway.supergraph.model import (
    ContextArgument,
    EntityKey,
    Subgraph,
    SubgraphField,
    SubgraphType,
    SupergraphError,
)

_Composite = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode
_ROOTS: Final = ("Query", "Mutation", "Subscription")


@dataclass(frozen=True, slots=True)
class _Join:
    """The arguments of one `@join__type` or `@join__field`."""

    graph: str | None
    arguments: dict[str, Any]


def parse_field_set(text: str, coordinate: str) -> SelectionSetNode:
    """Parse a field set as in `@key(fields:)`; SupergraphError if it is not one."""
    try:
        document = parse("{" + text + "}", no_location=True)
    except GraphQLError as error:
        message = f"field set {text!r} does not parse"
        raise SupergraphError(message, coordinate) from error
    except RecursionError:
        raise SupergraphError("a field set nests too deeply", coordinate) from None
    definition = document.definitions[0]
    if len(document.definitions) != 1 or not isinstance(definition, OperationDefinitionNode):
        message = f"field set {text!r} is not one selection set"
        raise SupergraphError(message, coordinate)
    return definition.selection_set


def read_subgraphs(document: DocumentNode, join: Feature) -> dict[str, Subgraph]:
    """The subgraphs by their value in the `Graph` enum."""
    for definition in document.definitions:
        if (
            isinstance(definition, EnumTypeDefinitionNode)
            and definition.name.value == join.type_name("Graph")
        ):  # fmt: skip
            return dict(_graph_values(definition, join))
    raise SupergraphError("the enum of subgraphs is missing", join.type_name("Graph"))


def _graph_values(
    definition: EnumTypeDefinitionNode, join: Feature
) -> Iterable[tuple[str, Subgraph]]:
    for value in definition.values or ():
        enum_value = value.name.value
        for directive in value.directives or ():
            if directive.name.value == join.directive("graph"):
                coordinate = f"{definition.name.value}.{enum_value}"
                arguments = directive_arguments(directive, coordinate)
                name, url = arguments.get("name"), arguments.get("url", "")
                if isinstance(name, str) and isinstance(url, str | None):
                    yield enum_value, Subgraph(enum_value, name, url or "")
                    break
        else:
            message = "a subgraph has no name and url"
            raise SupergraphError(message, f"{definition.name.value}.{enum_value}")


class TypeReader:
    """Reads all composite types of one supergraph document."""

    def __init__(
        self, document: DocumentNode, join: Feature, subgraphs: Mapping[str, Subgraph]
    ) -> None:
        self._join = join
        self._subgraphs = subgraphs
        self._definitions = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(
                definition,
                ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | UnionTypeDefinitionNode,
            )
            and not definition.name.value.startswith((join.prefix + "__", "link__", "core__"))
        }
        self._roots = _root_type_names(document)

    def read(self) -> dict[tuple[str, str], SubgraphType]:
        """Every (subgraph name, type name) that exists."""
        types: dict[tuple[str, str], SubgraphType] = {}
        for name, definition in self._definitions.items():
            for graph, joins in self._type_joins(name, definition).items():
                subgraph = self._subgraph(graph, name).name
                types[subgraph, name] = self._read_type(graph, name, definition, joins)
        if self._join.version == "v0.1":
            types = with_implied_fields(types, self._definitions)
        return types

    def _subgraph(self, graph: str | None, coordinate: str) -> Subgraph:
        found = self._subgraphs.get(graph or "")
        if found is None:
            message = f"unknown subgraph {graph}"
            raise SupergraphError(message, coordinate)
        return found

    def _joins(self, node: Any, directive_name: str) -> list[_Join]:
        name = self._join.directive(directive_name)
        found = [
            directive_arguments(directive, node.name.value)
            for directive in node.directives or ()
            if directive.name.value == name
        ]
        return [_Join(arguments.get("graph"), arguments) for arguments in found]

    def _type_joins(self, name: str, definition: Any) -> dict[str, list[_Join]]:
        by_graph: dict[str, list[_Join]] = {}
        owners = self._joins(definition, "owner") if self._join.version == "v0.1" else []
        for join in [*owners, *self._joins(definition, "type")]:
            by_graph.setdefault(self._subgraph(join.graph, name).graph_enum, []).append(join)
        if not by_graph and self._join.version == "v0.1":
            # Value types and root types carry no owner; every subgraph may speak of them.
            by_graph = {graph: [] for graph in self._subgraphs}
        if not by_graph:
            raise SupergraphError("no subgraph knows this type", name)
        return by_graph

    def _read_type(
        self, graph: str, name: str, definition: Any, joins: list[_Join]
    ) -> SubgraphType:
        flags = {bool(join.arguments.get("isInterfaceObject")) for join in joins}
        if len(flags) > 1:
            raise SupergraphError("an interface object in part only", name)
        is_interface_object = flags == {True}
        if is_interface_object and not isinstance(definition, InterfaceTypeDefinitionNode):
            raise SupergraphError("an interface object that is no interface", name)
        keys = tuple(
            EntityKey(
                parse_field_set(join.arguments["key"], name),
                join.arguments["key"],
                join.arguments.get("resolvable", True) is not False,
            )
            for join in joins
            if join.arguments.get("key")
        )
        is_extension = any(join.arguments.get("extension") for join in joins)
        fields: dict[str, SubgraphField] = {}
        if isinstance(definition, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            key_fields = _top_level_names(keys) if is_extension else frozenset()
            for field in definition.fields or ():
                seen = self._read_field(graph, name, definition, field, key_fields)
                if seen is not None:
                    fields[seen.name] = seen
        return SubgraphType(
            subgraph=self._subgraphs[graph].name,
            name=name,
            keys=keys,
            fields=fields,
            possible_types=(
                frozenset({name})
                if is_interface_object
                else self._possible_types(graph, name, definition)
            ),
            is_interface_object=is_interface_object,
        )

    def _read_field(
        self,
        graph: str,
        type_name: str,
        definition: _Composite,
        field: FieldDefinitionNode,
        key_fields: frozenset[str],
    ) -> SubgraphField | None:
        coordinate = f"{type_name}.{field.name.value}"
        joins = self._joins(field, "field")
        for join in joins:
            if join.graph is not None:
                self._subgraph(join.graph, coordinate)
        here = [join.arguments for join in joins if join.graph == graph]
        if not joins:
            owners = self._joins(definition, "owner")
            if owners and self._join.version == "v0.1":
                if all(owner.graph != graph for owner in owners):
                    return None
            elif type_name in self._roots and self._join.version == "v0.1":
                raise SupergraphError("a root field without a subgraph", coordinate)
            here = [{}]
            if self._comes_from_interface_object(graph, definition, field):
                return None
        if not here:
            return None
        arguments = here[0]
        type_text = arguments.get("type") or print_ast(field.type)
        requires, provides = arguments.get("requires"), arguments.get("provides")
        name = field.name.value
        is_external = bool(arguments.get("external") or arguments.get("usedOverridden"))
        own_name = self._subgraphs[graph].name
        return SubgraphField(
            name=name,
            type_text=type_text,
            named_type=_named_type(type_text, coordinate),
            is_external=is_external and name not in key_fields,
            requires=parse_field_set(requires, coordinate) if requires else None,
            provides=parse_field_set(provides, coordinate) if provides else None,
            context=tuple(
                _context_argument(one, coordinate)
                for one in arguments.get("contextArguments") or ()
            ),
            override_label=arguments.get("overrideLabel") if arguments.get("override") else None,
            overridden_label=next(
                (
                    join.arguments.get("overrideLabel")
                    for join in joins
                    if join.arguments.get("override") == own_name
                ),
                None,
            ),
        )

    def _possible_types(self, graph: str, name: str, definition: Any) -> frozenset[str]:
        if isinstance(definition, ObjectTypeDefinitionNode):
            return frozenset({name})
        if isinstance(definition, UnionTypeDefinitionNode):
            members = self._joins(definition, "unionMember")
            if members:
                return frozenset(
                    join.arguments["member"] for join in members if join.graph == graph
                )
            # Before v0.3 only types say which subgraphs have them.
            named = {node.name.value for node in definition.types or ()}
            return frozenset(
                one
                for one in named & self._definitions.keys()
                if graph in self._type_joins(one, self._definitions[one])
            )
        return frozenset(
            other_name
            for other_name, other in self._definitions.items()
            if (
                isinstance(other, ObjectTypeDefinitionNode)
                or (
                    isinstance(other, InterfaceTypeDefinitionNode)
                    and self._is_interface_object(graph, other)
                )
            )
            and self._implements(graph, other_name, other, name)
        )

    def _is_interface_object(self, graph: str, definition: _Composite) -> bool:
        return any(
            join.graph == graph and bool(join.arguments.get("isInterfaceObject"))
            for join in self._joins(definition, "type")
        )

    def _comes_from_interface_object(
        self, graph: str, definition: _Composite, field: FieldDefinitionNode
    ) -> bool:
        """Whether a field without joins is one that only interface objects elsewhere have."""
        for node in definition.interfaces or ():
            interface: Any = self._definitions.get(node.name.value)
            for one in getattr(interface, "fields", None) or ():
                joins = self._joins(one, "field")
                if one.name.value != field.name.value or not joins:
                    continue
                graphs = {join.graph for join in joins}
                if graph not in graphs and any(
                    self._is_interface_object(str(other), interface) for other in graphs
                ):
                    return True
        return False

    def _implements(
        self, graph: str, type_name: str, definition: _Composite, interface: str
    ) -> bool:
        joins = self._joins(definition, "implements")
        if joins:
            return any(
                join.graph == graph and join.arguments.get("interface") == interface
                for join in joins
            )
        is_here = graph in self._type_joins(type_name, definition)
        return is_here and any(node.name.value == interface for node in definition.interfaces or ())


def _top_level_names(keys: Iterable[EntityKey]) -> frozenset[str]:
    """Names of the fields at the top of field sets, looking through inline fragments."""
    names: set[str] = set()
    pending = [key.fields for key in keys]
    while pending:
        for node in pending.pop().selections:
            if isinstance(node, InlineFragmentNode):
                pending.append(node.selection_set)
            else:
                names.add(node.name.value)  # type: ignore[attr-defined]  # no spreads here
    return frozenset(names)


def _context_argument(argument: Any, coordinate: str) -> ContextArgument:
    try:
        return ContextArgument(
            context=str(argument["context"]),
            name=str(argument["name"]),
            type_text=str(argument["type"]),
            selection=_context_selection(str(argument["selection"]), coordinate),
        )
    except (KeyError, TypeError) as error:
        message = "a context argument lacks its context, name, type or selection"
        raise SupergraphError(message, coordinate) from error


def _context_selection(text: str, coordinate: str) -> SelectionSetNode:
    """A context's selection is a selection set with its braces, or fragments without."""
    inner = text.strip()
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1]
    return parse_field_set(inner, coordinate)


def _named_type(type_text: str, coordinate: str) -> str:
    try:
        node: Any = parse_type(type_text)
    except GraphQLError as error:
        message = f"type {type_text!r} does not parse"
        raise SupergraphError(message, coordinate) from error
    while node.kind != "named_type":
        node = node.type
    return str(node.name.value)


def _root_type_names(document: DocumentNode) -> frozenset[str]:
    names = set(_ROOTS)
    for definition in document.definitions:
        for operation in getattr(definition, "operation_types", None) or ():
            names.add(operation.type.name.value)
    return frozenset(names)
