"""The own record holds every field that the access table gives the participant, or says why not."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from gateway.policy.access_table import AccessTable
from gateway.policy.packaged import packaged_supergraph, packaged_table
from gateway.web.doors.own_record import AROUND, LEFT_OUT, SECTIONS, collect

DOCUMENT = (
    resources.files("gateway.web.doors") / "operations" / "OwnRecord.graphql"
).read_text(encoding="utf-8")  # fmt: skip


@cache
def table() -> AccessTable:
    return packaged_table(packaged_supergraph())


def fields(selection: SelectionSetNode | None) -> set[str]:
    """Return the names of the fields that an object's selection has."""
    found: set[str] = set()
    for each in selection.selections if selection else ():
        if isinstance(each, FieldNode):
            found.add(each.name.value)
        elif isinstance(each, InlineFragmentNode):
            found |= fields(each.selection_set)
    return found


def selected(document: str) -> set[str]:
    """Return the fields of the participant that an operation reads."""
    operation = parse(document).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    participant = operation.selection_set.selections[0]
    assert isinstance(participant, FieldNode)
    return fields(participant.selection_set)


def given(role: str) -> set[str]:
    """Return the fields of the participant that the access table gives a role."""
    view = table().views[role, True]
    participant = packaged_supergraph().api_schema.type_map["Participant"]
    assert isinstance(participant, GraphQLObjectType)
    return {name for name in participant.fields if ("Participant", name) not in view.refused}


def missing(role: str, document: str) -> set[str]:
    """Return what a role may read and an operation neither reads nor is excused from."""
    return given(role) - selected(document) - set(LEFT_OUT)


@pytest.mark.parametrize("role", ["PAR", "REP"])
def test_everything_that_the_access_table_gives_is_in_the_file(role: str) -> None:
    assert missing(role, DOCUMENT) == set()


@pytest.mark.parametrize("role", ["PAR", "REP"])
def test_nothing_is_asked_for_that_the_access_table_denies(role: str) -> None:
    assert selected(DOCUMENT) <= given(role)


def test_no_excuse_is_out_of_date() -> None:
    assert set(LEFT_OUT) <= given("PAR")
    assert not set(LEFT_OUT) & selected(DOCUMENT)


@pytest.mark.parametrize("name", ["contactAttempts", "courtLetters", "counsel", "assignments"])
def test_a_planted_file_without_a_field_is_caught(name: str) -> None:
    if name in (*SECTIONS, *AROUND):
        planted = DOCUMENT.replace(f" {name}(", " notes(", 1)
    else:
        start = DOCUMENT.index(f"      {name} {{")
        planted = DOCUMENT[:start] + DOCUMENT[DOCUMENT.index("}", start) + 1 :]
    assert missing("PAR", planted) == {name}


async def test_short_lists_that_are_read_together_are_each_there_once() -> None:
    """One of them goes on; the others come again with it, and are not written again."""
    asked: list[dict[str, object]] = []

    async def ask(_name: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(dict(variables))
        goes_on = variables["contactAttemptsAfter"] is None

        def page(node: str, following: str | None) -> dict[str, Any]:
            info = {"hasNextPage": following is not None, "endCursor": following}
            return {"edges": [{"node": node}], "pageInfo": info}

        lists = {name: page(f"only {name}", None) for name in AROUND}
        lists["contactAttempts"] = page("first", "2") if goes_on else page("last", None)
        return {"participant": {"id": "x"} | (lists if variables["around"] else {})}

    record, cut = await collect(ask, "x") or ({}, ["nobody"])
    assert cut == []
    assert record["contactAttempts"] == ["first", "last"]
    assert {name: record[name] for name in AROUND if name != "contactAttempts"} == {
        name: [f"only {name}"] for name in AROUND if name != "contactAttempts"
    }
    assert [each["around"] for each in asked] == [True, True]
