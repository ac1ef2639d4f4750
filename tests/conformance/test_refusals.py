"""What cannot be answered is refused with a code, or null with one error: never a wrong value."""

from pathlib import Path
from typing import Any

import pytest

from gateway.planner import (
    OperationError,
    PlanningError,
    coerce_variables,
    normalize,
    parse_operation,
    plan,
)
from gateway.supergraph import load_supergraph
from tests.conformance.load_cases import CASES, Case
from tests.conformance.test_cases import answer

NOT_IN_THE_API = [
    ("renamed-links", "{ secret }"),
    ("renamed-links", "{ books { hidden } }"),
    ("renamed-links", "{ books { size(raw: true) } }"),
    ("inaccessible-enum", "{ items { secret } }"),
    ("seven", "{ books { internal } }"),
    ("input-intersection", "{ inA(filter: { size: 1 }) { id } }"),
    ("input-intersection", "{ inB(filter: { color: BLUE }) { id } }"),
    ("input-intersection", "query ($f: Filter = { size: 1 }) { inB(filter: $f) { id } }"),
    ("context", '{ other { shelves { items { tax(currency: "EUR") } } } }'),
    ("union-interface", "{ goods { id } }"),
    ("executable-directive", "{ a @trace(level: NONE) }"),
    ("abstract", "{ feed { ... @defer { __typename } } }"),
    ("abstract", "{ feed @stream { __typename } }"),
]


@pytest.mark.parametrize(("case", "source"), NOT_IN_THE_API)
def test_what_the_api_does_not_have_is_not_valid(case: str, source: str) -> None:
    with pytest.raises(OperationError) as refused:
        parse_operation(source, None, Case(CASES / case).supergraph)
    assert refused.value.code == "GRAPHQL_VALIDATION_FAILED"


def test_variables_may_not_have_what_some_subgraph_lacks() -> None:
    supergraph = Case(CASES / "input-intersection").supergraph
    parsed = parse_operation("query ($f: Filter) { inB(filter: $f) { id } }", None, supergraph)
    assert coerce_variables(parsed, {"f": {"first": 1}}) == {"f": {"first": 1, "color": "RED"}}
    with pytest.raises(OperationError) as refused:
        coerce_variables(parsed, {"f": {"first": 1, "size": 2}})
    assert refused.value.code == "BAD_USER_INPUT"


@pytest.mark.parametrize("name", ["supergraph.graphql", "guild.supergraph.graphql"])
async def test_a_type_that_the_subgraph_does_not_know_is_null_with_one_error(
    name: str, tmp_path: Path
) -> None:
    for file in (CASES / "union-interface").iterdir():
        text = file.read_text()
        text = text.replace("heaters: [Heater] }", "heaters: [Heater] odd: Node }")
        root = "  nodes: [Node] @join__field(graph: A)\n"
        text = text.replace(root, f"{root}  odd: Node @join__field(graph: A)\n")
        (tmp_path / file.name).write_text(text.replace('"Query": {', '"Query": {"odd": "Stove/1",'))
    case = Case(tmp_path, name)
    found: dict[str, Any] = await answer(case, "{ odd { id ... on Covered { warranty } } }", {})
    assert found["data"] == {"odd": None}
    assert [(error["path"], error["extensions"]["code"]) for error in found["errors"]] == [
        (["odd"], "SUBGRAPH_ERROR")
    ]


def test_a_field_behind_a_key_that_nobody_resolves_has_no_plan() -> None:
    case = Case(CASES / "interface-object-unresolvable")
    text = (case.path / "supergraph.graphql").read_text()
    unreachable = text.replace('graph: B, key: "id")', 'graph: B, key: "id", resolvable: false)')
    assert unreachable != text
    supergraph = load_supergraph(unreachable)
    own = plan(normalize(parse_operation("{ parcel { id } }", None, supergraph)), supergraph)
    assert [node.subgraph for node in own.nodes] == ["a"]
    for source in ("{ parcel { id label } }", "{ parcel { __typename } }"):
        with pytest.raises(PlanningError, match="no plan resolves"):
            plan(normalize(parse_operation(source, None, supergraph)), supergraph)


def test_a_subscription_is_refused_in_so_many_words() -> None:
    text = (CASES / "renamed-links" / "supergraph.graphql").read_text()
    with_stream = text.replace("  query: Query\n", "  query: Query\n  subscription: Stream\n")
    with_stream += "\ntype Stream @join__type(graph: A) { ticks: Int }\n"
    supergraph = load_supergraph(with_stream)
    parsed = parse_operation("subscription { ticks }", None, supergraph)
    with pytest.raises(PlanningError, match="subscription operations are not carried out"):
        plan(normalize(parsed), supergraph)


async def test_an_interface_that_nothing_implements_is_answered_but_for_its_type(
    tmp_path: Path,
) -> None:
    for file in (CASES / "interface-object-unresolvable").iterdir():
        text = file.read_text().replace("ready: Boolean }", "ready: Boolean stop: Stop }")
        root = "  ready: Boolean @join__field(graph: B)\n"
        text = text.replace(root, f"{root}  stop: Stop @join__field(graph: B)\n")
        (tmp_path / file.name).write_text(text.replace('"Query": {', '"Query": {"stop": "Stop/1",'))
    case = Case(tmp_path)
    found = await answer(case, "{ stop { id gate } }", {})
    assert found["subgraph_errors"] == []
    assert found["data"] == {"stop": {"id": "s1", "gate": "north"}}
    found = await answer(case, "{ stop { id __typename } }", {})
    assert found["data"] == {"stop": None}
    assert [error["path"] for error in found["errors"]] == [["stop", "__typename"]]
