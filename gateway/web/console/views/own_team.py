"""The own record: who works with the person, counsel, letters to courts, programmes, attempts."""

from typing import Any

from starlette.responses import Response

from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole

_WHOLE = ("assignments", "counsel", "programmePlaces")
"""Lists that are shown whole; attempts are shown page by page."""


async def shown(visit: Visit) -> Response:
    """Show who works with the person, and what was done to reach them and for the court."""
    connection, reply = await visit.ask_needed("OwnTeam", visit.paged(), root="participants")
    people = nodes(connection)
    person = people[0] if people else {}
    attempts = person.get("contactAttempts")
    lists = {name: nodes(person.get(name)) for name in _WHOLE}
    named = {each["agencyId"] for name in ("assignments", "counsel") for each in lists[name]}
    agencies = await _names(visit) if named - {None} else {}
    return visit.page(
        "record_team.html",
        person=person or None,
        managers=[each for each in lists["assignments"] if not each["endedAt"]],
        managers_before=[each for each in lists["assignments"] if each["endedAt"]],
        counsel=lists["counsel"],
        letters=[each for each in person.get("courtLetters") or () if each],
        programme_places=lists["programmePlaces"],
        attempts=nodes(attempts),
        total=(attempts or {}).get("totalCount"),
        cursor=next_cursor(attempts),
        agencies=agencies,
        is_cut=any(_goes_on(person.get(name)) for name in _WHOLE),
        is_partial=reply.is_partial,
    )


async def _names(visit: Visit) -> dict[str, str]:
    """Return the names of all agencies, by id."""
    rows, _ = await whole(visit, "OwnAgencyNames", "agencies")
    return {each["id"]: each["name"] for each in rows}


def _goes_on(connection: Any) -> bool:
    return bool(((connection or {}).get("pageInfo") or {}).get("hasNextPage"))
