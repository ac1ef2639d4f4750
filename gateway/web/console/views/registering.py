"""Registering the agency's people for a session, as far as places and prerequisites go."""

from typing import Any
from uuid import uuid4

from starlette.responses import Response

from gateway.web.console.changing import change, form_key
from gateway.web.console.problems import Problems
from gateway.web.console.training_steps import NOT_REGISTERED
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole


async def register(visit: Visit) -> Response:
    """Choose who of those who are assigned is registered, or register them."""
    number, problems = visit.request.path_params["number"], Problems()
    done = await _registered(visit, number, problems) if visit.request.method == "POST" else None
    variables = {"number": number, "course": number.rpartition("-")[0]}
    rows, reply = await whole(visit, "RegisterChoices", "roster", **variables)
    if reply.data["session"] is None:
        return visit.page("unknown.html", 404)
    return visit.page(
        "register.html",
        422 if problems else 200,
        session=reply.data["session"],
        counted=reply.data["placesTaken"],
        asked=reply.data["prerequisites"] or [],
        waiting=[row for row in rows if row["status"] in NOT_REGISTERED],
        chosen=set(visit.texts("people")) if problems else set(),
        is_everybody=bool(problems) and visit.text("whole") == "yes",
        done=done,
        problems=problems,
        key=form_key(visit) if done is None else uuid4().hex,
        is_partial=reply.is_partial,
    )


async def _registered(visit: Visit, number: str, problems: Problems) -> list[Any] | None:
    """Return what became of each person, or None with the problems noted."""
    is_everybody, people = visit.text("whole") == "yes", visit.texts("people")
    if not is_everybody and not people:
        problems.add("people", "Choose at least one person, or everybody.")
        return None
    sent = {"sessionNumber": number, "assignmentIds": None if is_everybody else people}
    payload = await change(visit, "RegisterPeople", sent, problems, {"assignmentIds": "people"})
    return None if problems else payload["registrations"]
