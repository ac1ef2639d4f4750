"""The schema as a role can ever see it: what is refused, and what only that reaches, is gone."""

from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    get_introspection_query,
    print_schema,
    validate_schema,
)

from gateway.planner.introspection import introspect
from gateway.planner.operation import parse_operation
from gateway.policy.access_table import AccessTable
from gateway.policy.matrix import load_matrix
from gateway.policy.packaged import packaged_supergraph, packaged_table
from gateway.policy.schema_view import role_schema
from gateway.supergraph import Supergraph
from tests.factories import policies
from tests.fixtures.gateway_app import GatewayWorld


@pytest.fixture(scope="module")
def product() -> tuple[Supergraph, AccessTable]:
    supergraph = packaged_supergraph()
    return supergraph, packaged_table(supergraph)


def _coordinates(schema: GraphQLSchema) -> set[tuple[str, str]]:
    return {
        (name, field)
        for name, of_type in schema.type_map.items()
        if isinstance(of_type, GraphQLObjectType) and not name.startswith("__")
        for field in of_type.fields
    }


def _small(column: str) -> GraphQLSchema:
    supergraph = policies.supergraph()
    view = policies.table(supergraph).view(column, has_person_purpose=True)
    return role_schema(supergraph.api_schema, view)


def test_refused_fields_and_what_only_they_reach_are_gone() -> None:
    officer, manager = _small("LEO"), _small("CM")
    assert "Note" in manager.type_map
    assert "Note" not in officer.type_map
    assert ("Participant", "notes") not in _coordinates(officer)
    assert ("Participant", "summary") in _coordinates(officer)
    assert officer.mutation_type is None, "no mutation is left, so neither is their root"
    assert "AddNotePayload" not in officer.type_map
    assert "Note" not in print_schema(officer)


def test_a_type_that_something_allowed_still_reaches_stays() -> None:
    officer = _small("LEO")
    assert ("Query", "participants") not in _coordinates(officer)
    assert ("Query", "myReferrals") in _coordinates(officer)
    assert "ParticipantConnection" in officer.type_map


def _check_against_its_table(supergraph: Supergraph, access: AccessTable, column: str) -> None:
    view = access.view(column, has_person_purpose=True)
    schema = role_schema(supergraph.api_schema, view)
    shown = _coordinates(schema)
    assert not shown & view.refused
    assert not any(not of_type.fields for of_type in _objects(schema))
    assert validate_schema(schema) == []
    gone = {name for name, _ in view.refused} - {name for name, _ in shown}
    assert not gone & set(schema.type_map)


def _objects(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    return [each for each in schema.type_map.values() if isinstance(each, GraphQLObjectType)]


@pytest.mark.parametrize("column", sorted(load_matrix().columns))
def test_no_role_s_schema_shows_what_its_table_refuses(
    product: tuple[Supergraph, AccessTable], column: str
) -> None:
    _check_against_its_table(*product, column)


def test_a_schema_that_is_not_cut_down_would_be_noticed(
    product: tuple[Supergraph, AccessTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted twin of the test above."""
    monkeypatch.setitem(globals(), "role_schema", lambda schema, _view: schema)
    with pytest.raises(AssertionError):
        _check_against_its_table(*product, "LEO")


def _named(answer: Any) -> set[str]:
    if isinstance(answer, dict):
        return {text for value in answer.values() for text in _named(value)}
    if isinstance(answer, list):
        return {text for value in answer for text in _named(value)}
    return {answer} if isinstance(answer, str) else set()


def test_introspection_of_an_officer_names_no_notes_and_no_treatment(
    product: tuple[Supergraph, AccessTable],
) -> None:
    supergraph, access = product
    operation = parse_operation(get_introspection_query(descriptions=False), None, supergraph)

    def names(column: str) -> set[str]:
        view = access.view(column, has_person_purpose=True)
        return _named(introspect(operation, role_schema(supergraph.api_schema, view), {}))

    assert {"CaseNote", "notes", "addCaseNote"} <= names("CM")
    assert not {each for each in names("LEO") if "CaseNote" in each or each == "notes"}


async def test_introspection_through_the_whole_request_path(gateway_world: GatewayWorld) -> None:
    world = gateway_world
    officer, manager = await world.person("LEO"), await world.person("CM", "CM")
    query = """{ note: __type(name: "Note") { name } __schema { types { name } }
      participant: __type(name: "Participant") { fields { name } } }"""
    async with world.gateway() as gateway:
        seen_by_officer = (await gateway.ask(officer, query)).body["data"]
        seen_by_manager = (await gateway.ask(manager, query)).body["data"]
        without_purpose = (await gateway.ask(officer, query, purpose=None)).body["data"]
    assert seen_by_officer["note"] is None
    assert seen_by_officer["participant"]["fields"] == [{"name": "id"}, {"name": "name"}]
    assert seen_by_manager["note"] == {"name": "Note"}
    assert {"name": "Note"} not in seen_by_officer["__schema"]["types"]
    assert without_purpose["participant"] is None
    assert world.people_http.received == []
