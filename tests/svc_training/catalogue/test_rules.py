"""The head of a course page: every part in its field, what is not understood with its line."""

from pathlib import Path

import pytest

from svc_training.catalogue.rules import (
    MAX_PAGE_CHARACTERS,
    PageUnreadableError,
    normalise_phone,
    read_audience,
    read_authority,
    read_head,
    split_lines,
)

PAGE = Path(__file__).parents[3] / "infra/dev/demo/course_page.txt"


def test_page_as_it_stands_is_read_into_its_fields() -> None:
    head = read_head(split_lines(PAGE.read_text()))
    details = head.details
    assert details is not None
    assert head.errors == ()
    assert details.title == (
        "LEAD: Building a Collaborative Response to Mental Illness or Substance Use "
        "in Your Jurisdiction"
    )
    paragraphs = details.description.split("\n\n")
    assert [paragraph.split()[0] for paragraph in paragraphs] == ["This", "LEAD", "This"]
    assert paragraphs[1].endswith("Jail Alternatives program (AJA).")
    assert details.registration_text is not None
    assert details.registration_text.endswith("assign the training to you via Acadis.")
    assert details.contact is not None
    assert details.contact.name == "Becky Starnes"
    assert details.contact.role == "Substance Use Disorder Program Manager"
    assert details.contact.phone == "(206) 793-2615"
    assert details.contact.raw_phone == "(206) 793- 2615"
    assert details.audience == (
        "Law enforcement",
        "corrections",
        "prosecutors",
        "defense attorneys",
        "community services",
    )
    assert details.authority == ("ESB 5476", "RCW 43.101.205")
    assert details.raw_authority == "ESB 5476; 43.101.205"
    assert [line.number for line in head.session_lines] == [24, 25, 26, 27]


def test_line_that_is_no_known_part_is_reported_and_the_rest_is_kept() -> None:
    page = PAGE.read_text().replace("(206) 793- 2615\n", "(206) 793- 2615\nFree parking!\n")
    head = read_head(split_lines(page))
    assert [(error.line, error.code, error.text) for error in head.errors] == [
        (13, "UNRECOGNISED_LINE", "Free parking!")
    ]
    assert head.details is not None
    assert head.details.audience[0] == "Law enforcement"


def test_page_without_any_heading_of_sessions_still_gives_its_course() -> None:
    page = "A course\n\nAbout it.\n\n8020-1 A course 5/18/2023 0800 - 0930 Virtual"
    head = read_head(split_lines(page))
    assert head.details is not None
    assert head.details.title == "A course"
    assert [line.number for line in head.session_lines] == [5]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_and_odd_blanks_do_not_matter(ending: str) -> None:
    page = "\ufeff" + PAGE.read_text().replace(" ", "\u00a0", 40).replace("\n", ending)
    assert read_head(split_lines(page)) == read_head(split_lines(PAGE.read_text()))


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("(206) 793- 2615", "(206) 793-2615"),
        ("206.793.2615", "(206) 793-2615"),
        ("+1 206 793 2615", "(206) 793-2615"),
        ("2067932615", "(206) 793-2615"),
        ("793-2615", None),
        ("5/18/2023", None),
        ("0800 - 0930", None),
    ],
)
def test_telephone_numbers_get_one_form(text: str, phone: str | None) -> None:
    assert normalise_phone(text) == phone


@pytest.mark.parametrize(
    ("text", "laws"),
    [
        ("ESB 5476; 43.101.205", ("ESB 5476", "RCW 43.101.205")),
        ("rcw 43.101.205 and RCW  71.24.115.", ("RCW 43.101.205", "RCW 71.24.115")),
        ("43.101.205, RCW 43.101.205", ("RCW 43.101.205",)),
        ("42 CFR Part 2", ("42 CFR Part 2",)),
        ("", ()),
    ],
)
def test_bare_statute_sections_are_of_the_state_code(text: str, laws: tuple[str, ...]) -> None:
    assert read_authority(text) == laws


def test_audience_names_each_group_once() -> None:
    assert read_audience("officers, prosecutors; officers, clerks.") == (
        "officers",
        "prosecutors",
        "clerks",
    )


@pytest.mark.parametrize("text", ["", " \n\t\n", "a\x00b", "x" * (MAX_PAGE_CHARACTERS + 1)])
def test_what_is_no_text_is_no_page(text: str) -> None:
    with pytest.raises(PageUnreadableError):
        split_lines(text)
