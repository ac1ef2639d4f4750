"""What the role pass leaves of an operation, part by part: needs, subjects, places, and the rest.

Each test looks at the whole of what one part comes to, so that nothing may be added to it either.
"""

import pytest

from gateway.planner import normalize, parse_operation
from gateway.planner.selection import ALWAYS, ObjectSelection
from gateway.policy.access_table import BITS, compile_table
from gateway.policy.labels import read_labels
from gateway.policy.matrix import load_matrix
from gateway.policy.roles import PrunedOperation, prune, selected_refusals
from infra.vocabulary import Category, Form
from tests.factories.policies import MUTATIONS, SDL
from tests.factories.supergraphs import labelled_supergraph

IDENTITY, NOTES = BITS[Category.IDENTITY], BITS[Category.CASE_NOTES]
HOUSING, COORD = BITS[Category.HOUSING], BITS[Category.LEGAL_COORD]
WIDER = (
    (
        SDL.replace(
            "  participants: ParticipantConnection\n",
            '  participants(noteContains: String @category(is: "CASE_NOTES"),'
            ' housedSince: String @category(is: "HOUSING"), first: Int): ParticipantConnection\n',
        )
        .replace(
            '  notes: [Note] @category(is: "CASE_NOTES")\n',
            '  notes(first: Int): [Note] @category(is: "CASE_NOTES")\n'
            '  cases: [Case!] @category(is: "STRUCTURE")\n',
        )
        .replace(
            "  case: Case\n",
            "  case: Case\n  found: Found\n  study: Study\n"
            '  counted: Int @category(is: "REFERRAL", as: "AGGREGATE")\n'
            '  studied: Int @category(is: "REFERRAL", as: "DEIDENTIFIED")\n',
        )
        .replace(
            'type Case @category(is: "LEGAL_PUBLIC", as: "PUBLIC_RECORD") {\n',
            'type Case @category(is: "LEGAL_PUBLIC", as: "PUBLIC_RECORD")'
            ' @about(participant: "ownerId") {\n  ownerId: ID! @category(is: "STRUCTURE")\n'
            '  docket: Docket @category(is: "STRUCTURE")\n'
            '  title: String @join__field(graph: A, requires: "ownerId")\n',
        )
        .replace(
            '  goals: String @category(is: "GOALS_PLAN")\n',
            '  goals: String @category(is: "GOALS_PLAN")\n'
            '  plan: String @category(is: "GOALS_PLAN") @join__field(graph: A, requires: "id")\n',
        )
    )
    + """
type Docket @category(is: "STRUCTURE") {
  pages: Int
  remark: String @category(is: "LEGAL_COORD")
  link: Link @category(is: "LEGAL_COORD")
  shelf: Docket
  seen: Link
  either: Either
}
type Study @category(is: "STRUCTURE") {
  key: String
  rate: Int @category(is: "REFERRAL", as: "DEIDENTIFIED") @join__field(graph: A, requires: "key")
}
union Found @join__type(graph: A) = Course | Participant
union Either @join__type(graph: A) = Course | Link
"""
)


def run(document: str, column: str, *, has_purpose: bool = True) -> PrunedOperation:
    """Run the role pass over a document as one column."""
    graph = labelled_supergraph(WIDER)
    table = compile_table(graph, read_labels(graph), load_matrix(), MUTATIONS)
    view = table.view(column, has_person_purpose=has_purpose)
    return prune(normalize(parse_operation(document, None, graph)), view, table.labels)


def at(pruned: PrunedOperation, *path: str) -> ObjectSelection:
    """Return what is selected at a place."""
    current = pruned.operation.root
    for name in path:
        field = next(each for each in current.fields if each.name == name)
        assert field.selection is not None
        (current,) = field.selection.by_type.values()
    return current


def names(selection: ObjectSelection) -> list[tuple[str, bool]]:
    """Return the fields of a selection, and which of them the client did not ask for."""
    return [(each.name, each.hidden) for each in selection.fields]


ROW = ("participants", "edges", "node")
FILTERED = """{ participants(housedSince: "2026", first: 5) { edges { node {
  id name { given } notes(first: 2) { text } } } } }"""


def test_what_rows_were_chosen_by_is_needed_of_the_row_and_not_below_it() -> None:
    pruned = run(FILTERED, "PM")
    assert at(pruned, *ROW).needs == IDENTITY | HOUSING
    pruned = run(FILTERED, "CM")
    assert at(pruned, *ROW).needs == IDENTITY | HOUSING
    assert at(pruned, *ROW, "notes").needs == NOTES
    assert at(pruned, *ROW, "name").needs in (0, IDENTITY)
    assert at(pruned, "participants").needs == 0
    unfiltered = run(FILTERED.replace('housedSince: "2026", ', ""), "CM")
    assert at(unfiltered, *ROW).needs == IDENTITY
    assert at(unfiltered, *ROW, "notes").needs == NOTES


