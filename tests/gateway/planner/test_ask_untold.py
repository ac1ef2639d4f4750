"""Whatever looks for objects of a told type waits until the type is told."""

from collections.abc import Iterable
from typing import Any

import pytest

from gateway.planner import QueryPlan, normalize, parse_operation, plan
from gateway.planner.fetch_graph import without_ancestors
from gateway.planner.merge import ask_untold
from tests.conformance.load_cases import CASES, Case

CASE = Case(CASES / "interface-object-late")
DOCUMENTS = [
    "{ priced { __typename taxEur } }",
    "{ priced { taxEur ... on Car { wheels } similar { __typename taxEur } } }",
]


def _plan(document: str) -> QueryPlan:
    operation = normalize(parse_operation(document, None, CASE.supergraph))
    return plan(operation, CASE.supergraph)


def _before(made: QueryPlan, number: int) -> set[int]:
    (node,) = (one for one in made.nodes if one.id == number)
    return {number}.union(*(_before(made, one) for one in node.waits_for))


def _untold(made: QueryPlan) -> Iterable[str]:
    """Fetches that look for objects by type before the type is told."""
    told = {
        target.path: node.id
        for node in made.nodes
        for call in node.calls
        for target in call.targets
        if call.tells
    }
    for node in made.nodes:
        for call in node.calls:
            for target in call.targets:
                by_type = any(one.type_name in ("Car", "House") for one in target.types)
                if by_type and not {told.get(target.path, node.id)} <= _before(made, node.id):
                    yield node.text


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_fetch_by_told_types_waits_for_the_telling(document: str) -> None:
    assert list(_untold(_plan(document))) == []


def test_a_fetch_that_does_not_wait_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(groups: Any) -> Any:
        return {one for one in without_ancestors(groups) if not one.tells} or without_ancestors(
            groups
        )

    monkeypatch.setattr(ask_untold, "without_ancestors", careless)
    with pytest.raises(AssertionError):
        test_a_fetch_by_told_types_waits_for_the_telling(DOCUMENTS[0])
