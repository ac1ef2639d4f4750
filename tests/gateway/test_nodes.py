"""`Query.node`: whatever its id names, it is the field that gives one of that type."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    ObjectTypeDefinitionNode,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
    print_ast,
)

from gateway import nodes, prepare
from gateway.errors import RequestRefusedError
from gateway.limits.budget import Budget
from gateway.nodes import Nodes, direct_fields
from gateway.planner.plan_text import plan_json, plan_text
from gateway.planner.selection import ObjectSelection
from gateway.policy.packaged import packaged_supergraph, packaged_table
from gateway.policy.roles import prune
from gateway.prepare import Prepared, Preparer
from gateway.supergraph import Supergraph, SupergraphError, load_supergraph
from infra.dev.compose.compose import subgraph_files
from infra.dev.compose.nodes import node_subgraph
from tests.fixtures.consent_world import Person
from tests.fixtures.gateway_app import GatewayWorld, RunningGateway
from tests.fixtures.gateway_subgraphs import SUPERGRAPH

ROOT = Path(nodes.__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden" / "node_plan.txt"
ABSENT = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def graph() -> Supergraph:
    return packaged_supergraph()


@pytest.fixture(scope="module")
def preparer(graph: Supergraph) -> Preparer:
    return Preparer(graph, packaged_table(graph), Budget())


def _missing(services: list[str], schema: GraphQLSchema) -> set[str]:
    """Return the entities of these schemas that `node` does not give."""
    found = parse(node_subgraph(services)).definitions
    stubs = [each for each in found if isinstance(each, ObjectTypeDefinitionNode)]
    entities = {each.name.value for each in stubs if each.interfaces}
    return entities - set(direct_fields(schema))


def test_every_entity_of_the_services_can_be_asked_for(graph: Supergraph) -> None:
    services = [each.read_text() for each in subgraph_files(ROOT).values()]
    assert _missing(services, graph.api_schema) == set()
    assert {"Participant", "CaseNote", "Course", "RoleGrant"} <= set(
        direct_fields(graph.api_schema)
    )


def test_a_new_entity_that_is_not_composed_would_be_noticed(graph: Supergraph) -> None:
    """Planted twin: a service has one more entity than the supergraph was composed of."""
    new = 'type Letter @key(fields: "id") { id: ID! } type Stub @key(fields: "number") { id: ID! }'
    assert _missing([new], graph.api_schema) == {"Letter"}
    assert not _missing([new.replace('"id")', '"id", resolvable: false)')], graph.api_schema)


def test_a_type_without_a_field_that_gives_one_does_not_load() -> None:
    sdl = SMALL.replace("  participant(id: ID!)", "  participant(id: ID!, at: String)")
    with pytest.raises(SupergraphError, match="Participant"):
        Nodes(load_supergraph(sdl))
    below = SMALL.replace("  totalCount: Int\n", "  totalCount: Int\n  query: Query\n")
    with pytest.raises(SupergraphError, match=r"ParticipantConnection\.query"):
        Nodes(load_supergraph(below))


def _body(of_type: Any) -> str:
    """Return everything of a type that can be selected without an argument."""
    assert isinstance(of_type, GraphQLObjectType)
    parts = []
    for name, field in of_type.fields.items():
        if name == "id" or any(is_required_argument(each) for each in field.args.values()):
            continue
        is_leaf = is_leaf_type(get_named_type(field.type))
        parts.append(name if is_leaf else f"{name} {{ __typename }}")
    return " ".join(parts)


def _tree(selection: ObjectSelection) -> Any:
    """Return all of a selection but where it stands in the client's text."""
    fields = [
        (
            one.parent_type, one.name, one.response_key, one.needs, one.hidden, one.conditions,
            [print_ast(each).replace("$gt_node_0", "$id") for each in one.arguments],
            {name: _tree(each) for name, each in one.selection.by_type.items()}
            if one.selection else None,
        )
        for one in selection.fields
    ]  # fmt: skip
    left_out = [(at, one.response_key) for at, one in selection.refused]
    return (selection.type_name, selection.needs, selection.subject_key, left_out, fields)


def _shown(prepared: Prepared, variables: Mapping[str, Any]) -> Any:
    pruned = prepared.pruned
    return (
        str(plan_json(prepared.plan)).replace("gt_node_0", "id"),
        _tree(pruned.operation.root),
        [(each.coordinate, each.path) for each in pruned.refusals],
        (pruned.governed, dict(pruned.coordinates), pruned.labels),
        (pruned.is_catalogue_only, pruned.uses_lists, prepared.cost.estimate(variables)),
    )


