"""What the page of a batch says of it, in each state that it can be in."""

import re
from typing import Any

import pytest

from gateway.web.console.assets import Assets
from gateway.web.console.render import Pages
from gateway.web.console.wording import say
from tests.gateway.web.console.test_session import settings_of


def said(**changes: Any) -> str:
    """Return the text of the part that follows a batch, without its tags."""
    batch = {
        "id": "b", "session": {"number": "9101-2"}, "dueOn": None, "status": "DONE",
        "total": 40, "done": 40, "assigned": 30, "kept": 0, **changes,
    }  # fmt: skip
    pages = Pages(settings_of(), Assets(), "https://issuer.example")
    html = pages.render("_batch.html", {**pages.context(language="en"), "batch": batch})
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_a_run_counts_whom_it_left_as_they_were() -> None:
    assert "30 newly assigned, 10 left as they were" in said()
    assert "5 newly assigned, 7 left as they were" in said(status="RUNNING", done=12, assigned=5)


@pytest.mark.parametrize(
    ("changes", "is_offered"),
    [
        ({}, True),
        ({"assigned": 0}, False),
        ({"status": "RUNNING", "done": 0, "assigned": 0}, True),
        ({"status": "UNDONE"}, False),
    ],
)
def test_it_is_taken_back_as_long_as_there_is_something_to_take(
    changes: dict[str, Any], is_offered: bool
) -> None:
    text = said(**changes)
    assert ("Take it back" in text) is is_offered
    assert ("registered before keeps the place" in text) is is_offered
    assert ("Nobody further is assigned" in text) is (changes.get("status") == "RUNNING")


def test_an_undo_says_what_it_cancelled_and_what_it_left() -> None:
    assert "30 of the new assignments are cancelled." in said(status="UNDONE")
    partly = said(status="UNDONE", kept=3)
    assert "27 of the new assignments are cancelled; 3 had moved on before and stay" in partly


@pytest.mark.parametrize("language", ["en", "es"])
def test_notes_after_an_undo_do_not_say_what_is_not_so(language: str) -> None:
    """Only a second undo is refused; who is registered never stands in the way of one."""
    assert "academ" not in say(language, "notes.not_undone")
