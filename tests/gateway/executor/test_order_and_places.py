"""Keys stand in the order of the document as its conditions make it; errors name its fields.

GraphQL specification (September 2025) 6.3.2 CollectFields, 7.1.1 Data, 7.1.2 Errors.  Both are
compared with graphql-core, which executes the same operations over one schema.
"""

from itertools import product
from typing import Any

import pytest
from graphql import build_schema, execute_sync, parse

from gateway.executor import locate
from gateway.planner.normalize import normalizer
from gateway.supergraph import load_supergraph
from tests.gateway.executor.engine_runs import Scripted, run
from tests.gateway.supergraph.test_load import HEAD

BODY = """
type Query JOINED { q: Query i: I u: [U] a: Int b: Int c: Int n: Int! list: [Int!] }
type Mutation JOINED { a: Int b: Int c: Int m: Mutation }
interface I JOINED { a: Int b: Int }
type A implements I JOINED { a: Int b: Int i: I }
type B implements I JOINED { a: Int b: Int i: I }
union U JOINED = A | B
"""
JOIN = "@join__type(graph: A)"
IMPLEMENTS = '@join__implements(graph: A, interface: "I")'
SUPERGRAPH = load_supergraph(
    HEAD.replace("LINKS", "").replace("query: Query", "query: Query mutation: Mutation")
    + BODY.replace("I JOINED {", f"I JOINED {IMPLEMENTS} {{")
    .replace(f"interface I JOINED {IMPLEMENTS}", "interface I JOINED")
    .replace("JOINED", "@join__type(graph: A)")
)
SCHEMA = build_schema(BODY.replace("JOINED", ""))
LAX = build_schema(
    "scalar Any "
    + BODY.replace("JOINED", "")
    .replace("[Int!]", "Any")
    .replace("Int!", "Any")
    .replace("Int", "Any")
)


def document(kind: str, selected: str) -> str:
    """An operation with the variables that it uses."""
    names = [f"${name}: Boolean!" for name in "xy" if f"${name}" in selected]
    head = f"{kind} ({', '.join(names)}) " if names else f"{kind} "
    return head + selected.replace("KIND", kind.capitalize())


WORLD: dict[str, Any] = {"a": 1, "b": 2, "c": 3, "n": 4, "list": [1, 2]}
WORLD["q"] = dict(WORLD, q=dict(WORLD))
WORLD["i"] = {"__typename": "B", "a": 5, "b": 6, "i": {"__typename": "A", "a": 1, "b": 2}}
WORLD["u"] = [{"__typename": "A", "a": 7, "b": 8}, {"__typename": "B", "a": 9, "b": 10}]
WORLD["m"] = dict(WORLD)


def reference(source: str, world: dict[str, Any], variables: dict[str, Any]) -> Any:
    return execute_sync(SCHEMA, parse(source), world, variable_values=variables)


async def answer(source: str, world: dict[str, Any], variables: dict[str, Any]) -> Any:
    """What the gateway makes of a subgraph that answers this world, right or wrong."""

    def reply(request: dict[str, Any]) -> Any:
        text, given = request["query"], request.get("variables")
        done = execute_sync(LAX, parse(text), world, variable_values=given)
        assert not done.errors
        return {"data": done.data}

    return (await run(SUPERGRAPH, source, {"a": Scripted(reply)}, variables=variables)).projected


ORDERS = [
    "{ a @include(if: $x) b a }",
    "{ a @include(if: $x) b @include(if: $y) a c b }",
    "{ ... @include(if: $x) { a b } b c a }",
    "{ ...F @skip(if: $x) b ...F } fragment F on KIND { a c }",
    "{ a @include(if: $x) b a @include(if: $y) c @skip(if: $x) }",
    "{ x: a @include(if: $x) b x: a @skip(if: $x) }",
    "{ b a c }",
]
NESTED = [
    "{ q { a @include(if: $x) b a } q { c } }",
    "{ q @include(if: $x) { a } b q { b a } }",
    "{ i { a @include(if: $x) ... on B { b a } ... on A { a b } } }",
    "{ u { ... on A { a @skip(if: $y) b a } ... on B { b @skip(if: $x) a b } } }",
]
DOCUMENTS = [
    *(document("query", one) for one in ORDERS + NESTED),
    *(document("mutation", one) for one in ORDERS),
]


