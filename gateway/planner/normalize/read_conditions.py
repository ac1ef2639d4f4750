"""`@skip` and `@include` as conditions (GraphQL specification 3.13.1 and 3.13.2)."""

from typing import Any

from graphql import BooleanValueNode, VariableNode

from gateway.planner.selection import ALWAYS, NEVER, Conditions, both_of


def read_conditions(node: Any) -> Conditions:
    """When a field or fragment is included; NEVER if literals exclude it."""
    conditions = ALWAYS
    for directive in node.directives or ():
        name = directive.name.value
        if name in ("skip", "include"):
            value = next(
                argument.value for argument in directive.arguments if argument.name.value == "if"
            )
            conditions = both_of(conditions, _condition(value, holds_if=name == "include"))
    return conditions


def _condition(value: Any, *, holds_if: bool) -> Conditions:
    if isinstance(value, BooleanValueNode):
        return ALWAYS if value.value is holds_if else NEVER
    if isinstance(value, VariableNode):
        return frozenset({frozenset({(value.name.value, holds_if)})})
    return NEVER  # validation lets nothing else pass
