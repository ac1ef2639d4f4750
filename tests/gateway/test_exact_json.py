"""Integers stay what they are on every way through: literal, variable, subgraph, key, answer."""

import json
from typing import Any

import orjson
import pytest

from gateway import exact_json
from gateway.exact_json import read_json, write_json
from gateway.executor import answer
from gateway.planner import print_operation
from gateway.supergraph import load_supergraph
from tests.gateway.executor.engine_runs import Scripted, run

BEYOND = (2**64, -(2**63) - 1, 10**40, -(10**300))

SUPERGRAPH = load_supergraph(
    """
    schema @link(url: "https://specs.apollo.dev/link/v1.0")
      @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
    directive @link(url: String, as: String, for: link__Purpose, import: [String])
      repeatable on SCHEMA
    directive @join__graph(name: String!, url: String!) on ENUM_VALUE
    directive @join__type(graph: join__Graph!, key: String, extension: Boolean! = false,
      resolvable: Boolean! = true, isInterfaceObject: Boolean! = false)
      repeatable on OBJECT | SCALAR
    directive @join__field(graph: join__Graph, requires: String, provides: String, type: String,
      external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION
    enum link__Purpose { EXECUTION SECURITY }
    enum join__Graph {
      A @join__graph(name: "a", url: "http://a.test")
      B @join__graph(name: "b", url: "http://b.test")
    }
    scalar Big @join__type(graph: A) @join__type(graph: B)
    type Query @join__type(graph: A) @join__type(graph: B) {
      coin(at: Big, id: ID): Coin @join__field(graph: A)
      note: Note @join__field(graph: A)
    }
    type Note @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
      id: ID!
      text: String @join__field(graph: B)
    }
    type Coin @join__type(graph: A, key: "serial") @join__type(graph: B, key: "serial") {
      serial: Big
      id: ID @join__field(graph: A)
      ratio: Float @join__field(graph: A)
      count: Int @join__field(graph: A)
      weight: Big @join__field(graph: B)
    }
    """
)


@pytest.mark.parametrize("number", BEYOND)
def test_an_integer_of_any_length_is_read_and_written_exactly(number: int) -> None:
    text = b'{"a":[%d,{"b":%d}]}' % (number, number)
    assert read_json(text) == {"a": [number, {"b": number}]}
    assert write_json(read_json(text)) == text


@pytest.mark.parametrize("number", [0, -1, 2**64 - 1, -(2**63), 1.5, 1e22, 0.1234567890123456789])
def test_what_fits_is_read_as_before(number: float) -> None:
    text = json.dumps([number, "12345678901234567890123"]).encode()
    read = read_json(text)
    assert read == orjson.loads(text)
    assert [type(one) for one in read] == [type(number), str]


def test_a_long_run_is_seen_wherever_it_stands() -> None:
    for before in range(40):
        for digits in (18, 19, 20, 41):
            text = b" " * before + b"1" * digits + b" " * 30
            assert exact_json._has_long_number(text) is (digits >= 19), (before, digits)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"NaN", b"[1" + b"0" * 400 + b"]", b'["\xff"]', b"1e999"]
)
def test_what_is_no_json_or_beyond_all_numbers_is_refused(text: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        read_json(text)


def test_long_numbers_under_a_thousand_brackets_are_refused_and_no_crash() -> None:
    with pytest.raises(orjson.JSONDecodeError):
        read_json(b"[" * 1020 + b"1" * 30 + b"]" * 1020)


@pytest.mark.parametrize("value", [{1, 2}, {"a": object(), "b": 2**70}, [float("nan"), 2**70]])
def test_what_is_no_json_is_not_written(value: Any) -> None:
    with pytest.raises(orjson.JSONEncodeError):
        write_json(value)


async def _coin() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A coin whose numbers are long, and what both subgraphs were asked."""
    serial, weight = 2**64 + 1, 10**30 + 7
    a = Scripted(lambda _: {"data": {"coin": {"serial": serial, "ratio": serial, "id": serial}}})
    b = Scripted(lambda _: {"data": {"_entities": [{"weight": {"mg": [weight]}}]}})
    seen: list[dict[str, Any]] = []
    found = await run(
        SUPERGRAPH,
        "query ($at: Big, $id: ID) { coin(at: $at, id: $id) { serial ratio id weight } }",
        {"a": _Exact(a, seen), "b": _Exact(b, seen)},
        variables={"at": [2**65], "id": 2**66},
    )
    assert found.errors == []
    return found.data, seen


class _Exact:
    """Reads requests as the standard library does, which loses nothing."""

    def __init__(self, scripted: Scripted, seen: list[dict[str, Any]]) -> None:
        self._scripted, self._seen = scripted, seen

    async def post(self, body: bytes, *given: Any, **more: Any) -> Any:
        self._seen.append(json.loads(body)["variables"])
        return await self._scripted.post(body, *given, **more)


async def test_long_numbers_go_through_variables_keys_and_answers_unchanged() -> None:
    data, (first, second) = await _coin()
    assert first == {"at": [2**65], "id": str(2**66)}
    assert second == {"_r0": [{"__typename": "Coin", "serial": 2**64 + 1}]}
    assert data["coin"]["serial"] == 2**64 + 1
    assert data["coin"]["id"] == str(2**64 + 1)
    assert data["coin"]["weight"] == {"mg": [10**30 + 7]}
    assert write_json(data).count(b"%d" % (2**64 + 1)) >= 2


@pytest.mark.parametrize("number", [2**64 + 1, 2**53 + 1, -(10**40)])
@pytest.mark.parametrize("selected", ["text", "id text"])
async def test_an_id_that_is_a_long_number_is_sent_as_it_came(number: int, selected: str) -> None:
    seen: list[dict[str, Any]] = []
    a = Scripted(lambda _: {"data": {"note": {"id": number}}})
    b = Scripted(lambda _: {"data": {"_entities": [{"text": "there"}]}})
    source = f"{{ note {{ {selected} }} }}"
    found = await run(SUPERGRAPH, source, {"a": a, "b": _Exact(b, seen)})
    assert seen == [{"_r0": [{"__typename": "Note", "id": number}]}]
    assert found.errors == []
    expected = {"id": str(number), "text": "there"}
    assert found.data["note"] == {key: expected[key] for key in selected.split()}


@pytest.mark.parametrize("selected", ["text", "id text"])
async def test_an_id_that_is_taken_for_a_bounded_number_would_be_noticed(
    selected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = print_operation._BOUNDED | {"ID"}
    monkeypatch.setattr(print_operation, "_BOUNDED", planted)
    with pytest.raises(AssertionError):
        await test_an_id_that_is_a_long_number_is_sent_as_it_came(2**64 + 1, selected)


async def test_numbers_read_as_floats_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "read_json", orjson.loads)
    with pytest.raises(AssertionError):
        await test_long_numbers_go_through_variables_keys_and_answers_unchanged()


def test_a_check_that_looks_for_longer_runs_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exact_json, "_LONG", 20)
    with pytest.raises(AssertionError):
        test_an_integer_of_any_length_is_read_and_written_exactly(-(2**63) - 1)
