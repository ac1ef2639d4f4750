"""Cases of the catalogue of attacks that need no world: what is refused before anything runs."""

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
)

from gateway.nodes import NODE_INTERFACE
from gateway.planner import OperationError, parse_operation
from gateway.policy.labels import read_labels
from gateway.policy.packaged import packaged_supergraph

CYCLES = [
    "{ sites { ...A } } fragment A on Site { name ...A }",
    "{ sites { ...A } } fragment A on Site { ...B } fragment B on Site { name ...A }",
    """{ participants { edges { node { ...A } } } }
    fragment A on Participant { referrals { edges { node { ...B } } } }
    fragment B on Referral { participant { ...A } }""",
]


@pytest.mark.parametrize("document", CYCLES)
def test_fragments_that_lead_back_to_themselves_are_refused(document: str) -> None:
    """Of one, of two, and through other types (AZ-29)."""
    with pytest.raises(OperationError):
        parse_operation(document, None, packaged_supergraph())


def test_no_answer_is_a_list_of_lists_and_none_is_of_several_types_of_people() -> None:
    """Places where a hidden row could leave a hole or its type a trace do not exist (AZ-25, LK-02).

    Whoever adds one has to say in the catalogue how it is kept silent. A node is of the type that
    its id names, whatever there is (AZ-11, decision 21).
    """
    supergraph = packaged_supergraph()
    labels = read_labels(supergraph)
    for type_name, field in labels.fields:
        holder = supergraph.full_schema.type_map[type_name]
        assert isinstance(holder, GraphQLObjectType)
        text = str(holder.fields[field].type)
        assert "[[" not in text.replace("!", ""), f"{type_name}.{field}"
    abstract = [
        name
        for name, each in supergraph.api_schema.type_map.items()
        if isinstance(each, GraphQLInterfaceType | GraphQLUnionType)
    ]
    assert abstract == [NODE_INTERFACE]


def test_no_scalar_or_enumeration_carries_a_label_of_its_own() -> None:
    """What a value is, its field says: there is no second place to forget (AZ-20)."""
    supergraph = packaged_supergraph()
    labels = read_labels(supergraph)
    values = {
        name
        for name, each in supergraph.full_schema.type_map.items()
        if isinstance(each, GraphQLScalarType | GraphQLEnumType)
    }
    assert values
    assert not values & labels.types.keys()
    for (type_name, field), required in labels.fields.items():
        holder = supergraph.full_schema.type_map[type_name]
        assert isinstance(holder, GraphQLObjectType)
        returned = get_named_type(holder.fields[field].type)
        if isinstance(returned, GraphQLScalarType | GraphQLEnumType):
            assert required, f"{type_name}.{field} is a value without a label"


def test_no_mutation_takes_several_people_at_once() -> None:
    """A change of many rows could lack the row filter: changes are of one participant (AZ-14)."""
    mutation = packaged_supergraph().full_schema.mutation_type
    assert mutation is not None
    lists = []
    for name, field in mutation.fields.items():
        for argument in field.args.values():
            given = get_named_type(argument.type)
            if not isinstance(given, GraphQLInputObjectType):
                continue
            lists += [
                f"{name}.{key}"
                for key, each in given.fields.items()
                if isinstance(get_nullable_type(each.type), GraphQLList)
                and key.lower().removesuffix("s").endswith("id")
            ]
    # Staff on a training roster, and agencies that one person's release names.
    assert set(lists) == {
        "assignSession.personnelIds",
        "markReminded.assignmentIds",
        "registerAssignments.assignmentIds",
        "revokeReleaseInPart.recipientAgencyIds",
        "startAssignmentBatch.personnelIds",
        "submitOutsideTraining.personnelIds",
    }
