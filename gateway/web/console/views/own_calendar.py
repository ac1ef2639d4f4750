"""The own sessions in one's calendar program: making the address, replacing it, ending it."""

from uuid import uuid4

from starlette.responses import Response

from gateway.web.console.changing import change
from gateway.web.console.problems import Problems
from gateway.web.console.visit import Visit

HOME = "/console/training/mine/calendar"


async def shown(visit: Visit) -> Response:
    """Say whether there is an address; make one, which this answer alone shows."""
    problems, path = Problems(), ""
    if visit.request.method == "POST":
        payload = await change(visit, "SubscribeToCalendar", {}, problems)
        path = payload["path"] or ""
    found, reply = await visit.ask_needed("MyCalendar", root="myTrainingCalendar")
    if found is None:
        return visit.page("unknown.html", 404)
    return visit.page(
        "own_calendar.html",
        422 if problems else 200,
        calendar=found,
        address=f"{visit.pages.public_url}{path}" if path else "",
        is_told=visit.request.method == "POST" and not path and not problems,
        problems=problems,
        key=uuid4().hex,  # never the posted one: the page offers to make another address
        is_partial=reply.is_partial,
    )


async def ended(visit: Visit) -> Response:
    """End the address."""
    problems = Problems()
    await change(visit, "EndCalendar", {}, problems)
    return visit.go(HOME, "" if problems else "calendar_ended")
