"""A file of cases, as the guide shows it: what is sent, what is told, and how it goes on."""

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema

from infra.cli.data_folder import REPOSITORY, DataFolder
from infra.cli.importing import run
from infra.cli.importing.mapping import Row, read_mapping
from infra.cli.importing.run import Import, import_file, rows_of
from infra.cli.importing.sending import Complaint, misfits

GUIDE = (REPOSITORY / "infra" / "docs" / "import.md").read_text(encoding="utf-8")
LISTS = re.findall(r"```csv\n(.*?)```", GUIDE, flags=re.DOTALL)
MAPPINGS = re.findall(r"```toml\n(.*?)```", GUIDE, flags=re.DOTALL)
KINDS = ("participants", "enrollments", "cases")
CASES = KINDS.index("cases")


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The schema that the gateway serves, as it is committed."""
    text = (REPOSITORY / "gateway" / "supergraph.graphql").read_text(encoding="utf-8")
    return build_schema(text, assume_valid=True)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    file, mapping = tmp_path / "docket.csv", tmp_path / "docket.toml"
    file.write_text(LISTS[CASES], encoding="utf-8")
    mapping.write_text(MAPPINGS[CASES], encoding="utf-8")
    return file, mapping


def test_the_guide_has_an_example_of_each() -> None:
    assert len(LISTS) == len(MAPPINGS) == len(KINDS)


@pytest.mark.parametrize("at", range(len(KINDS)), ids=KINDS)
def test_the_guide_s_examples_fit_the_schema(
    schema: GraphQLSchema, tmp_path: Path, at: int
) -> None:
    file, mapping = tmp_path / "a.csv", tmp_path / "a.toml"
    file.write_text(LISTS[at], encoding="utf-8")
    mapping.write_text(MAPPINGS[at], encoding="utf-8")
    mapped = read_mapping(mapping, KINDS[at])
    kind = schema.type_map[f"{mapped.mutation[0].upper()}{mapped.mutation[1:]}Input"]
    found = list(rows_of(mapped, file))
    assert len(found) == len(LISTS[at].splitlines()) - 1
    for _, row in found:
        assert isinstance(row, Row)
        assert misfits(kind, row) == []


@dataclass(slots=True)
class Office:
    """A gateway that takes cases, and goes away when it is told to."""

    schema: GraphQLSchema
    taken: list[str] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)
    ends_after: int | None = None

    def __call__(self, *_: Any) -> "Office":
        """Stand in for the gateway as the import makes it."""
        return self

    def input_type(self, mutation: str) -> Any:
        """Return the input's type."""
        return self.schema.type_map[f"{mutation[0].upper()}{mutation[1:]}Input"]

    def send(self, _mutation: str, row: Row) -> list[Complaint]:
        """Take a row; each key has its effect once, and the machine may stop right after."""
        if row.input["filedOn"] < row.input["incidentOn"]:
            return [Complaint("filedOn", "DATE_CONTRADICTS", "Not before its incident.")]
        key = row.input["idempotencyKey"]
        if key not in self.taken:
            assert row.input["number"] not in self.numbers
            self.numbers.add(row.input["number"])
        self.taken.append(key)
        if self.ends_after is not None and len(self.taken) == self.ends_after:
            raise KeyboardInterrupt
        return []


@pytest.fixture
def office(schema: GraphQLSchema, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office(schema)
    monkeypatch.setattr(run, "Gateway", made)
    monkeypatch.setattr(
        DataFolder, "running", lambda _self: {"urls": {"graphql": "http://127.0.0.1:1/graphql"}}
    )
    return made


def brought_in(files: tuple[Path, Path], *, is_dry_run: bool = False) -> tuple[str, int]:
    wanted = Import("cases", files[0], files[1], None, is_dry_run)
    return import_file(DataFolder(files[0].parent), wanted)


def test_cases_are_taken_once_and_mistakes_are_told_by_line(
    office: Office, files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    line, status = brought_in(files, is_dry_run=True)
    assert (line, status) == (
        "import cases: 3 rows would be taken, 0 were taken before, 0 refused", 0,
    )  # fmt: skip
    assert office.numbers == set()
    assert "cases" in capsys.readouterr().err  # the bar
    assert brought_in(files) == ("import cases: 2 rows taken, 0 were taken before, 1 refused", 1)
    with Path(f"{files[0]}.errors.csv").open(newline="", encoding="utf-8") as report:
        (told,) = csv.DictReader(report)
    assert (told["line"], told["field"], told["code"]) == ("4", "filedOn", "DATE_CONTRADICTS")
    assert brought_in(files)[0] == "import cases: 0 rows taken, 2 were taken before, 1 refused"
    assert len(office.taken) == 2


@pytest.mark.parametrize("ends_after", [1, 2])
def test_an_import_that_was_stopped_goes_on_and_has_each_effect_once(
    office: Office, files: tuple[Path, Path], ends_after: int
) -> None:
    """It stops at the worst time: a case is taken, and nothing says so yet."""
    office.ends_after = ends_after
    with pytest.raises(KeyboardInterrupt):
        brought_in(files)
    office.ends_after = None
    before = ends_after - 1
    assert brought_in(files)[0] == (
        f"import cases: {2 - before} rows taken, {before} were taken before, 1 refused"
    )
    assert office.numbers == {"26-1-90417", "26-1-90418"}
    assert len(set(office.taken)) == 2
