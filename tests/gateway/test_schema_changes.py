"""What changed between two schemas is told: what breaks, what is deprecated, what is new."""

from pathlib import Path

import pytest
from graphql import build_schema

from gateway import supergraph
from gateway.__main__ import main
from gateway.schema_changes import schema_changes

SUPERGRAPH = Path(supergraph.__file__).parents[1] / "supergraph.graphql"
OLD = build_schema("type Query { a: Int b(x: Int): String c: Kind } enum Kind { ONE TWO }")


@pytest.mark.parametrize(
    ("new", "is_breaking", "told"),
    [
        ("type Query { b(x: Int): String c: Kind } enum Kind { ONE TWO }", True, "Query.a"),
        ("type Query { a: Int b(x: Int!): String c: Kind } enum Kind { ONE TWO }", True, "b"),
        ("type Query { a: Int b(x: Int): String c: Kind } enum Kind { ONE }", True, "TWO"),
        ("type Query { a: Int b(x: Int): String c: Kind } enum Kind { ONE TWO THREE }", False,
         "dangerous"),
        (('type Query { a: Int @deprecated(reason: "Use b.") b(x: Int): String c: Kind } '
          "enum Kind { ONE TWO }"), False, "deprecated: Query.a: Use b."),
        ("type Query { a: Int b(x: Int): String c: Kind d: Int } enum Kind { ONE TWO }", False,
         "new: Query.d"),
    ],
)  # fmt: skip
def test_changes_are_told(new: str, is_breaking: bool, told: str) -> None:
    changes = schema_changes(OLD, build_schema(new))
    assert any(change.is_breaking for change in changes) is is_breaking
    assert any(told in change.text for change in changes)


def test_the_command_fails_where_something_breaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schema"]) == 0
    file = tmp_path / "old.graphql"
    file.write_text(capsys.readouterr().out)
    assert main(["schema", "--since", str(file)]) == 0
    assert capsys.readouterr().out == "schema changes: 0 breaking, 0 other\n"
    file.write_text(file.read_text().replace("type Query {", "type Query {\n  gone: Int\n"))
    assert main(["schema", "--since", str(file)]) == 1
    assert "Query.gone" in capsys.readouterr().out
    file.write_text("no schema")
    assert main(["schema", "--since", str(file)]) == 2


def test_an_older_supergraph_is_as_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "supergraph.graphql"
    file.write_text(SUPERGRAPH.read_text("utf-8"))
    assert main(["schema", "--since", str(file)]) == 0
    assert capsys.readouterr().out == "schema changes: 0 breaking, 0 other\n"
    file.write_text(file.read_text("utf-8").replace("join/v0.5", "join/v0.9"))
    assert main(["schema", "--since", str(file)]) == 2
