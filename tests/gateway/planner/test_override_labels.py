"""Progressive `@override`: who resolves a field depends on which labels are on."""

import pytest

from gateway.planner import active_labels, normalize, parse_operation, plan
from gateway.planner.override_labels import override_labels
from tests.conformance.load_cases import CASES, Case

CASE = Case(CASES / "labelled-override")


def subgraph_of(field: str, labels: frozenset[str]) -> list[str]:
    source = "{ orders { " + field + " } }"
    made = plan(
        normalize(parse_operation(source, None, CASE.supergraph)),
        CASE.supergraph,
        override_labels=labels,
    )
    return [node.subgraph for node in made.nodes]


def test_the_labels_of_a_supergraph_are_known() -> None:
    assert override_labels(CASE.supergraph) == {"percent(0)", "percent(100)", "new_scales"}


@pytest.mark.parametrize("composed", ["supergraph.graphql", "guild.supergraph.graphql"])
def test_a_field_moves_when_its_label_is_on(composed: str) -> None:
    case = Case(CASE.path, composed)
    parsed = parse_operation("{ recent { weight } }", None, case.supergraph)
    off = plan(normalize(parsed), case.supergraph)
    on = plan(normalize(parsed), case.supergraph, override_labels={"new_scales"})
    assert [node.subgraph for node in off.nodes] == ["b", "a"]
    assert [node.subgraph for node in on.nodes] == ["b"]


def test_a_field_stays_with_the_old_owner_while_its_label_is_off() -> None:
    assert subgraph_of("weight", frozenset()) == ["a"]
    assert subgraph_of("weight", frozenset({"new_scales"})) == ["a", "b"]


def test_percentages_are_shares_of_callers() -> None:
    assert active_labels(CASE.supergraph) == {"percent(100)"}
    assert active_labels(CASE.supergraph, share=0) == {"percent(100)"}
    switched = active_labels(CASE.supergraph, share=50, switched_on=["new_scales"])
    assert switched == {"percent(100)", "new_scales"}
