"""What `@authenticated` and its like leave of an operation, part by part; nothing is asked."""

from dataclasses import replace

from gateway.executor import ExecutionContext, PermitAll, compile_plan, fetch_all, project
from gateway.planner import normalize, parse_operation, plan
from gateway.planner.selection import (
    NormalizedOperation,
    ObjectSelection,
    SelectedField,
    Selection,
    with_hidden_field,
)
from gateway.policy.entitlements import Entitlements, leave_out_refused, satisfied_rules
from gateway.supergraph import Supergraph
from tests.conformance.load_cases import DirectTransport
from tests.gateway.policy.test_entitlements import CASE, NOBODY, OPEN_THING, SOMEBODY, without

SHIPS = "{ open ships { name cargo berth duty } named }"
ALL = Entitlements(
    is_authenticated=True,
    scopes=frozenset({"ledger:read", "total"}),
    policies=frozenset({"crew"}),
)


def normalized(source: str, supergraph: Supergraph = CASE.supergraph) -> NormalizedOperation:
    return normalize(parse_operation(source, None, supergraph))


def left(
    operation: NormalizedOperation, caller: Entitlements, supergraph: Supergraph = CASE.supergraph
) -> tuple[NormalizedOperation, list[str]]:
    """What is left of an operation, and the coordinates and places of what is not."""
    satisfied = satisfied_rules(supergraph, caller)
    operation, refusals = leave_out_refused(operation, supergraph, satisfied)
    return operation, [f"{each.coordinate} at {'.'.join(each.path)}" for each in refusals]


def shown(wanted: ObjectSelection) -> tuple[list[str], list[tuple[int, str]]]:
    """The fields of an object, and the refused ones by how many stand before them."""
    kept = [each.response_key for each in wanted.fields]
    return kept, [(at, each.response_key) for at, each in wanted.refused]


def below(operation: NormalizedOperation, name: str) -> ObjectSelection:
    field = next(each for each in operation.root.fields if each.name == name)
    assert field.selection is not None
    (found,) = field.selection.by_type.values()
    return found


def test_whoever_satisfies_every_rule_runs_the_operation_as_it_is() -> None:
    operation = normalized(SHIPS)
    assert left(operation, ALL) == (operation, [])
    assert left(normalized("{ open }"), NOBODY)[1] == []


def test_each_refused_field_keeps_its_place_in_the_answer() -> None:
    kept, refused = left(normalized(SHIPS), NOBODY)
    assert refused == [
        "Ship.cargo at ships.cargo", "Ship.duty at ships.duty", "Query.named at named",
    ]  # fmt: skip
    assert shown(kept.root) == (["open", "ships"], [(2, "named")])
    assert shown(below(kept, "ships")) == (["name", "berth"], [(1, "cargo"), (2, "duty")])


def _refused_before(operation: NormalizedOperation) -> NormalizedOperation:
    """What a pass before has left: one more refused field in front, amid and at the end."""
    ships = next(each for each in operation.root.fields if each.name == "ships")
    assert ships.selection is not None
    inner = ships.selection.by_type["Ship"]
    before = tuple(
        (at, SelectedField("Ship", "berth", key))
        for at, key in ((0, "first"), (2, "amid"), (4, "last"), (4, "end"))
    )
    ships = replace(ships, selection=Selection({"Ship": replace(inner, refused=before)}))
    return replace(operation, root=replace(operation.root, fields=(ships,)))


def test_what_was_refused_before_keeps_its_place_as_well() -> None:
    kept, _ = left(_refused_before(normalized(SHIPS)), NOBODY)
    assert shown(below(kept, "ships")) == (
        ["name", "berth"],
        [(0, "first"), (1, "cargo"), (1, "amid"), (2, "duty"), (2, "last"), (2, "end")],
    )
    somebody, _ = left(_refused_before(normalized(SHIPS)), SOMEBODY)
    assert shown(below(somebody, "ships")) == (
        ["name", "cargo", "berth", "duty"], [(0, "first"), (2, "amid"), (4, "last"), (4, "end")],
    )  # fmt: skip


async def test_what_the_gateway_reads_for_itself_is_neither_refused_nor_shown() -> None:
    """Whose data it is must be known to decide, whatever the client may read."""
    operation = normalized("{ ships { name duty } }")
    ships = operation.root.fields[0]
    assert ships.selection is not None
    inner, key = with_hidden_field(ships.selection.by_type["Ship"], "cargo")
    ships = replace(ships, selection=Selection({"Ship": inner}))
    operation = replace(operation, root=replace(operation.root, fields=(ships,)))
    kept, refused = left(operation, NOBODY)
    assert refused == ["Ship.duty at ships.duty"]
    assert shown(below(kept, "ships")) == (["name", key], [(1, "duty")])
    compiled = compile_plan(plan(kept, CASE.supergraph), kept, CASE.supergraph)
    transports = {name: DirectTransport(one) for name, one in CASE.subgraphs().items()}
    tree = await fetch_all(compiled, {}, ExecutionContext(transports=transports), PermitAll())
    answer = project(compiled, tree, {}, PermitAll())
    assert answer.data == {"ships": [{"name": "Ann", "duty": None}]}


OPEN_IDS = without("interface Thing\n  @join__type(graph: A)\n  @authenticated\n{\n  id: ID!",
                   "interface Thing\n  @join__type(graph: A)\n{\n  id: ID! @authenticated",
)  # fmt: skip


def test_a_rule_on_a_field_of_an_interface_holds_for_each_type_that_has_it() -> None:
    kept, refused = left(normalized("{ ships { id berth } }", OPEN_IDS), NOBODY, OPEN_IDS)
    assert refused == ["Ship.id at ships.id"]
    assert shown(below(kept, "ships")) == (["berth"], [(0, "id")])
    source = "{ ships { id berth } }"
    assert left(normalized(source, OPEN_THING), NOBODY, OPEN_THING)[1] == []
