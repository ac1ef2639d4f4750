"""Numbers beyond 64 bits: an Int refuses them, other types take them, nothing is lost or fails.

GraphQL specification (September 2025) 3.5.1 Int, 3.5.2 Float, 3.5.5 ID.
"""

from typing import Any

import orjson
import pytest

from gateway.planner import OperationError, coerce_variables, operation, parse_operation
from tests.gateway.executor.engine_runs import Scripted, run
from tests.gateway.supergraph.test_load import load

SUPERGRAPH = load("""
scalar Big @join__type(graph: A)
input Box @join__type(graph: A) { big: Big int: Int }
type Query @join__type(graph: A) {
  take(int: Int, float: Float, id: ID, big: Big, bigs: [Big], box: Box): Int @join__field(graph: A)
}
""")
LONG = 2**70
HUGE = "9" * 400


async def sent(source: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the subgraph is sent."""
    transport = Scripted(lambda _: {"data": {"take": 1}})
    done = await run(SUPERGRAPH, source, {"a": transport}, variables=variables)
    assert done.data == {"take": 1}
    return transport.requests[0]


@pytest.mark.parametrize("digits", [str(2**31), str(LONG), f"-{LONG}", HUGE, "9" * 5_000])
@pytest.mark.parametrize(
    "source",
    [
        "{{ take(int: {}) }}",
        "{{ take(box: {{int: {}}}) }}",
        "query ($v: Int = {}) {{ take(int: $v) }}",
        "query ($v: Box = {{int: {}}}) {{ take(box: $v) }}",
    ],
)
def test_an_int_refuses_what_32_bits_do_not_hold(source: str, digits: str) -> None:
    with pytest.raises(OperationError) as refused:
        parse_operation(source.format(digits), None, SUPERGRAPH)
    assert refused.value.code == "GRAPHQL_VALIDATION_FAILED"
    assert refused.value.errors[0].locations


@pytest.mark.parametrize("value", [2**31, LONG, -LONG, 1e300])
def test_an_int_variable_refuses_what_32_bits_do_not_hold(value: float) -> None:
    parsed = parse_operation("query ($v: Int) { take(int: $v) }", None, SUPERGRAPH)
    with pytest.raises(OperationError) as refused:
        coerce_variables(parsed, {"v": value})
    assert refused.value.code == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("type_name", "argument", "expected"),
    [("Big", "big", LONG), ("[Big]", "bigs", [LONG]), ("ID", "id", str(LONG))],
)
async def test_long_integers_reach_the_subgraph_whole(
    type_name: str, argument: str, expected: Any
) -> None:
    default = f"query ($v: {type_name} = {LONG}) {{ take({argument}: $v) }}"
    assert (await sent(default))["variables"] == {"v": expected}
    given = f"query ($v: {type_name}) {{ take({argument}: $v) }}"
    assert (await sent(given, {"v": LONG}))["variables"] == {"v": expected}
    literal = f"{{ take({argument}: {LONG}) }}"
    assert str(LONG) in (await sent(literal))["query"]


async def test_a_long_integer_inside_an_input_object_is_kept() -> None:
    source = f"query ($v: Box = {{big: [{{x: {LONG}}}]}}) {{ take(box: $v) }}"
    assert (await sent(source))["variables"] == {"v": {"big": [{"x": LONG}]}}


async def test_a_float_takes_an_integer_of_any_length_that_is_finite() -> None:
    request = await sent(f"query ($v: Float = {LONG}) {{ take(float: $v) }}")
    assert request["variables"] == {"v": float(LONG)}


BEYOND = ["1e400", "-1e400", HUGE, "9" * 5_000, "1.5e+999"]
PLACES = [
    "{{ take(float: {}) }}",
    "{{ take(big: {}) }}",
    "query ($v: Float = {}) {{ take(float: $v) }}",
    "query ($v: Big = {}) {{ take(big: $v) }}",
    "query ($v: [Big] = [{}]) {{ take(bigs: $v) }}",
    "query ($v: Box = {{big: {}}}) {{ take(box: $v) }}",
]


@pytest.mark.parametrize("digits", BEYOND)
@pytest.mark.parametrize("source", PLACES)
def test_what_is_not_finite_is_refused(source: str, digits: str) -> None:
    with pytest.raises(OperationError) as refused:
        parse_operation(source.format(digits), None, SUPERGRAPH)
    assert refused.value.code == "GRAPHQL_VALIDATION_FAILED"


async def test_unchecked_it_would_reach_the_subgraph_as_null(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin: numbers of any size are let through."""
    monkeypatch.setattr(operation, "numbers_out_of_range", lambda *_: [])
    request = await sent("query ($v: Float = 1e400) { take(float: $v) }")
    assert request["variables"] == {"v": None}


async def test_text_that_looks_like_such_a_number_is_text() -> None:
    request = await sent(f'{{ take(id: "{HUGE}") }} # 1e400')
    assert HUGE in request["query"]
    assert orjson.dumps(request)