def _both(preparer: Preparer, name: str, column: str, has_purpose: bool) -> tuple[Any, Any]:
    """Return what is made of `node` and of the field that gives one of the type."""
    schema = preparer.supergraph.api_schema
    body, field = _body(schema.type_map[name]), direct_fields(schema)[name]
    view = preparer.table.view(column, has_person_purpose=has_purpose)
    found = []
    for text, given in (
        (f"node(id: $id) {{ __typename id ... on {name} {{ {body} }} }}", f"{name}:{ABSENT}"),
        (f"node: {field}(id: $id) {{ __typename id {body} }}", ABSENT),
    ):
        operation = preparer.parse(f"query Q($id: ID!) {{ {text} }}", None, "c")
        variables = preparer.variables(operation, {"id": given})
        prepared = preparer.prepare(operation, view, "c", variables)
        found.append(_shown(prepared, variables))
    return found[0], found[1]


def _differing(preparer: Preparer, columns: list[str]) -> list[str]:
    found = []
    for name in direct_fields(preparer.supergraph.api_schema):
        for column in columns:
            for has_purpose in (True, False):
                node, direct = _both(preparer, name, column, has_purpose)
                if node != direct:
                    found.append(f"{name} {column} {has_purpose}")
    return found


@pytest.mark.timeout(600)
def test_a_node_is_decided_planned_and_weighed_like_the_field_of_its_type(
    preparer: Preparer,
) -> None:
    """AZ-11: for every type and every column, the same decision as the direct path."""
    assert _differing(preparer, sorted(preparer.table.matrix.columns)) == []


def _careless(operation: Any, view: Any, labels: Any) -> Any:
    """Run the role pass, and forget what it says of an operation with a `node`."""
    pruned = prune(operation, view, labels)
    names = [each.variable.name.value for each in operation.variable_definitions]
    return replace(pruned, operation=operation) if "gt_node_0" in names else pruned