async def ordered_alike(source: str) -> None:
    for x, y in product((False, True), repeat=2):
        variables = {"x": x, "y": y}
        expected = reference(source, WORLD, variables)
        found = await answer(source, WORLD, variables)
        assert found.errors == []
        assert str(found.data) == str(expected.data), variables


@pytest.mark.parametrize("source", DOCUMENTS)
async def test_keys_stand_in_the_order_of_the_document(source: str) -> None:
    await ordered_alike(source)


ALIKE = ("{ b a c }", "x: a", "{ q @include", "{ i {")
"""Documents whose order no condition changes."""


@pytest.mark.parametrize("source", [d for d in DOCUMENTS if all(one not in d for one in ALIKE)])
async def test_without_the_order_keys_would_stand_elsewhere(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: the first place in the document counts, included or not."""
    monkeypatch.setattr(normalizer, "_order", lambda _: ())
    with pytest.raises(AssertionError):
        await ordered_alike(source)


BROKEN: dict[str, Any] = {"list": [1, None], "n": None}
BROKEN["q"] = {"n": None, "list": [None], "q": {"n": None}}
BROKEN["i"] = {"__typename": "B", "a": "text", "b": 1, "i": {"__typename": "A", "a": "text"}}
BROKEN["u"] = [{"__typename": "A", "a": "text"}, {"__typename": "B", "a": "text"}]
PLACES = [
    "{ q { n } q { b n } }",
    "{ ...F ...F @include(if: $x) q { ... @skip(if: $y) { n } } } fragment F on Query { q { n } }",
    "{ q @include(if: $x) { n } q @include(if: $y) { n } c }",
    "{ ...F @include(if: $x) ...F @include(if: $y) c } fragment F on Query { q { n } }",
    "{ i { ... on A { a } ... on B { a } } }",
    "{ i { a ... on A { a i { a } } ... on B { a i { ... on B { a } ... on A { a } } } } }",
    "{ u { ... on B { a } ... on A { a } } }",
    "{ list q { list @skip(if: $x) ... @include(if: $y) { list } list } }",
    "{ n @include(if: $x) n @include(if: $y) a }",
    "{ i { ... @include(if: $x) { a } ... @skip(if: $x) { a } } }",
]


async def placed_alike(source: str) -> None:
    source = document("query", source)
    for x, y in product((False, True), repeat=2):
        variables = {"x": x, "y": y}
        expected = reference(source, BROKEN, variables)
        mine = {
            (*one["path"],): sorted((at["line"], at["column"]) for at in one["locations"])
            for one in (await answer(source, BROKEN, variables)).errors
        }
        theirs = {
            (*one.path,): sorted({(at.line, at.column) for at in one.locations})
            for one in expected.errors or []
        }
        assert mine == theirs, variables


@pytest.mark.parametrize("source", PLACES)
async def test_an_error_names_the_fields_that_were_selected(source: str) -> None:
    await placed_alike(source)


@pytest.mark.parametrize("source", [PLACES[number] for number in (2, 4, 6, 9)])
async def test_without_types_and_conditions_it_would_name_others(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: every place counts, of whatever type and under whatever conditions."""
    real = locate.Locator.of

    def careless(self: locate.Locator, steps: tuple[locate.Step, ...]) -> Any:
        monkeypatch.setattr(locate, "holds", lambda *_: True)
        return real(self, tuple((None, key) for _, key in steps))

    monkeypatch.setattr(locate.Locator, "of", careless)
    with pytest.raises(AssertionError):
        await placed_alike(source)
