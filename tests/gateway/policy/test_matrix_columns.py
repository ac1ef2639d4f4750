"""Which column applies to whom, what its cells open, and every mistake that stops the reading."""

import re
from importlib import resources

import pytest

from gateway.policy.errors import PolicyError
from gateway.policy.matrix import CellKind, load_matrix
from infra.vocabulary import Category, Form, Purpose, Role

TEXT = (resources.files("gateway.policy") / "matrix.toml").read_text()


@pytest.mark.parametrize(
    ("role", "is_liaison", "service_field", "column"),
    [
        (Role.PRO, True, None, "PRO"),
        (Role.PRO, False, None, "PRO:not_liaison"),
        (Role.CM, False, None, "CM"),
        (Role.SVC, False, "SUD", "SVC:SUD"),
        (Role.SVC, False, "HOUSING", "SVC:HOUSING"),
        (Role.SVC, False, "GARDENING", "SVC"),
        (Role.SVC, False, None, "SVC"),
        (Role.CM, False, "SUD", "CM"),
    ],
)
def test_a_grant_has_one_column(
    role: Role, is_liaison: bool, service_field: str | None, column: str
) -> None:
    found = load_matrix().column_of(role, is_liaison=is_liaison, service_field=service_field)
    assert found == column


def test_a_court_order_is_carried_out_by_who_has_a_column_for_it() -> None:
    matrix = load_matrix()
    assert matrix.column_under_order(Role.SUP) == "SUP:under_order"
    assert matrix.column_under_order(Role.CM) is None


def test_figures_are_of_whom_a_cell_or_the_agreement_says() -> None:
    matrix = load_matrix()
    assert matrix.counts("PM", Category.REFERRAL)
    assert not matrix.counts("PM", Category.SUD)
    assert not matrix.counts("LEO", Category.SUD)
    opening = {CellKind.AGGREGATE, CellKind.DEIDENTIFIED}
    open_cells = [
        (column, category)
        for column, row in matrix.columns.items()
        for category, cell in row.items()
        if cell.kind in opening
    ]
    assert {matrix.columns[column][category].kind for column, category in open_cells} == opening
    assert all(matrix.counts(column, category) for column, category in open_cells)


@pytest.mark.parametrize(
    ("column", "category", "grounds"),
    [
        ("CM", Category.CASE_NOTES, "ao|r"),
        ("CM", Category.LEGAL_PUBLIC, "*"),
        ("CM", Category.OWG, "ao|rk"),
        ("LEO", Category.CASE_NOTES, ""),
        ("LEO", Category.IDENTITY, "r|w"),
        ("LEO", Category.TRAINING, "s"),
        ("DEF", Category.LEGAL_COORD, "rc"),
        ("SVC:SUD", Category.SUD, "r"),
        ("SVC:HOUSING", Category.SUD, ""),
        ("SVC:HOUSING", Category.AUDIT, "s"),
        ("PRO:not_liaison", Category.LEGAL_PUBLIC, "*"),
        ("SUP:under_order", Category.SUD, "oj"),
        ("SUP:under_order", Category.OWG, ""),
        ("SUP:under_order", Category.AUDIT, ""),
        ("PAR", Category.SUD, "s"),
        ("EVL", Category.SUD, ""),
    ],
)
def test_grounds_of_a_cell(column: str, category: Category, grounds: str) -> None:
    """A ground is the cell's own, its kind's in the column, that of the role, or the usual one."""
    assert load_matrix().columns[column][category].grounds == grounds


def test_forms_go_with_the_kind_of_a_cell() -> None:
    for row in load_matrix().columns.values():
        for cell in row.values():
            expected = {
                CellKind.SUMMARY: Form.SUMMARY, CellKind.PUBLIC_RECORD: Form.PUBLIC_RECORD,
            }.get(cell.kind)  # fmt: skip
            assert cell.form is expected
            if cell.kind in (CellKind.NONE, CellKind.AGGREGATE, CellKind.DEIDENTIFIED):
                assert cell.grounds == ""


def test_purposes_of_a_variant_are_its_own_or_its_roles() -> None:
    matrix = load_matrix()
    assert matrix.purposes_of("SVC:HOUSING") == {Purpose.COC}
    assert (
        matrix.purposes_of("SVC:SUD") == matrix.purposes_of("SVC") == {Purpose.TREAT, Purpose.COC}
    )
    assert matrix.purposes_of("PRO:not_liaison") == matrix.purposes_of("PRO")


def test_what_stands_beside_the_cells() -> None:
    matrix = load_matrix()
    assert re.search(r"\d", matrix.version)
    assert matrix.justice_roles == {Role.LEO, Role.LEL, Role.PRO, Role.PRB, Role.CRT}
    assert "Query.owgAgenda" in matrix.own_lists
    assert matrix.restricted["Query.explain"] == {Role.CM, Role.PRV}
    assert matrix.counted["PM"] == {Category.REFERRAL, Category.ELIGIBILITY, Category.ENROLLMENT}


