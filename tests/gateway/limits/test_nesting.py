"""Deep documents are refused before they are read, and none that is not too deep."""

import random

import pytest
from graphql import get_introspection_query, parse

from gateway import prepare
from gateway.errors import RequestRefusedError
from gateway.limits import nesting
from gateway.limits.budget import Budget
from gateway.limits.nesting import check_nesting
from gateway.limits.shape import check_shapes
from tests.gateway.test_prepare import _preparer

LIMIT = 5


def _budget(depth: int = LIMIT) -> Budget:
    return Budget(depth=depth)


SURE = [
    "{" + "a {" * 5 + "b" + "}" * 6,
    '{ a(x: "{", y: {z: {z: 1}}) { b { c { d { e { f } } } } } }',
    "fragment F on Q { a { b { c { d { e { f } } } } } } { ...F }",
    "{ ... on Q { a { b { c { d { e { f } } } } } } }",
]
NOT_SURE = [
    "{" + "a {" * 4 + "b" + "}" * 5,
    "{ a(x: {y: {z: {z: {z: {z: {z: 1}}}}}}) }",
    '{ a(x: "{{{{{{{{{{{") b(y: """ { { { { { { { """) } # {{{{{{{',
    "{ " + "... on Q { " * 9 + "a" + " }" * 10,
    "{ __type { " + "ofType { " * 9 + "name" + " }" * 11,
    "{ ...F a { b } ...F c { d } }",
    get_introspection_query(),
]


@pytest.mark.parametrize("source", SURE)
def test_what_is_surely_too_deep_is_refused_unread(source: str) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        check_nesting(source, _budget())
    assert refused.value.code == "DEPTH_LIMIT"


@pytest.mark.parametrize("source", NOT_SURE)
def test_what_may_not_be_too_deep_is_read(source: str) -> None:
    check_nesting(source, _budget(13 if "Introspection" in source else LIMIT))


VALUE, MOST = Budget().value_depth, Budget().brackets
DEEP = {
    "object": "{ a(x: " + "{x:" * (VALUE + 1) + "1" + "}" * (VALUE + 1) + ") }",
    "list": "{ a(x: " + "[" * (VALUE + 1) + "]" * (VALUE + 1) + ") }",
    "mixed": "{ a(x: " + "[{x:" * VALUE + "1" + "}]" * VALUE + ") }",
    "type": "query($x: " + "[" * (VALUE + 1) + "Int" + "]" * (VALUE + 1) + ") { a }",
    "default": "query($x: I = " + "{x:" * (VALUE + 1) + "1" + "}" * (VALUE + 1) + ") { a }",
    "directive": "{ a @include(if: " + "[" * (VALUE + 1) + "]" * (VALUE + 1) + ") }",
    "unclosed": "{ a(x: " + "{x:" * 400,
    "parentheses": "{ a" + "(" * (MOST + 1),
    "fragments": "{" + "... {" * MOST + "a" + "}" * (MOST + 1),
    "definition": "input I { a: I = " + "{a:" * MOST + "1" + "}" * (MOST + 1),
}
"""What takes the parser one call deeper with each bracket, and is no selection of a field."""
NOT_DEEP = {
    "values": "{ a(x: " + "{x:" * VALUE + "1" + "}" * VALUE + ") }",
    "one after the other": "{ a(x: [" + "{x: [1]} " * 60 + "]) b(y: [[1]]) }",
    "fragments": "{" + "... {" * (MOST - 1) + "a" + "}" * MOST,
    "in a text": '{ a(x: "' + "[" * 200 + '") b }',
}


@pytest.mark.parametrize("name", DEEP)
def test_what_nests_without_being_a_level_is_refused_unread(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted work, not time: the parser is not called."""
    monkeypatch.setattr(prepare, "parse_operation", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(RequestRefusedError) as refused:
        _preparer().parse(DEEP[name], None, "c")
    assert refused.value.code == "DEPTH_LIMIT"


@pytest.mark.parametrize("name", NOT_DEEP)
def test_what_is_within_the_limits_is_read(name: str) -> None:
    check_nesting(NOT_DEEP[name], Budget())


def test_planted_a_count_of_selections_alone_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nesting._Counter, "_take_value", lambda *_: None)
    with pytest.raises(pytest.fail.Exception):
        test_what_nests_without_being_a_level_is_refused_unread("object", monkeypatch)


def _random_document(chance: random.Random) -> str:
    def selections(level: int) -> str:
        if level > 9:
            return "{ leaf }"
        parts = []
        for _ in range(chance.randint(1, 2)):
            kind = chance.choice(("field", "field", "field", "inline", "of", "leaf", "arguments"))
            inner = selections(level + 1) if kind != "leaf" else ""
            head = {
                "field": "x: a", "inline": chance.choice(("... on Q", "... @skip(if: true)")),
                "of": "ofType", "leaf": chance.choice(("b", "...F", '"')).replace('"', 'c(s: "{")'),
                "arguments": "d(i: {j: {k: 1}}) @include(if: true)",
            }[kind]  # fmt: skip
            parts.append(f"{head} {inner}")
        return "{ " + " ".join(parts) + " }"

    return selections(0) + " fragment F on Q { z }"


def _never_refuses_more() -> None:
    for seed in range(300):
        source = _random_document(random.Random(seed))
        for limit in (2, 4, 7):
            try:
                check_nesting(source, _budget(limit))
            except RequestRefusedError:
                with pytest.raises(RequestRefusedError) as refused:
                    check_shapes(
                        parse(source), Budget(depth=limit, aliases=10**6, directives=10**6)
                    )
                assert refused.value.code == "DEPTH_LIMIT"


def test_nothing_is_refused_that_the_exact_count_lets_through() -> None:
    _never_refuses_more()


def test_a_count_of_bare_braces_would_refuse_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted twin: every brace is a level."""

    def bare(source: str, budget: Budget) -> None:
        depth = 0
        for character in source:
            depth += (character == "{") - (character == "}")
            if depth > budget.depth:
                raise RequestRefusedError(400, "DEPTH_LIMIT")

    monkeypatch.setattr(nesting, "check_nesting", bare)
    monkeypatch.setitem(globals(), "check_nesting", bare)
    with pytest.raises(pytest.fail.Exception):
        _never_refuses_more()


def test_a_deep_document_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "parse_operation", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(RequestRefusedError) as refused:
        _preparer().parse("{" + "a {" * 40 + "b" + "}" * 41, None, "c")
    assert refused.value.code == "DEPTH_LIMIT"
