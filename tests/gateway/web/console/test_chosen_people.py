"""*Your people* by where they stand and by the last contact: a form that needs no script."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.web.console.views import people
from tests.gateway.web.console.test_long_training_lists import Row, Service, page_of, shown


class Desk(Service):
    """Keeps with what the lists of people were asked, and answers as if that chose nobody out."""

    def __init__(self, **planted: Any) -> None:
        super().__init__(**planted)
        self.mine: list[Row] = [person(n) for n in range(60)]
        self.arguments: Row = {}

    def root(self) -> dict[str, Any]:
        return super().root() | {"caseload": self._listed, "participants": self._listed}

    def _listed(self, _info: Any, first: int, after: str | None = None, **asked: Any) -> Row:
        self.arguments = {key: value for key, value in asked.items() if value is not None}
        return page_of(self.mine, first=first, after=after)


def person(number: int) -> Row:
    name = {"given": f"Person {number}", "family": "Example", "preferred": None}
    return {"id": f"p{number}", "name": name, "enrollment": None, "releases": None}


CHOICES = {
    "": ("Caseload", {}),
    "intake": ("CaseloadByStage", {"status": "PENDING_INTAKE"}),
    "active": ("CaseloadByStage", {"status": "ENROLLED_ACTIVE"}),
    "away": ("CaseloadByStage", {"status": "ENROLLED_INACTIVE"}),
    "custody": ("CaseloadByStage", {"inactiveReason": "CUSTODY"}),
    "hospital": ("CaseloadByStage", {"inactiveReason": "HOSPITAL"}),
    "ended": ("CaseloadByStage", {"status": "EXITED"}),
}


@pytest.mark.parametrize("show", list(CHOICES))
@pytest.mark.parametrize("role", ["CM", "SUP"])
async def test_each_choice_asks_for_no_more_than_it_needs(show: str, role: str) -> None:
    desk, (operation, asked) = Desk(), CHOICES[show]
    page = await shown(desk, people.caseload, query=f"show={show}", role=role)
    assert desk.asked == [operation if role == "CM" else f"Agency{operation}"]
    assert desk.arguments == asked
    assert re.findall(r'<option value="(\w*)" selected>', page) == [show]
    assert "Person 7 Example" in page


@pytest.mark.parametrize("role", ["CM", "SUP"])
async def test_who_had_no_contact_comes_longest_first(role: str) -> None:
    desk = Desk()
    await shown(desk, people.caseload, query="show=silent", role=role)
    before = datetime.now(UTC).date() - timedelta(days=people.SILENT_DAYS)
    asked = {key: str(value) for key, value in desk.arguments.items()}
    assert asked == {"lastContactBefore": str(before), "order": "LONGEST_WITHOUT_CONTACT"}


async def test_a_supervisor_finds_who_has_no_case_manager() -> None:
    desk = Desk()
    assert 'value="unassigned"' in await shown(desk, people.caseload, role="SUP")
    await shown(desk, people.caseload, query="show=unassigned", role="SUP")
    assert desk.arguments == {"isAssigned": False}
    assert 'value="unassigned"' not in await shown(desk, people.caseload, role="CM")


@pytest.mark.parametrize("show", ["unassigned", "nothing", "a%22%3E"])
async def test_what_is_not_offered_shows_everybody(show: str) -> None:
    desk = Desk()
    page = await shown(desk, people.caseload, query=f"show={show}", role="CM")
    assert (desk.asked, desk.arguments) == (["Caseload"], {})
    assert re.findall(r'<option value="(\w*)" selected>', page) == [""]


def next_page(page: str) -> str:
    (query,) = re.findall(r'href="/console/people\?(after=[^"]+)"', page)
    return str(query).replace("&amp;", "&")


async def test_the_next_page_keeps_the_choice() -> None:
    desk = Desk()
    page = await shown(desk, people.caseload, query="show=active", role="CM")
    assert "Person 50 Example" not in page
    page = await shown(desk, people.caseload, query=next_page(page), role="CM")
    assert "Person 50 Example" in page
    assert desk.arguments == {"status": "ENROLLED_ACTIVE"}


async def test_planted_operation_that_forgets_the_choice_is_caught() -> None:
    desk = Desk(CaseloadByStage=lambda text: text.replace(", status: $status", ""))
    await shown(desk, people.caseload, query="show=active", role="CM")
    assert desk.arguments == {}


async def test_nobody_is_said_of_the_choice() -> None:
    desk = Desk()
    desk.mine = []
    assert "stands like that" in await shown(desk, people.caseload, query="show=away", role="CM")
    assert "assigned to you yet" in await shown(desk, people.caseload, role="CM")
