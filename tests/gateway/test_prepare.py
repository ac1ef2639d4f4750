"""What is prepared once is kept for one view, one supergraph and within one client's share."""

from typing import Any

import pytest
from graphql import GraphQLSchema

from gateway import prepare
from gateway.errors import RequestRefusedError
from gateway.limits.budget import Budget
from gateway.planner.plan_cache import PlanKey
from gateway.policy.access_table import View
from gateway.prepare import Prepared, Preparer, operation_name
from gateway.supergraph import load_supergraph
from tests.factories.policies import table
from tests.fixtures.gateway_app import GatewayWorld, table_of
from tests.fixtures.gateway_subgraphs import SUPERGRAPH, supergraph

QUERY = """query Q($id: ID!) {
  participant(id: $id) { name phone notes { text } } participants { totalCount } courses { number }
}"""


def _preparer(**limits: Any) -> Preparer:
    graph = supergraph()
    return Preparer(graph, table_of(graph), Budget(**limits))


def _prepared(preparer: Preparer, view: View, client: str = "c", query: str = QUERY) -> Prepared:
    return preparer.prepare(preparer.parse(query, None, client), view, client)


def _no_two_views_share_what_was_prepared() -> None:
    preparer = _preparer()
    views = [*preparer.table.views.values(), preparer.table.outage]
    prepared = [_prepared(preparer, view) for view in views]
    assert len({id(each) for each in prepared}) == len(views)
    for view, each in zip(views, prepared, strict=True):
        refused = {refusal.coordinate for refusal in each.pruned.refusals}
        for coordinate in ("Participant.notes", "Participant.phone", "Query.participants"):
            is_refused = tuple(coordinate.split(".")) in view.refused
            under_refused = ("Query", "participant") in view.refused
            if coordinate.startswith("Query") or not under_refused:
                assert (coordinate in refused) == is_refused, (view.name, coordinate)


TWO = "query A { courses { number } } query B { courses { number } }"


def _names_are_told_apart() -> None:
    preparer = _preparer()
    one = "query A { courses { number } }"
    assert preparer.parse(one, None, "c").definition.name is not None
    assert operation_name(preparer.parse(one, "A", "c")) == "A"
    for source, name in ((one, ""), (one, "B"), (TWO, None), (TWO, "")):
        with pytest.raises(RequestRefusedError) as refused:
            preparer.parse(source, name, "c")
        assert refused.value.code == "OPERATION_RESOLUTION_FAILURE"
    for name in ("A", "B"):
        assert operation_name(preparer.parse(TWO, name, "c")) == name


def test_the_empty_name_names_no_operation_whatever_was_asked_before() -> None:
    _names_are_told_apart()


def test_a_key_that_takes_no_name_for_the_empty_one_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin: of both the first that comes answers for the other."""
    monkeypatch.setattr(prepare, "name_key", lambda name: name or "")
    with pytest.raises(pytest.fail.Exception):
        _names_are_told_apart()


def test_no_two_views_share_what_was_prepared() -> None:
    _no_two_views_share_what_was_prepared()


def test_a_cache_key_without_the_view_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted twin of the test above."""

    def careless(operation_hash: str, revision: str, shape: str) -> PlanKey:
        return PlanKey(operation_hash, revision, "")

    monkeypatch.setattr(prepare, "PlanKey", careless)
    with pytest.raises(AssertionError):
        _no_two_views_share_what_was_prepared()


def test_every_view_has_a_name_of_its_own() -> None:
    access = table()
    names = [view.name for view in access.views.values()] + [access.outage.name]
    assert len(set(names)) == len(names)


def test_what_was_prepared_serves_every_client_of_the_view() -> None:
    preparer = _preparer()
    view = preparer.table.view("CM", has_person_purpose=True)
    assert _prepared(preparer, view, "one") is _prepared(preparer, view, "two")


def test_operations_of_one_document_are_told_apart() -> None:
    preparer = _preparer()
    document = "query A { courses { number } } query B { courses { number } }"
    view = preparer.table.view("CM", has_person_purpose=True)
    names = []
    for name in ("A", "B", "A"):
        operation = preparer.parse(document, name, "c")
        names.append(operation_name(preparer.prepare(operation, view, "c").operation))
    assert names == ["A", "B", "A"]


