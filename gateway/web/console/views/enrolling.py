"""Adding an agency to the directory, and a person who has had no role yet."""

from typing import Final
from uuid import uuid4

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.changing import change, form_key, need
from gateway.web.console.problems import Problems
from gateway.web.console.views import agencies, role_requests
from gateway.web.console.visit import Visit
from gateway.web.console.wording import catalogue

PART2: Final = ("UNDETERMINED", "PROGRAM", "NOT_PROGRAM")


async def agency(visit: Visit) -> Response:
    """Put an agency into the directory (platform's administrator); its agreement comes next."""
    problems = Problems()
    named = catalogue("en")
    if visit.request.method == "POST":
        sentences = {"name": "Write the agency's name.", "kind": "Choose what kind it is."}
        need(visit, problems, {**sentences, "why": "Say why; it is kept in the history."})
        if not problems:
            sent = {
                "name": visit.text("name", 200),
                "type": visit.text("kind", 20),
                "part2Status": visit.text("part2", 20) or PART2[0],
                "reason": visit.text("why"),
            }
            fields = {"name": "name", "type": "kind", "part2Status": "part2", "reason": "why"}
            payload = await change(visit, "AddAgency", sent, problems, fields)
            if not problems:
                return visit.go(
                    f"/console/agencies/{payload['agency']['id']}/agreements", "agency_added"
                )
    kinds = named["agency_types"].items()
    return visit.page(
        "agency_new.html",
        422 if problems else 200,
        kinds=sorted(kinds, key=lambda choice: str(choice[1])),
        statuses=[(code, str(named["part2"].get(code, code))) for code in PART2],
        problems=problems,
        form=visit.form,
        key=form_key(visit),
    )


async def person(visit: Visit) -> Response:
    """Let the directory know a person's login; the role comes next."""
    problems = Problems()
    agency_id = str(visit.request.path_params.get("id") or visit.standing.agency_id)
    is_platform = visit.standing.role in roles.PLATFORM
    if visit.request.method == "POST":
        sentences = {"name": "Write the name.", "login": "Write the login's subject."}
        need(visit, problems, {**sentences, "why": "Say why; it is kept in the history."})
        if not problems:
            sent = {
                "agencyId": agency_id,
                "name": visit.text("name", 200),
                "login": visit.text("login", 200),
                "issuer": visit.text("issuer", 200) or None,
                "reason": visit.text("why"),
            }
            fields = {"name": "name", "login": "login", "issuer": "issuer", "reason": "why"}
            payload = await change(visit, "AddAccount", sent, problems, fields)
            if not problems:
                added = [(str(payload["accountId"]), visit.text("name", 200))]
                following = role_requests.ask_page if is_platform else agencies.grant_page
                return await following(visit, problems, added, uuid4().hex)
    return visit.page(
        "person_new.html",
        422 if problems else 200,
        home=f"/console/agencies/{agency_id}" if is_platform else "/console/agency",
        problems=problems,
        form=visit.form,
        key=form_key(visit),
    )
