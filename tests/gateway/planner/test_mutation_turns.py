"""Root fields of a mutation take effect in the order of their first occurrence that is included."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import orjson
import pytest

from gateway.executor import ExecutionContext, PermitAll, compile_plan, fetch_all, project
from gateway.planner import (
    OperationError,
    PlanningError,
    coerce_variables,
    normalize,
    parse_operation,
    plan,
    planner,
)
from gateway.planner.merge import share_requests
from gateway.planner.mutation_turns import MAX_TURNS
from gateway.planner.selection import holds
from infra.http_client import HttpResponse
from tests.conformance.random_federation.check import Case, examine
from tests.conformance.random_federation.model import Federation, Field, Key, Subgraph, TypeDef
from tests.conformance.random_federation.random_operations import Request
from tests.conformance.random_federation.random_world import make_world


def _case() -> Case:
    """`open` and `close` in subgraph a, `mark` in b, all give a Ticket; `b` has its title."""
    ticket = TypeDef("Ticket", "object", [Key("id")], {"id": Field("id", "ID!")})
    titled = replace(ticket, fields={**ticket.fields, "title": Field("title", "String")})
    query = TypeDef("Query", "object", fields={"ready": Field("ready", "Boolean")})
    a = Subgraph("a", {"Ticket": ticket, "Mutation": _mutation("open", "close"), "Query": query})
    b = Subgraph("b", {"Ticket": titled, "Mutation": _mutation("mark")})
    federation = Federation([a, b])
    return Case(federation, make_world(federation, 1, has_faults=False))


def _mutation(*names: str) -> TypeDef:
    return TypeDef("Mutation", "object", fields={name: Field(name, "Ticket!") for name in names})


CASE = _case()

FRAGMENT = "fragment F on Mutation { open { id } mark { title } }"
SOURCES = [
    "{ open @include(if: $x) { id } close { id } open { id } }",
    "{ open @include(if: $x) { id } mark { id } open { id } }",
    "{ open @include(if: $x) { id } mark { id } open { id } close { id } }",
    "{ open @include(if: $x) { title } mark { id } open { id title } }",
    "{ open @skip(if: $x) { id } mark { id } open @include(if: $y) { title } close { id } }",
    "{ open @include(if: $x) @skip(if: $y) { id } close { title } open { title } mark { id } }",
    "{ open @include(if: $x) { id } close @include(if: $y) { id } open { id } close { title } }",
    "{ ...F @include(if: $x) close { id } ...F @include(if: $y) open { title } } " + FRAGMENT,
    "{ open @include(if: $x) { title @include(if: $x) } mark { id } open { title @skip(if: $x) } }",
]


def _request(source: str, **values: bool) -> Request:
    head = ", ".join(f"${name}: Boolean!" for name in values)
    return Request(f"mutation ({head}) {source}", None, dict(values))


def _used(source: str, values: dict[str, bool]) -> dict[str, bool]:
    return {name: value for name, value in values.items() if f"${name}" in source}


def _problems(source: str) -> list[Any]:
    requests = [
        _request(source, **_used(source, {"x": x, "y": y}))
        for x, y in product((True, False), repeat=2)
    ]
    return [(one, found) for one in requests if (found := examine(CASE, one).problems)]


@pytest.mark.parametrize("source", SOURCES)
def test_effects_have_the_order_of_the_specification(source: str) -> None:
    assert _problems(source) == []


@pytest.mark.parametrize("source", SOURCES)
def test_without_turns_effects_would_have_another_order(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: each field once, at its first place."""
    monkeypatch.setattr(planner, "in_turns", lambda operation: operation.root)
    assert any("effects differ" in found[0] for _, found in _problems(source))


@pytest.mark.parametrize(
    "source",
    [
        "{ open { id } close { id } open @include(if: $x) { id } }",
        "{ open @include(if: $x) { id } open { id } close { id } }",
        "{ open @include(if: $x) { id } close { id } open @include(if: $x) { id } }",
    ],
)
def test_a_field_with_one_possible_place_is_asked_once(source: str) -> None:
    outcome = examine(CASE, _request(source, x=True))
    assert outcome.problems == []
    assert outcome.plan is not None
    assert [node.text.count("open") for node in outcome.plan.nodes] == [1]


OPEN = "fragment O on Mutation { open { title } }"
READS = [
    "{ open @include(if: $x) { title } mark { id } open { title } }",
    "{ open @include(if: $x) { id } mark { id } open { title } }",
    "{ open @include(if: $x) { id } ...F @skip(if: $y) mark { id } open { title } } " + FRAGMENT,
    "{ open @skip(if: $x) { title } mark { id } open @include(if: $y) { title } close { title } }",
    "{ open @include(if: $x) { title } mark { title } ...O @include(if: $y) close { id } ...O } "
    + OPEN,
]


