"""A field that was asked for and is not in the answer has an error; null has none."""

from typing import Any

import pytest

from gateway.executor import compile_shapes
from tests.gateway.executor.engine_runs import Run, Scripted, run
from tests.gateway.supergraph.test_load import load

SUPERGRAPH = load("""
type Query @join__type(graph: A) @join__type(graph: B) {
  t: T @join__field(graph: A)
  all: [T] @join__field(graph: A)
  any: [N] @join__field(graph: A)
  n: Int @join__field(graph: A)
  other: Int @join__field(graph: B)
}
interface N @join__type(graph: A) { id: ID! }
type T implements N @join__type(graph: A, key: "id") @join__type(graph: B, key: "id")
  @join__implements(graph: A, interface: "N") {
  id: ID!
  a: Int @join__field(graph: A)
  b: Int @join__field(graph: B)
  need: Int @join__field(graph: A) @join__field(graph: B, external: true)
  made: Int @join__field(graph: B, requires: "need")
  must: Int! @join__field(graph: A)
}
type S implements N @join__type(graph: A) @join__implements(graph: A, interface: "N") {
  id: ID! s: Int
}
""")
LACKING = "INTERNAL_SUBGRAPH_FAILURE"


async def asked(source: str, a: Any, b: Any = None, variables: dict[str, Any] | None = None) -> Run:
    transports = {
        "a": Scripted(lambda _: a),
        "b": Scripted(lambda _: {"data": {"_entities": b}}),
    }
    return await run(SUPERGRAPH, source, transports, variables=variables)


async def of_a(source: str, data: Any, variables: dict[str, Any] | None = None) -> Run:
    return await asked(source, {"data": data}, variables=variables)


CASES: list[tuple[str, Any, Any, list[Any]]] = [
    ("{ n }", {}, {"n": None}, [["n"]]),
    ("{ n }", {"n": None}, {"n": None}, []),
    ("{ t { a } n }", {"t": {"a": 1}}, {"t": {"a": 1}, "n": None}, [["n"]]),
    ("{ t { a } }", {"t": {}}, {"t": {"a": None}}, [["t", "a"]]),
    ("{ t { a } }", {"t": None}, {"t": None}, []),
    ("{ t { must } }", {"t": {}}, {"t": None}, [["t", "must"]]),
    ("{ x: t { y: a } }", {"x": {}}, {"x": {"y": None}}, [["x", "y"]]),
    # one error for each field of the operation, not for each row
    (
        "{ all { a need } }",
        {"all": [{"a": 1}, {"need": 2}, {}, None, {"a": 3, "need": 4}]},
        {"all": [
            {"a": 1, "need": None}, {"a": None, "need": 2}, {"a": None, "need": None}, None,
            {"a": 3, "need": 4},
        ]},
        [["all", 0, "need"], ["all", 1, "a"]],
    ),
    (
        "{ any { id ... on T { a } ... on S { s } } }",
        {"any": [{"__typename": "T", "id": "1"}, {"__typename": "S", "id": "2", "s": 3}]},
        {"any": [{"id": "1", "a": None}, {"id": "2", "s": 3}]},
        [["any", 0, "a"]],
    ),
    (
        "{ any { id ... on T { a } } }",
        {"any": [{"__typename": "S", "id": "2"}]},
        {"any": [{"id": "2"}]},
        [],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("source", "data", "expected", "paths"), CASES)
async def test_what_an_answer_lacks_has_an_error(
    source: str, data: Any, expected: Any, paths: list[Any]
) -> None:
    found = await of_a(source, data)
    assert found.data == expected
    assert found.errors == [(LACKING, path) for path in paths]
    assert all(one["locations"] for one in found.projected.errors)


@pytest.mark.parametrize("number", [0, 3, 7, 8])
async def test_what_an_answer_lacks_would_pass_for_null(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: nobody notes what is missing."""
    monkeypatch.setattr(compile_shapes, "_note_missing", lambda *_: None)
    with pytest.raises(AssertionError):
        await test_what_an_answer_lacks_has_an_error(*CASES[number])


@pytest.mark.parametrize("x", [False, True])
async def test_what_conditions_exclude_is_not_missing(x: bool) -> None:
    source = "query ($x: Boolean!) { t { need a @include(if: $x) } n @skip(if: $x) }"
    data = {"t": {"need": 1, "a": 2}} if x else {"t": {"need": 1}, "n": 3}
    found = await of_a(source, data, {"x": x})
    assert (found.data, found.errors) == (data, [])
    bare = await of_a(source, {"t": {"need": 1}}, {"x": x})
    assert bare.errors == [(LACKING, ["t", "a"] if x else ["n"])]


async def test_an_entity_that_lacks_a_field_has_an_error_and_null_has_none() -> None:
    a = {"data": {"all": [{"__typename": "T", "id": "1"}, {"__typename": "T", "id": "2"}]}}
    found = await asked("{ all { b } }", a, [{}, {"b": 2}])
    assert found.data == {"all": [{"b": None}, {"b": 2}]}
    assert found.errors == [(LACKING, ["all", 0, "b"])]
    unknown = await asked("{ all { b } }", a, [None, {"b": 2}])
    assert (unknown.data, unknown.errors) == ({"all": [{"b": None}, {"b": 2}]}, [])


async def test_what_needs_a_missing_field_is_told_with_it() -> None:
    a = {"data": {"t": {"__typename": "T", "id": "1"}}}
    found = await asked("{ t { made } }", a, [{"made": 1}])
    assert found.data == {"t": {"made": None}}
    assert found.errors == [(LACKING, ["t", "made"])]


async def test_an_error_of_the_answer_explains_what_it_lacks() -> None:
    a = {"data": {"t": {}}, "errors": [{"message": "no", "path": ["t", "a"]}]}
    found = await asked("{ t { a } }", a)
    assert found.errors == [("SUBGRAPH_ERROR", ["t", "a"])]
