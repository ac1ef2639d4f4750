"""Supergraphs and operations made to cost too much: planned within bounds, or refused with a code.

Nothing here is measured by the clock: what bounds the work is counted, and the counts are asserted.
"""

from itertools import pairwise
from typing import Any

import pytest

from gateway.errors import RequestRefusedError
from gateway.limits.budget import Budget
from gateway.limits.shape import check_shape
from gateway.planner import (
    OperationError,
    PlanningError,
    normalize,
    parse_operation,
    path_search,
    plan,
    selection,
)
from gateway.planner.fetch_graph import FetchGroup, FetchTree
from gateway.planner.merge.waves import waves_of
from gateway.planner.normalize import normalizer
from gateway.planner.normalize.read_conditions import read_conditions
from gateway.planner.path_search import PathSearch
from gateway.supergraph import Supergraph, load_supergraph
from tests.conformance.random_federation.emit_supergraph import supergraph_sdl
from tests.conformance.random_federation.model import Federation, Field, Key, Subgraph, TypeDef


def _object(name: str, keys: tuple[str, ...] = (), /, **fields: str) -> TypeDef:
    made = {each: Field(each, text, is_shareable=True) for each, text in fields.items()}
    return TypeDef(name, "object", [Key(key) for key in keys], made)


def _load(*subgraphs: list[TypeDef]) -> Supergraph:
    made = [
        Subgraph(f"s{number}", {one.name: one for one in types})
        for number, types in enumerate(subgraphs)
    ]
    return load_supergraph(supergraph_sdl(Federation(made)))


class Counted(PathSearch):
    """Remembers how many steps each search took."""

    searches: list["Counted"]

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.most = self._steps_left
        Counted.searches.append(self)

    @staticmethod
    def steps() -> int:
        return sum(one.most - one._steps_left for one in Counted.searches)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[Counted]:
    Counted.searches = []
    monkeypatch.setattr("gateway.planner.root_choice.PathSearch", Counted)
    return Counted


def _nested(field: str, depth: int, leaf: str) -> str:
    return f"{field} {{ " * depth + leaf + " }" * depth


def test_a_field_that_every_subgraph_shares_does_not_multiply_paths(
    counted: type[Counted],
) -> None:
    """Six subgraphs, twelve levels: 6^12 paths, all equally good."""
    subgraphs = [
        [
            _object("Query", root="Thing"),
            _object("Thing", ("id",), id="ID!", next="Thing", **{f"own{number}": "Int"}),
        ]
        for number in range(6)
    ]
    supergraph = _load(*subgraphs)
    leaves = " ".join(f"own{number}" for number in range(6))
    parsed = parse_operation("{ root { " + _nested("next", 12, leaves) + " } }", None, supergraph)
    made = plan(normalize(parsed), supergraph)
    assert len(made.nodes) <= 6
    assert counted.steps() < path_search.MAX_STEPS // 4


def test_a_maze_of_keys_is_walked_within_the_budget(counted: type[Counted]) -> None:
    """Ten subgraphs that know a thing by a key each, and one key of the next."""
    subgraphs = [[_object("Query", root="Thing"), _object("Thing", ("k0",), k0="ID!")]]
    for number in range(9):
        keys = (f"k{number}", f"k{number + 1}")
        fields = dict.fromkeys(keys, "ID!") | {f"leaf{number}": "Int"}
        subgraphs.append([_object("Thing", keys, **fields)])
    supergraph = _load(*subgraphs)
    parsed = parse_operation("{ root { leaf8 leaf4 } }", None, supergraph)
    made = plan(normalize(parsed), supergraph)
    assert made.wave_count == 10
    assert counted.steps() < path_search.MAX_STEPS // 4


def test_a_search_that_takes_too_many_steps_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    supergraph = _load(
        [_object("Query", root="Thing"), _object("Thing", ("id",), id="ID!")],
        [_object("Thing", ("id",), id="ID!", leaf="Int")],
    )
    normalized = normalize(parse_operation("{ root { leaf } }", None, supergraph))
    assert len(plan(normalized, supergraph).nodes) == 2
    monkeypatch.setattr(PathSearch.__init__, "__defaults__", (1,))
    with pytest.raises(PlanningError, match="too many steps"):
        plan(normalized, supergraph)


