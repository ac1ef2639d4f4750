"""The limits, with their units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """What one request may ask for.

    Attributes:
        body_bytes: size of the request body.
        tokens: lexical tokens of the document.
        depth: levels of nested selections, fragments expanded.
        value_depth: levels of lists and objects in a literal value or a variable's type.
        brackets: levels of brackets of any kind, as written.
        aliases: aliased fields as written.
        directives: directives as written.
        root_fields: root selections, fragments expanded.
        expanded_selections: fields once every fragment is expanded.
        concrete_selections: the same with interfaces and unions expanded to object types.
        introspected_values: values that an answer about the schema may have by estimate
            (`gateway.limits.introspection`); the query that tools send needs 120,000.
        cost: objects that the answer may have by estimate (`gateway.limits.cost`).
        page: rows of one page.
        assumed_list: size of a list that nothing says the size of.
        request_seconds: time to answer.
    """

    body_bytes: int = 65_536
    tokens: int = 2_000
    depth: int = 14
    value_depth: int = 16
    brackets: int = 64
    aliases: int = 30
    directives: int = 20
    root_fields: int = 10
    expanded_selections: int = 2_000
    concrete_selections: int = 10_000
    introspected_values: int = 180_000
    cost: int = 10_000
    page: int = 100
    assumed_list: int = 5
    request_seconds: float = 5.0


UNLIMITED = Budget(
    body_bytes=64 * 1024 * 1024,
    tokens=10_000_000,
    depth=10_000,
    value_depth=10_000,
    brackets=10_000,
    aliases=10_000_000,
    directives=10_000_000,
    root_fields=10_000_000,
    expanded_selections=10_000_000,
    concrete_selections=10_000_000,
    introspected_values=10**18,
    cost=10**18,
    page=2**31,
    request_seconds=60.0,
)
"""For benchmarks and conformance runs only."""