def test_a_node_that_goes_round_the_role_pass_would_be_noticed(
    graph: Supergraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: what `node` became is not annotated with what its participant must grant."""
    monkeypatch.setattr(prepare, "prune", _careless)
    found = _differing(Preparer(graph, packaged_table(graph), Budget()), ["CM"])
    assert {"Participant CM True", "CaseNote CM True"} <= set(found)


def test_the_plan_of_a_node(preparer: Preparer) -> None:
    text = """query Q($id: ID!, $course: ID!) {
      node(id: $id) { id ...Person }
      course: node(id: $course) { ... on Course { number } ... on CaseNote { text } }
      nothing: node(id: "Nothing:1") { id }
    } fragment Person on Participant { name { given } releases { totalCount } }"""
    operation = preparer.parse(text, None, "c")
    given = {"id": f"Participant:{ABSENT}", "course": f"Course:{ABSENT}"}
    variables = preparer.variables(operation, given)
    view = preparer.table.view("CM", has_person_purpose=True)
    prepared = preparer.prepare(operation, view, "c", variables)
    assert plan_text(prepared.plan).strip() == GOLDEN.read_text().strip()
    assert prepared.plan.nodes[0].subgraph != nodes.NODE_SUBGRAPH


def test_a_role_s_schema_has_as_nodes_what_node_gives_it(preparer: Preparer) -> None:
    direct = direct_fields(preparer.supergraph.api_schema)
    for view in preparer.table.views.values():
        shown = preparer.schema_of(view)
        given = {name for name, field in direct.items() if ("Query", field) not in view.refused}
        assert {each.name for each in shown.get_possible_types(shown.type_map["Node"])} == given  # type: ignore[arg-type]
    clerk = preparer.schema_of(preparer.table.view("CRT", has_person_purpose=True))
    assert "CaseNote" not in clerk.type_map
    assert "Course" in clerk.type_map


def test_schema_that_names_every_node_would_be_noticed(
    preparer: Preparer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: whatever has an id is shown, since an interface reaches all that have it."""
    monkeypatch.setattr("gateway.policy.schema_view._refused_nodes", lambda *_: [])
    other = Preparer(preparer.supergraph, preparer.table, Budget())
    with pytest.raises(AssertionError):
        test_a_role_s_schema_has_as_nodes_what_node_gives_it(other)


def test_an_operation_has_a_bounded_number_of_nodes(preparer: Preparer) -> None:
    one = 'node(id: "Course:1") { id }'
    document = "{ " + " ".join(f"n{number}: {one}" for number in range(11)) + " }"
    with pytest.raises(RequestRefusedError) as refused:
        preparer.parse(document, None, "c")
    assert refused.value.code == "ROOT_FIELD_LIMIT"


def test_a_client_s_variables_keep_their_names(preparer: Preparer) -> None:
    text = "query Q($gt_node_0: ID!) { node(id: $gt_node_0) { id } }"
    operation = preparer.parse(text, None, "c")
    variables = preparer.variables(operation, {"gt_node_0": "Course:7"})
    assert variables == {"gt_node_0": "Course:7", "gt_gt_node_0": "7"}


_OF_PEOPLE = " @join__field(graph: PEOPLE)\n"
_IMPLEMENTS = """@about(participant: "id")
  @join__implements(graph: NODE, interface: "Node") @join__type(graph: PEOPLE, key: "id")
  @join__type(graph: NODE, key: "id", resolvable: false)"""
_GRAPH = """directive @join__implements(graph: join__Graph!, interface: String!) on OBJECT
enum join__Graph { NODE @join__graph(name: "node", url: "http://node")"""
_ROOT = """@join__type(graph: NODE) {
  node(id: ID!): Node @join__field(graph: NODE)
  participant("""
_TYPE = """interface Node @join__type(graph: NODE) { id: ID! }
type Participant implements Node """
_CHANGES = (
    ("enum join__Graph {", _GRAPH),
    ("{\n  participant(", _ROOT),
    ("type Participant ", _TYPE),
    ('@about(participant: "id") @join__type(graph: PEOPLE)', _IMPLEMENTS),
    ("  name: String\n", f"  name: String{_OF_PEOPLE}"),
    ('"CONTACT")\n', f'"CONTACT"){_OF_PEOPLE}'),
    ('"CASE_NOTES")\n}', f'"CASE_NOTES"){_OF_PEOPLE}}}'),
)


def _small() -> str:
    sdl = SUPERGRAPH
    for old, new in _CHANGES:
        assert sdl.count(old) == 1, old
        sdl = sdl.replace(old, new)
    return sdl


SMALL = _small()
"""The tests' supergraph, composed with `Query.node`."""

SELECTED = ("id", "__typename", "id name", "name phone notes { text }")


async def _told(
    gateway: RunningGateway, person: Person, head: str, given: str, selected: str
) -> tuple[Any, list[Any]]:
    """Return an answer, and what the gate was asked for it beside names of its own."""
    gateway.world.door.reset()
    query = f"query Q($id: ID!) {{ {head} {{ {selected} }} }}"
    answer = await gateway.ask(person, query, {"id": given})
    asked = [
        (each["denied"], each["records"], each["coordinates"])
        for calls in gateway.world.door.gate_calls()
        for each in calls
    ]
    for error in answer.body.get("errors", ()):
        error.pop("locations", None)  # where it stands in the text, which is not the same one
    return (answer.status, answer.body), asked


async def _as_the_direct_path(world: GatewayWorld) -> int:
    """Compare for somebody visible, hidden, of others and absent; returns how many were told."""
    seen = 0
    people = [await world.person("LEO"), await world.person("CM", "CM")]
    visible = [await world.participant_of(each, f"Ada{n}") for n, each in enumerate(people)]
    hidden = world.people.add(str(uuid4()), "Grace")
    async with replace(world, graph=load_supergraph(SMALL)).gateway() as gateway:
        for person in people:
            silent = set()
            for whose in (*visible, hidden, ABSENT, "p", ""):
                for selected in SELECTED:
                    typed = f"... on Participant {{ {selected} }}"
                    node = await _told(
                        gateway, person, "node(id: $id)", f"Participant:{whose}", typed
                    )
                    direct = await _told(
                        gateway, person, "node: participant(id: $id)", whose, selected
                    )
                    assert node == direct, (whose, selected)
                    told = node[0][1]["data"]["node"]
                    seen += told is not None
                    if told is None and selected == "id name":
                        silent.add(str(node[0]))
            assert len(silent) == 1, "hidden, absent and malformed ids are answered in one way"
    return seen


async def test_a_node_is_answered_as_the_direct_path_is(gateway_world: GatewayWorld) -> None:
    """AZ-11, through the whole request path: answer, records, and the denied look-up."""
    assert await _as_the_direct_path(gateway_world)


async def test_a_node_that_tells_that_somebody_is_there_would_be_noticed(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin: what stands in for `node` needs no consent, so it answers for the hidden."""
    monkeypatch.setattr(prepare, "prune", _careless)
    with pytest.raises(AssertionError):
        await _as_the_direct_path(gateway_world)


async def test_an_id_of_no_type_is_null_and_asks_nobody(gateway_world: GatewayWorld) -> None:
    person = await gateway_world.person("CM", "CM")
    whose = await gateway_world.participant_of(person)
    async with replace(gateway_world, graph=load_supergraph(SMALL)).gateway() as gateway:
        for given in (
            whose,
            f"Course:{whose}",
            f"participant:{whose}",
            f"Node:{whose}",
            ":",
            "",
            7,
        ):
            query = "query Q($id: ID!) { node(id: $id) { id ... on Participant { name } } }"
            answer = await gateway.ask(person, query, {"id": given})
            assert answer.body["data"] == {"node": None}, given
            assert "errors" not in answer.body
        assert gateway_world.people_http.received == []
        mixed = """query Q($id: ID!) { a: node(id: $id) { id } b: node(id: "Course:1") { id }
          courses { number } c: node(id: $id) @skip(if: true) { id } }"""
        answer = await gateway.ask(person, mixed, {"id": f"Participant:{whose}"})
        assert list(answer.body["data"]) == ["a", "b", "courses"]
        assert answer.body["data"]["a"] == {"id": whose}
        assert answer.body["data"]["b"] is None
