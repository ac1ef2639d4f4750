"""Lists as CSV: whole, with every column of their page, and no cell that begins a formula."""

import csv
import io
from typing import Any

import pytest

from gateway.web.console.asking import RefusedError, Reply
from gateway.web.console.pages import PAGES
from gateway.web.console.views import list_files
from gateway.web.doors import tables_out
from tests.gateway.web.console.test_long_training_lists import NOW, Row, page_of, shown
from tests.gateway.web.console.test_training_forms import Desk, rule_of

EVIL = '=HYPERLINK("https://evil.example")'
LISTS = {
    "/training/requirements.csv": "/training/requirements",
    "/training/exemptions.csv": "/training/compliance",
    "/training/outside.csv": "/training/outside",
    "/training/differences.csv": "/training/reconcile",
    "/training/statewide.csv": "/training/statewide",
    "/training/courses/{number}/prerequisites.csv": "/training/courses/{number}/prerequisites",
    "/library.csv": "/library",
}
"""Each file, and the page that it is the list of."""
HANDLERS = [
    list_files.requirements, list_files.exemptions, list_files.outside, list_files.differences,
    list_files.statewide, list_files.prerequisites, list_files.library,
]  # fmt: skip


class Shelf(Desk):
    """Answers each list with more rows than a page has, each titled as told."""

    def __init__(self, title: str = EVIL) -> None:
        super().__init__()
        self.title = title
        self.rules = [{**rule_of("own", is_own=True), "title": title}]
        who = {"id": "p", "name": title, "externalId": "X"}
        self.counts = [
            {"requirement": {**self.rules[0]}, "agency": {"id": "a", "name": title}, "people": 20,
             "met": 3, "due": 0, "overdue": 1, "exempt": 0}
        ]  # fmt: skip
        self.exempt = [
            {"reason": title, "exemptUntil": None, "personnel": who, "requirement": self.rules[0]}
        ] * 130
        self.reports = [
            {"id": str(n), "title": title, "description": "", "startsOn": "2026-01-01",
             "endsOn": "2026-01-02", "category": "", "hours": 4, "instructionProvider": "",
             "status": "APPROVED", "submittedAt": NOW.isoformat(), "decidedAt": None,
             "comment": None, "people": [who, {"id": "q", "name": "Second"}]}
            for n in range(130)
        ]  # fmt: skip
        self.side = {"name": title, "personExternalId": "X", "sessionNumber": "9101-1",
                     "status": "ASSIGNED"}  # fmt: skip
        self.resources = [
            {"id": str(n), "slug": f"s{n}", "title": title, "summary": "", "category": "LEAD_101",
             "tags": ["one", "two"], "isPrintable": True, "link": None,
             "lastUpdatedOn": "2026-01-01", "version": 1}
            for n in range(130)
        ]  # fmt: skip

    def root(self) -> dict[str, Any]:
        asked = [{"id": "p", "kind": "DOCUMENT", "title": self.title,
                  "requiredCourseNumber": None, "version": 1}]  # fmt: skip
        return super().root() | {
            "compliance": self._compliance,
            "outsideTrainings": lambda _info, **page: page_of(self.reports, **page),
            "reconcileReport": {"onlyHere": [self.side], "onlyThere": [self.side]},
            "exchangeConflicts": lambda _info, **page: page_of([], **page),
            "prerequisites": lambda _info, **_asked: asked,
            "library": lambda _info, category=None, tag=None, search=None, printable=None, **page: (
                page_of([] if search == "nothing" else self.resources, **page)
            ),
        }

    def _compliance(self, _info: Any, **asked: Any) -> Row:
        del asked["requirementKey"]
        return page_of(self.exempt if asked.pop("status") == "EXEMPT" else [], **asked)


async def read(desk: Desk, handler: Any, **asked: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(await shown(desk, handler, number="9101", **asked))))


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda each: each.__name__)
async def test_a_list_is_whole_and_no_cell_begins_a_formula(
    handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin writes cells as they are."""
    rows = await read(Shelf(), handler)
    whole = {"exemptions": 130, "outside": 130, "library": 130, "differences": 2}
    assert len(rows) == whole.get(handler.__name__, 1)
    cells = [cell for row in rows for cell in row.values()]
    assert f"'{EVIL}" in cells
    assert not any(cell.startswith("=") for cell in cells)
    monkeypatch.setattr(tables_out, "_cell", str)
    assert any(
        cell.startswith("=") for row in await read(Shelf(), handler) for cell in row.values()
    )


async def test_several_values_stand_in_one_cell() -> None:
    first = (await read(Shelf(), list_files.requirements))[0]
    assert first["appointmentTypes"] == "CIVILIAN"
    assert (await read(Shelf("A"), list_files.outside))[0]["people"] == "A; Second"
    assert (await read(Shelf(), list_files.outside))[0]["people"] == f"'{EVIL}; Second"
    kinds = [row["kind"] for row in await read(Shelf(), list_files.differences)]
    assert kinds == ["ONLY_HERE", "ONLY_THERE"]


async def test_the_library_keeps_the_search_of_its_page() -> None:
    assert await read(Shelf(), list_files.library, query="q=nothing") == []


def test_a_file_has_the_roles_of_its_page() -> None:
    allowed = {path: roles for path, _, roles, methods in PAGES if "GET" in methods}
    assert {each: allowed[each] for each in LISTS} == {
        each: allowed[page] for each, page in LISTS.items()
    }


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda each: each.__name__)
async def test_a_part_does_not_read_as_the_whole(
    handler: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Shelf()
    run = desk.run

    async def partly(*given: Any, **how: Any) -> Reply:
        reply = await run(*given, **how)
        return Reply(reply.data, frozenset({"SERVICE_UNAVAILABLE"}), reply.answer)

    monkeypatch.setattr(desk, "run", partly)
    with pytest.raises(RefusedError):
        await read(desk, handler)
