"""Misuse: reporting it, which freezes the agency's access at once, and what came of it."""

from datetime import date
from typing import Any

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.changing import change, form_key, need, posted_version
from gateway.web.console.connection import nodes
from gateway.web.console.moments import days_until
from gateway.web.console.problems import Problems
from gateway.web.console.views.people import full_name
from gateway.web.console.visit import Visit
from infra import clock


def base_of(visit: Visit) -> str:
    """Return where the pages of the record begin for this role."""
    start = "privacy" if visit.standing.role in roles.PRIVACY else "people"
    return f"/console/{start}/{visit.request.path_params['id']}"


async def shown(visit: Visit) -> Response:
    """Show a record's incidents, or report one."""
    problems = Problems()
    if visit.request.method == "POST":
        await _reported(visit, problems)
        if not problems:
            return visit.go(f"{base_of(visit)}/incidents", "frozen")
    return await _shown(visit, problems)


async def _shown(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    variables = {"id": visit.request.path_params["id"]}
    found, reply = await visit.ask_needed("RecordIncidents", variables, root="participant")
    if found is None:
        return visit.page("unknown.html", 404)
    incidents = [
        {**each, "clocks": [(notice, _days(notice, visit)) for notice in each["notices"] or []]}
        for each in found["incidents"] or []
    ]
    own = visit.standing.agency_id
    return visit.page(
        "incidents.html",
        422 if problems else 200,
        person=found,
        called=full_name(found),
        incidents=incidents,
        knows_incidents=found["incidents"] is not None,
        agencies=[
            (each["id"], each["name"])
            for each in nodes(reply.data["agencies"])
            if each["id"] != own or visit.standing.role in roles.PRIVACY
        ],
        assesses=visit.standing.role in roles.ASSESSING,
        base=base_of(visit),
        problems=problems,
        wrong=wrong,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


def _days(notice: Any, visit: Visit) -> int | None:
    if not notice["dueOn"]:
        return None
    return days_until(date.fromisoformat(notice["dueOn"]), visit.standing.time_zone, clock.now())


async def _reported(visit: Visit, problems: Problems) -> None:
    need(
        visit,
        problems,
        {"agency": "Choose the agency.", "what": "Say what has happened, as far as you know it."},
    )
    if visit.text("sure") != "yes":
        problems.add("sure", "Tick that you mean it: the agency's access stops at once.")
    if problems:
        return
    sent = {
        "participantId": visit.request.path_params["id"],
        "agencyId": visit.text("agency", 64),
        "what": visit.text("what", 3000),
        "anonymous": visit.text("anonymous") == "yes",
    }
    fields = {"participantId": "", "agencyId": "agency", "what": "what"}
    await change(visit, "ReportMisuse", sent, problems, fields)


async def assess(visit: Visit) -> Response:
    """Record what came of a report; the freeze ends only when that is ticked."""
    id_, problems = visit.request.path_params["incident"], Problems()
    field, affected = f"outcome-{id_}", visit.text("affected", 7)
    if not visit.text("outcome"):
        problems.add(field, "Say what came of it; it is kept with the incident.")
    if visit.text("breach") not in ("yes", "no"):
        problems.add(f"breach-{id_}", "Say whether it is a breach.")
    if not affected.isdigit():
        problems.add(f"affected-{id_}", "Write a number of people, 0 or more.")
    if not problems:
        sent = {
            "incidentId": id_,
            "expectedVersion": posted_version(visit),
            "isBreach": visit.text("breach") == "yes",
            "outcome": visit.text("outcome"),
            "affected": int(affected),
            "liftsFreeze": visit.text("lifts") == "yes",
        }
        fields = {"outcome": field, "affected": f"affected-{id_}", "isBreach": f"breach-{id_}"}
        await change(visit, "AssessIncident", sent, problems, fields)
    if problems:
        return await _shown(visit, problems, id_)
    return visit.go(f"{base_of(visit)}/incidents", "assessed")
