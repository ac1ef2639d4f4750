"""Result coercion of leaf values from JSON (GraphQL specification 3.5 and 3.9).

Each function gives the value as it is answered, or None where the type does not fit; what fits at
once is recognised by the compiled projection without a call.  Built-in scalars are strict: a
subgraph has already coerced its results, so another JSON type means another schema.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLEnumType, GraphQLNamedType

_INT_LIMIT: Final = 2**31


def as_string(value: Any) -> str | None:
    """A string."""
    return value if value.__class__ is str else None


def as_id(value: Any) -> str | None:
    """A string, or an integer as string."""
    if value.__class__ is str:
        return str(value)
    return str(value) if value.__class__ is int else None


def as_int(value: Any) -> int | None:
    """A signed 32-bit integer; a number without fraction counts."""
    if value.__class__ is float and value.is_integer():
        value = int(value)
    is_fitting = value.__class__ is int and -_INT_LIMIT <= value < _INT_LIMIT
    return int(value) if is_fitting else None


def as_float(value: Any) -> float | None:
    """A number."""
    return value if value.__class__ is float or value.__class__ is int else None


def as_boolean(value: Any) -> bool | None:
    """A truth value."""
    return value if value.__class__ is bool else None


def as_any(value: Any) -> Any:
    """A custom scalar: any JSON."""
    return value


@dataclass(frozen=True, slots=True)
class LeafRule:
    """How a leaf type is checked: an expression over `v` true at once, and the slow way."""

    fast_test: str
    coerce: Callable[[Any], Any]
    values: frozenset[str] | None = None


_BUILT_IN: Final = {
    "String": LeafRule("v.__class__ is str", as_string),
    "ID": LeafRule("v.__class__ is str", as_id),
    "Int": LeafRule("v.__class__ is int and -2147483648 <= v < 2147483648", as_int),
    "Float": LeafRule("v.__class__ is float", as_float),
    "Boolean": LeafRule("v.__class__ is bool", as_boolean),
}


def leaf_rule(named: GraphQLNamedType) -> LeafRule:
    """The rule of a scalar or enum; hidden enum values are no values."""
    if isinstance(named, GraphQLEnumType):
        values = frozenset(named.values)

        def as_enum(value: Any) -> str | None:
            return value if value.__class__ is str and value in values else None

        return LeafRule("v.__class__ is str and v in {values}", as_enum, values)
    return _BUILT_IN.get(named.name, LeafRule("v is not None", as_any))
