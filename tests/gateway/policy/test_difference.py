"""What became visible to whom: widenings are found, named, and need an approval each."""

import pytest

from gateway.policy.access_table import table_text
from gateway.policy.difference import (
    Change,
    difference,
    load_approvals,
    parse_table,
    unapproved,
)
from gateway.policy.errors import PolicyError
from infra.vocabulary import Category
from tests.gateway.policy.test_invariants import TEXT, cell, table_of, text

NOTES = "LEO Participant.notes consent CASE_NOTES[r]"
APPROVAL = """
[[approval]]
column = "LEO"
coordinate = "Participant.notes"
becomes = "consent CASE_NOTES[r]"
reason = "Counsel and the participants' council agreed"
approved_by = "Privacy officer, Cedar Falls"
on = 2026-11-22
"""


def changed(before: str, after: str) -> list[Change]:
    return difference(parse_table(before, "old"), parse_table(after, "new"))


@pytest.mark.parametrize(
    ("before", "after", "is_wider"),
    [
        ("", NOTES, True),
        (NOTES, "", False),
        (NOTES, NOTES.replace("consent", "free"), True),
        (NOTES.replace("[r]", "[rc]"), NOTES, True),
        (NOTES, NOTES.replace("[r]", "[rc]"), False),
        (NOTES, NOTES.replace("[r]", "[o|r]"), True),
        (NOTES.replace("[r]", "[o|r]"), NOTES, False),
        (NOTES, NOTES.replace("[r]", "[*]"), True),
        (NOTES.replace("[r]", "[r*]"), NOTES, False),
        (NOTES + "+SUD[r]", NOTES, True),
        (NOTES, NOTES + "+SUD[r]", False),
        (NOTES, NOTES.replace("CASE_NOTES", "REFERRAL"), True),
        ("LEO X.y consent GOALS_PLAN:SUMMARY[r]", "LEO X.y consent GOALS_PLAN[r]", True),
        ("LEO purposes - LEAD_COORD", "LEO purposes - LEAD_COORD,TREAT", True),
        ("LEO purposes - LEAD_COORD,TREAT", "LEO purposes - none", False),
        ("CRT purposes - none", "CRT purposes - LEAD_COORD", True),
        ("", "LEO PageInfo.hasNextPage free STRUCTURE", False),
        ("", "LEO Course.number free CATALOGUE", False),
        ("", "LEO Personnel.name free TRAINING[s]", True),
    ],
)
def test_what_counts_as_wider(before: str, after: str, is_wider: bool) -> None:
    (change,) = changed(before, after)
    assert change.is_wider is is_wider


def test_nothing_differs_from_itself() -> None:
    now = table_text(table_of(TEXT))
    assert changed(now, now) == []


@pytest.mark.parametrize(
    ("edit", "column", "coordinate"),
    [
        (cell("LEO", Category.CASE_NOTES, "C"), "LEO", "Participant.notes"),
        (text('"DEF:C" = "rc"', '"DEF:C" = "r"'), "DEF", "Participant.name"),
        (text('PRB = ["LEAD_COORD"]', 'PRB = ["LEAD_COORD", "TREAT"]'), "PRB", "purposes"),
    ],
)
def test_a_widened_agreement_is_found(edit: object, column: str, coordinate: str) -> None:
    assert callable(edit)
    widened = table_text(table_of(edit(TEXT)))
    wider = [each for each in changed(table_text(table_of(TEXT)), widened) if each.is_wider]
    assert (column, coordinate) in {(each.column, each.coordinate) for each in wider}
    narrowed = changed(widened, table_text(table_of(TEXT)))
    assert not any(each.is_wider for each in narrowed)


def test_an_approval_covers_exactly_what_it_names() -> None:
    changes = changed("", f"{NOTES}\n{NOTES.replace('LEO', 'PRB')}")
    left = unapproved(changes, load_approvals(APPROVAL, "approval.toml"))
    assert [each.column for each in left] == ["PRB"]
    wider_still = changed("", NOTES.replace("[r]", "[*]"))
    with pytest.raises(PolicyError, match="names no widening"):
        unapproved(wider_still, load_approvals(APPROVAL, "approval.toml"))


def test_an_approval_that_outlives_its_change_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"approval\.toml:4"):
        unapproved([], load_approvals(APPROVAL, "approval.toml"))


@pytest.mark.parametrize(
    ("given", "planted"),
    [
        ('reason = "Counsel and the participants\' council agreed"', 'reason = ""'),
        ("on = 2026-11-22", 'on = "soon"'),
        ("on = 2026-11-22", "on = 2026-11-22\nsurely = true"),
        ('approved_by = "Privacy officer, Cedar Falls"\n', ""),
    ],
)
def test_a_careless_approval_is_refused(given: str, planted: str) -> None:
    assert given in APPROVAL
    with pytest.raises(PolicyError, match=r"approval\.toml:4"):
        load_approvals(APPROVAL.replace(given, planted), "approval.toml")


def test_what_is_no_table_is_refused_with_its_line() -> None:
    with pytest.raises(PolicyError, match="old:2"):
        parse_table(f"{NOTES}\nand so on", "old")
