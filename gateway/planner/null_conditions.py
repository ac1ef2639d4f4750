"""Variables that are null where `@skip` or `@include` needs a truth value.

Source: GraphQL specification (September 2025) 5.8.5: a nullable variable with a default may stand
for a non-null argument, and null given for it raises an error when the operation runs.  Since the
argument says what the operation is, the request is refused before anything of it runs; prior art:
graphql-js raises for the selection set in which the directive stands.
"""

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    ArgumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    VariableNode,
)

_CONDITIONAL: Final = frozenset({"skip", "include"})


def null_conditions(
    definition: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
) -> list[GraphQLError]:
    """One error for each such variable, at all places where it stands, for the client."""
    places: dict[str, list[ArgumentNode]] = {}
    pending: list[Any] = [definition.selection_set]
    seen: set[str] = set()
    while pending:
        for node in pending.pop().selections:
            for directive in node.directives or ():
                if directive.name.value in _CONDITIONAL:
                    for argument in directive.arguments or ():
                        if isinstance(argument.value, VariableNode):
                            places.setdefault(argument.value.name.value, []).append(argument)
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in seen:
                    seen.add(name)
                    pending.append(fragments[name].selection_set)
            elif node.selection_set is not None:
                pending.append(node.selection_set)
    return [
        GraphQLError(
            f"Argument 'if' of non-null type 'Boolean!' must not be null; '${name}' is.",
            found,
        )
        for name, found in places.items()
        if name in variables and variables[name] is None
    ]
