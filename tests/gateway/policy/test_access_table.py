"""The compiled access table is a golden file: widened access is a visible line in review."""

import os
from pathlib import Path

import pytest

from gateway.policy.access_table import AccessTable, table_text
from gateway.policy.agreement import agreement_json
from gateway.policy.mutations import load_mutations
from gateway.policy.packaged import packaged_supergraph, packaged_table
from infra.vocabulary import Category

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "access_table.txt"
AGREEMENT = Path(__file__).resolve().parents[3] / "svc_consent" / "explanations" / "agreement.json"
CLINICAL = {"CASE_NOTES", "PSYCHOSOCIAL", "SUD", "MENTAL_HEALTH", "HEALTH_HIV", "CONTACT"}
JUSTICE = ("LEO", "LEL", "PRO", "PRB", "CRT")


@pytest.fixture(scope="module")
def table() -> AccessTable:
    return packaged_table(packaged_supergraph())


def test_the_access_table_is_as_reviewed(table: AccessTable) -> None:
    text = table_text(table)
    if os.environ.get("GT_WRITE_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_explanations_are_of_the_agreement_in_force(table: AccessTable) -> None:
    text = agreement_json(table)
    if os.environ.get("GT_WRITE_GOLDEN"):
        AGREEMENT.write_bytes(text)
    assert text == AGREEMENT.read_bytes()


def test_no_justice_role_reaches_a_clinical_coordinate(table: AccessTable) -> None:
    for line in table_text(table).splitlines():
        column, _coordinate, _free, labels = line.split()
        if column.partition(":")[0] in JUSTICE:
            named = {label.partition("[")[0] for label in labels.split("+")}
            assert not CLINICAL & named, line


def test_every_coordinate_of_a_person_needs_consent_for_every_role(table: AccessTable) -> None:
    for column, view in table.views.items():
        for coordinate, labels in table.labels.fields.items():
            governed = any(label.is_consent_governed for label in labels)
            is_open = coordinate not in view.refused and not view.needs.get(coordinate)
            if governed and is_open and coordinate not in table.labels.carried:
                categories = {label.category for label in labels if label.is_consent_governed}
                assert categories == {Category.LEGAL_PUBLIC}, (column, coordinate)


def test_without_a_purpose_nothing_about_a_person_is_left(table: AccessTable) -> None:
    for (_column, has_purpose), view in table.views.items():
        if not has_purpose:
            assert view.needs == {}


def test_while_consent_is_away_catalogue_is_all_that_is_left(table: AccessTable) -> None:
    for coordinate, labels in table.labels.fields.items():
        if coordinate not in table.outage.refused:
            assert {label.category for label in labels} <= {
                Category.STRUCTURE, Category.CATALOGUE,
            }  # fmt: skip


def test_every_mutation_has_roles(table: AccessTable) -> None:
    assert all(load_mutations().roles.values())
    assert table.version
