"""Labels of all subgraphs are compared before a composer can keep one of two and say nothing."""

import pytest

from gateway.policy.errors import PolicyError
from gateway.policy.sdl_labels import check_composed, check_subgraphs
from tests.factories.supergraphs import labelled_supergraph

CASES = """
type Query { case: Case @category(is: "LEGAL_PUBLIC", as: "PUBLIC_RECORD") }
extend type Participant @category(is: "IDENTITY") @about(participant: "id") {
  id: ID! @category(is: "STRUCTURE")
  name: String
}
type Case @category(is: "LEGAL_PUBLIC", as: "PUBLIC_RECORD") { number: String }
""".replace("type Query {", 'type Query @category(is: "STRUCTURE") {')

PEOPLE = """
type Participant @category(is: "IDENTITY") @about(participant: "id") {
  id: ID! @category(is: "STRUCTURE")
  name: String
  notes: String @category(is: "CASE_NOTES")
}
"""


def _fault(**documents: str) -> str:
    with pytest.raises(PolicyError) as refused:
        check_subgraphs(documents)
    assert str(refused.value).startswith(f"{refused.value.where}: ")
    return refused.value.where


def test_subgraphs_that_agree_are_counted() -> None:
    assert check_subgraphs({"people": PEOPLE}) == 5
    assert check_subgraphs({"people": PEOPLE, "cases": CASES}) == 13


@pytest.mark.parametrize(
    ("old", "new", "coordinate"),
    [
        ("name: String", 'name: String @category(is: "CONTACT")', "Participant.name"),
        (
            "name: String",
            'name: String @category(is: "IDENTITY", as: "SUMMARY")',
            "Participant.name",
        ),
        ('id: ID! @category(is: "STRUCTURE")', "id: ID!", "Participant.id"),
        ('extend type Participant @category(is: "IDENTITY")',
         'extend type Participant @category(is: "CONTACT")', "Participant"),
        ('@about(participant: "id")', '@about(participant: "name")', "Participant"),
    ],
    ids=["category", "form", "inherited against own", "type", "about"],
)  # fmt: skip
def test_a_conflict_between_two_subgraphs_is_refused_with_the_coordinate(
    old: str, new: str, coordinate: str
) -> None:
    conflicting = CASES.replace(old, new)
    assert conflicting != CASES
    assert _fault(people=PEOPLE, cases=conflicting) == coordinate
    assert _fault(cases=conflicting, people=PEOPLE) == coordinate


def test_an_argument_that_two_subgraphs_label_differently_is_refused() -> None:
    page = 'type Page @category(is: "STRUCTURE") { rows(by: String @category(is: "%s")): Int }'
    assert check_subgraphs({"people": page % "SUD", "cases": page % "SUD"}) == 6
    assert _fault(people=page % "SUD", cases=page % "CONTACT") == "Page.rows(by:)"
    assert _fault(people=page % "NOBODY") == "Page.rows(by:)"


def test_a_conflict_names_both_subgraphs() -> None:
    conflicting = CASES.replace("name: String", 'name: String @category(is: "CONTACT")')
    with pytest.raises(PolicyError, match="people and cases label it differently"):
        check_subgraphs({"people": PEOPLE, "cases": conflicting})


def test_the_default_form_written_out_is_no_conflict() -> None:
    same = CASES.replace("name: String", 'name: String @category(is: "IDENTITY", as: "RAW")')
    check_subgraphs({"people": PEOPLE, "cases": same})


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ("type Note { text: String }", "Note"),
        ('type Note @about(participant: "id") { id: ID }', "Note"),
        ("extend type Note { text: String }", "Note"),
        ('type Note @category(is: "NOTES") { text: String }', "Note"),
        ('type Note @category(is: "SUD", as: "SHORT") { text: String }', "Note"),
        ('type N @category(is: "SUD") { t: String @category(is: "SECRET") }', "N.t"),
        ('type N @category(is: "SUD") { t: String @category(as: "RAW") }', "N.t"),
    ],
    ids=["none", "about alone", "extension", "category", "form", "field", "no category"],
)
def test_a_missing_or_unknown_label_is_refused(document: str, where: str) -> None:
    assert _fault(people=document) == where