def _code(preparer: Preparer, query: str) -> tuple[int, str]:
    view = preparer.table.view("CM", has_person_purpose=True)
    with pytest.raises(RequestRefusedError) as refused:
        preparer.prepare(preparer.parse(query, None, "c"), view, "c")
    return refused.value.status, refused.value.code


def test_too_many_tokens_are_refused_with_their_own_code() -> None:
    """Also keeps true how the parser words its own limit, which is recognised by its text."""
    query = "{ courses { " + "number " * 30 + "} }"
    assert _code(_preparer(tokens=20), query) == (400, "TOKEN_LIMIT")
    _preparer(tokens=60).parse(query, None, "c")


def test_a_parse_error_is_no_limit() -> None:
    assert _code(_preparer(), "{ courses { ") == (400, "GRAPHQL_PARSE_FAILED")
    assert _code(_preparer(), "{ nothing }") == (400, "GRAPHQL_VALIDATION_FAILED")


def test_what_cannot_be_planned_is_refused_without_names_of_services() -> None:
    """A field of another service, on a type that has no key to follow."""
    unkeyed = SUPERGRAPH.replace(
        'type Course @category(is: "CATALOGUE") @join__type(graph: LIBRARY) { number: String! }',
        """type Course @category(is: "CATALOGUE") @join__type(graph: LIBRARY)
        @join__type(graph: PEOPLE) {
          number: String! @join__field(graph: LIBRARY)
          room: String @join__field(graph: PEOPLE)
        }""",
    )
    graph = load_supergraph(unkeyed)
    preparer = Preparer(graph, table_of(graph), Budget())
    operation = preparer.parse("{ courses { number room } }", None, "c")
    with pytest.raises(RequestRefusedError) as refused:
        preparer.prepare(operation, preparer.table.outage, "c")
    assert (refused.value.status, refused.value.code) == (400, "PLANNING_LIMIT")
    told = str(refused.value.errors).lower()
    assert not [word for word in ("people", "library", "room", "key") if word in told]


@pytest.mark.parametrize("cached", ["_operations", "_prepared"])
def test_one_client_cannot_push_out_what_others_use(
    monkeypatch: pytest.MonkeyPatch, cached: str
) -> None:
    monkeypatch.setattr(prepare, "MAX_DOCUMENTS", 16)
    monkeypatch.setattr(prepare, "MAX_PREPARED", 16)
    preparer = _preparer()
    view = preparer.table.view("CM", has_person_purpose=True)
    quiet = _prepared(preparer, view, "quiet")
    for number in range(40):
        _prepared(preparer, view, "busy", f"query N{number} {{ courses {{ number }} }}")
    assert len(getattr(preparer, cached)) == 1 + 16 * prepare.MAX_SHARE
    assert _prepared(preparer, view, "quiet") is quiet


def test_a_shape_that_is_too_large_is_not_kept() -> None:
    preparer = _preparer(aliases=2)
    query = "{ a: courses { number } b: courses { number } c: courses { number } }"
    for _ in range(2):
        with pytest.raises(RequestRefusedError, match="ALIAS_LIMIT"):
            preparer.parse(query, None, "c")


async def test_a_view_s_schema_is_made_only_for_those_who_ask_about_it(
    gateway_world: GatewayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes hundreds of milliseconds, in which nobody else is answered."""
    made: list[str] = []

    def counted(schema: GraphQLSchema, view: View) -> GraphQLSchema:
        made.append(view.name)
        return schema

    monkeypatch.setattr(prepare, "role_schema", counted)
    officer = await gateway_world.person("LEO")
    async with gateway_world.gateway() as gateway:
        await gateway.ask(officer, "{ courses { number } __typename }")
        assert made == []
        await gateway.ask(officer, '{ ...F } fragment F on Query { __type(name: "Note") { name } }')
    assert made == ["LEO"]


def test_a_view_s_schema_is_made_once() -> None:
    preparer = _preparer()
    access = preparer.table
    first = preparer.schema_of(access.view("LEO", has_person_purpose=True))
    assert preparer.schema_of(access.view("LEO", has_person_purpose=True)) is first
    assert preparer.schema_of(access.view("LEO", has_person_purpose=False)) is not first
