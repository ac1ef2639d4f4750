"""The second row under the menu: pages beside the one that is open, for roles that have them."""

import ast
from pathlib import Path

from gateway.web.console.sections import parts
from gateway.web.console.views import agreements

ID = "0f0e0d0c-0000-4000-8000-000000000001"


def names(role: str, path: str) -> list[str]:
    return [part.name for part in parts(role, path)]


def here(role: str, path: str) -> list[str]:
    return [part.name for part in parts(role, path) if part.is_here]


def test_a_page_of_a_place_is_marked_and_pages_below_it_too() -> None:
    assert here("AGA", "/console/agency") == ["People and roles"]
    assert here("AGA", "/console/agency/grant") == ["People and roles"]
    assert here("AGA", f"/console/agency/reviews/{ID}") == ["Access reviews"]
    assert here("PRV", f"/console/privacy/{ID}/attempts") == ["Denied attempts"]
    assert here("TRM", "/console/training/compliance") == ["Compliance"]


def test_nobody_is_shown_the_way_to_pages_of_another_role() -> None:
    assert names("LEO", "/console/agency") == []
    assert names("AGA", f"/console/agencies/{ID}") == []
    assert "Requests" not in names("PLA", f"/console/agencies/{ID}")
    assert "What would they see?" in names("CM", f"/console/people/{ID}")
    assert "What would they see?" not in names("SUP", f"/console/people/{ID}")
    assert names("COM", "/console/library") == []  # one page needs no row


def test_no_page_hides_what_the_frame_around_it_shows() -> None:
    frame = {"here", "parts", "places", "standing", "note"}
    views = Path(agreements.__file__).parent
    sent = {
        (path.name, keyword.arg)
        for path in views.glob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "page"
        for keyword in call.keywords
    }
    assert ("agreements.py", "memberships_here") in sent
    assert [each for each in sorted(sent, key=str) if each[1] in frame] == []


def test_other_addresses_have_none() -> None:
    for path in ("/console/", "/console/agencies", "/console/training/courses", "/console/peopled"):
        assert names("AGA", path) == []
        assert names("TRM", path) == []
