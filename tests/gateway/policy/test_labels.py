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


def test_a_list_of_what_is_governed_is_nullable_itself() -> None:
    """Only people are left out of a list: a list of notes is withheld as a whole."""
    for notes in ("[String]", "[String!]"):
        listed = GOOD.replace("notes: String @", f"notes: {notes} @")
        read_labels(labelled_supergraph(listed))
        with pytest.raises(PolicyError, match="must be nullable") as refused:
            read_labels(labelled_supergraph(listed.replace(f"{notes} @", f"{notes}! @")))
        assert refused.value.where == "Participant.notes"


SELECTING = GOOD.replace(
    '  courses: [Course!] @category(is: "CATALOGUE")\n',
    """  courses(first: Int, topic: String): [Course!]
  counted(topic: String): Int @category(is: "REFERRAL", as: "AGGREGATE")
  held(topic: String): [Course!] @category(is: "TRAINING")
  told(topic: String): String
  find(name: String @category(is: "IDENTITY")): ParticipantConnection
""",
)


def test_an_argument_selects_by_what_it_says_or_else_by_what_the_field_returns() -> None:
    arguments = read_labels(labelled_supergraph(SELECTING)).arguments
    found = {name: dict(each) for (_, name), each in arguments.items()}
    assert found == {
        "courses": {"topic": Label(Category.CATALOGUE, Form.RAW)},
        "counted": {"topic": Label(Category.REFERRAL, Form.AGGREGATE)},
        "held": {"topic": Label(Category.TRAINING, Form.RAW)},
        "told": {"topic": Label(Category.STRUCTURE, Form.RAW)},
        "find": {"name": Label(Category.IDENTITY, Form.RAW)},
    }


@pytest.mark.parametrize(
    ("given", "planted", "where"),
    [
        # Which notes there are tells of what is in them, within a record as outside it.
        ("notes: String @", "notes(contains: String): String @", "Participant.notes(contains:)"),
        ("participants: P", "participants(name: String): P", "Query.participants(name:)"),
        ("edges: [ParticipantEdge!]! }", "edges(name: String): [ParticipantEdge!]! }", None),
    ],
)
def test_an_argument_without_a_label_selects_nobody(
    given: str, planted: str, where: str | None
) -> None:
    assert GOOD.count(given) == 1
    graph = labelled_supergraph(GOOD.replace(given, planted))
    if where is None:
        read_labels(graph)  # edges of a page are of no type about people: what the field is
        return
    with pytest.raises(PolicyError, match="without label") as refused:
        read_labels(graph)
    assert refused.value.where == where


LINKED = (
    GOOD.replace(
        "  participants: P",
        """  case: Case
  either: Either
  seen: Seen
  linked: [Link!] @category(is: "HOUSING")
  participants: P""",
    )
    + """
type Case @category(is: "LEGAL_PUBLIC", as: "PUBLIC_RECORD") {
  number: String!
  link: Link @category(is: "LEGAL_COORD")
  next: Case
}
type Link @category(is: "LEGAL_COORD") @about(participant: "participantId") {
  participantId: ID! @category(is: "STRUCTURE")
  remark: String
}
union Either @join__type(graph: A) = Course | Loose
interface Seen @join__type(graph: A) { number: Int }
type Loose @category(is: "STRUCTURE") { link: Link @category(is: "LEGAL_COORD") text: String }
type Shown implements Seen @join__implements(graph: A, interface: "Seen")
  @category(is: "STRUCTURE") { number: Int text: String }
"""
)


def test_what_is_reached_outside_a_record_is_carried_by_the_records_it_returns() -> None:
    """And what is within a record, or belongs to nobody, is not."""
    labels = read_labels(labelled_supergraph(LINKED))
    assert labels.carried == {("Case", "link"), ("Loose", "link"), ("Query", "linked")}


@pytest.mark.parametrize(
    ("given", "planted", "where"),
    [
        # Behind a union, behind an interface, and further away.
        ("text: String }\ntype Shown", 'text: String @category(is: "SUD") }\ntype Shown',
         "Loose.text"),
        ("number: Int text: String }", 'number: Int text: String @category(is: "SUD") }',
         "Shown.text"),
        ('type Course @category(is: "CATALOGUE") {',
         'type Course @category(is: "CATALOGUE") { taught: String @category(is: "SUD")',
         "Course.taught"),
        # A record of a person, and another category than the one by which it is released.
        ('link: Link @category(is: "LEGAL_COORD")\n', 'link: Link @category(is: "SUD")\n',
         "Case.link"),
    ],
)  # fmt: skip
def test_nobody_could_be_asked_for_what_belongs_to_no_record(
    given: str, planted: str, where: str
) -> None:
    assert LINKED.count(given) == 1
    with pytest.raises(PolicyError, match="whose data it is") as refused:
        read_labels(labelled_supergraph(LINKED.replace(given, planted)))
    assert refused.value.where == where


@pytest.mark.parametrize("root", ["Mutation", "Subscription"])
def test_what_commands_and_streams_return_is_looked_at_as_well(root: str) -> None:
    told = (
        f'type {root} @category(is: "STRUCTURE") {{ say: Told }}\n'
        'type Told @category(is: "STRUCTURE") { text: String }\n'
    )
    assert read_labels(labelled_supergraph(GOOD + told)).carried == set()
    planted = told.replace("text: String", 'text: String @category(is: "SUD")')
    with pytest.raises(PolicyError, match="whose data it is") as refused:
        read_labels(labelled_supergraph(GOOD + planted))
    assert refused.value.where == "Told.text"
