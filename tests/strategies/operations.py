"""Random valid operations on a schema: aliases, fragments, conditions, `__typename` everywhere.

Response keys are unique within a selection set except where a field is repeated on purpose with
the same alias, so that every drawn operation is valid or is thrown away cheaply.
"""

from typing import Any

from graphql import (
    GraphQLField,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
)
from hypothesis import strategies as st

CONDITIONS = ("", "", "", "", " @include(if: $yes)", " @skip(if: $no)", " @include(if: $no)")
"""Directives that a selection may carry; `$yes` is true and `$no` is false, or the reverse."""


@st.composite
def operations(draw: st.DrawFn, schema: GraphQLSchema, max_depth: int = 4) -> str:
    """The text of a query with the variables `$yes` and `$no`."""
    query = schema.query_type
    assert query is not None
    body = draw(selection_sets(schema, query, max_depth))
    used = [name for name in ("yes", "no") if f"${name}" in body]
    head = ", ".join(f"${name}: Boolean!" for name in used)
    return f"query {f'({head}) ' if head else ''}{body}"


@st.composite
def selection_sets(draw: st.DrawFn, schema: GraphQLSchema, parent: Any, depth: int) -> str:
    """A selection set on a composite type."""
    parts: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        kinds = ["field", "field", "field", "typename"]
        if depth > 0:
            kinds.append("fragment")
        kind = draw(st.sampled_from(kinds))
        if kind == "typename":
            alias = draw(st.sampled_from(("", "", "kind: ")))
            parts.append(f"{alias}__typename{draw(st.sampled_from(CONDITIONS))}")
        elif kind == "fragment":
            narrowed = draw(st.sampled_from(_overlapping(schema, parent)))
            inner = draw(selection_sets(schema, schema.get_type(narrowed), depth - 1))
            parts.append(f"... on {narrowed}{draw(st.sampled_from(CONDITIONS))} {inner}")
        else:
            field = draw(_fields(schema, parent, depth))
            parts.append(field)
    return "{ " + " ".join(parts) + " }"


@st.composite
def _fields(draw: st.DrawFn, schema: GraphQLSchema, parent: Any, depth: int) -> str:
    usable = [
        name
        for name, field in getattr(parent, "fields", {}).items()
        if _is_usable(field) and (depth > 0 or not is_composite_type(get_named_type(field.type)))
    ]
    if not usable:
        return "__typename"
    name = draw(st.sampled_from(usable))
    # Aliases that collide with other fields' names are the interesting ones.
    alias = draw(st.sampled_from(("", "", "", "id: ", f"a_{name}: ", "x: ")))
    condition = draw(st.sampled_from(CONDITIONS))
    named = get_named_type(parent.fields[name].type)
    body = ""
    if is_composite_type(named):
        body = " " + draw(selection_sets(schema, named, depth - 1))
    return f"{alias}{name}{condition}{body}"


def _is_usable(field: GraphQLField) -> bool:
    return not any(is_required_argument(argument) for argument in field.args.values())


def _overlapping(schema: GraphQLSchema, parent: Any) -> list[str]:
    mine = {one.name for one in _possible(schema, parent)}
    return [
        name
        for name, named in sorted(schema.type_map.items())
        if is_composite_type(named)
        and not name.startswith("__")
        and mine & {one.name for one in _possible(schema, named)}
    ]


def _possible(schema: GraphQLSchema, named: Any) -> list[Any]:
    if isinstance(named, GraphQLNonNull):  # pragma: no cover  named types only
        return []
    return list(schema.get_possible_types(named)) if is_abstract_type(named) else [named]
