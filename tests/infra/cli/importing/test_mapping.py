"""A mapping says what columns mean; a row that does not fit is named by column, never by value."""

from pathlib import Path

import pytest

from infra.cli.importing.mapping import MappingError, Row, RowError, read_mapping
from infra.cli.importing.run import rows_of

TEXT = """
mutation = "submitCommunityReferral"
source = "list"
key = ["No"]
ignore = ["Remarks"]

[constant]
"form.urgency" = "ROUTINE"

[columns]
"First" = "form.person.givenName"
"DOB" = {to = "form.person.dateOfBirth", date = "%m/%d/%Y"}
"Year" = {to = "form.person.estimatedBirthYear", number = true}
"Needs" = {to = "form.needs", separator = ";", values = {H = "HOUSING", I = "INCOME"}}
"""
CELLS: dict[str, str | None] = {
    "No": "7", "First": " Ada ", "DOB": "02/29/1980", "Year": "", "Needs": "H; I", "Remarks": "x",
}  # fmt: skip


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    file = tmp_path / "mapping.toml"
    file.write_text(TEXT)
    return file


def test_a_row_becomes_an_input(mapping: Path) -> None:
    row = read_mapping(mapping, "referrals").row(2, CELLS)
    assert row.input.pop("idempotencyKey")
    assert row.input == {
        "form": {
            "urgency": "ROUTINE",
            "person": {"givenName": "Ada", "dateOfBirth": "1980-02-29"},
            "needs": ["HOUSING", "INCOME"],
        }
    }


def test_the_same_row_is_the_same_intention_whatever_its_line(mapping: Path) -> None:
    mapped = read_mapping(mapping, "referrals")
    first, moved = mapped.row(2, CELLS), mapped.row(9, CELLS)
    changed, other = mapped.row(2, {**CELLS, "First": "Bea"}), mapped.row(2, {**CELLS, "No": "8"})
    assert (first.mark, first.input) == (moved.mark, moved.input)
    assert changed.mark != first.mark
    assert changed.input["idempotencyKey"] == first.input["idempotencyKey"]
    assert other.input["idempotencyKey"] != first.input["idempotencyKey"]


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"No": ""}, "No", "KEY_MISSING"),
        ({"DOB": "1980-02-29"}, "DOB", "NOT_A_DATE"),
        ({"Year": "about 1980"}, "Year", "NOT_A_NUMBER"),
        ({"Needs": "H; secret"}, "Needs", "VALUE_NOT_MAPPED"),
    ],
)
def test_what_cannot_be_read_is_named_without_its_value(
    mapping: Path, change: dict[str, str], column: str, code: str
) -> None:
    with pytest.raises(RowError) as caught:
        read_mapping(mapping, "referrals").row(2, {**CELLS, **change})
    assert (caught.value.column, caught.value.code, str(caught.value)) == (column, code, code)


TIMED = """
[columns]
"At" = {to = "form.occurredAt", time = "%m/%d/%Y %H:%M", zone = "America/Los_Angeles"}
"Grams" = {to = "drugAmountGrams", decimal = true}
"Diverted" = {to = "isDivertedArrest", values = {Y = true, N = false}}
"""


def test_times_are_told_with_their_zone_and_amounts_as_numbers(mapping: Path) -> None:
    mapping.write_text(TEXT.replace("[columns]", TIMED, 1))
    mapped = read_mapping(mapping, "referrals")
    cells = {**CELLS, "At": "07/04/2026 21:04", "Grams": "0.5", "Diverted": "N"}
    found = mapped.row(2, cells).input
    assert found["form"]["occurredAt"] == "2026-07-04T21:04:00-07:00"
    assert (found["drugAmountGrams"], found["isDivertedArrest"]) == (0.5, False)
    with pytest.raises(RowError, match="NOT_A_TIME"):
        mapped.row(2, {**cells, "At": "9 pm"})


def test_a_file_of_another_program_says_how_it_is_written(mapping: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("No;First;DOB;Year;Needs;Remarks\n7;Zoë;02/29/1980;;H;x\n", encoding="cp1252")
    with pytest.raises(MappingError, match="say encoding in the mapping"):
        list(rows_of(read_mapping(mapping, "referrals"), file))
    mapping.write_text('encoding = "cp1252"\ndelimiter = ";"\n' + TEXT)
    ((number, row),) = rows_of(read_mapping(mapping, "referrals"), file)
    assert isinstance(row, Row)
    assert (number, row.input["form"]["person"]["givenName"]) == (2, "Zoë")


def test_a_heading_has_what_is_mapped_and_nothing_unexplained(mapping: Path) -> None:
    mapped = read_mapping(mapping, "participants")
    mapped.check_heading(list(CELLS))
    with pytest.raises(MappingError, match="DOB"):
        mapped.check_heading([each for each in CELLS if each != "DOB"])
    with pytest.raises(MappingError, match="Diagnosis"):
        mapped.check_heading([*CELLS, "Diagnosis"])


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("submitCommunityReferral", "enroll", "not enroll"),
        ('key = ["No"]', "key = []", "at least one"),
        ('source = "list"', "", "source"),
        ("[columns]", "[columns", "cannot be read"),
        ("number = true", 'time = "%H:%M"', "go together"),
        ("number = true", 'time = "%H:%M", zone = "Pacific"', "no IANA zone"),
    ],
)
def test_a_mapping_that_will_not_do_is_refused(
    mapping: Path, before: str, after: str, why: str
) -> None:
    mapping.write_text(TEXT.replace(before, after, 1))
    with pytest.raises(MappingError, match=why):
        read_mapping(mapping, "referrals")


def test_cases_are_not_made_by_a_file_of_referrals(mapping: Path) -> None:
    with pytest.raises(MappingError, match="import cases"):
        read_mapping(mapping, "cases")
