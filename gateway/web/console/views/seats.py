"""Who sits at the site's tables: policy group, work group, community leadership."""

from typing import Any

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.changing import change, form_key, need, posted_version
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.moments import local_day
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import posted_day
from gateway.web.console.visit import Visit
from infra import clock

BODIES = ("PCG", "OWG", "CLT")
HOME = "/console/seats"


async def listed(visit: Visit) -> Response:
    """Show the seats of each table, or give somebody one."""
    problems = Problems()
    may_change = visit.standing.role in roles.SEATERS
    if visit.request.method == "POST" and may_change:
        await _seated(visit, problems)
        if not problems:
            return visit.go(HOME, "seated")
    return await _listed(visit, problems)


async def _listed(visit: Visit, problems: Problems) -> Response:
    connection, reply = await visit.ask_needed("Seats", visit.paged(), root="seats")
    today = local_day(clock.now(), visit.standing.time_zone).isoformat()
    tables: dict[str, tuple[list[Any], list[Any]]] = {body: ([], []) for body in BODIES}
    for row in nodes(connection):
        tables[row["body"]][bool(row["endsOn"] and row["endsOn"] < today)].append(row)
    return visit.page(
        "seats.html",
        422 if problems else 200,
        tables=tables,
        agencies=[(each["id"], each["name"]) for each in nodes(reply.data["agencies"])],
        cursor=next_cursor(connection),
        may_change=visit.standing.role in roles.SEATERS,
        today=today,
        problems=problems,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


async def _seated(visit: Visit, problems: Problems) -> None:
    need(visit, problems, {"name": "Write who takes the seat."})
    body = visit.text("body", 10)
    if body not in BODIES:
        problems.add("body", "Choose a table.")
    starts_on = posted_day(visit, "starts_on", problems)
    if starts_on is None and not problems.of("starts_on"):
        problems.add("starts_on", "Choose the first day.")
    if problems or starts_on is None:
        return
    sent = {
        "body": body,
        "name": visit.text("name", 300),
        "title": visit.text("title", 300) or None,
        "agencyId": visit.text("agency", 64) or None,
        "startsOn": starts_on.isoformat(),
    }
    fields = {
        "body": "body",
        "name": "name",
        "title": "title",
        "agencyId": "agency",
        "startsOn": "starts_on",
    }
    await change(visit, "SeatMember", sent, problems, fields)


async def end(visit: Visit) -> Response:
    """End a seat with today."""
    problems = Problems()
    today = local_day(clock.now(), visit.standing.time_zone)
    sent = {
        "seatId": visit.request.path_params["id"],
        "endsOn": today.isoformat(),
        "expectedVersion": posted_version(visit),
    }
    await change(visit, "EndSeat", sent, problems, {})
    return await _listed(visit, problems) if problems else visit.go(HOME, "seat_ended")
