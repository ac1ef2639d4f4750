"""`policy check`, `table` and `diff`: a one-line summary last, and an exit status that counts."""

from pathlib import Path

import pytest

from gateway.__main__ import main

NOTES = "LEO              Participant.notes        consent  CASE_NOTES[r]\n"


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_check_ends_with_one_line_that_says_what_was_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["policy", "check"]) == 0
    (summary,) = lines(capsys)
    assert summary.startswith("policy ok: version ")


def test_table_of_one_role_holds_its_lines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "table", "--role", "PRB"]) == 0
    *rows, summary = lines(capsys)
    assert {row.split()[0] for row in rows} == {"PRB"}
    assert summary.startswith("policy ok")


def test_table_of_an_unknown_role_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "table", "--role", "SPY"]) == 2
    assert "SPY" in capsys.readouterr().err


def test_diff_fails_on_a_widening_until_it_is_approved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, approval = (tmp_path / name for name in ("old.txt", "new.txt", "approval.toml"))
    old.write_text("")
    new.write_text(NOTES)
    assert main(["policy", "diff", str(old), str(new)]) == 1
    assert lines(capsys) == [
        "wider  LEO  Participant.notes  nothing -> consent CASE_NOTES[r]  NOT APPROVED",
        "policy diff: 1 wider (1 not approved), 0 other changes",
    ]
    approval.write_text(
        '[[approval]]\ncolumn = "LEO"\ncoordinate = "Participant.notes"\n'
        'becomes = "consent CASE_NOTES[r]"\nreason = "agreed"\n'
        'approved_by = "privacy officer"\non = 2026-11-22\n'
    )
    assert main(["policy", "diff", str(old), str(new), "--approval", str(approval)]) == 0
    assert lines(capsys)[-1] == "policy diff: 1 wider (0 not approved), 0 other changes"


def test_diff_that_narrows_is_told_and_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text(NOTES)
    new.write_text("")
    assert main(["policy", "diff", str(old), str(new)]) == 0
    assert lines(capsys)[-1] == "policy diff: 0 wider (0 not approved), 1 other changes"


@pytest.mark.parametrize("words", [["policy"], ["policy", "check"], ["policy", "diff"]])
def test_help_says_what_it_does(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--help"])
    assert stopped.value.code == 0
    assert "usage" in capsys.readouterr().out


def test_schema_of_a_role_names_nothing_that_it_never_sees(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["schema", "--role", "PRO:not_liaison"]) == 0
    text = capsys.readouterr().out
    assert "type LegalCase" in text
    assert "CaseNote" not in text
    assert "leadLink" not in text
