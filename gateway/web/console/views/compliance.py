"""How far requirements are met, by number and by name; bulk assignments with their undo."""

from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from gateway.web.console.changing import change, form_key
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import posted_day
from gateway.web.console.visit import Visit

STATUSES: Final = ("OVERDUE", "DUE", "MET", "EXEMPT")
HOME: Final = "/console/training/compliance"


async def shown(visit: Visit) -> Response:
    """Show each requirement's figures, and who stands where."""
    return await _shown(visit, Problems())


async def _shown(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    key, status = visit.queried("requirement", 100), visit.queried("status", 20)
    variables = visit.paged()
    if key:
        variables["key"] = key
    if status in STATUSES:
        variables["status"] = status
    connection, reply = await visit.ask_needed("Compliance", variables, root="compliance")
    summary = reply.data["complianceSummary"] or []
    return visit.page(
        "compliance.html",
        422 if problems else 200,
        rows=nodes(connection),
        total=(connection or {}).get("totalCount"),
        cursor=next_cursor(connection),
        summary=summary,
        chart=[
            (each["requirement"]["title"], _share(each))
            for each in summary
            if each["people"] > each["exempt"]
        ],
        requirements=[
            (row["key"], row["title"]) for row in reply.data["trainingRequirements"] or []
        ],
        statuses=STATUSES,
        asked_key=key,
        asked_status=status if status in STATUSES else "",
        problems=problems,
        wrong=wrong,
        # A mistake is shown where it was made: on the same page of the same choice.
        looked_at=urlencode(
            {"requirement": key, "status": status, "after": visit.queried("after", 2000)}
        ),
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


def _share(count: Any) -> int:
    """Return how many of a hundred who need it have it, rounded down: 100 means everybody."""
    return int(100 * count["met"] // (count["people"] - count["exempt"]))


async def exempt(visit: Visit) -> Response:
    """Exempt a person from a requirement, or end that."""
    problems, wrong = Problems(), f"{visit.text('person', 64)}-{visit.text('requirement', 100)}"
    field = f"reason-{wrong}"
    ends = visit.text("end") == "yes"
    if not ends and not visit.text("reason"):
        problems.add(field, "Say why; it is kept with the exemption.")
    ends_on = posted_day(visit, "ends_on", problems)
    if not problems:
        sent = {
            "key": visit.text("requirement", 100),
            "personnelId": visit.text("person", 64),
            "reason": None if ends else visit.text("reason"),
            "endsOn": ends_on.isoformat() if ends_on else None,
        }
        fields = {"reason": field, "personnelId": field, "key": field, "endsOn": field}
        await change(visit, "ExemptPerson", sent, problems, fields)
    if problems:
        return await _shown(visit, problems, wrong)
    return visit.go(HOME, "exemption_ended" if ends else "exempted")


async def batches(visit: Visit) -> Response:
    """Show what was assigned to everybody at once, with how far it is."""
    connection, reply = await visit.ask_needed(
        "AssignmentBatches", visit.paged(), root="assignmentBatches"
    )
    return visit.page(
        "batches.html",
        rows=nodes(connection),
        cursor=next_cursor(connection),
        is_partial=reply.is_partial,
    )
