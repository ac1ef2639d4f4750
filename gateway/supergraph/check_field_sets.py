"""Field sets of `@key`, `@requires`, `@provides` and contexts name what their subgraph has.

Source: https://specs.apollo.dev/federation/v2.9 (FieldSet, ContextFieldValue): a selection set of
the subgraph's own schema, without aliases, directives, variables and fragment definitions.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_input_type,
    is_required_argument,
    parse_type,
    type_from_ast,
    value_from_ast,
)

from gateway.supergraph.model import SubgraphField, SubgraphType, SupergraphError

Types = Mapping[tuple[str, str], SubgraphType]


class FieldSetChecker:
    """Checks field sets against the subgraphs' views of the types.

    Args:
        says_all: the joins list every field that a subgraph knows, those of others included
            (they do since v0.2); else a field set may name any field of the schema.
    """

    def __init__(self, types: Types, schema: GraphQLSchema, *, says_all: bool) -> None:
        self._types = types
        self._schema = schema
        self._says_all = says_all

    def check(self, contexts: Mapping[str, frozenset[str]]) -> None:
        """Check all field sets.

        Args:
            contexts: object types that set each context.

        Raises:
            SupergraphError: with the type (for a key) or field at whose join the set stands.
        """
        for (subgraph, type_name), seen in self._types.items():
            for key in seen.keys:
                self._selections(key.fields, subgraph, type_name, type_name)
            for field in seen.fields.values():
                coordinate = f"{type_name}.{field.name}"
                if field.requires is not None:
                    self._selections(field.requires, subgraph, type_name, coordinate)
                if field.provides is not None:
                    self._selections(field.provides, subgraph, field.named_type, coordinate)
                if field.context:
                    self._contexts(field, subgraph, contexts, coordinate)

    def _selections(
        self, selection_set: SelectionSetNode, subgraph: str, type_name: str, coordinate: str
    ) -> None:
        if not is_composite_type(self._schema.get_type(type_name)):
            message = f"a field set selects from {type_name}, which has no fields"
            raise SupergraphError(message, coordinate)
        for node in selection_set.selections:
            if node.directives:
                raise SupergraphError("a field set has directives", coordinate)
            if isinstance(node, InlineFragmentNode):
                inner = type_name
                if node.type_condition is not None:
                    inner = self._narrowed(node.type_condition.name.value, type_name, coordinate)
                self._selections(node.selection_set, subgraph, inner, coordinate)
            elif isinstance(node, FieldNode):
                self._field(node, subgraph, type_name, coordinate)
            else:
                raise SupergraphError("a field set spreads a named fragment", coordinate)

    def _narrowed(self, wanted: str, type_name: str, coordinate: str) -> str:
        there, here = self._schema.get_type(wanted), self._schema.get_type(type_name)
        if not is_composite_type(there):
            message = f"a field set asks for the type {wanted}, which is none with fields"
            raise SupergraphError(message, coordinate)
        if there is not here and not self._possible(there) & self._possible(here):
            message = f"a field set asks {type_name} for the type {wanted}, which it can never be"
            raise SupergraphError(message, coordinate)
        return wanted

    def _possible(self, named: Any) -> set[str]:
        """The type itself counts: an interface may be an object in the subgraph."""
        if not is_abstract_type(named):
            return {named.name}
        return {named.name} | {one.name for one in self._schema.get_possible_types(named)}

    def _field(self, node: FieldNode, subgraph: str, type_name: str, coordinate: str) -> None:
        name = node.name.value
        if node.alias is not None:
            raise SupergraphError("a field set has an alias", coordinate)
        if name == "__typename":
            if node.selection_set is not None or node.arguments:
                raise SupergraphError("a field set selects from __typename", coordinate)
            return
        declared: Any = self._schema.get_type(type_name)
        definition = getattr(declared, "fields", {}).get(name)
        if definition is None:
            message = f"a field set names {type_name}.{name}, which does not exist"
            raise SupergraphError(message, coordinate)
        self._arguments(node, definition, f"{type_name}.{name}", coordinate)
        seen = self._types.get((subgraph, type_name))
        field = seen.fields.get(name) if seen is not None else None
        if field is None and self._says_all:
            message = f"a field set names {type_name}.{name}, which {subgraph} does not have"
            raise SupergraphError(message, coordinate)
        named_type = field.named_type if field is not None else get_named_type(definition.type).name
        has_fields = is_composite_type(self._schema.get_type(named_type))
        if node.selection_set is None:
            if has_fields:
                message = f"a field set selects nothing from {type_name}.{name}"
                raise SupergraphError(message, coordinate)
        elif not has_fields:
            message = f"a field set selects from {type_name}.{name}, which has no fields"
            raise SupergraphError(message, coordinate)
        else:
            self._selections(node.selection_set, subgraph, named_type, coordinate)

    def _arguments(self, node: FieldNode, definition: Any, field: str, coordinate: str) -> None:
        given = {one.name.value: one.value for one in node.arguments or ()}
        for name, value in given.items():
            argument = definition.args.get(name)
            if argument is None:
                message = f"a field set gives {field} the unknown argument {name}"
                raise SupergraphError(message, coordinate)
            if value_from_ast(value, argument.type) is Undefined:
                message = f"a field set gives {field} a value that {name} does not take"
                raise SupergraphError(message, coordinate)
        for name, argument in definition.args.items():
            if is_required_argument(argument) and name not in given:
                message = f"a field set does not give {field} the argument {name}"
                raise SupergraphError(message, coordinate)

    def _contexts(
        self,
        field: SubgraphField,
        subgraph: str,
        contexts: Mapping[str, frozenset[str]],
        coordinate: str,
    ) -> None:
        for argument in field.context:
            setters = contexts.get(argument.context)
            if not setters:
                message = f"no type sets the context {argument.context}"
                raise SupergraphError(message, coordinate)
            if not is_input_type(self._type_of(argument.type_text)):
                message = f"the argument {argument.name} has no input type"
                raise SupergraphError(message, coordinate)
            for type_name in setters:
                if (subgraph, type_name) in self._types:
                    self._context(argument.selection, subgraph, type_name, coordinate)

    def _context(
        self, selection_set: SelectionSetNode, subgraph: str, type_name: str, coordinate: str
    ) -> None:
        """The outermost fragments of a context say what holds for which of its types."""
        for node in selection_set.selections:
            condition = getattr(node, "type_condition", None)
            named = self._schema.get_type(condition.name.value) if condition is not None else None
            here: Any = self._schema.get_type(type_name)
            if (
                condition is None
                or not is_composite_type(named)
                or (self._possible(named) & self._possible(here))
            ):
                one = SelectionSetNode(selections=(node,))
                self._selections(one, subgraph, type_name, coordinate)

    def _type_of(self, text: str) -> Any:
        try:
            return type_from_ast(self._schema, parse_type(text))
        except GraphQLError:
            return None
