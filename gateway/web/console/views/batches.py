"""A whole agency assigned in one action: how far it is, and how it is taken back; what is due."""

from datetime import date
from typing import Any

from starlette.responses import Response

from gateway.web.console.changing import change, form_key
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.moments import days_until
from gateway.web.console.problems import Problems
from gateway.web.console.reminders import prepared_mail
from gateway.web.console.visit import Visit
from gateway.web.console.wording import DEFAULT_LANGUAGE, say
from infra import clock

FIELDS = {
    "category": "category",
    "dueOn": "due_on",
    "reminderDays": "reminder_days",
    "wholeAgency": "people",
    "sessionNumber": "people",
}


async def begin(visit: Visit, sent: dict[str, Any], problems: Problems) -> str | None:
    """Start assigning everybody on the roster; returns the batch, or notes what is wrong."""
    reply = await visit.ask("StartBatch", {"input": sent})
    payload = reply.data["startAssignmentBatch"]
    problems.take(payload["userErrors"], FIELDS)
    return str(payload["batch"]["id"]) if payload["batch"] and not problems else None


async def progress(visit: Visit) -> Response:
    """Show how far a batch is; a script asks again each second while it runs."""
    id_ = visit.request.path_params["id"]
    batch, reply = await visit.ask_needed("BatchProgress", {"id": id_}, root="assignmentBatch")
    if batch is None:
        return visit.page("unknown.html", 404)
    template = "_batch.html" if visit.is_fragment else "batch.html"
    return visit.page(template, batch=batch, is_partial=reply.is_partial)


async def undo(visit: Visit) -> Response:
    """Take a batch back, also one that runs; who is registered already keeps the place."""
    id_ = visit.request.path_params["id"]
    sent = {"batchId": id_, "idempotencyKey": f"undo:{id_}"}
    reply = await visit.ask("UndoBatch", {"input": sent})
    payload = reply.data["undoAssignmentBatch"]
    note = "undone_partly" if payload["batch"] and payload["batch"]["kept"] else "undone"
    if payload["userErrors"]:
        note = "not_undone"
    return visit.go(f"/console/training/batches/{id_}", note)


async def due(visit: Visit) -> Response:
    """Show what is due and overdue, whom to remind, and how far each requirement is met."""
    problems = Problems()
    if visit.request.method == "POST":
        sent = {"assignmentIds": visit.texts("assignment", 50)}
        await change(visit, "RemindedNow", sent, problems, {})
        if not problems:
            return visit.go("/console/training/due", "reminded")
    connection, reply = await visit.ask_needed("DueTraining", visit.paged(), root="dueAssignments")
    zone, now = visit.standing.time_zone, clock.now()
    rows = [
        (row, days_until(date.fromisoformat(row["dueOn"]), zone, now) if row["dueOn"] else None)
        for row in nodes(connection)
    ]
    to_remind = nodes(reply.data["remindersDue"])
    mail, addresses = prepared_mail(
        [row["personnel"] for row in to_remind],
        say(DEFAULT_LANGUAGE, "reminders.subject"),
        say(DEFAULT_LANGUAGE, "reminders.body"),
    )
    return visit.page(
        "due.html",
        rows=rows,
        total=connection["totalCount"],
        cursor=next_cursor(connection),
        requirements=reply.data["complianceSummary"] or [],
        reminders=(reply.data["remindersDue"] or {}).get("totalCount"),
        to_remind=to_remind,
        mail=mail,
        addresses=addresses,
        problems=problems,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )
