"""Null for the `if` of `@skip` and `@include` is an error, never a silent false."""

from typing import Any

import pytest

from gateway.planner import OperationError, coerce_variables, operation, parse_operation
from tests.gateway.supergraph.test_load import load

SUPERGRAPH = load("type Query @join__type(graph: A) { q: Query a: Int b: Int }")
HEAD = "query ($x: Boolean = true, $y: Boolean = true) "


def coerced(source: str, variables: dict[str, Any]) -> dict[str, Any]:
    return coerce_variables(parse_operation(HEAD + source, None, SUPERGRAPH), variables)


SELECTED = [
    "{ a @include(if: $x) b }",
    "{ a @skip(if: $x) b }",
    "{ q { q { ... @skip(if: $x) { a } } } b }",
    "{ ...F } fragment F on Query { q { ...G } } fragment G on Query { a @include(if: $x) b }",
    "{ ...F @skip(if: $x) b } fragment F on Query { a }",
]


@pytest.mark.parametrize("source", SELECTED)
def test_null_is_refused_with_the_place(source: str) -> None:
    source = source.replace("b", "b @skip(if: $y)", 1)
    with pytest.raises(OperationError) as refused:
        coerced(source, {"x": None})
    assert refused.value.code == "BAD_USER_INPUT"
    (error,) = refused.value.errors
    assert "'$x'" in error.message
    (place,) = error.locations or []
    assert (HEAD + source)[place.column - 1 :].startswith("if: $x")


@pytest.mark.parametrize("source", SELECTED)
def test_null_would_be_taken_for_false(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted twin: nobody looks for null."""
    monkeypatch.setattr(operation, "null_conditions", lambda *_: [])
    with pytest.raises(pytest.fail.Exception):
        test_null_is_refused_with_the_place(source)


def test_each_variable_is_told_once_with_all_its_places() -> None:
    with pytest.raises(OperationError) as refused:
        coerced("{ a @skip(if: $x) @include(if: $y) b @skip(if: $x) }", {"x": None, "y": None})
    assert [len(one.locations or []) for one in refused.value.errors] == [2, 1]


@pytest.mark.parametrize("variables", [{}, {"x": False, "y": True}])
def test_defaults_and_truth_values_are_taken(variables: dict[str, Any]) -> None:
    found = coerced("{ a @skip(if: $x) b @include(if: $y) }", variables)
    assert found == {"x": True, "y": True} | variables


def test_null_elsewhere_is_null() -> None:
    graph = load("type Query @join__type(graph: A) { a(is: Boolean): Int @join__field(graph: A) }")
    parsed = parse_operation("query ($x: Boolean) { a(is: $x) }", None, graph)
    assert coerce_variables(parsed, {"x": None}) == {"x": None}
