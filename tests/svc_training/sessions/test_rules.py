"""The table of sessions: oddities of the real page, and rows that break without taking others."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svc_training.catalogue.rules import PageUnreadableError
from svc_training.sessions.rules import (
    CoursePage,
    LocationMode,
    Platform,
    SessionStatus,
    read_course_page,
    read_location,
)

PAGE = (Path(__file__).parents[3] / "infra/dev/demo/course_page.txt").read_text()
HEAD = "A course\nTraining sessions\nSession Session Title Dates & Hours Location Status\n"


def read(*rows: str) -> CoursePage:
    return read_course_page(HEAD + "\n".join(rows))


def numbers(page: CoursePage) -> list[str]:
    return [session.number for session in page.sessions]


def codes(page: CoursePage) -> list[tuple[int, str]]:
    return [(error.line, error.code) for error in page.errors]


def test_page_as_it_stands_gives_its_session() -> None:
    page = read_course_page(PAGE)
    assert page.course_number == "8020"
    assert page.errors == ()
    (session,) = page.sessions
    assert (session.number, session.line) == ("8020-1", 24)
    assert session.title.startswith("LEAD: Building a Collaborative Response")
    assert session.title.endswith("in Your Jurisdiction")
    assert session.starts_at == datetime(2023, 5, 18, 15, 0, tzinfo=UTC)
    assert session.ends_at == datetime(2023, 5, 18, 16, 30, tzinfo=UTC)
    assert (session.zone, session.is_zone_assumed) == ("America/Los_Angeles", True)
    assert session.hours == Decimal("1.50")
    assert session.location.mode is LocationMode.VIRTUAL
    assert session.location.platform is Platform.ZOOM
    assert session.location.raw == "Virtual- Zoom"
    assert (session.raw_date, session.raw_hours) == ("5/18/2023", "0800 - 0930")
    assert session.status is SessionStatus.UNSTATED


@pytest.mark.parametrize(
    "rows",
    [
        ["8020-1 A title 5/18/2023 Class Hours: 0800 - 0930 Virtual- Zoom Open"],
        ["8020-1 A title 5/18/2023", "Class Hours:", "0800 - 0930", "Virtual- Zoom", "Open"],
        ["8020-1", "A title", "5/18/2023", "Class Hours: 0800-0930", "Virtual- Zoom Open"],
        ["8020-1 A", "title", "5/18/2023 Class Hours:", "08:00 \u2013 09:30", "Virtual- Zoom Open"],
        ["", "8020-1 A title 05/18/2023", "", "", "0800 - 0930", "", "Virtual- Zoom", "", "Open"],
    ],
)
def test_row_may_run_over_lines_in_any_way(rows: list[str]) -> None:
    page = read(*rows)
    assert page.errors == ()
    (session,) = page.sessions
    assert session.title == "A title"
    assert session.hours == Decimal("1.50")
    assert session.location.raw == "Virtual- Zoom"
    assert session.status is SessionStatus.OPEN


def test_winter_and_summer_hours_follow_the_zone() -> None:
    page = read(
        "8020-1 Winter 1/10/2027 0800 - 0930 Hall", "8020-2 Summer 7/10/2027 0800 - 0930 Hall"
    )
    assert [session.starts_at.hour for session in page.sessions] == [16, 15]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("8020-2 Broken 13/45/2023 0800 - 0930 Hall", "BAD_DATE"),
        ("8020-2 Broken 2/30/2023 0800 - 0930 Hall", "BAD_DATE"),
        ("8020-2 Broken 5/18/23 0800 - 0930 Hall", "BAD_DATE"),
        ("8020-2 Broken 0800 - 0930 Hall", "NO_DATE"),
        ("8020-2 Broken\nClass Hours:\n0800 - 0930", "NO_DATE"),
        ("8020-2 Broken 5/18/2023 Class Hours: eight to nine", "BAD_HOURS"),
        ("8020-2 Broken 5/18/2023 2500 - 2600 Hall", "BAD_HOURS"),
        ("8020-2 Broken 5/18/2023 0930 - 0800 Hall", "BAD_HOURS"),
        ("8020-2 Broken 5/18/2023 0800 - 0800 Hall", "BAD_HOURS"),
        ("8020-2 Broken 5/18/2023 - 5/19/2023 0800 - 0930 Hall", "SEVERAL_DATES"),
        ("8020-2 Broken 5/18/2023", "NO_HOURS"),
        ("8020-2 5/18/2023 0800 - 0930 Hall", "NO_TITLE"),
        ("80Z0-2 Broken 5/18/2023 0800 - 0930 Hall", "BAD_SESSION_NUMBER"),
        ("8020-2222 Broken 5/18/2023 0800 - 0930 Hall", "BAD_SESSION_NUMBER"),
        ("8020\u20132 Broken 5/18/2023 0800 - 0930 Hall", "BAD_SESSION_NUMBER"),
        ("8020-1 Again 5/18/2023 0800 - 0930 Hall", "DUPLICATE_SESSION"),
        ("9999-1 Foreign 5/18/2023 0800 - 0930 Hall", "OTHER_COURSE"),
    ],
)
def test_broken_row_is_reported_and_takes_no_good_one_with_it(row: str, code: str) -> None:
    page = read(
        "8020-1 First 5/18/2023 0800 - 0930 Hall",
        row,
        "8020-3 Third 5/19/2023",
        "Class Hours:",
        "0800 - 0930",
        "Hall",
    )
    assert numbers(page) == ["8020-1", "8020-3"]
    assert page.sessions[0].title == "First"
    assert len(page.errors) == 1
    assert page.errors[0].code == code
    assert page.errors[0].line in range(5, 8)


def test_stray_line_inside_a_row_is_reported_and_the_row_kept() -> None:
    page = read("8020-1 A title 5/18/2023", "%%%", "Class Hours:", "0800 - 0930", "Hall", "junk")
    assert numbers(page) == ["8020-1"]
    assert codes(page) == [(5, "UNRECOGNISED_LINE"), (9, "UNRECOGNISED_LINE")]
    assert page.sessions[0].location.raw == "Hall"


def test_line_before_any_row_belongs_to_none() -> None:
    page = read("Sessions are held monthly.", "8020-1 A title 5/18/2023 0800 - 0930 Hall")
    assert numbers(page) == ["8020-1"]
    assert codes(page) == [(4, "UNRECOGNISED_LINE")]


def test_course_keeps_its_number_when_every_row_is_broken() -> None:
    page = read("8020-1 A title 5/18/23 0800 - 0930 Hall")
    assert (page.course_number, numbers(page)) == ("8020", [])
    assert codes(page) == [(4, "BAD_DATE")]


def test_page_without_sessions_has_no_course_number() -> None:
    assert read().course_number is None


@pytest.mark.parametrize(
    ("raw", "mode", "platform"),
    [
        ("Virtual- Zoom", LocationMode.VIRTUAL, Platform.ZOOM),
        ("ZOOM", LocationMode.VIRTUAL, Platform.ZOOM),
        ("Online (Microsoft Teams)", LocationMode.VIRTUAL, Platform.TEAMS),
        ("Hybrid: Burien and Webex", LocationMode.HYBRID, Platform.WEBEX),
        ("Webinar", LocationMode.VIRTUAL, None),
        ("Burien, Building C", LocationMode.IN_PERSON, None),
        (None, LocationMode.UNSTATED, None),
    ],
)
def test_places_get_a_mode(raw: str | None, mode: LocationMode, platform: Platform | None) -> None:
    location = read_location(raw)
    assert (location.mode, location.platform, location.raw) == (mode, platform, raw)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="8020-1/ ABCabc:\n\t5.;()", max_size=400), st.integers(0, len(PAGE)))
def test_any_text_is_read_or_refused_and_good_rows_survive_junk(junk: str, at: int) -> None:
    """No text makes the reader fail; junk below the page never loses the page's session."""
    try:
        read_course_page(PAGE[:at] + junk + PAGE[at:])
    except PageUnreadableError:
        pytest.fail("a page with text in it is a page")
    below = read_course_page(f"{PAGE}\n9999-99 Stop 1/1/1999 {junk}")
    assert "8020-1" in {session.number for session in below.sessions}
