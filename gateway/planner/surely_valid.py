"""Tell quickly that a document is valid; say nothing about one that may not be.

graphql-core walks a document once with thirty rules, each a method call at each node: most of what
an operation costs that nobody has asked before. Nearly all documents are valid and ordinary. This
walks each operation once, with its fragments unfolded, in the way that the specification merges
selections (GraphQL, September 2025, 5.3.2 FieldsInSetCanMerge), and stops at the first thing that
it does not know to be right. Then, and for every error message, all rules of graphql-core run.

It may doubt what is valid; it may never be sure of what is not. Left to the rules among others:
subscriptions, introspection of the schema, directives but `@skip` and `@include`, literals of
input objects and custom scalars, equal response keys on different fields.

Prior art: Simon Adameit's linear algorithm for overlapping fields (XING engineering, 2019), which
merges all selections of one response key before it goes down, as is done here.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLCompositeType,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    assert_valid_schema,
    get_named_type,
    is_composite_type,
    is_input_type,
    is_required_argument,
    specified_directives,
    type_from_ast,
)
from graphql.utilities import do_types_overlap, is_type_sub_type_of

MAX_SELECTIONS: Final = 5_000
"""Looked at, fragments unfolded; a document with more is left to the rules, which do not unfold."""

_CONDITIONS: Final = frozenset({"skip", "include"})
_STANDARD: Final = {one.name: one for one in specified_directives if one.name in _CONDITIONS}
_LITERALS: Final[Mapping[str, tuple[type[ValueNode], ...]]] = {
    "Boolean": (BooleanValueNode,),
    "ID": (StringValueNode, IntValueNode),
    "Int": (IntValueNode,),
    "String": (StringValueNode,),
}
_SURE_DIGITS: Final = 9
"""Of a number that is an Int for certain (GraphQL 3.5.1: 32 bits)."""

Scope = list[tuple[GraphQLCompositeType, SelectionSetNode]]
Entry = tuple[FieldNode, GraphQLField | None]


class _DoubtError(Exception):
    """Something is wrong, or not known to be right."""


def is_surely_valid(schema: GraphQLSchema, document: DocumentNode) -> bool:
    """Whether a document is certainly valid; if not, graphql-core's rules have to say."""
    assert_valid_schema(schema)
    try:
        _Document(schema, document).check()
    except (_DoubtError, RecursionError):
        return False
    return True


def _be_sure(holds: object) -> None:
    if not holds:
        raise _DoubtError


class _Document:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._operations: list[OperationDefinitionNode] = []
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                self._operations.append(node)
            else:
                _be_sure(isinstance(node, FragmentDefinitionNode))
                assert isinstance(node, FragmentDefinitionNode)  # noqa: S101  for mypy
                name = node.name.value
                plain = not node.directives and not node.variable_definitions
                _be_sure(plain and name not in self._fragments)
                self._fragments[name] = node
        self._used: set[str] = set()
        self._left = MAX_SELECTIONS

    def check(self) -> None:
        names = [node.name.value if node.name else None for node in self._operations]
        _be_sure(len(names) == 1 or (None not in names and len(set(names)) == len(names)))
        for node in self._operations:
            root = self._schema.get_root_type(node.operation)
            _be_sure(node.operation is not OperationType.SUBSCRIPTION and not node.directives)
            _be_sure(root)
            if root is not None:
                operation = _Operation(self, node.variable_definitions or ())
                operation.scope([(root, node.selection_set)])
                _be_sure(len(operation.used) == len(operation.variables))
        _be_sure(len(self._used) == len(self._fragments))

    def condition(self, name: str) -> GraphQLCompositeType:
        """The type of a type condition."""
        named = self.schema.get_type(name)
        if not is_composite_type(named):
            raise _DoubtError
        return named

    def fragment(self, name: str) -> FragmentDefinitionNode:
        """A fragment that is used."""
        found = self._fragments.get(name)
        if found is None:
            raise _DoubtError
        self._used.add(name)
        return found

    def count(self, selections: Sequence[SelectionNode]) -> None:
        """Note what is looked at; fragments in a circle come to an end here."""
        self._left -= len(selections)
        _be_sure(self._left >= 0)

    @property
    def schema(self) -> GraphQLSchema:
        return self._schema


