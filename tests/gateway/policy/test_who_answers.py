"""Who answers for which widening, and how a difference is told; without the packaged policy."""

import pytest

from gateway.policy.difference import (
    Approval,
    Change,
    Row,
    difference,
    held,
    load_approvals,
    parse_table,
    table_lines,
    unapproved,
)
from gateway.policy.errors import PolicyError

NOTES = "LEO Participant.notes consent CASE_NOTES[r]"


def changed(before: str, after: str) -> list[Change]:
    return difference(parse_table(before, "old"), parse_table(after, "new"))


def approvals(*named: str) -> list[Approval]:
    """Return approvals of lines as a table has them."""
    text = ""
    for line in named:
        column, coordinate, becomes = line.split(maxsplit=2)
        text += (
            f'[[approval]]\ncolumn = "{column}"\ncoordinate = "{coordinate}"\n'
            f'becomes = "{becomes}"\nreason = "Agreed"\napproved_by = "Counsel"\non = 2026-11-22\n'
        )
    return load_approvals(text, "approvals.toml")


@pytest.mark.parametrize(
    ("before", "after", "is_wider"),
    [
        # Free before and after: the grounds alone count, and a category in place of none closes.
        (NOTES.replace("consent", "free"), NOTES.replace("consent", "free") + "+SUD[r]", False),
        ("LEO X.y free STRUCTURE", "LEO X.y free CASE_NOTES[r]", False),
        ("LEO X.y consent SUD[r]", "LEO X.y free STRUCTURE", True),
        # Figures need no ground; whoever cannot be compared is for a person to judge.
        ("EVL X.y free SUD:AGGREGATE", "EVL X.y free SUD:AGGREGATE+HOUSING:AGGREGATE", False),
        ("EVL X.y free SUD:AGGREGATE+HOUSING:AGGREGATE", "EVL X.y free SUD:AGGREGATE", True),
        ("EVL X.y free SUD[r]", "EVL X.y free SUD", True),
        ("EVL X.y free SUD", "EVL X.y free SUD[r]", True),
        # What belongs to nobody is free for a column that comes to it later than others.
        ("SUP X.y free STRUCTURE", "SUP X.y free STRUCTURE\nLEO X.y free STRUCTURE", False),
        ("SUP X.y free SUD", "SUP X.y free SUD\nLEO X.y free SUD", True),
    ],
)
def test_what_is_free_and_what_needs_no_ground(before: str, after: str, is_wider: bool) -> None:
    assert [each.is_wider for each in changed(before, after)] == [is_wider]


def test_a_new_field_that_nobody_held_against_anything_is_wider() -> None:
    row = Row("LEO", "X.y", "consent", {"SUD": "r"})
    assert Change("LEO", "X.y", None, row).is_wider
    assert not Change("LEO", "X.y", None, row, was_held=True).is_wider


def test_differences_are_told_with_widenings_first() -> None:
    before = f"{NOTES}\nCM Participant.notes consent CASE_NOTES[o|r]\nLEO purposes - COC,TREAT"
    after = "LEO purposes - BTG,COC,TREAT\nCM Participant.notes consent CASE_NOTES[r]"
    told = [each.text for each in changed(before, f"{after}\nLEO X.y consent GOALS_PLAN+SUD[r]")]
    assert told == [
        "wider  LEO  X.y  nothing -> consent GOALS_PLAN+SUD[r]",
        "wider  LEO  purposes  - COC,TREAT -> - BTG,COC,TREAT",
        "other  CM  Participant.notes  consent CASE_NOTES[o|r] -> consent CASE_NOTES[r]",
        "other  LEO  Participant.notes  consent CASE_NOTES[r] -> nothing",
    ]


def test_a_table_is_written_as_it_is_read() -> None:
    text = (
        "CM Participant.notes consent CASE_NOTES[ao|r]+SUD:SUMMARY\n"
        "CM purposes - COC,TREAT\nCRT purposes - none\nLEO X.y free STRUCTURE\n"
    )
    table = parse_table(f"\n{text}\npolicy ok: 4 lines\n", "table")
    assert table_lines(table) == text
    assert set(table["CM", "purposes"].labels) == {"COC", "TREAT"}
    assert table["CM", "Participant.notes"].labels == {"CASE_NOTES": "ao|r", "SUD:SUMMARY": ""}
    assert table["CRT", "purposes"].labels == {}


