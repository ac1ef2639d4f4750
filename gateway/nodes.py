"""`Query.node(id:)`: one object by its global id, `Course:` and the object's `id`.

No service resolves it. Before an operation is pruned and planned, each `node` becomes the field
that gives one object of the type that its id names (`Query.courseById`), with what is selected on
that type; from there on it is that field, for role pass, cost, consent, gate and ledger alike
(decision 21). An id that names no such type answers null, and nothing is asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    get_named_type,
    value_from_ast_untyped,
)

from gateway.planner import NormalizedOperation, Operation
from gateway.planner.selection import SelectedField, Selection
from gateway.supergraph import Supergraph, SupergraphError

NODE_SUBGRAPH: Final = "node"
"""Name of the subgraph that only says that there is `node`; it has no address."""

_FIELD: Final = "node"
NODE_INTERFACE: Final = "Node"
_SEPARATOR: Final = ":"
_ID: Final = NonNullTypeNode(type=NamedTypeNode(name=NameNode(value="ID")))

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One `node` of an operation, under one response key.

    Attributes:
        type_name: of the object that its id names; None where that is no type of a node.
        variable: which holds the rest of the id.
    """

    response_key: str
    type_name: str | None
    variable: str


NOTHING: Final[tuple[Asked, ...]] = ()


def direct_fields(schema: GraphQLSchema) -> Mapping[str, str]:
    """Return, for each type of node, the root field that gives one by its id.

    It is the one nullable field of the type whose only argument is `id: ID!`; a schema without
    `Query.node` has none.

    Raises:
        SupergraphError: a type of node has no such field, or several; or objects of the root type
            are to be had below the root, where nobody would look for `node`.
    """
    root, interface = schema.query_type, schema.type_map.get(NODE_INTERFACE)
    if root is None or _FIELD not in root.fields:
        return MappingProxyType({})
    if get_named_type(root.fields[_FIELD].type) is not interface or not isinstance(
        interface, GraphQLInterfaceType
    ):
        return MappingProxyType({})  # something else of that name
    for one in schema.type_map.values():
        for name, field in one.fields.items() if isinstance(one, GraphQLObjectType) else ():
            if get_named_type(field.type) is root:
                raise SupergraphError("the root type below the root", f"{one.name}.{name}")
    found: dict[str, str] = {}
    for possible in schema.get_possible_types(interface):
        fields = [
            name
            for name, field in root.fields.items()
            if field.type is possible and _takes_an_id(field.args)
        ]
        if len(fields) != 1:
            message = f"one root field must give it by its id alone, not {len(fields)}"
            raise SupergraphError(message, possible.name)
        found[possible.name] = fields[0]
    return MappingProxyType(found)


def _takes_an_id(arguments: Mapping[str, Any]) -> bool:
    if list(arguments) != ["id"]:
        return False
    kind = arguments["id"].type
    return isinstance(kind, GraphQLNonNull) and get_named_type(kind).name == "ID"


class Nodes:
    """Replaces `node` in operations over one supergraph."""

    def __init__(self, supergraph: Supergraph) -> None:
        """Read the supergraph; raises SupergraphError like `direct_fields`.

        In one that was composed elsewhere, `node` is a field like others: some service answers it.
        """
        is_ours = NODE_SUBGRAPH in supergraph.subgraphs
        self._fields = direct_fields(supergraph.api_schema) if is_ours else {}

    def asked(self, operation: Operation, variables: Variables) -> tuple[Asked, ...]:
        """Return each `node` of an operation with the type that its id names."""
        if not self._fields or operation.kind != "query":
            return NOTHING
        found = dict(_nodes(operation, operation.definition.selection_set))
        if not found:
            return NOTHING
        prefix = _prefix(operation)
        return tuple(
            Asked(key, self._read(node, variables)[0], f"{prefix}{number}")
            for number, (key, node) in enumerate(found.items())
        )

    def with_ids(self, operation: Operation, variables: dict[str, Any]) -> dict[str, Any]:
        """Return variables with the ids that the fields in place of `node` are given."""
        if not self._fields or operation.kind != "query":
            return variables
        found = dict(_nodes(operation, operation.definition.selection_set))
        if not found:
            return variables
        prefix = _prefix(operation)
        ids = {
            f"{prefix}{number}": self._read(node, variables)[1]
            for number, node in enumerate(found.values())
        }
        return {**variables, **ids}

    def _read(self, node: FieldNode, variables: Variables) -> tuple[str | None, str]:
        """Return type and rest of the id that a `node` is given; a type of None for no such id."""
        argument = next((each for each in node.arguments or () if each.name.value == "id"), None)
        value = value_from_ast_untyped(argument.value, dict(variables)) if argument else None
        if not isinstance(value, str):
            return None, ""
        type_name, _, rest = value.partition(_SEPARATOR)
        return (type_name, rest) if type_name in self._fields else (None, "")

    def replaced(
        self, operation: NormalizedOperation, asked: tuple[Asked, ...]
    ) -> NormalizedOperation:
        """Return an operation with the fields that answer in place of `node`.

        What `asked` does not name, or without a type, is left out and answers null.
        """
        if not self._fields or operation.kind != "query":
            return operation
        by_key = {each.response_key: each for each in asked}
        fields: list[SelectedField] = []
        left_out: list[tuple[int, SelectedField]] = []
        for field in operation.root.fields:
            if field.name != _FIELD:
                fields.append(field)
                continue
            one = by_key.get(field.response_key)
            direct = None if one is None else self._direct(field, one)
            if direct is None:
                left_out.append((len(fields), field))
            else:
                fields.append(direct)
        return replace(
            operation,
            root=replace(operation.root, fields=tuple(fields), refused=tuple(left_out)),
            variable_definitions=(
                *operation.variable_definitions,
                *(
                    VariableDefinitionNode(variable=_variable(each.variable), type=_ID)
                    for each in asked
                    if each.type_name is not None
                ),
            ),
        )

    def _direct(self, field: SelectedField, asked: Asked) -> SelectedField | None:
        name = asked.type_name
        if name is None or field.selection is None or name not in field.selection.by_type:
            return None
        argument = ArgumentNode(name=NameNode(value="id"), value=_variable(asked.variable))
        return replace(
            field,
            name=self._fields[name],
            arguments=(argument,),
            selection=Selection({name: field.selection.by_type[name]}),
        )


def shape_of(asked: tuple[Asked, ...]) -> str:
    """Return what a plan depends on besides operation and view: the types that ids name."""
    return "".join(f" {each.response_key}={each.type_name or ''}" for each in asked)


def _nodes(
    operation: Operation, selection_set: SelectionSetNode
) -> Iterator[tuple[str, FieldNode]]:
    """Yield the `node` fields of the root with their response keys, in the document's order."""
    for each in selection_set.selections:
        if isinstance(each, FieldNode):
            if each.name.value == _FIELD:
                yield (each.alias.value if each.alias else _FIELD), each
            continue
        spread: Any = each
        inner = getattr(spread, "selection_set", None)
        if inner is None:
            inner = operation.fragments[spread.name.value].selection_set
        yield from _nodes(operation, inner)


def _prefix(operation: Operation) -> str:
    """Return what no variable of the client begins with."""
    names = [each.variable.name.value for each in operation.definition.variable_definitions or ()]
    prefix = "gt_node_"
    while any(name.startswith(prefix) for name in names):
        prefix = f"gt_{prefix}"
    return prefix


def _variable(name: str) -> VariableNode:
    return VariableNode(name=NameNode(value=name))
