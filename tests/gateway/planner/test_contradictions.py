"""What conditions inside each other exclude under all values is neither selected nor asked for."""

import pytest

from gateway.planner import QueryPlan, normalize, parse_operation, plan
from gateway.planner.normalize import normalizer
from gateway.planner.selection import ObjectSelection, walk
from gateway.supergraph import Supergraph, load_supergraph
from tests.conformance.random_federation.check_plan import plan_faults
from tests.conformance.random_federation.emit_supergraph import supergraph_sdl
from tests.conformance.random_federation.model import Federation, Field, Subgraph, TypeDef


def _federation() -> Federation:
    """Both subgraphs give cups; only a has their size, only b their label."""
    query = TypeDef("Query", "object", fields={"cup": Field("cup", "Cup", is_shareable=True)})
    inner = {"inner": Field("inner", "Cup", is_shareable=True)}
    sized = TypeDef("Cup", "object", fields={**inner, "size": Field("size", "Int")})
    labelled = TypeDef("Cup", "object", fields={**inner, "label": Field("label", "Int")})
    return Federation(
        [
            Subgraph("a", {"Query": query, "Cup": sized}),
            Subgraph("b", {"Query": query, "Cup": labelled}),
        ]
    )


FEDERATION = _federation()
CUPS: Supergraph = load_supergraph(supergraph_sdl(FEDERATION))
HEAD = "query ($x: Boolean!, $y: Boolean!) "


def _root(source: str) -> ObjectSelection:
    return normalize(parse_operation(HEAD + source, None, CUPS)).root


def _plan(source: str) -> QueryPlan:
    return plan(normalize(parse_operation(HEAD + source, None, CUPS)), CUPS)


NEVER_LABELLED = [
    "{ cup @include(if: $x) { size inner @skip(if: $x) { label } } y: cup @skip(if: $y) { size } }",
    "{ cup @include(if: $x) { inner { ... @skip(if: $x) { label } size } size @skip(if: $y) } }",
    "{ cup @include(if: $x) { size @include(if: $y) label @skip(if: $x) } }",
    "{ cup { inner @include(if: $x) @skip(if: $y) { size label @include(if: $y) } } }",
]


@pytest.mark.parametrize("source", NEVER_LABELLED)
def test_nobody_is_asked_for_what_is_never_selected(source: str) -> None:
    assert "label" not in {one.name for one in walk(_root(source))}
    made = _plan(source)
    assert [node.subgraph for node in made.nodes] == ["a"]
    assert plan_faults(FEDERATION, CUPS, made) == []


@pytest.mark.parametrize("source", NEVER_LABELLED)
def test_otherwise_a_fetch_brings_nothing(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted twin: fields stay, however their conditions contradict those around them."""
    monkeypatch.setattr(normalizer, "without_contradictions", lambda root, _: root)
    made = _plan(source)
    assert {node.subgraph for node in made.nodes} == {"a", "b"}
    assert any("brings nothing" in one for one in plan_faults(FEDERATION, CUPS, made))


@pytest.mark.parametrize(
    "source",
    [
        "{ cup @include(if: $x) { size inner @skip(if: $y) { label } } }",
        "{ cup @include(if: $x) { label @skip(if: $x) } y: cup @skip(if: $y) { label } }",
        "{ cup @include(if: $x) { label @skip(if: $y) } cup @include(if: $y) { label } }",
    ],
)
def test_what_some_values_select_stays(source: str) -> None:
    assert "label" in {one.name for one in walk(_root(source))}


def test_an_object_all_of_whose_fields_are_excluded_is_still_there() -> None:
    (cup,) = _root("{ cup @include(if: $x) @skip(if: $y) { inner @skip(if: $x) { size } } }").fields
    assert cup.selection is not None
    assert cup.selection.by_type["Cup"].fields == ()
