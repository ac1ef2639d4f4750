"""The schema as a whole: committed SDL, labels, nullability, descriptions, absent words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
)

import svc_participants
from infra.schema_directives import About
from infra.subgraph_schema import label_of
from infra.vocabulary import PERSON_CATEGORIES
from svc_participants.subgraph import schema

ENTITIES = ("Participant", "Referral", "Enrollment", "CaseNote", "Goal")
BUILT_IN = ("__", "_Service", "_Entity", "_Any", "PageInfo", "UserError")


def own_types() -> Iterator[GraphQLObjectType]:
    for each in schema()._schema.type_map.values():
        if isinstance(each, GraphQLObjectType) and not each.name.startswith(BUILT_IN):
            yield each


def test_committed_sdl_is_the_schema() -> None:
    file = Path(str(svc_participants.__file__)).parent / "subgraph.graphql"
    assert file.read_text(encoding="utf-8") == schema().as_str() + "\n"


def test_every_type_has_a_label() -> None:
    without = [
        each.name
        for each in own_types()
        if label_of(each.extensions["strawberry-definition"].directives or ()) is None
    ]
    assert without == []


def test_every_governed_field_is_nullable() -> None:
    wrong = []
    for each in own_types():
        of_type = label_of(each.extensions["strawberry-definition"].directives or ())
        for name, field in each.fields.items():
            if name.startswith("_"):
                continue
            own = label_of(field.extensions["strawberry-definition"].directives or ())
            label = own or of_type
            assert label is not None
            if label[0] in PERSON_CATEGORIES and isinstance(field.type, GraphQLNonNull):
                wrong.append(f"{each.name}.{name}")
    assert wrong == []


def test_every_row_about_somebody_says_about_whom() -> None:
    about = {
        each.name: directive.participant
        for each in own_types()
        for directive in each.extensions["strawberry-definition"].directives or ()
        if isinstance(directive, About)
    }
    assert about.pop("Participant") == "id"
    assert set(ENTITIES) - {"Participant"} <= set(about)
    assert set(about.values()) == {"participantId"}
    sdl = schema().as_str()
    assert sdl.count(
        'participantId: ID! @category(is: "STRUCTURE", as: "RAW") @inaccessible'
    ) == len(about)


def test_everything_has_a_description() -> None:
    without = []
    for each in schema()._schema.type_map.values():
        if each.name.startswith(("_", "link__")):
            continue
        if isinstance(each, GraphQLObjectType | GraphQLInputObjectType):
            without += [
                f"{each.name}.{n}"
                for n, f in each.fields.items()
                if not f.description and not n.startswith("_")
            ]
        if isinstance(each, GraphQLEnumType):
            without += [f"{each.name}.{n}" for n, v in each.values.items() if not v.description]
        if isinstance(each, GraphQLObjectType):
            without += [
                f"{each.name}.{name}({argument})"
                for name, field in each.fields.items()
                for argument, given in field.args.items()
                if not given.description and not name.startswith("_")
            ]
        if not each.description and not isinstance(each, GraphQLInputObjectType | GraphQLEnumType):
            without.append(each.name)
    assert without == []


@pytest.mark.parametrize("word", ["FAIL", "TERMINAT", "COMPLIAN", "SANCTION", "VIOLAT"])
def test_no_value_calls_anybody_a_failure(word: str) -> None:
    values = [
        f"{each.name}.{value}"
        for each in schema()._schema.type_map.values()
        if isinstance(each, GraphQLEnumType) and not each.name.startswith("_")
        for value in each.values
        # A handoff that came to nothing is no person who did.
        if word in value and value != "HANDOFF_FAILED"
    ]
    assert values == []


def test_other_lists_of_people_take_no_filter_and_no_order() -> None:
    query = schema()._schema.query_type
    assert query is not None
    lists = {
        n: f for n, f in query.fields.items() if get_named_type(f.type).name.endswith("Connection")
    }
    for labelled in (  # what they take is labelled, and narrowed with the rows
        "searchParticipants", "studyRows", "participants", "caseload", "referralQueue",
    ):  # fmt: skip
        lists.pop(labelled)
    assert set(lists) == {
        "myReferrals", "waitlist", "siteProtocols", "handoffCalls", "inTheWind",
    }  # fmt: skip
    assert {frozenset(field.args) for field in lists.values()} == {frozenset({"first", "after"})}
