"""Nobody may see more than was approved: held against a committed file, with or without history."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gateway import inspection
from gateway.policy.difference import difference, held, parse_table, table_lines
from gateway.policy.packaged import policy_file
from infra.vocabulary import Category
from tests.gateway.policy.test_invariants import cell

ROOT = Path(__file__).resolve().parents[3]
NOTES = "CM Participant.notes consent CASE_NOTES[ao|r]"


def test_the_committed_policy_is_within_what_was_approved(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert inspection.policy_approved(None, None, is_printed=False) == 0, capsys.readouterr().out


def test_a_widening_without_an_approval_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Planted: what was approved lacks a label, a ground and a purpose that are there now."""
    text = policy_file("approved.txt").read_text()
    planted = tmp_path / "approved.txt"
    for line, narrower in (
        ("DEF CASE_NOTES consent CASE_NOTES[rc]\n", ""),
        ("SVC:SUD IDENTITY consent IDENTITY[r]", "SVC:SUD IDENTITY consent IDENTITY[rb]"),
        ("LEO purposes - LEAD_COORD,LEAD_REFERRAL", "LEO purposes - LEAD_REFERRAL"),
    ):
        assert line in text, line
        planted.write_text(text.replace(line, narrower))
        assert inspection.policy_approved(planted, None, is_printed=False) == 1
        assert capsys.readouterr().out.count("NOT APPROVED") == 1


def test_a_new_field_of_a_label_that_is_held_widens_nothing() -> None:
    before = parse_table(NOTES, "old")
    for field, is_wider in (
        ("CM CaseNote.mood consent CASE_NOTES[ao|r]", False),
        ("CM CaseNote.mood consent CASE_NOTES[r]", False),
        ("CM CaseNote.mood free CASE_NOTES[r]", True),
        ("CM CaseNote.mood consent CASE_NOTES[*]", True),
        ("CM CaseNote.mood consent SUD[r]", True),
        ("LEO CaseNote.mood consent CASE_NOTES[r]", True),
        ("CM CaseNote.mood consent CASE_NOTES[r]+SUD[r]", True),
    ):
        (change,) = difference(before, parse_table(f"{NOTES}\n{field}", "new"))
        assert change.is_wider is is_wider, field
    # A field that others had and this column had not is wider, whatever else it holds.
    old = parse_table(f"{NOTES}\nSUP CaseNote.mood consent CASE_NOTES[o|r]", "old")
    new = {**old, **parse_table("CM CaseNote.mood consent CASE_NOTES[r]", "new")}
    assert [each.is_wider for each in difference(old, new)] == [True]


def test_what_is_held_is_the_easiest_ground_of_each_label() -> None:
    table = parse_table(
        "CM A.x consent SUD[r]\nCM A.y consent SUD[ao]+HOUSING[r]\nCM A.z free STRUCTURE\n"
        "CM Q.a free SUD[r]\nCM purposes - COC",
        "table",
    )
    assert table_lines(held(table)) == (
        "CM HOUSING consent HOUSING[r]\nCM SUD free SUD[ao|r]\nCM purposes - COC\n"
    )


def clone_in(folder: Path) -> None:
    """Make a clone with one commit; its programs are its own, its environment is ours."""
    for name in (".ci", "gateway", "infra"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "docs")
        )
    (folder / ".venv").symlink_to(ROOT / ".venv")
    git(folder, "init", "-q")
    git(folder, "add", ".ci", "gateway/supergraph.graphql")
    git(folder, "commit", "-q", "-m", "all there is")
    script = (folder / ".ci" / "review.sh").read_text().replace("python -P -m", "python -m")
    (folder / ".ci" / "review.sh").write_text(script)  # the copy's programs, not the installed


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-C", str(folder)]
    subprocess.run(["git", *who, *words], check=True)


def reviewed(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", ".ci/review.sh", *words], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("is_planted", [True, False])
def test_a_shallow_clone_is_reviewed_as_well(tmp_path: Path, is_planted: bool) -> None:
    """One commit is all there is: a matrix that opens more fails the review, ours passes."""
    clone_in(tmp_path)
    if is_planted:
        matrix = tmp_path / "gateway" / "policy" / "matrix.toml"
        matrix.write_text(cell("LEO", Category.HOUSING, "C")(matrix.read_text()))
    done = reviewed(tmp_path)
    assert (done.returncode != 0) is is_planted, done.stdout + done.stderr
    assert ("NOT APPROVED" in done.stdout) is is_planted
    assert "schema changes" not in done.stdout
    assert "operations: all" in done.stdout


def test_the_review_says_what_breaks_and_what_does_not_fit(tmp_path: Path) -> None:
    """Planted: the base had a field more, which one of our operations still asks for."""
    clone_in(tmp_path)
    supergraph = tmp_path / "gateway" / "supergraph.graphql"
    same = reviewed(tmp_path, "HEAD")
    assert same.returncode == 0, same.stdout + same.stderr
    assert "schema changes" not in same.stdout
    ours = supergraph.read_text()
    head = ours[ours.index("type Query") :].partition("{")[0] + "{"
    of_graph = ours[ours.index("type Query") :].partition("graph: ")[2].partition(")")[0]
    planted = f"{head}\n  gone: Int @join__field(graph: {of_graph})\n"
    supergraph.write_text(ours.replace(head, planted))
    git(tmp_path, "commit", "-q", "-m", "what was", "--", "gateway/supergraph.graphql")
    supergraph.write_text(ours)
    told = reviewed(tmp_path, "HEAD")
    assert told.returncode == 0, told.stdout + told.stderr  # to be judged, not refused
    assert "breaking: Field Query.gone was removed." in told.stdout
    assert "schema changes: 1 breaking" in told.stdout
    (tmp_path / "gateway" / "operations" / "Gone.graphql").write_text("query Gone { gone }")
    refused = reviewed(tmp_path, "HEAD")
    assert refused.returncode == 1
    assert "Gone.graphql: Cannot query field 'gone'" in refused.stderr
    assert "does not fit the schema" in refused.stderr
