"""What the law or the site wants done by a day, and saying that it is done."""

from typing import Any

from starlette.responses import Response

from gateway.web.console.changing import change, posted_version
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.moments import days_until, read_moment
from gateway.web.console.problems import Problems
from gateway.web.console.views.people import full_name
from gateway.web.console.visit import Visit
from infra import clock

HOME = "/console/duties"


def with_days(visit: Visit, duties: list[Any]) -> list[tuple[Any, int]]:
    """Return each duty with the days that are left, negative when it is late."""
    zone, now = visit.standing.time_zone, clock.now()
    return [(each, days_until(read_moment(each["dueAt"]), zone, now)) for each in duties]


async def listed(visit: Visit) -> Response:
    """Show what is still to be done about the people whom one serves, the most urgent first."""
    return await _listed(visit, Problems())


async def _listed(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    connection, reply = await visit.ask_needed("OpenDuties", visit.paged(), root="openDuties")
    return visit.page(
        "duties.html",
        422 if problems else 200,
        rows=with_days(visit, nodes(connection)),
        total=(connection or {}).get("totalCount"),
        cursor=next_cursor(connection),
        problems=problems,
        wrong=wrong,
        form=visit.form,
        is_partial=reply.is_partial,
    )


async def complete(visit: Visit) -> Response:
    """Say that a duty is done, and what came of it."""
    id_, problems = visit.request.path_params["id"], Problems()
    field = f"outcome-{id_}"
    if not visit.text("outcome"):
        problems.add(field, "Say what came of it.")
    else:
        sent = {
            "dutyId": id_,
            "expectedVersion": posted_version(visit),
            "outcome": visit.text("outcome"),
        }
        fields = {"outcome": field, "dutyId": field, "expectedVersion": field}
        await change(visit, "CompleteDuty", sent, problems, fields)
    if problems:
        return await _listed(visit, problems, id_)
    return visit.go(HOME, "duty_done")


async def emergencies(visit: Visit) -> Response:
    """Show the privacy officer who looked into a record without consent, and what is to be done."""
    variables = {"id": visit.request.path_params["id"]}
    found, reply = await visit.ask_needed("RecordEmergencies", variables, root="participant")
    if found is None:
        return visit.page("unknown.html", 404)
    duties = nodes(found["duties"])
    return visit.page(
        "emergencies.html",
        person=found,
        called=full_name(found),
        accesses=nodes(found["emergencyAccesses"]),
        waiting=with_days(visit, [each for each in duties if each["doneAt"] is None]),
        done=[each for each in duties if each["doneAt"]],
        is_partial=reply.is_partial,
    )
