"""Figures and rows without names: who has them is the matrix's cells A and D, and nothing else."""

from importlib import resources

import pytest

from gateway.policy.access_table import AccessTable
from gateway.policy.errors import PolicyError
from gateway.policy.labels import Label, read_labels
from gateway.policy.matrix import load_matrix
from gateway.policy.packaged import packaged_supergraph, packaged_table
from infra.vocabulary import Category, Form
from tests.factories.supergraphs import labelled_supergraph

FIGURES = {
    "Query.reachIndicators": {"CLT", "PCG", "EVL", "LSB", "PM"},
    "Query.engagementIndicators": {"CLT", "PCG", "EVL", "LSB", "PM"},
    "Query.housingIndicators": {"CLT", "PCG", "EVL", "LSB"},
    "Query.legalIndicators": {"CLT", "PCG", "EVL", "LSB"},
    "Query.coordinationIndicators": {"PCG", "EVL"},
    "Query.warrantIndicators": {"PCG", "EVL"},
    "Query.releaseIndicators": {"CLT", "PCG", "EVL", "LSB", "PM"},
    "Query.auditIndicators": {"PCG", "PM"},
}


@pytest.fixture(scope="module")
def table() -> AccessTable:
    """The committed policy over the committed supergraph."""
    return packaged_table(packaged_supergraph())


def who_has(table: AccessTable, coordinate: str, *, with_purpose: bool = True) -> set[str]:
    """Return the columns that have a coordinate."""
    return {
        column
        for column in table.matrix.columns
        if not table.view(column, has_person_purpose=with_purpose).refuses(coordinate)
    }


@pytest.mark.parametrize("coordinate", FIGURES)
def test_figures_are_for_who_has_the_aggregate_and_states_a_purpose(
    table: AccessTable, coordinate: str
) -> None:
    assert who_has(table, coordinate) == FIGURES[coordinate]
    assert who_has(table, coordinate, with_purpose=False) == set()


def test_training_needs_no_purpose_about_persons(table: AccessTable) -> None:
    coordinate = "Query.trainingIndicators"
    assert who_has(table, coordinate, with_purpose=False) == who_has(table, coordinate)
    assert "PCG" in who_has(table, coordinate)
    assert not {"TRM", "AGA", "CM"} & who_has(table, coordinate)


def test_figures_ask_nobody_for_consent(table: AccessTable) -> None:
    view = table.view("PCG", has_person_purpose=True)
    assert not view.needs.get(("Query", "reachIndicators"))
    assert not Label(Category.REFERRAL, Form.AGGREGATE).is_consent_governed


def test_the_token_says_what_may_be_counted_and_of_what_there_are_rows(table: AccessTable) -> None:
    _, forms, aggregates = table.access_of("EVL", has_person_purpose=True)
    assert Category.HEALTH_HIV in aggregates
    assert Category.HEALTH_HIV not in forms, "cell A: figures, no rows"
    assert forms[Category.HOUSING] is Form.DEIDENTIFIED
    access, forms, aggregates = table.access_of("PM", has_person_purpose=True)
    assert {Category.REFERRAL, Category.DEMOGRAPHICS} <= aggregates
    assert Category.HOUSING not in aggregates
    assert Form.DEIDENTIFIED not in forms.values()
    assert access[Category.REFERRAL] == "g|r", "what is counted is still read as before"
    assert table.access_of("EVL", has_person_purpose=False)[2] == {Category.TRAINING}


@pytest.mark.parametrize(
    "broken", ['\n[counted]\nPMX = ["REFERRAL"]\n', '\n[counted]\nPM = ["GOSSIP"]\n']
)
def test_counts_of_what_is_not_there_stop_the_start(broken: str) -> None:
    text = (resources.files("gateway.policy") / "matrix.toml").read_text()
    cut = text.index("[counted]")
    with pytest.raises(PolicyError):
        load_matrix(text[:cut] + broken + text[text.index("\n\n", cut) :])


def test_a_public_record_is_counted_and_never_raw() -> None:
    sdl = (
        'type Query @category(is: "STRUCTURE") {\n'
        '  figures: [Int!] @category(is: "LEGAL_PUBLIC", as: "AGGREGATE")\n}\n'
    )
    labels = read_labels(labelled_supergraph(sdl))
    assert labels.fields["Query", "figures"] == {Label(Category.LEGAL_PUBLIC, Form.AGGREGATE)}
    with pytest.raises(PolicyError, match="LEGAL_PUBLIC"):
        read_labels(labelled_supergraph(sdl.replace("AGGREGATE", "RAW")))
