"""No label, no composition: every way in which a schema can be labelled wrongly is refused."""

import pytest

from gateway.policy.errors import PolicyError
from gateway.policy.labels import Label, read_labels
from infra.vocabulary import Category, Form
from tests.factories.supergraphs import labelled_supergraph

GOOD = """
type Query @category(is: "STRUCTURE") {
  participant(id: ID!): Participant
  participants: ParticipantConnection
  courses: [Course!] @category(is: "CATALOGUE")
}
type ParticipantConnection @category(is: "STRUCTURE") { edges: [ParticipantEdge!]! }
type ParticipantEdge @category(is: "STRUCTURE") { node: Participant }
type Participant @category(is: "IDENTITY") @about(participant: "id") {
  id: ID! @category(is: "STRUCTURE")
  name: Name
  notes: String @category(is: "CASE_NOTES")
  summary: String @category(is: "GOALS_PLAN", as: "SUMMARY")
}
type Name @category(is: "IDENTITY") { given: String }
type Course @category(is: "CATALOGUE") { number: String! }
"""


def test_fields_inherit_the_label_of_their_type_unless_they_state_their_own() -> None:
    labels = read_labels(labelled_supergraph(GOOD))
    assert labels.fields["Participant", "name"] == {Label(Category.IDENTITY, Form.RAW)}
    assert labels.fields["Participant", "notes"] == {Label(Category.CASE_NOTES, Form.RAW)}
    assert labels.fields["Participant", "summary"] == {Label(Category.GOALS_PLAN, Form.SUMMARY)}
    assert labels.about == {"Participant": "id"}
    assert labels.lists == {("Query", "participants")}


@pytest.mark.parametrize(
    ("broken", "coordinate"),
    [
        (GOOD.replace('type Course @category(is: "CATALOGUE")', "type Course"), "Course"),
        (GOOD.replace('notes: String @category(is: "CASE_NOTES")',
                      'notes: String @category(is: "NOTES")'), "Participant.notes"),
        (GOOD.replace("notes: String @", "notes: String! @"), "Participant.notes"),
        (GOOD.replace("participant(id: ID!): Participant", "participant(id: ID!): Participant!"),
         "Query.participant"),
        (GOOD.replace('@about(participant: "id")', '@about(participant: "nobody")'), "Participant"),
        (GOOD.replace(' @about(participant: "id")', ""), "Participant.name"),
        (GOOD.replace("node: Participant", "node: Participant!"), "ParticipantEdge.node"),
        (GOOD.replace("courses: [Course!] @", "courses: [Course!]! @"), "Query.courses"),
    ],
    ids=["no label", "unknown category", "governed non-null", "person non-null",
         "about names no field", "no subject", "non-null node", "non-null root"],
)  # fmt: skip
def test_a_wrongly_labelled_schema_is_refused_with_its_coordinate(
    broken: str, coordinate: str
) -> None:
    assert broken != GOOD
    with pytest.raises(PolicyError) as refused:
        read_labels(labelled_supergraph(broken))
    assert refused.value.where == coordinate


@pytest.mark.parametrize(
    ("is_", "as_"), [("LEGAL_PUBLIC", "RAW"), ("LEGAL_COORD", "PUBLIC_RECORD")]
)
def test_only_the_public_record_is_labelled_as_one(is_: str, as_: str) -> None:
    """Case managers read it without a ground: nothing else may come along under that label."""
    planted = GOOD.replace('"CASE_NOTES")', f'"{is_}", as: "{as_}")')
    with pytest.raises(PolicyError, match="PUBLIC_RECORD"):
        read_labels(labelled_supergraph(planted))


WIDER = GOOD.replace(
    'type ParticipantConnection @category(is: "STRUCTURE") { ',
    """type Group @category(is: "STRUCTURE") {
  all: [Participant!]!
  some: [Participant]
  pages: ParticipantConnection!
  first: Participant
  number: Int!
}
type ParticipantConnection @category(is: "STRUCTURE") { nodes: [Participant] """,
).replace("  name: Name\n", "  name: Name\n  family: [Participant!]\n")


def test_lists_of_people_stand_outside_a_record_and_outside_the_page_itself() -> None:
    lists = read_labels(labelled_supergraph(WIDER)).lists
    assert lists == {
        ("Query", "participants"), ("Group", "all"), ("Group", "some"), ("Group", "pages"),
    }  # fmt: skip


def test_what_a_free_field_feeds_is_nullable_like_anything_that_is_governed() -> None:
    """One label that is governed is enough."""
    plan = '  plan: String%s @category(is: "GOALS_PLAN") @join__field(graph: A, requires: "id")\n'
    fed = GOOD.replace("  name: Name\n", f"  name: Name\n{plan % ''}")
    assert len(read_labels(labelled_supergraph(fed)).fields["Participant", "plan"]) == 2
    planted = GOOD.replace("  name: Name\n", f"  name: Name\n{plan % '!'}")
    with pytest.raises(PolicyError, match="must be nullable") as refused:
        read_labels(labelled_supergraph(planted))
    assert refused.value.where == "Participant.plan"


@pytest.mark.parametrize(
    ("given", "planted", "says"),
    [
        ('type Course @category(is: "CATALOGUE")',
         'type Course @category(is: "CATALOGUE") @category(is: "IDENTITY")', "different labels"),
        ('notes: String @category(is: "CASE_NOTES")',
         'notes: String @category(is: "CASE_NOTES") @category(is: "SUD")', "different labels"),
        ('@about(participant: "id")', '@about(participant: "id") @about(participant: "notes")',
         "disagree on @about"),
        ("type Course", ('interface Open @join__type(graph: A) @category(is: "CATALOGUE")'
         " { number: String! }\ntype Course"), "an interface carries no label"),
    ],
    ids=["of a type", "of a field", "about", "interface"],
)  # fmt: skip
def test_labels_that_say_two_things_are_refused(given: str, planted: str, says: str) -> None:
    assert given in GOOD
    with pytest.raises(PolicyError, match=says):
        read_labels(labelled_supergraph(GOOD.replace(given, planted, 1)))


def test_a_label_that_two_subgraphs_repeat_says_one_thing() -> None:
    twice = GOOD.replace(
        '@about(participant: "id")', '@about(participant: "id") @about(participant: "id")'
    ).replace('is: "CASE_NOTES")', 'is: "CASE_NOTES") @category(is: "CASE_NOTES", as: "RAW")')
    assert read_labels(labelled_supergraph(twice)) == read_labels(labelled_supergraph(GOOD))
