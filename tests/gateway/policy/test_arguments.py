"""Whoever filters, sorts or counts by a category needs it: by role, and row by row by consent.

LK-06, LK-07, LK-09, LK-10: an officer who may not read notes learns nothing by filtering by them.
"""

from dataclasses import replace
from typing import Any

import pytest

from gateway.planner import normalize, parse_operation
from gateway.planner.selection import ObjectSelection, SelectedField
from gateway.policy import roles
from gateway.policy.access_table import BITS, AccessTable, compile_table
from gateway.policy.errors import PolicyError
from gateway.policy.labels import read_labels
from gateway.policy.matrix import load_matrix
from gateway.policy.packaged import packaged_supergraph, packaged_table
from gateway.policy.roles import PrunedOperation, prune
from gateway.policy.schema_view import role_schema
from gateway.supergraph import Supergraph
from infra.vocabulary import Category
from tests.factories.policies import MUTATIONS, SDL
from tests.factories.supergraphs import labelled_supergraph

FILTERED = SDL.replace(
    "  participants: ParticipantConnection\n",
    "  participants(\n"
    "    first: Int\n"
    '    noteContains: String @category(is: "CASE_NOTES")\n'
    '    housedSince: String @category(is: "HOUSING")\n'
    "  ): ParticipantConnection\n",
).replace(
    '  courses: [Course!] @category(is: "CATALOGUE")\n',
    '  courses(topic: String): [Course!] @category(is: "CATALOGUE")\n',
)
BY_NOTES = '{ participants(noteContains: "relapse") { edges { node { id } } } }'
BY_HOUSING = '{ participants(housedSince: "2026") { edges { node { id } } } }'
PLAIN = "{ participants(first: 5) { edges { node { id } } } }"


def table_of(graph: Supergraph) -> AccessTable:
    return compile_table(graph, read_labels(graph), load_matrix(), MUTATIONS)


def run(document: str, column: str) -> PrunedOperation:
    graph = labelled_supergraph(FILTERED)
    access = table_of(graph)
    view = access.view(column, has_person_purpose=True)
    return prune(normalize(parse_operation(document, None, graph)), view, access.labels)


def node_of(pruned: PrunedOperation) -> ObjectSelection:
    current = pruned.operation.root
    for name in ("participants", "edges", "node"):
        field = next(each for each in current.fields if each.name == name)
        assert field.selection is not None
        (current,) = field.selection.by_type.values()
    return current


def check_filter_is_refused(document: str, column: str) -> None:
    pruned = run(document, column)
    assert [each.coordinate for each in pruned.refusals] == ["Query.participants(noteContains:)"]
    assert pruned.operation.root.fields == ()


def test_a_role_without_the_category_may_not_filter_by_it() -> None:
    check_filter_is_refused(BY_NOTES, "PM")
    assert run(PLAIN, "PM").refusals == ()


def test_a_role_with_the_category_filters_only_over_rows_that_release_it() -> None:
    needs = node_of(run(BY_HOUSING, "PM")).needs
    assert needs & BITS[Category.HOUSING]
    assert not node_of(run(PLAIN, "PM")).needs & BITS[Category.HOUSING]


def test_a_variable_counts_as_the_argument_it_fills() -> None:
    document = "query($t: String) { participants(noteContains: $t) { edges { node { id } } } }"
    check_filter_is_refused(document, "PM")


def test_an_alias_does_not_hide_the_argument() -> None:
    document = '{ mine: participants(noteContains: "x") { edges { node { id } } } }'
    check_filter_is_refused(document, "PM")


def test_a_role_pass_that_overlooks_arguments_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted twin."""
    original = roles._Pass._field

    def careless(self: Any, field: SelectedField, *rest: Any) -> SelectedField | None:
        kept = original(self, replace(field, arguments=()), *rest)
        return kept and replace(kept, arguments=field.arguments)

    monkeypatch.setattr(roles._Pass, "_field", careless)
    with pytest.raises(AssertionError):
        check_filter_is_refused(BY_NOTES, "PM")
    with pytest.raises(AssertionError):
        test_a_role_with_the_category_filters_only_over_rows_that_release_it()


def test_an_unlabelled_filter_over_participants_does_not_load() -> None:
    planted = FILTERED.replace('noteContains: String @category(is: "CASE_NOTES")', "q: String")
    with pytest.raises(PolicyError, match=r"Query\.participants\(q:\)"):
        read_labels(labelled_supergraph(planted))


@pytest.mark.parametrize("name", ["first", "after", "id", "participantId"])
def test_pages_and_whom_it_is_about_need_no_label(name: str) -> None:
    planted = FILTERED.replace('noteContains: String @category(is: "CASE_NOTES")', f"{name}: ID")
    read_labels(labelled_supergraph(planted.replace("    first: Int\n", "")))


def test_where_no_participant_is_returned_the_field_says_what_is_selected_by() -> None:
    labels = read_labels(labelled_supergraph(FILTERED))
    assert labels.arguments["Query", "courses"]["topic"].category is Category.CATALOGUE


def test_the_schema_of_a_role_shows_no_argument_that_it_may_not_use() -> None:
    graph = labelled_supergraph(FILTERED)
    shown = role_schema(graph.api_schema, table_of(graph).view("PM", has_person_purpose=True))
    assert shown.query_type is not None
    assert set(shown.query_type.fields["participants"].args) == {"first", "housedSince"}


def test_every_argument_of_the_product_that_selects_has_a_label() -> None:
    supergraph = packaged_supergraph()
    labels = packaged_table(supergraph).labels
    mutation = supergraph.full_schema.mutation_type
    for name, of_type in supergraph.full_schema.type_map.items():
        if name.startswith("__") or of_type is mutation or not hasattr(of_type, "fields"):
            continue
        for field_name, field in of_type.fields.items():
            for argument in getattr(field, "args", ()):
                if argument in ("first", "after", "last", "before"):
                    continue
                if argument in ("id", "ids", "participantId", "participantIds"):
                    continue
                assert argument in labels.arguments[name, field_name]
