"""Choosing people on several pages of a list: who was ticked stays chosen, with a name and a box.

The committed operations run against the packaged supergraph, over lists that are held here.
"""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.web import console
from gateway.web.console import choosing
from gateway.web.console.views import roster
from gateway.web.console.visit import Visit
from tests.gateway.web.console.test_long_training_lists import assignment_of, person_of, shown
from tests.gateway.web.console.test_training_forms import Desk

STATIC = Path(console.__file__).parent / "static"
MAX_FIRST_LOAD = 150_000
"""As in tests/platform/console/test_pages.py, where a browser weighs the pages of the demo."""
FETCHED = ("console.css", "console.js", "thread.svg", "vendor/htmx.min.js")
FONT = "vendor/public-sans-latin-wght-normal.woff2"


class Assigning(Desk):
    def root(self) -> dict[str, Any]:
        return super().root() | {"assignSession": self._keeping("assignSession", outcomes=[])}


def desk_of(people: int = 250, **planted: Any) -> Assigning:
    desk = Assigning(**planted)
    desk.people = [*(person_of(n) for n in range(people)), person_of(9000, "Zoë Quillfeather")]
    return desk


def posted(page: str, **more: str) -> list[tuple[str, str]]:
    """Return what a browser would post of a page: its boxes that are ticked, and hidden fields."""
    form = page.partition("<form class=")[2].partition("</form>")[0]
    fields = []
    for tag in re.findall(r"<input [^>]*>", form):
        name = re.search(r' name="([^"]*)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        is_box = 'type="checkbox"' in tag
        if name is None or " disabled" in tag or (is_box and " checked" not in tag):
            continue
        fields.append((name[1], value[1] if value else "on"))
    return [each for each in fields if each[0] not in more] + list(more.items())


async def sent_by(desk: Assigning, form: list[tuple[str, str]]) -> set[str]:
    await shown(desk, roster.assign, number="9101-7", form=form)
    return set(desk.sent["assignSession"]["personnelIds"])


async def test_ticks_outlive_pages_and_searches_and_are_sent_together() -> None:
    desk = desk_of()
    page = await shown(desk, roster.assign, number="9101-7")
    form = [*posted(page, step="next", category="CIT"), ("people", "p3"), ("people", "p7")]
    page = await shown(desk, roster.assign, number="9101-7", form=form)
    assert desk.sent == {}
    assert "Family100" in page
    assert "2 chosen before stay chosen" in page
    assert 'value="CIT"' in page
    form = [*posted(page, step="find", q="Quillf"), ("people", "p150")]
    page = await shown(desk, roster.assign, number="9101-7", form=form)
    assert "Quillfeather" in page
    assert "3 chosen before stay chosen" in page
    assert re.findall(r'value="(p\d+)" checked><span>([^<]+)', page) == [
        ("p3", "Given Family003"), ("p7", "Given Family007"), ("p150", "Given Family150"),
    ]  # fmt: skip
    form = [*posted(page, step=""), ("people", "p9000")]
    form.remove(("people", "p7"))  # who was chosen before can be let go of
    assert await sent_by(desk, form) == {"p3", "p150", "p9000"}


async def test_planted_form_that_posts_only_what_is_listed_loses_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The twin is the form as it was: nobody of other pages is in it."""

    async def nobody(*_given: Any) -> list[tuple[str, str]]:
        return []

    monkeypatch.setattr(choosing, "kept", nobody)
    desk = desk_of()
    page = await shown(desk, roster.assign, number="9101-7")
    form = [*posted(page, step="next"), ("people", "p3")]
    page = await shown(desk, roster.assign, number="9101-7", form=form)
    form = [*posted(page, step=""), ("people", "p150")]
    assert await sent_by(desk, form) == {"p150"}


async def test_a_page_turned_back_shows_its_ticks_in_their_place() -> None:
    desk = desk_of()
    form = [("step", "next"), ("next", "100"), ("people", "p3")]
    page = await shown(desk, roster.assign, number="9101-7", form=form)
    assert "Back to the first hundred" in page
    page = await shown(desk, roster.assign, number="9101-7", form=posted(page, step="find"))
    assert 'value="p3" checked' in page
    assert page.count('value="p3"') == 1
    assert "chosen before" not in page
    assert "Back to the first hundred" not in page


async def test_the_search_that_follows_live_assigns_nobody_and_keeps_ticks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Visit, "is_fragment", property(lambda _visit: True))
    desk = desk_of()
    form = [("q", "Quillf"), ("people", "p3"), ("category", "LEAD"), ("after", "100")]
    page = await shown(desk, roster.assign, number="9101-7", form=form)
    assert desk.sent == {}
    assert "<html" not in page
    assert "Given Family003" in page
    assert "Quillfeather" in page


async def test_whom_the_roster_does_not_have_is_not_kept() -> None:
    page = await shown(
        desk_of(), roster.assign, number="9101-7",
        form=[("step", "find"), ("people", '"><b>x'), ("people", "p240")],
    )  # fmt: skip
    assert "<b>x" not in page
    assert "1 chosen before stays chosen" in page


async def test_who_is_on_the_session_by_now_is_not_sent_from_this_page() -> None:
    desk = desk_of()
    desk.assigned = [assignment_of(person_of(3))]
    page = await shown(desk, roster.assign, number="9101-7", form=[("people", "p3")])
    assert 'value="p3" checked disabled' in page
    assert ("people", "p3") not in posted(page)


def weight(page: str) -> int:
    """Return the bytes of a page with all that it fetches, as they travel."""
    files = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in FETCHED)
    return len(page.encode()) + files + (STATIC / FONT).stat().st_size


async def test_too_many_are_said_and_the_page_stays_light() -> None:
    desk = desk_of(choosing.MAX_KEPT + 300)
    for number, person in enumerate(desk.people):
        person["id"] = f"0f0e0d0c-0000-4000-8000-{number:012}"
        person["name"] = f"Maximiliana Featherstonehaugh-{number}"
    ids = [each["id"] for each in desk.people]
    enough = [("people", each) for each in ids[100 : 100 + choosing.MAX_KEPT]]
    page = await shown(desk, roster.assign, number="9101-7", form=[("step", "find"), *enough])
    assert "people of other pages are chosen" not in page
    assert len([each for each in posted(page) if each[0] == "people"]) == choosing.MAX_KEPT
    assert weight(page) < MAX_FIRST_LOAD
    more = [*enough, ("people", ids[-1])]
    page = await shown(desk, roster.assign, number="9101-7", form=[("step", "find"), *more])
    assert "people of other pages are chosen" in page
    assert len([each for each in posted(page) if each[0] == "people"]) == choosing.MAX_KEPT


async def test_nobody_is_looked_up_where_nobody_was_chosen_elsewhere() -> None:
    desk = desk_of()
    await shown(desk, roster.assign, number="9101-7", form=[("step", "find"), ("people", "p3")])
    assert "RosterNames" not in desk.asked
    await shown(
        desk,
        roster.assign,
        number="9101-7",
        form=[("step", "next"), ("next", "200"), ("people", "p3")],
    )
    assert desk.asked.count("RosterNames") == 1  # found on the first page: no further one is read
