"""One person on one session: the steps taken, the next ones, and what the course asks for."""

from typing import Any

from starlette.responses import Response

from gateway.web.console.changing import change, form_key, posted_version
from gateway.web.console.connection import nodes
from gateway.web.console.moments import local_day
from gateway.web.console.problems import Problems
from gateway.web.console.training_steps import FULFILLMENTS, NOT_REGISTERED, WAITS, steps
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole
from gateway.web.console.wording import catalogue
from infra import clock


async def shown(visit: Visit) -> Response:
    """Show how far a person is on a session, or move the assignment a step on."""
    problems = Problems()
    if visit.request.method == "POST":
        await _moved(visit, problems)
        if not problems:
            return visit.go(address_of(visit), "moved")
    return await page(visit, problems)


def address_of(visit: Visit) -> str:
    """Return the address of the person on the session."""
    params = visit.request.path_params
    return f"/console/training/sessions/{params['number']}/people/{params['id']}"


async def page(visit: Visit, problems: Problems) -> Response:
    """Show the person on the session, with what is wrong with a form of this page."""
    params = visit.request.path_params
    variables = {"number": params["number"], "id": params["id"]}
    session, reply = await visit.ask_needed("PersonOnSession", variables, root="session")
    rows = nodes(reply.data["roster"])
    if session is None or not rows:
        return visit.page("unknown.html", 404)
    now, named = clock.now(), catalogue("en")["assignment_statuses"]
    asked = rows[0]["prerequisites"]
    return visit.page(
        "on_session.html",
        422 if problems else 200,
        session=session,
        person=rows[0]["personnel"],
        rows=[
            (row, [(code, named[code]) for code in steps(row["status"], session, now)])
            for row in rows
        ],
        waits=WAITS,
        can_register=any(row["status"] in NOT_REGISTERED for row in rows),
        asked=[(each, FULFILLMENTS.get(each["status"], ())) for each in asked],
        completed=await _completed(visit, asked),
        address=address_of(visit),
        problems=problems,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


async def _completed(visit: Visit, asked: list[Any]) -> set[str]:
    """Return the courses that the person has completed, where a course is asked for."""
    if not any(each["prerequisite"]["requiredCourseNumber"] for each in asked):
        return set()
    id_ = visit.request.path_params["id"]
    records, _ = await whole(visit, "PersonRecords", "trainingRecords", id=id_)
    today = local_day(clock.now(), visit.standing.time_zone).isoformat()
    return {
        row["course"]["number"]
        for row in records
        if row["course"]
        and row["outcome"] == "COMPLETED"
        and (row["expiresOn"] is None or row["expiresOn"] >= today)
    }


async def _moved(visit: Visit, problems: Problems) -> None:
    id_ = visit.text("assignment", 64)
    field = f"status-{id_}"
    if not visit.text("status", 40):
        problems.add(field, "Choose the next step.")
        return
    sent = {
        "assignmentId": id_,
        "status": visit.text("status", 40),
        "expectedVersion": posted_version(visit),
        "comment": visit.text("comment") or None,
        "exceptionReason": visit.text("reason") or None,
    }
    fields = {"status": field, "expectedVersion": field, "assignmentId": field}
    fields |= {"comment": f"comment-{id_}", "exceptionReason": f"reason-{id_}"}
    await change(visit, "MoveAssignment", sent, problems, fields)