def test_refused_fields_keep_their_places() -> None:
    pruned = run("{ participant(id: 1) { notes { text } id goals summary name { given } } }", "LEO")
    person = at(pruned, "participant")
    assert [(place, each.name) for place, each in person.refused] == [(0, "notes"), (1, "goals")]
    assert names(person) == [("id", False), ("summary", False), ("name", False)]
    assert at(run("{ participant(id: 1) { id } }", "LEO"), "participant").refused == ()


def test_an_object_of_which_everything_is_refused_shows_whether_it_is_there() -> None:
    pruned = run("{ participant(id: 1) { notes { text } } }", "LEO")
    assert names(at(pruned, "participant")) == [("__typename", True), ("id", True)]
    kept = run("{ participant(id: 1) { summary notes { text } } }", "LEO")
    assert names(at(kept, "participant")) == [("summary", False), ("id", True)]
    nothing = run("{ participants { edges { node { id } } } }", "LEO")
    assert nothing.operation.root.fields == ()


def test_whom_it_is_about_is_read_where_somebody_must_grant_something() -> None:
    """Of the object itself or below it, and of nothing that is about nobody."""
    person = at(run("{ participant(id: 1) { summary } }", "CM"), "participant")
    assert names(person) == [("summary", False), ("id", True)]
    assert person.subject_key == person.fields[-1].response_key
    name = at(run("{ participant(id: 1) { name { given } } }", "CM"), "participant", "name")
    assert (name.subject_key, names(name)) == (None, [("given", False)])
    public = at(run("{ case { number } }", "PRO:not_liaison"), "case")
    assert (public.needs, public.subject_key, names(public)) == (0, None, [("number", False)])
    linked = at(run("{ case { number link { relation } } }", "DEF"), "case")
    assert linked.needs == 0
    assert linked.subject_key == linked.fields[-1].response_key
    assert names(linked) == [("number", False), ("link", False), ("ownerId", True)]


@pytest.mark.parametrize(
    ("below", "is_read"),
    [
        ("pages", False),
        ("__typename", False),
        ("shelf { pages }", False),
        ("remark", True),
        ("pages remark", True),
        ("link { relation }", True),
        ("link { participantId }", True),
        ("pages link { relation }", True),
        # Nothing that is read of it needs a grant but that it is there at all.
        ("seen { participantId }", True),
        ("either { ... on Link { participantId } }", True),
        ("either { ... on Course { number } }", True),
        ("shelf { pages shelf { link { relation } } }", True),
        ("pages shelf { pages remark }", True),
    ],
)
def test_whom_it_is_about_is_read_for_what_is_further_below(below: str, is_read: bool) -> None:
    case = at(run(f"{{ case {{ number docket {{ {below} }} }} }}", "DEF"), "case")
    assert case.needs == 0
    assert names(case) == [("number", False), ("docket", False), *[("ownerId", True)] * is_read]
    assert (case.subject_key is not None) is is_read


def test_obligations_are_told_of_each_field_and_of_its_type() -> None:
    pruned = run("{ participant(id: 1) { id summary } courses { number } }", "CM")
    assert {label.category for label in pruned.labels} == {Category.IDENTITY, Category.GOALS_PLAN}
    pruned = run("{ case { docket { remark } } }", "DEF")
    assert {label.category for label in pruned.labels} == {Category.LEGAL_COORD}


FOUND = "{ found { ... on Course { number } ... on Participant { id } } }"


def test_what_may_be_of_several_types_is_governed_where_one_of_them_is() -> None:
    """And told of by the types that are, not by the others."""
    pruned = run(FOUND, "CM")
    assert pruned.governed == ("found",)
    assert {label.category for label in pruned.labels} == {Category.IDENTITY}
    assert not pruned.is_catalogue_only
    # Asking for courses alone tells whether it is a participant.
    asked = run("{ found { ... on Course { number } } }", "CM")
    assert (asked.governed, asked.labels) == (pruned.governed, pruned.labels)


def test_what_is_read_from_a_free_field_is_governed_by_its_own_label_alone() -> None:
    """A field that another one feeds has the labels of both: of them one counts, where one does."""
    plan = run("{ participant(id: 1) { plan } }", "CM")
    assert {label.category for label in plan.labels} == {Category.IDENTITY, Category.GOALS_PLAN}
    assert not run("{ case { title } }", "PRO:not_liaison").is_catalogue_only
    assert run("{ study { rate } }", "EVL").uses_lists
    assert not run("{ study { key } }", "EVL").uses_lists


