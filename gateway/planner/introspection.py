"""Answer `__schema` and `__type` from a schema (GraphQL specification, section 4)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    execute_sync,
)

from gateway.planner.operation import Operation

_META_FIELDS: Final = frozenset({"__schema", "__type"})


def asks_about_schema(operation: Operation) -> bool:
    """Return whether an operation selects `__schema` or `__type`, under whatever condition."""
    return bool(_meta_only(operation, operation.definition.selection_set).selections)


def introspect(
    operation: Operation, schema: GraphQLSchema, variables: Mapping[str, Any]
) -> dict[str, Any]:
    """Answers by response key; empty if the operation asks for none.

    Args:
        schema: the schema to speak of, such as the API schema or a role's part of it.
    """
    selected = _meta_only(operation, operation.definition.selection_set)
    if not selected.selections:
        return {}
    definition = replace(operation.definition, selection_set=selected)
    document = replace(operation.document, definitions=(definition, *operation.fragments.values()))
    # Coerced values are fit for JSON, so they can be coerced again.
    result = execute_sync(schema, document, variable_values=dict(variables))
    return dict(result.data or {})


def _meta_only(operation: Operation, selection_set: SelectionSetNode) -> SelectionSetNode:
    """The root selections that ask about the schema, fragments inlined."""
    kept: list[SelectionNode] = []
    for node in selection_set.selections:
        if isinstance(node, FieldNode):
            if node.name.value in _META_FIELDS:
                kept.append(node)
            continue
        if isinstance(node, FragmentSpreadNode):
            fragment = operation.fragments[node.name.value]
            inner = _meta_only(operation, fragment.selection_set)
            inlined = InlineFragmentNode(
                type_condition=fragment.type_condition,
                directives=node.directives,
                selection_set=inner,
            )
        elif isinstance(node, InlineFragmentNode):
            inner = _meta_only(operation, node.selection_set)
            inlined = replace(node, selection_set=inner)
        else:  # pragma: no cover  there is no third kind
            continue
        if inner.selections:
            kept.append(inlined)
    return SelectionSetNode(selections=tuple(kept))