class _Operation:
    """One operation with what it reaches: its variables are those of the fragments in it."""

    def __init__(self, document: _Document, definitions: Sequence[VariableDefinitionNode]) -> None:
        self._document = document
        self._schema = document.schema
        self.used: set[str] = set()
        self.variables: dict[str, tuple[GraphQLInputType, bool]] = {}
        for node in definitions:
            name, given = node.variable.name.value, node.default_value
            named = type_from_ast(self._schema, node.type)
            if not is_input_type(named):
                raise _DoubtError
            _be_sure(not node.directives and name not in self.variables)
            _be_sure(given is None or _fits(given, named))
            has_value = given is not None and not isinstance(given, NullValueNode)
            self.variables[name] = (named, has_value)

    def scope(self, sets: Scope) -> None:
        """Check selections that stand at one place of the answer, and all below them."""
        by_key: dict[str, list[Entry]] = {}
        for parent, selection_set in sets:
            self._collect(parent, selection_set, by_key)
        for entries in by_key.values():
            first, definition = entries[0]
            for other, its in entries[1:]:
                _be_sure(other.name.value == first.name.value)
                _be_sure(its is definition or str(its and its.type) == str(
                    definition and definition.type
                ))  # fmt: skip
                _be_sure((other.arguments or ()) == (first.arguments or ()))
            named = get_named_type(definition.type) if definition is not None else None
            if is_composite_type(named):
                below = [(named, node.selection_set) for node, _ in entries]
                self.scope([(named, inner) for named, inner in below if inner is not None])

    def _collect(
        self, parent: GraphQLCompositeType, wanted: SelectionSetNode, into: dict[str, list[Entry]]
    ) -> None:
        self._document.count(wanted.selections)
        for node in wanted.selections:
            if node.directives:
                self._directives(node.directives)
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                into.setdefault(key, []).append((node, self._field(parent, node)))
            elif isinstance(node, InlineFragmentNode):
                narrowed = parent
                if node.type_condition is not None:
                    narrowed = self._document.condition(node.type_condition.name.value)
                    _be_sure(do_types_overlap(self._schema, parent, narrowed))
                self._collect(narrowed, node.selection_set, into)
            else:
                self._spread(parent, node, into)

    def _spread(
        self, parent: GraphQLCompositeType, node: SelectionNode, into: dict[str, list[Entry]]
    ) -> None:
        if not isinstance(node, FragmentSpreadNode) or node.arguments:
            raise _DoubtError
        name = node.name.value
        fragment = self._document.fragment(name)
        narrowed = self._document.condition(fragment.type_condition.name.value)
        _be_sure(do_types_overlap(self._schema, parent, narrowed))
        self._collect(narrowed, fragment.selection_set, into)  # round and round: see `count`

    def _field(self, parent: GraphQLCompositeType, node: FieldNode) -> GraphQLField | None:
        """The definition of a field that is selected rightly; None for `__typename`."""
        name = node.name.value
        if name == "__typename":
            _be_sure(not node.arguments and node.selection_set is None)
            return None
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            raise _DoubtError
        definition: GraphQLField | None = parent.fields.get(name)
        if definition is None:
            raise _DoubtError
        is_composite = is_composite_type(get_named_type(definition.type))
        _be_sure(is_composite == (node.selection_set is not None))
        if node.arguments or definition.args:
            self._arguments(node.arguments, definition.args)
        return definition

    def _directives(self, nodes: Sequence[DirectiveNode]) -> None:
        names = [node.name.value for node in nodes]
        _be_sure(len(set(names)) == len(names))
        for node in nodes:
            name = node.name.value
            known = self._schema.get_directive(name)
            if known is None or known is not _STANDARD.get(name):
                raise _DoubtError
            self._arguments(node.arguments, known.args)

    def _arguments(
        self, nodes: Sequence[ArgumentNode] | None, known: Mapping[str, GraphQLArgument]
    ) -> None:
        nodes = nodes or ()
        given = {node.name.value: node.value for node in nodes}
        _be_sure(len(given) == len(nodes))
        for name, value in given.items():
            argument = known.get(name)
            if argument is None:
                raise _DoubtError
            if isinstance(value, VariableNode):
                self._variable(value.name.value, argument.type)
            else:
                _be_sure(_fits(value, argument.type))
        for name, argument in known.items():
            _be_sure(name in given or not is_required_argument(argument))

    def _variable(self, name: str, wanted: GraphQLInputType) -> None:
        """A variable where a value of a type is wanted (5.8.5 All Variable Usages Are Allowed)."""
        found = self.variables.get(name)
        if found is None:
            raise _DoubtError
        given, has_value = found
        self.used.add(name)
        if has_value and isinstance(wanted, GraphQLNonNull):
            wanted = wanted.of_type
        _be_sure(is_type_sub_type_of(self._schema, given, wanted))


def _fits(value: ValueNode, wanted: GraphQLInputType) -> bool:
    """Whether a literal is certainly of a type."""
    if isinstance(value, NullValueNode):
        return not isinstance(wanted, GraphQLNonNull)
    if isinstance(wanted, GraphQLNonNull):
        wanted = wanted.of_type
    if isinstance(wanted, GraphQLList):
        values = value.values if isinstance(value, ListValueNode) else (value,)
        return all(_fits(one, wanted.of_type) for one in values)
    if isinstance(wanted, GraphQLEnumType):
        return isinstance(value, EnumValueNode) and value.value in wanted.values
    if not isinstance(value, _LITERALS.get(wanted.name, ())):
        return False
    return wanted.name != "Int" or len(getattr(value, "value", "")) <= _SURE_DIGITS
