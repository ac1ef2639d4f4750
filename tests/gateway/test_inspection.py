"""What `plan` prints of an operation: every stage, the plan alone, or the plan as JSON."""

import json
from pathlib import Path

import pytest

from gateway.inspection import InspectionError, show_plan
from tests.conformance.load_cases import CASES

SUPERGRAPH = CASES / "interface-object" / "supergraph.graphql"


@pytest.fixture
def operation(tmp_path: Path) -> Path:
    file = tmp_path / "operation.graphql"
    file.write_text("{ docked { imo ... on Ferry { berths: decks } isPaid } }")
    return file


def test_every_stage_is_printed(operation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_plan(operation, SUPERGRAPH, None) == 0
    printed = capsys.readouterr().out
    normalised, routes, plan = (printed.index(f"== {name}") for name in ("norm", "routes", "plan"))
    assert normalised < routes < plan
    assert "berths: decks" in printed[normalised:routes]
    assert "Ferry.isPaid: enter fees by imo" in printed[routes:plan]
    assert "2.2 fees after 1" in printed[plan:]


def test_the_plan_alone(operation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_plan(operation, SUPERGRAPH, None, "text") == 0
    assert capsys.readouterr().out.startswith("plan of a query: 2 fetches, 2 waves\n")


def test_the_plan_for_programs(operation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_plan(operation, SUPERGRAPH, None, "json") == 0
    plan = json.loads(capsys.readouterr().out)
    assert [fetch["subgraph"] for fetch in plan["fetches"]] == ["fleet", "fees"]
    assert plan["fetches"][1]["waitsFor"] == [1]


def test_a_role_plans_without_what_it_may_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "operation.graphql"
    file.write_text('{ participant(id: "x") { id goals { edges { node { id } } } } }')
    assert show_plan(file, None, "LEO") == 0
    assert "# refused: Participant.goals at participant.goals" in capsys.readouterr().out


@pytest.mark.parametrize("source", ["{ nothing }", "subscription { docked { imo } }", "{"])
def test_an_operation_that_cannot_be_planned_is_named(source: str, tmp_path: Path) -> None:
    file = tmp_path / "operation.graphql"
    file.write_text(source)
    with pytest.raises(InspectionError, match=r"operation\.graphql"):
        show_plan(file, SUPERGRAPH, None)
