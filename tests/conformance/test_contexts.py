"""Contexts: each entity is asked for with the values that stand around it."""

from typing import Any

import pytest

from gateway.executor import fetch as fetch_module
from gateway.supergraph import SupergraphError, load_supergraph
from tests.conformance.load_cases import CASES, Case
from tests.conformance.test_cases import answer

CASE = Case(CASES / "context")


async def test_entities_are_asked_for_once_in_each_context() -> None:
    source = "{ shops { shelves { items { tax } } } }"
    found = await answer(CASE, source, {})
    assert found["subgraph_errors"] == []
    asked = [
        request["variables"]["_context0"]
        for request in CASE._subgraphs["a"].requests
        if "_context0" in request.get("variables", {})
    ]
    assert sorted(asked) == ["CHF", "EUR"]


async def test_a_value_of_another_object_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def mixed(*_: Any) -> dict[int, tuple[bytes, ...]]:
        return _Always()

    monkeypatch.setattr(fetch_module, "values_around", mixed)
    with pytest.raises(AssertionError):
        await test_entities_are_asked_for_once_in_each_context()


class _Always(dict[int, tuple[bytes, ...]]):
    """The same context for every object."""

    def get(self, *_: Any) -> Any:
        return (b'"CHF"',)


def test_a_context_that_nobody_sets_refuses_to_load() -> None:
    text = (CASE.path / "supergraph.graphql").read_text()
    with pytest.raises(SupergraphError) as refused:
        load_supergraph(text.replace('@context(name: "a__place")', ""))
    assert refused.value.coordinate in ("Item.price", "Item.tax")


def test_a_context_argument_that_cannot_be_read_refuses_to_load() -> None:
    text = (CASE.path / "supergraph.graphql").read_text()
    with pytest.raises(SupergraphError) as refused:
        load_supergraph(text.replace('context: "a__place", ', ""))
    assert refused.value.coordinate in ("Item.price", "Item.tax")
