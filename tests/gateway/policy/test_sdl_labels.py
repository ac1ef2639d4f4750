"""Labels of all subgraphs are compared before a composer can keep one of two and say nothing."""

import pytest

from gateway.policy.errors import PolicyError
from gateway.policy.sdl_labels import check_subgraphs

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