def _without_line(start: str) -> str:
    return "\n".join(line for line in TEXT.splitlines() if not line.startswith(start))


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("version = ", "not TOML"),
        (_without_line('CRT = "'), "role CRT has no row"),
        (_without_line("CRT = []"), "no purposes for CRT"),
        (TEXT.replace('PM = ["REFERRAL"', 'PX = ["REFERRAL"'), "counts for unknown column PX"),
        (TEXT.replace('PM = ["REFERRAL"', 'PM = ["REFERRALS"'), "REFERRALS"),
        (TEXT.replace('"IDENTITY", "CONTACT"', '"IDENTITY", "IDENTITY"'), "exactly the 21"),
        (TEXT.replace('"IDENTITY", "CONTACT"', '"IDENTITY", "CONTACT", "CONTACT"'), "exactly"),
        (TEXT.replace('"CM:AUDIT" = "ao"', '"CM:AUDITS" = "ao"'), "unknown cell CM:AUDITS"),
        (TEXT.replace('"CM:AUDIT" = "ao"', '"CX:AUDIT" = "ao"'), "unknown cell CX:AUDIT"),
        (TEXT.replace('"CM:AUDIT" = "ao"', '"CM:AUDIT" = "a?"'), r"\?"),
        (TEXT.replace('"CM:W" = "ao|r"', '"CM:X" = "ao|r"'), "unknown cell CM:X"),
        (TEXT.replace('"CM:W" = "ao|r"', '"CX:W" = "ao|r"'), "unknown cell CX:W"),
        (TEXT.replace('"CM:W" = "ao|r"', '"CM:A" = "ao|r"'), "CM:A can never apply"),
        (TEXT.replace('"CM:W" = "ao|r"', ""), "W without a stated ground"),
        (TEXT.replace('COM = "O   N   O', 'COM = "O   N'), "COM has 20 cells, not 21"),
        (TEXT.replace('COM = "O   N   O', 'COM = "O   N   O   N'), "COM has 22 cells, not 21"),
        (TEXT.replace(' O   N"\nCLT', ' O"\nCLT'), "COM has 20 cells, not 21"),
        (TEXT.replace('"SUP:under_order:W" = "oj"', '"SUP:under_order:S" = "oj"'), "never apply"),
    ],
)  # fmt: skip
def test_a_mistake_stops_the_reading(broken: str, says: str) -> None:
    assert broken != TEXT
    with pytest.raises(PolicyError, match=says) as refused:
        load_matrix(broken)
    assert refused.value.where.startswith("matrix.toml")


def _planted(column: str, first: str, grounds: str = "", cells: str = "") -> str:
    """Return the agreement with another first cell in a row, and with further grounds."""
    start = next(line for line in TEXT.splitlines() if line.startswith(f'"{column}"'))
    name, _, row = start.partition("= ")
    changed = TEXT.replace(start, f'{name}= "{first}{row[2:]}')
    changed = changed.replace("[grounds]\n", f"[grounds]\n{grounds}\n", 1)
    return changed.replace("[grounds.cells]\n", f"[grounds.cells]\n{cells}\n", 1)


def test_a_variant_has_its_roles_grounds_unless_it_states_its_own() -> None:
    def grounds(text: str, category: Category = Category.CONTACT) -> str:
        return load_matrix(text).columns["SVC:MH"][category].grounds

    of_role = '"SVC:C" = "ao|r"'
    of_cell = '"SVC:CONTACT" = "a|r"'
    assert grounds(_planted("SVC:MH", "C")) == "r"
    assert grounds(_planted("SVC:MH", "C", of_role)) == "ao|r"
    assert grounds(_planted("SVC:MH", "C", of_role, of_cell)) == "a|r"
    own_kind = f'{of_role}\n"SVC:MH:C" = "o|r"'
    assert grounds(_planted("SVC:MH", "C", own_kind, of_cell)) == "o|r"
    own_cell = f'{of_cell}\n"SVC:MH:CONTACT" = "g|r"'
    assert grounds(_planted("SVC:MH", "C", own_kind, own_cell)) == "g|r"
    assert grounds(_planted("SVC:MH", "C", own_kind, own_cell), Category.IDENTITY) == "o|r"


def test_a_ground_is_of_use_where_one_column_of_a_role_has_its_kind() -> None:
    """Not every column need have it, and that of the role itself need not either."""
    for word in "DS":
        load_matrix(_planted("SVC:MH", word, f'"SVC:{word}" = "ao|r"'))
        with pytest.raises(PolicyError, match=f"SVC:{word} can never apply"):
            load_matrix(_planted("SVC:MH", "C", f'"SVC:{word}" = "ao|r"'))


@pytest.mark.parametrize(
    ("grounds", "cells", "expected"),
    [
        ('"SVC:W" = "r"', "", "r"),
        ('"SVC:MH:W" = "o"', "", "o"),
        ("", '"SVC:IDENTITY" = "a"', "a"),
        ("", '"SVC:MH:IDENTITY" = "g"', "g"),
    ],
)
def test_a_cell_without_a_release_is_stated_once_for_the_variant_or_for_its_role(
    grounds: str, cells: str, expected: str
) -> None:
    row = load_matrix(_planted("SVC:MH", "W", grounds, cells)).columns["SVC:MH"]
    assert row[Category.IDENTITY].grounds == expected
    with pytest.raises(PolicyError, match="SVC:MH x IDENTITY: W without a stated ground"):
        load_matrix(_planted("SVC:MH", "W"))


def test_a_file_of_another_name_is_called_by_it() -> None:
    with pytest.raises(PolicyError) as refused:
        load_matrix("version = ", "draft.toml")
    assert refused.value.where.startswith("draft.toml")