def _abstract(members: int, fields: dict[str, str]) -> Supergraph:
    names = [f"M{number}" for number in range(members)]
    interface = TypeDef("Node", "interface", fields={n: Field(n, t) for n, t in fields.items()})
    types = [_object("Query", root="Any", node="Node"), interface]
    types.append(TypeDef("Any", "union", members=names))
    for name in names:
        made = _object(name, (), **fields)
        made.implements = ["Node"]
        types.append(made)
    return _load(types)


def test_a_union_of_a_thousand_members_is_planned_or_refused() -> None:
    supergraph = _abstract(1_000, {"id": "ID!", "next": "Node"})
    parsed = parse_operation(
        "{ root { ... on Node { id next { __typename } } } }", None, supergraph
    )
    with pytest.raises(OperationError) as refused:
        normalize(parsed)  # a thousand types below each of a thousand
    assert refused.value.code == "OPERATION_TOO_LARGE"
    parsed = parse_operation("{ root { __typename ... on M7 { id } } }", None, supergraph)
    assert len(plan(normalize(parsed), supergraph).nodes) == 1


def test_interfaces_below_interfaces_are_counted_before_they_are_unfolded() -> None:
    """Fifty types at each of ten levels: 50^10 selections in a graph of five hundred."""
    supergraph = _abstract(50, {"id": "ID!", "next": "Node"})
    parsed = parse_operation("{ node { " + _nested("next", 9, "id") + " } }", None, supergraph)
    with pytest.raises(OperationError) as refused:
        normalize(parsed)
    assert refused.value.code == "OPERATION_TOO_LARGE"


def _bomb(levels: int, spreads: str) -> str:
    fragments = [
        f"fragment F{number} on Thing {{ {spreads.replace('NEXT', f'F{number + 1}')} }}"
        for number in range(levels)
    ]
    last = f"fragment F{levels} on Thing {{ id }}"
    return "\n".join(["{ root { ...F0 } }", *fragments, last])


THING = [_object("Query", root="Thing"), _object("Thing", id="ID!", next="Thing")]


def test_fragments_that_double_are_refused_by_arithmetic() -> None:
    supergraph = _load(THING)
    source = _bomb(40, "a: next { ...NEXT } b: next { ...NEXT }")
    parsed = parse_operation(source, None, supergraph)
    with pytest.raises(OperationError) as refused:
        normalize(parsed)
    assert refused.value.code == "OPERATION_TOO_LARGE"
    with pytest.raises(RequestRefusedError) as shaped:
        check_shape(parsed.document, parsed.definition, Budget(depth=99, aliases=99))
    assert str(shaped.value) == "EXPANSION_LIMIT"


def _conditional_bomb() -> tuple[str, Supergraph]:
    """Each level is spread under a variable and its opposite: 2^25 combinations of conditions."""
    levels = 25
    declared = ", ".join(f"$v{number}: Boolean!" for number in range(levels))
    fragments = [
        f"fragment F{number} on Thing {{ ...F{number + 1} @include(if: $v{number}) "
        f"...F{number + 1} @skip(if: $v{number}) }}"
        for number in range(levels)
    ]
    last = f"fragment F{levels} on Thing {{ id }}"
    source = "\n".join([f"query ({declared}) {{ root {{ ...F0 }} }}", *fragments, last])
    return source, _load(THING)


def test_conditions_that_double_are_refused_after_a_bounded_number_of_steps() -> None:
    source, supergraph = _conditional_bomb()
    with pytest.raises(OperationError) as refused:
        normalize(parse_operation(source, None, supergraph))
    assert refused.value.code == "OPERATION_TOO_LARGE"


def _condition_grid(levels: int, width: int) -> tuple[str, Supergraph]:
    """The same field at each level under one of several variables: width^levels alternatives."""
    names = [[f"$v{level}_{each}" for each in range(width)] for level in range(levels)]
    declared = ", ".join(f"{name}: Boolean!" for level in names for name in level)
    fragments = [
        f"fragment F{level} on Thing {{ "
        + " ".join(f"next @include(if: {name}) {{ ...F{level + 1} }}" for name in names[level])
        + " }"
        for level in range(levels)
    ]
    last = f"fragment F{levels} on Thing {{ id }}"
    return "\n".join([f"query ({declared}) {{ root {{ ...F0 }} }}", *fragments, last]), _load(THING)