class _Tickets:
    """Subgraphs with a state: `mark` changes the title that is read from then on."""

    def __init__(self) -> None:
        self.title = "before"
        self.reads: list[str] = []

    async def post(
        self, body: bytes, headers: Mapping[str, str], **_options: object
    ) -> HttpResponse:
        request = orjson.loads(body)
        if "_entities" in request["query"]:
            self.reads.append(self.title)
            entities = [{"title": self.title} for _ in request["variables"]["_r0"]]
            return _answer({"_entities": entities})
        if "mark" in request["query"]:
            self.title = "after"
            return _answer({"mark": {"id": "1", "title": "after"}})
        names = [name for name in ("open", "close") if name in request["query"]]
        return _answer({name: {"id": "1"} for name in names})


def _answer(data: dict[str, Any]) -> HttpResponse:
    return HttpResponse(200, {}, orjson.dumps({"data": data}))


def _told(source: str, values: dict[str, bool]) -> tuple[dict[str, Any], list[str]]:
    """Data, and the titles that were read, of tickets with a state."""
    supergraph, request = CASE.supergraph, _request(source, **values)
    operation = parse_operation(request.source, None, supergraph)
    coerced, normalized = coerce_variables(operation, request.variables), normalize(operation)
    compiled = compile_plan(plan(normalized, supergraph), normalized, supergraph)
    tickets, gate = _Tickets(), PermitAll()
    context = ExecutionContext(transports=dict.fromkeys("ab", tickets))
    answers = asyncio.run(fetch_all(compiled, coerced, context, gate))
    projected = project(compiled, answers, coerced, gate)
    assert projected.errors == []
    return projected.data or {}, tickets.reads


def _all_are_read_in_their_turn(source: str) -> None:
    """What stands before `mark` in the answer, where `mark` stands at its first place, is old."""
    for x, y in product((True, False), repeat=2):
        data, reads = _told(source, _used(source, {"x": x, "y": y}))
        expected = _expected(source, {"x": x, "y": y})
        found = {key: one["title"] for key, one in data.items() if "title" in one}
        assert found == {key: expected[key] for key in found}, (source, x, y)
        assert len(reads) == len(found.keys() - {"mark"}), (source, x, y)


def _expected(source: str, values: dict[str, bool]) -> dict[str, str]:
    """The title of each root field by the order in which fields are first included."""
    operation = parse_operation(
        _request(source, **_used(source, values)).source, None, CASE.supergraph
    )
    turns = normalize(operation).root.order
    title, titles = "before", dict[str, str]()
    for key, conditions in turns:
        if key not in titles and holds(conditions, values):
            title = "after" if key == "mark" else title
            titles[key] = title
    return titles


@pytest.mark.parametrize("source", READS)
def test_what_follows_a_field_is_read_once_and_in_its_turn(source: str) -> None:
    _all_are_read_in_their_turn(source)


@pytest.mark.parametrize("source", READS[:2])
def test_reads_that_follow_every_turn_would_be_noticed(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: entity fetches do not know to which turn they belong."""
    monkeypatch.setattr(share_requests, "both_of", lambda conditions, _turn: conditions)
    with pytest.raises(AssertionError):
        _all_are_read_in_their_turn(source)


def _planned(source: str, names: list[str]) -> None:
    request = _request(source, **dict.fromkeys(names, True))
    operation = parse_operation(request.source, None, CASE.supergraph)
    plan(normalize(operation), CASE.supergraph)


def test_an_order_that_depends_on_too_much_is_refused() -> None:
    pairs = [(f"a{number}", f"b{number}") for number in range(12)]
    source = "".join(
        f"t{number}: close {{ id }} open @include(if: ${a}) @skip(if: ${b}) {{ id }} "
        for number, (a, b) in enumerate(pairs)
    )
    with pytest.raises(PlanningError, match="too many conditions"):
        _planned(f"{{ {source} }}", [name for pair in pairs for name in pair])


def test_more_turns_than_are_planned_are_refused() -> None:
    names = [f"a{number}" for number in range(MAX_TURNS + 2)]
    source = "".join(
        f"t{number}: close {{ id }} open @include(if: ${name}) {{ id }} "
        for number, name in enumerate(names)
    )
    with pytest.raises(OperationError, match="OPERATION_TOO_LARGE"):
        _planned(f"{{ {source} }}", names)
