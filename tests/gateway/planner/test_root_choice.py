"""A root value that nobody resolves alone is asked of as few subgraphs as will do."""

import pytest

from gateway.planner import normalize, parse_operation, plan
from gateway.planner import root_choice as planner_root_choice
from gateway.supergraph import load_supergraph
from tests.conformance.random_federation.emit_supergraph import supergraph_sdl
from tests.conformance.random_federation.model import Federation, Field, Subgraph, TypeDef

_OWNERS = {"most": "abcd", "left": "abe", "right": "cdf"}
"""Whoever has most of the six fields leaves two that nobody else has together."""


def _subgraph(name: str, letters: str) -> Subgraph:
    leaves = {letter: Field(letter, "Int", is_shareable=True) for letter in letters}
    parts = TypeDef("Parts", "object", fields=leaves)
    root = {"parts": Field("parts", "Parts", is_shareable=True)}
    return Subgraph(name, {"Parts": parts, "Query": TypeDef("Query", "object", fields=root)})


SUPERGRAPH = load_supergraph(
    supergraph_sdl(Federation([_subgraph(name, letters) for name, letters in _OWNERS.items()]))
)


def asked(source: str) -> list[str]:
    operation = normalize(parse_operation(source, None, SUPERGRAPH))
    return sorted(node.subgraph for node in plan(operation, SUPERGRAPH).nodes)


def test_two_that_cover_all_are_asked_rather_than_the_one_with_most_and_two_more() -> None:
    assert asked("{ parts { a b c d e f } }") == ["left", "right"]


def test_one_that_has_all_that_is_wanted_is_asked_alone() -> None:
    assert asked("{ parts { a b c d } }") == ["most"]


def test_planted_greedy_beginning_asks_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner_root_choice, "_BEGINNINGS", 1)
    assert asked("{ parts { a b c d e f } }") == ["left", "most", "right"]