@pytest.mark.parametrize(("levels", "width"), [(2, 10), (5, 3), (6, 3), (1, 40)])
def test_conditions_that_multiply_with_each_level_are_refused(levels: int, width: int) -> None:
    source, supergraph = _condition_grid(levels, width)
    parsed = parse_operation(source, None, supergraph)
    with pytest.raises((OperationError, PlanningError)):
        plan(normalize(parsed), supergraph)


def test_conditions_that_people_write_are_planned() -> None:
    source, supergraph = _condition_grid(3, 2)
    assert plan(normalize(parse_operation(source, None, supergraph)), supergraph).nodes


def test_without_their_limit_the_conditions_would_multiply(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin: alternatives are followed however many there are."""
    most = 0
    real = selection._least

    def watch(alternatives: Any) -> Any:
        nonlocal most
        most = max(most, len(alternatives))
        return real(alternatives)

    monkeypatch.setattr(selection, "_least", watch)
    monkeypatch.setattr(selection, "MAX_ALTERNATIVES", 10**9)
    source, supergraph = _condition_grid(4, 3)
    normalize(parse_operation(source, None, supergraph))
    plan(normalize(parse_operation(source, None, supergraph)), supergraph)
    assert most > 32


def test_without_the_count_of_steps_the_conditions_would_double(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin: the expander looks at more than it may."""
    monkeypatch.setattr(normalizer, "STEPS_PER_SELECTION", 10**9)
    monkeypatch.setattr(normalizer, "MAX_SPREADS", 10**9)
    monkeypatch.setattr(selection, "MAX_ALTERNATIVES", 10**9)
    seen = 0

    def count(node: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen > 10_000:
            message = "it would go on"
            raise RuntimeError(message)
        return read_conditions(node)

    monkeypatch.setattr(normalizer, "read_conditions", count)
    source, supergraph = _conditional_bomb()
    with pytest.raises(RuntimeError, match="it would go on"):
        normalize(parse_operation(source, None, supergraph))


def test_waves_of_many_crossing_fetches_are_counted_once_each() -> None:
    """Thirty layers of four fetches, each waiting for all before: 4^30 chains."""
    layers: list[list[FetchGroup]] = []
    for depth in range(30):
        before = set(layers[-1]) if layers else set()
        layers.append(
            [
                FetchGroup(depth * 4 + number, "s", "query", FetchTree(is_abstract=True), before)
                for number in range(4)
            ]
        )
    groups = [group for layer in reversed(layers) for group in layer]
    assert max(waves_of(groups).values()) == 30


def test_a_plan_of_too_many_fetches_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"k{number}" for number in range(12)]
    chain = [[_object("Query", root="Thing"), _object("Thing", ("k0",), k0="ID!")]]
    for one, following in pairwise(names):
        chain.append([_object("Thing", (one,), **{one: "ID!", following: "ID!"})])
    supergraph = _load(*chain)
    normalized = normalize(parse_operation("{ root { k11 } }", None, supergraph))
    assert len(plan(normalized, supergraph).nodes) == 12
    monkeypatch.setattr("gateway.planner.planner.MAX_FETCHES", 11)
    with pytest.raises(PlanningError, match="too many fetches"):
        plan(normalized, supergraph)


def test_a_supergraph_of_five_thousand_types_loads_and_plans(counted: type[Counted]) -> None:
    types = [_object("Query", root="T0")]
    types += [
        _object(f"T{number}", ("id",), id="ID!", next=f"T{(number + 1) % 5_000}")
        for number in range(5_000)
    ]
    supergraph = _load(types, [_object("T3", ("id",), id="ID!", leaf="Int")])
    source = "{ root { next { next { next { leaf } } } } }"
    made = plan(normalize(parse_operation(source, None, supergraph)), supergraph)
    assert [node.subgraph for node in made.nodes] == ["s0", "s1"]
    assert counted.steps() < 50