@pytest.mark.parametrize(
    "line", ["LEO X.y free", "LEO X.y free SUD and more", "LEO X.y maybe SUD", "LEO X.y SUD free"]
)
def test_a_line_of_another_form_is_refused(line: str) -> None:
    with pytest.raises(PolicyError, match="old:2"):
        parse_table(f"{NOTES}\n{line}", "old")


def test_figures_without_a_ground_are_held_beside_what_has_one() -> None:
    table = parse_table("EVL A.x free SUD\nEVL A.y consent SUD[r]\nEVL A.z consent HOUSING[r]", "t")
    assert table_lines(held(table)) == "EVL HOUSING consent HOUSING[r]\nEVL SUD free SUD[r]\n"


def test_what_is_not_toml_is_no_approval() -> None:
    with pytest.raises(PolicyError, match="not TOML"):
        load_approvals("[[approval]\n", "approvals.toml")
    assert load_approvals("", "approvals.toml") == []


def test_an_approval_of_what_only_narrows_is_refused() -> None:
    """It would wait there for a change that nobody has looked at."""
    narrowed = changed(NOTES.replace("[r]", "[o|r]"), NOTES)
    assert unapproved(narrowed, []) == []
    with pytest.raises(PolicyError, match="names no widening"):
        unapproved(narrowed, approvals(NOTES))
    gone = changed(NOTES, "")
    with pytest.raises(PolicyError, match="names no widening"):
        unapproved(gone, approvals(NOTES))


LABEL = "LEO CASE_NOTES consent CASE_NOTES[o|r]"


@pytest.mark.parametrize(
    ("approval", "after", "is_covered"),
    [
        (LABEL, "LEO Participant.notes consent CASE_NOTES[o|r]", True),
        (LABEL, "LEO Participant.notes consent CASE_NOTES[r]", True),
        (LABEL, "LEO Participant.notes consent CASE_NOTES[o|r]+CATALOGUE", True),
        # Easier grounds, no consent any more, another column, another label, one label more.
        (LABEL, "LEO Participant.notes consent CASE_NOTES[c|o|r]", False),
        (LABEL, "LEO Participant.notes free CASE_NOTES[o|r]", False),
        (LABEL, "PRB Participant.notes consent CASE_NOTES[o|r]", False),
        (LABEL, "LEO Participant.notes consent CASE_NOTES:SUMMARY[o|r]", False),
        (LABEL, "LEO Participant.notes consent CASE_NOTES[o|r]+SUD[r]", False),
        # Of one coordinate, it is about that one.
        (NOTES, NOTES, True),
        (NOTES, "LEO CaseNote.text consent CASE_NOTES[r]", False),
        ("LEO SUD:AGGREGATE free SUD:AGGREGATE", "LEO Report.sud free SUD:AGGREGATE", True),
        ("LEO SUD:AGGREGATE free SUD:AGGREGATE", "LEO Report.sud free SUD", False),
    ],
)
def test_a_standing_approval_of_a_label_covers_its_coordinates(
    approval: str, after: str, is_covered: bool
) -> None:
    (change,) = changed("", after)
    left = unapproved([change], approvals(approval), are_standing=True)
    assert left == ([] if is_covered else [change])


def test_what_loses_its_label_altogether_is_covered_by_none() -> None:
    opened = changed("LEO X.y consent SUD[r]", "LEO X.y free STRUCTURE")
    assert unapproved(opened, approvals(LABEL), are_standing=True) == opened


def test_one_of_several_standing_approvals_of_a_label_suffices() -> None:
    later = "LEO CASE_NOTES consent CASE_NOTES[c|o|r]"
    wider = changed("", "LEO Participant.notes consent CASE_NOTES[c|r]")
    for both in ((LABEL, later), (later, LABEL)):
        assert unapproved(wider, approvals(*both), are_standing=True) == []
    assert unapproved(wider, approvals(LABEL), are_standing=True) == wider


def test_an_approval_that_does_not_stand_covers_what_it_names_alone() -> None:
    wider = changed("", "LEO Participant.notes consent CASE_NOTES[r]\nLEO X.y consent SUD[r]")
    assert unapproved(wider, approvals(NOTES)) == [wider[1]]
    with pytest.raises(PolicyError, match="names no widening"):
        unapproved(wider, approvals(LABEL))
    label = changed("", LABEL)
    both = [*label, *changed("", "LEO Participant.notes consent CASE_NOTES[r]")]
    assert unapproved(both, approvals(LABEL)) == [both[1]]