def test_the_machinery_of_federation_needs_no_label() -> None:
    document = """
    type _Service { sdl: String! }
    type Query @category(is: "STRUCTURE") { _service: _Service! _entities: [String]! }
    interface Node { id: ID }
    input Filter { text: String }
    enum Kind { A }
    """
    assert check_subgraphs({"people": document}) == 1


COMPOSED = """
type Query @category(is: "STRUCTURE") {
  case: Case
  find(text: String @category(is: "CASE_NOTES", as: "RAW")): [Participant]
}
type Participant @category(is: "IDENTITY", as: "RAW") @about(participant: "id") {
  id: ID! @category(is: "STRUCTURE", as: "RAW")
  name: String
  notes: String @category(is: "CASE_NOTES", as: "RAW")
}
type Case @category(is: "LEGAL_PUBLIC", as: "PUBLIC_RECORD") { number: String }
"""
SERVICES = {
    "people": PEOPLE + 'type Query @category(is: "STRUCTURE") {'
    ' find(text: String @category(is: "CASE_NOTES")): [Participant] }',
    "cases": CASES.replace(
        ' @category(is: "LEGAL_PUBLIC", as: "PUBLIC_RECORD") }\nextend', " }\nextend"
    ),
}


def test_a_supergraph_that_says_what_the_services_say_is_theirs() -> None:
    check_composed(labelled_supergraph(COMPOSED), SERVICES)


@pytest.mark.parametrize(
    ("old", "new", "coordinate"),
    [
        ('notes: String @category(is: "CASE_NOTES", as: "RAW")',
         'notes: String @category(is: "CATALOGUE", as: "RAW")', "Participant.notes"),
        ('notes: String @category(is: "CASE_NOTES", as: "RAW")',
         'notes: String @category(is: "CASE_NOTES", as: "SUMMARY")', "Participant.notes"),
        ('notes: String @category(is: "CASE_NOTES", as: "RAW")', "notes: String",
         "Participant.notes"),
        ("name: String", 'name: String @category(is: "STRUCTURE", as: "RAW")', "Participant.name"),
        ('Participant @category(is: "IDENTITY", as: "RAW")',
         'Participant @category(is: "CONTACT", as: "RAW")', "Participant"),
        ('@about(participant: "id")', '@about(participant: "name")', "Participant"),
        (' @about(participant: "id")', "", "Participant"),
        ('text: String @category(is: "CASE_NOTES", as: "RAW")',
         'text: String @category(is: "CATALOGUE", as: "RAW")', "Query.find(text:)"),
        ('text: String @category(is: "CASE_NOTES", as: "RAW")', "text: String",
         "Query.find(text:)"),
    ],
    ids=["category", "form", "lost", "own", "type", "about another", "about nobody", "argument",
         "argument lost"],
)  # fmt: skip
def test_a_supergraph_of_another_release_is_found_by_its_labels(
    old: str, new: str, coordinate: str
) -> None:
    assert COMPOSED.count(old) == 1
    other = labelled_supergraph(COMPOSED.replace(old, new))
    with pytest.raises(PolicyError, match="the supergraph and people label it") as refused:
        check_composed(other, SERVICES)
    assert refused.value.where == coordinate


def test_what_the_supergraph_or_a_service_has_alone_is_no_matter_of_labels() -> None:
    """Services are rolled out before the supergraph, and taken back after it."""
    newer = PEOPLE.replace("notes:", 'mood: String @category(is: "SUD")\n  notes:')
    newer += 'type Mood @category(is: "SUD") @about(participant: "id") { id: ID! }'
    check_composed(labelled_supergraph(COMPOSED), {"people": newer})
    newer = SERVICES["people"].replace("text:", 'mood: String @category(is: "SUD"), text:')
    check_composed(labelled_supergraph(COMPOSED), {"people": newer})
    older = PEOPLE.replace('  notes: String @category(is: "CASE_NOTES")\n', "")
    check_composed(labelled_supergraph(COMPOSED), {"people": older})
