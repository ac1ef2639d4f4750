"""The matrix is read strictly: every unknown word is an error that names its line."""

import tomllib
from importlib import resources

import pytest

from gateway.policy.errors import PolicyError
from gateway.policy.matrix import CellKind, load_matrix
from infra.vocabulary import ALWAYS_DENY_PURPOSES, Category, Purpose, Role

TEXT = (resources.files("gateway.policy") / "matrix.toml").read_text()
RAW_ONLY = (
    Category.CASE_NOTES,
    Category.PSYCHOSOCIAL,
    Category.SUD,
    Category.MENTAL_HEALTH,
    Category.HEALTH_HIV,
)
JUSTICE = (Role.LEO, Role.LEL, Role.PRO, Role.PRB, Role.CRT)


def test_every_role_has_a_cell_for_each_of_the_21_categories() -> None:
    matrix = load_matrix()
    for role in Role:
        assert len(matrix.columns[role.value]) == 21


def test_no_justice_role_ever_reads_raw_notes_or_treatment() -> None:
    matrix = load_matrix()
    for role in JUSTICE:
        for category in RAW_ONLY:
            assert matrix.columns[role.value][category].kind is CellKind.NONE


def test_a_matrix_that_gives_an_officer_case_notes_would_be_noticed() -> None:
    """Planted twin of the test above: the assertion can fail."""
    row = next(line for line in TEXT.splitlines() if line.startswith("LEO = "))
    cells = row.split('"')[1].split()
    cells[5] = "C"
    widened = load_matrix(TEXT.replace(row, f'LEO = "{" ".join(cells)}"'))
    assert widened.columns["LEO"][Category.CASE_NOTES].kind is not CellKind.NONE


def test_no_role_may_state_an_always_deny_purpose() -> None:
    matrix = load_matrix()
    for purposes in matrix.purposes.values():
        assert not purposes & ALWAYS_DENY_PURPOSES


def test_a_housing_provider_acts_for_coordination_of_care_alone() -> None:
    assert load_matrix().purposes_of("SVC:HOUSING") == {Purpose.COC}


def test_a_prosecutor_who_is_not_the_liaison_has_a_column_without_lead() -> None:
    matrix = load_matrix()
    column = matrix.column_of(Role.PRO, is_liaison=False, service_field=None)
    readable = {c for c, cell in matrix.columns[column].items() if cell.grounds}
    assert readable == {
        Category.LEGAL_PUBLIC, Category.TRAINING, Category.AGENCY_ROLES, Category.AUDIT,
    }  # fmt: skip


def test_each_role_and_category_states_its_reason() -> None:
    reasons = tomllib.loads((resources.files("gateway.policy") / "reasons.toml").read_text())
    assert set(reasons["roles"]) == {role.value for role in Role}
    columns = load_matrix().columns["CM"]
    assert set(reasons["categories"]) == {category.value for category in columns}


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('"IDENTITY", "CONTACT"', '"IDENTITY", "CONTACTS"', "categories"),
        ('EVL = "N ', 'EVL = "X ', "EVL"),
        ('COM = "O   N   O', 'COM = "O   N', "COM"),
        ('"CM:W" = "ao|r"', '"CM:W" = "a|z"', "CM:W"),
        ('"CM:W" = "ao|r"', '"CX:W" = "ao|r"', "CX:W"),
        ('CM = ["CAREMGT"', 'CM = ["CAREMANAGEMENT"', "CM"),
        ('"LEL:W" = "g|r"', "", "LEL"),
    ],
    ids=["category", "cell", "length", "letter", "ground's role", "purpose", "W without ground"],
)
def test_an_unknown_word_is_an_error_with_file_and_line(old: str, new: str, key: str) -> None:
    broken = TEXT.replace(old, new)
    assert broken != TEXT
    with pytest.raises(PolicyError) as refused:
        load_matrix(broken)
    assert refused.value.where.startswith("matrix.toml:")
    line = int(refused.value.where.partition(":")[2])
    assert key in broken.splitlines()[line - 1]