@pytest.mark.parametrize("column", ["CM", "LEO", "EVL"])
def test_the_name_of_a_type_is_left_where_it_stands(column: str) -> None:
    pruned = run("{ __typename courses { __typename number } }", column)
    assert pruned.refusals == ()
    assert names(pruned.operation.root) == [("__typename", False), ("courses", False)]
    assert names(at(pruned, "courses")) == [("__typename", False), ("number", False)]
    assert pruned.is_catalogue_only


@pytest.mark.parametrize(
    ("document", "column", "is_catalogue", "reads_lists"),
    [
        ("{ courses { number } }", "CM", True, False),
        ("{ __typename }", "CM", True, False),
        ("{ participant(id: 1) { id } }", "CM", False, False),
        ("{ participants { edges { node { id } } } }", "CM", False, True),
        # What is refused was asked for all the same.
        ("{ courses { number } participants { edges { node { id } } } }", "LEO", False, False),
        ('{ __typename participants(noteContains: "x") { __typename } }', "PM", False, False),
        ('mutation { addNote(text: "x") { __typename } }', "CM", False, False),
    ],
    ids=["courses", "type", "person", "list", "refused list", "refused filter", "mutation"],
)  # fmt: skip
def test_catalogue_alone_is_told_from_what_is_about_people(
    document: str, column: str, is_catalogue: bool, reads_lists: bool
) -> None:
    pruned = run(document, column)
    assert (pruned.is_catalogue_only, pruned.uses_lists) == (is_catalogue, reads_lists)


def test_figures_and_rows_without_names_have_obligations_and_rows_rest_on_an_agreement() -> None:
    """What rests on an agreement ends with it, as lists do; figures do not."""
    counted = run("{ counted }", "PM")
    studied = run("{ studied }", "EVL")
    assert (counted.refusals, studied.refusals) == ((), ())
    assert [(each.category, each.form) for each in counted.labels] == [
        (Category.REFERRAL, Form.AGGREGATE)
    ]
    assert [(each.category, each.form) for each in studied.labels] == [
        (Category.REFERRAL, Form.DEIDENTIFIED)
    ]
    assert (counted.uses_lists, studied.uses_lists) == (False, True)
    assert not counted.is_catalogue_only
    assert not studied.is_catalogue_only


def test_a_list_without_its_rows_is_about_people() -> None:
    pruned = run("{ participants { __typename } }", "CM")
    assert pruned.uses_lists
    assert not pruned.is_catalogue_only


def test_what_consent_governs_is_named_for_the_record() -> None:
    pruned = run("{ who: participant(id: 1) { id name { given } notes { text } } }", "CM")
    assert set(pruned.governed) == {
        "who", "who.name", "who.name.given", "who.notes", "who.notes.text",
    }  # fmt: skip
    assert set(pruned.coordinates) == {Category.IDENTITY, Category.CASE_NOTES}
    assert set(pruned.coordinates[Category.CASE_NOTES]) == {"Participant.notes", "Note.text"}
    assert {label.category for label in pruned.labels} == {Category.IDENTITY, Category.CASE_NOTES}
    nothing = run("{ courses { number } }", "CM")
    assert (nothing.governed, dict(nothing.coordinates), nothing.labels) == ((), {}, frozenset())


def test_an_object_alone_is_governed_by_what_its_type_needs() -> None:
    pruned = run("{ participant(id: 1) { id } }", "CM")
    assert pruned.governed == ("participant",)
    assert {label.category for label in pruned.labels} == {Category.IDENTITY}


def test_a_refusal_says_what_where_and_when() -> None:
    document = """query ($v: Boolean!) { a: participant(id: 1) @include(if: $v) {
  id
  x: notes { text }
} }"""
    (refusal,) = run(document, "LEO").refusals
    assert (refusal.coordinate, refusal.path) == ("Participant.notes", ("a", "x"))
    assert refusal.locations == ((3, 3),)
    assert refusal.conditions != ALWAYS
    assert refusal.selected({"v": True}) is refusal
    assert refusal.selected({"v": False}) is None
    assert refusal.selected({}) is None


def test_each_coordinate_is_refused_once_in_an_answer_at_its_first_place() -> None:
    document = """query ($v: Boolean!) {
  a: participant(id: 1) @include(if: $v) { notes { text } goals }
  b: participant(id: 2) { notes { text } }
}"""
    pruned = run(document, "LEO")
    assert len(pruned.refusals) == 3
    both = [(each.coordinate, each.path) for each in selected_refusals(pruned, {"v": True})]
    assert both == [("Participant.notes", ("a", "notes")), ("Participant.goals", ("a", "goals"))]
    (alone,) = selected_refusals(pruned, {"v": False})
    assert alone.path == ("b", "notes")
