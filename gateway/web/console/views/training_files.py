"""Training as files to keep: lists as CSV, dates as a calendar, certificates and their badges."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import Response

from gateway.web.console.asking import RefusedError
from gateway.web.console.visit import Visit
from gateway.web.doors import badges, calendar_text, tables_out
from gateway.web.doors.responses import file_of
from infra import clock

BadgeOf = Callable[[Mapping[str, Any], str], str]
"""Makes the signed badge of a training record, issued at an address."""
MAX_PAGES: Final = 200
OF_EVERYBODY: Final = frozenset({"courses", "sessions"})
"""Tables of the catalogue; the others are about the agency's people."""


async def everybodys_table(visit: Visit) -> Response:
    """Send a table of the catalogue."""
    return await _table(visit, visit.request.path_params["table"] in OF_EVERYBODY)


async def table(visit: Visit) -> Response:
    """Send a table about the agency's people, narrowed as the page that offered it."""
    name = visit.request.path_params["table"]
    return await _table(visit, name in tables_out.TABLES and name not in OF_EVERYBODY)


async def _table(visit: Visit, is_known: bool) -> Response:
    if not is_known:
        return visit.page("unknown.html", 404)
    name = visit.request.path_params["table"]
    wanted = tables_out.TABLES[name]
    narrowed = {}
    if name == "compliance":
        asked = {"key": visit.queried("requirement"), "status": visit.queried("status", 20)}
        narrowed = {each: value or None for each, value in asked.items()}
    rows = await rows_of(visit, wanted.operation, "rows", narrowed)
    return kept_file(
        visit, tables_out.csv_of(wanted.columns, rows), tables_out.CSV_TYPE, f"{name}.csv"
    )


async def calendar(visit: Visit) -> Response:
    """Send the dates of all sessions, or of one course's, for a calendar program."""
    narrowed = {"course": visit.queried("course", 40) or None}
    rows = await rows_of(visit, "TrainingSessions", "sessions", narrowed)
    text = calendar_text.calendar_of(rows, made_at=clock.now())
    return kept_file(visit, text, calendar_text.CALENDAR_TYPE, "sessions.ics")


async def rows_of(
    visit: Visit, name: str, field: str, narrowed: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Read a list to its end; a part that reads as the whole is refused.

    Raises:
        RefusedError: the role may not see it, a service is away, or it is too long.
    """
    found: list[Mapping[str, Any]] = []
    after = None
    for _ in range(MAX_PAGES):
        reply = await visit.ask_as_door(name, {**narrowed, "after": after})
        page = reply.data.get(field)
        if page is None or reply.codes:
            raise RefusedError(reply.refusal or "SERVICE_UNAVAILABLE")
        found += [edge["node"] for edge in page["edges"] if edge["node"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
    raise RefusedError("TOO_LONG")


def kept_file(visit: Visit, text: str, media_type: str, name: str) -> Response:
    """Return a text as a file to keep."""
    headers = {**visit.pages.headers, "x-content-type-options": "nosniff"}
    return file_of(text.encode(), media_type, name, headers)


async def certificate(visit: Visit) -> Response:
    """Show a certificate as a page to print: the own one, or one of the agency's people."""
    variables = {"id": visit.request.path_params["id"]}
    found, reply = await visit.ask_needed("Certificate", variables, root="trainingRecord")
    if found is None or found["outcome"] != "COMPLETED":
        return visit.page("unknown.html", 404)
    return visit.page("certificate.html", record=found, is_partial=reply.is_partial)


class BadgeFile:
    """A certificate as an Open Badge: what the door of training gives a program, for its holder."""

    def __init__(self, badge_of: BadgeOf) -> None:
        self._badge_of = badge_of

    async def send(self, visit: Visit) -> Response:
        """Send the badge of a completed training that the person may see."""
        variables = {"id": visit.request.path_params["id"]}
        reply = await visit.ask_as_door("TrainingBadge", variables)
        if reply.codes:
            raise RefusedError(reply.refusal)
        record = reply.data["trainingRecord"]
        if record is None or record["outcome"] != "COMPLETED":
            return visit.page("unknown.html", 404)
        text = self._badge_of(record, str(visit.request.base_url))
        return kept_file(visit, text, badges.BADGE_TYPE, "badge.jwt")
