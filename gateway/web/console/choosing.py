"""Choosing people from a list with several pages: ticks outlive the next page and a search.

All of it is in the form itself and works without scripts: who was ticked on another page is posted
along, and comes back as a ticked box with its name.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.problems import Problems
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import MAX_PAGES

MAX_KEPT: Final = 400
"""People of other pages in one form: with the hundred that are listed, a page stays light."""
TOO_MANY: Final = (
    f"More than {MAX_KEPT} people of other pages are chosen. The first {MAX_KEPT} stay chosen: "
    "go on with them, and choose the others then."
)
_LOOKING: Final = frozenset({"find", "next"})


@dataclass(frozen=True, slots=True)
class Shown:
    """Which part of the list is shown.

    Attributes:
        is_looking: nothing is to be done yet: the form asks for another part.
        question: what was looked for.
        after: where the page begins.
    """

    is_looking: bool
    question: str
    after: str


def shown_of(visit: Visit) -> Shown:
    """Return which part of the list a visit asks for, by its form or its address."""
    if visit.request.method != "POST":
        return Shown(True, visit.queried("q"), visit.queried("after", 2000))
    step = "find" if visit.is_fragment else visit.text("step", 10)
    after = {"find": "", "next": visit.text("next", 2000)}.get(step, visit.text("after", 2000))
    return Shown(step in _LOOKING, visit.text("q", 200), after)


async def kept(visit: Visit, listed: Collection[str], problems: Problems) -> list[tuple[str, str]]:
    """Return id and name of those who were ticked and are not listed here, in their order.

    Raises:
        RefusedError: the role may not see the roster, or its service is away.
    """
    elsewhere = [each for each in dict.fromkeys(visit.texts("people")) if each not in listed]
    if len(elsewhere) > MAX_KEPT:
        problems.add("people", TOO_MANY)
    wanted = elsewhere[:MAX_KEPT]
    names: dict[str, str] = {}
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        if len(names) == len(wanted):
            break
        connection, _reply = await visit.ask_needed(
            "RosterNames", {"after": cursor}, root="personnel"
        )
        names |= {each["id"]: each["name"] for each in nodes(connection) if each["id"] in wanted}
        cursor = next_cursor(connection)
        if not cursor:
            break
    return [(each, names[each]) for each in wanted if each in names]
