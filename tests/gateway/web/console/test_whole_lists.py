"""A list is read to its end, and no further than an end that is set."""

from typing import Any, cast

from gateway.web.console import whole_lists
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole


class Asked:
    """Answers like a visit: three rows on as many pages, or one page after another for good."""

    def __init__(self, pages: int | None) -> None:
        self.pages, self.asked = pages, list[dict[str, Any]]()

    async def ask_needed(self, name: str, variables: dict[str, Any], *, root: str) -> Any:
        self.asked.append(variables)
        number = len(self.asked)
        has_next = self.pages is None or number < self.pages
        info = {"hasNextPage": has_next, "endCursor": f"c{number}"}
        return {"edges": [{"node": number}, {"node": None}], "pageInfo": info}, f"{name} {root}"


async def test_every_page_is_asked_for_from_where_the_last_one_ended() -> None:
    visit = Asked(3)
    rows, first = await whole(cast("Visit", visit), "OwnAgency", "agencyGrants", agencyId="a")
    assert (rows, cast("object", first)) == ([1, 2, 3], "OwnAgency agencyGrants")
    assert visit.asked == [
        {"agencyId": "a"}, {"agencyId": "a", "after": "c1"}, {"agencyId": "a", "after": "c2"},
    ]  # fmt: skip


async def test_a_list_without_an_end_is_given_one() -> None:
    visit = Asked(None)
    rows, _ = await whole(cast("Visit", visit), "OwnAgency", "agencyGrants")
    assert len(rows) == len(visit.asked) == whole_lists.MAX_PAGES
