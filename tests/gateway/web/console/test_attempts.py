"""Denied attempts behind the first page: looked for in brief, told in full."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.web.console.views import privacy
from gateway.web.console.visit import Visit

PAGE = 100
WHOLE = {"recipient": {"name": "Agency"}, "at": "2026-01-01T00:00:00Z", "kind": "DISCLOSURE"}


class Asked:
    """A visit to a record with so many entries, some of them denied; answers as the pipeline."""

    def __init__(self, entries: int, denied: set[int]) -> None:
        self.request = SimpleNamespace(path_params={"id": "p"})
        self.entries, self.denied = entries, denied
        self.asked: list[dict[str, Any]] = []

    def queried(self, _name: str, _limit: int = 200) -> str:
        return ""

    async def ask_needed(self, _name: str, variables: Any, *, root: str) -> tuple[Any, Any]:
        assert root == "participant"
        self.asked.append(variables)
        first = int(variables["after"] or 0)
        rows = [
            {"outcome": "WITHHELD" if each in self.denied else "RELEASED", "number": each}
            | ({} if variables["isBrief"] else WHOLE)
            for each in range(first, min(first + PAGE, self.entries))
        ]
        last = first + len(rows)
        found: dict[str, Any] = {"id": "p", "accounting": {"edges": [{"node": r} for r in rows]}}
        found["accounting"]["pageInfo"] = {
            "hasNextPage": last < self.entries, "endCursor": str(last),
        }  # fmt: skip
        if variables["isFirst"]:
            found["name"] = {"given": "Ana", "family": "Diaz", "preferred": None}
            found["accounting"]["totalCount"] = self.entries
        return found, SimpleNamespace(is_partial=False)

    def page(self, _template: str, **facts: Any) -> dict[str, Any]:
        return facts


async def shown(entries: int, denied: set[int]) -> tuple[dict[str, Any], int]:
    visit = Asked(entries, denied)
    page = await privacy.attempts(cast("Visit", visit))
    return cast("dict[str, Any]", page), len(visit.asked)


async def finds_old_ones() -> None:
    page, asked = await shown(450, {3, 99, 100, 170, 299, 300})
    assert [row["number"] for row in page["rows"]] == [3, 99, 100, 170, 299]
    assert page["by_recipient"] == [("Agency", 5)]
    assert (page["looked"], page["total"], page["cursor"]) == (300, 450, "300")
    assert page["called"] == "Ana Diaz"
    assert asked == 5


async def test_denied_attempts_of_older_pages_are_told_in_full() -> None:
    await finds_old_ones()


async def test_pages_without_any_are_asked_for_once() -> None:
    page, asked = await shown(250, {0})
    assert [row["number"] for row in page["rows"]] == [0]
    assert (page["looked"], page["cursor"], asked) == (250, "", 3)


async def test_planted_page_that_looks_in_brief_alone_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked_of = privacy._asked_of

    async def in_brief(visit: Any, id_: str, after: str, *, is_first: bool) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(privacy, "_denied", lambda _page: [])
            return await asked_of(visit, id_, after, is_first=is_first)

    monkeypatch.setattr(privacy, "_asked_of", in_brief)
    with pytest.raises((AssertionError, KeyError)):
        await finds_old_ones()
