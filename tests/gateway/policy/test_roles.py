"""The role pass: what a role can never see leaves the operation, whatever shape it is asked in."""

from dataclasses import replace

import pytest

from gateway.planner.selection import walk
from gateway.policy.access_table import BITS, View
from gateway.policy.roles import Refusal, prune, selected_refusals
from infra.vocabulary import Category
from tests.factories import policies

OVERVIEW = "{ participant(id: 1) { name { given } notes { text } goals summary } }"


def test_a_case_manager_keeps_notes_annotated_with_what_consent_must_grant() -> None:
    pruned = policies.pruned(OVERVIEW, "CM")
    needs = {field.name: field.needs for field in walk(pruned.operation.root)}
    assert pruned.refusals == ()
    assert needs["notes"] == BITS[Category.CASE_NOTES]
    assert needs["goals"] == BITS[Category.GOALS_PLAN]
    assert "participant.notes" in pruned.governed
    assert not pruned.is_catalogue_only


def test_an_officer_loses_notes_and_raw_goals_and_keeps_the_summary() -> None:
    pruned = policies.pruned(OVERVIEW, "LEO")
    assert {refusal.coordinate for refusal in pruned.refusals} == {
        "Participant.notes", "Participant.goals",
    }  # fmt: skip
    names = {field.name for field in walk(pruned.operation.root)}
    assert "summary" in names
    assert not names & {"notes", "goals"}


@pytest.mark.parametrize(
    "document",
    [
        "{ participant(id: 1) { name: notes { text } } }",
        "{ participant(id: 1) { ... on Participant { notes { text } } } }",
        "{ participant(id: 1) { ...f } } fragment f on Participant { x: notes { text } }",
        "{ a: participant(id: 1) { id } b: participant(id: 1) { summary notes { text } } }",
        "query ($v: Boolean!) { participant(id: 1) { notes @include(if: $v) { text } } }",
    ],
    ids=["alias", "inline fragment", "fragment", "sibling", "include"],
)
def test_no_spelling_of_a_refused_field_survives(document: str) -> None:
    assert "notes" not in {f.name for f in walk(policies.pruned(document, "LEO").operation.root)}


def test_a_view_that_forgets_to_refuse_would_be_noticed() -> None:
    """Planted twin: with an empty set of refusals the assertion above fails."""
    supergraph = policies.supergraph()
    table = policies.table(supergraph)
    view: View = replace(table.view("LEO", has_person_purpose=True), refused=frozenset())
    from gateway.planner import normalize, parse_operation

    operation = normalize(parse_operation(OVERVIEW, None, supergraph))
    names = {field.name for field in walk(prune(operation, view, table.labels).operation.root)}
    assert "notes" in names


def test_a_refused_field_that_is_skipped_makes_no_noise() -> None:
    document = "query ($v: Boolean!) { participant(id: 1) { notes @include(if: $v) { text } } }"
    pruned = policies.pruned(document, "LEO")
    assert list(selected_refusals(pruned, {"v": False})) == []
    assert [r.coordinate for r in selected_refusals(pruned, {"v": True})] == ["Participant.notes"]


BRANCHES = """query ($v: Boolean!) {
  participant(id: 1) @include(if: $v) { notes { text } ...F @skip(if: $v) }
  participant(id: 1) @skip(if: $v) { id ...F ... @include(if: $v) { notes { text } } }
}
fragment F on Participant { notes { text } }"""


@pytest.mark.parametrize(("v", "places"), [(True, [(2, 41)]), (False, [(5, 29)])])
def test_a_refusal_stands_only_where_the_field_is_selected(
    v: bool, places: list[tuple[int, int]]
) -> None:
    pruned = policies.pruned(BRANCHES, "LEO")
    (refusal,) = selected_refusals(pruned, {"v": v})
    assert list(refusal.locations) == places


def test_a_refusal_that_names_every_branch_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Refusal, "selected", lambda refusal, _: refusal)
    with pytest.raises(AssertionError):
        test_a_refusal_stands_only_where_the_field_is_selected(v=True, places=[(2, 41)])


def test_justice_roles_have_no_list_of_participants() -> None:
    document = "{ participants { edges { node { id } } } }"
    for column in ("LEO", "LEL", "PRO", "PRB", "CRT"):
        refusals = policies.pruned(document, column).refusals
        assert [refusal.coordinate for refusal in refusals] == ["Query.participants"]
    assert policies.pruned(document, "SVC:HOUSING").refusals == ()
    assert policies.pruned(document, "SVC:HOUSING").uses_lists


def test_without_a_purpose_everything_about_a_person_is_pruned() -> None:
    pruned = policies.pruned(
        "{ participant(id: 1) { id } courses { number } }", "CM", has_person_purpose=False
    )
    assert [refusal.coordinate for refusal in pruned.refusals] == ["Query.participant"]


def test_catalogue_alone_needs_no_release_gate() -> None:
    assert policies.pruned("{ courses { number } }", "LEO").is_catalogue_only
    assert not policies.pruned("{ courses { number } case { number } }", "LEO").is_catalogue_only


def test_the_public_record_is_open_to_a_prosecutor_and_the_link_is_not() -> None:
    pruned = policies.pruned("{ case { number link { relation } } }", "PRO:not_liaison")
    assert [refusal.coordinate for refusal in pruned.refusals] == ["Case.link"]
    assert all(field.needs == 0 for field in walk(pruned.operation.root))


def test_a_defender_reaches_the_link_only_through_its_participants_consent() -> None:
    pruned = policies.pruned("{ case { number link { relation } } }", "DEF")
    link = next(field for field in walk(pruned.operation.root) if field.name == "link")
    assert link.needs == 0  # the link itself carries what it needs, with its own participant
    assert link.selection is not None
    assert link.selection.by_type["Link"].needs == BITS[Category.LEGAL_COORD]


def test_a_mutation_is_refused_to_roles_that_are_not_listed() -> None:
    document = 'mutation { addNote(text: "x") { participant { id } } }'
    assert policies.pruned(document, "CM").refusals == ()
    coordinates = [r.coordinate for r in policies.pruned(document, "SUP").refusals]
    assert coordinates == ["Mutation.addNote"]


def test_the_subject_of_each_object_is_fetched_even_when_not_selected() -> None:
    root = policies.pruned("{ participant(id: 1) { notes { text } } }", "CM").operation.root
    person = root.fields[0].selection
    assert person is not None
    notes = next(f for f in person.by_type["Participant"].fields if f.name == "notes").selection
    assert notes is not None
    assert person.by_type["Participant"].subject_key is not None
    assert notes.by_type["Note"].subject_key is not None
