"""The academy's system and ours: differences both ways, and settling them."""

from typing import Final

from starlette.responses import Response

from gateway.web.console.changing import change
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.problems import Problems
from gateway.web.console.visit import Visit

HOME: Final = "/console/training/reconcile"


async def shown(visit: Visit) -> Response:
    """Show what one side has and the other has not, and conflicts that wait."""
    return await _shown(visit, Problems())


async def _shown(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    report, reply = await visit.ask_needed("Reconcile", visit.paged(), root="reconcileReport")
    conflicts = reply.data["exchangeConflicts"]
    return visit.page(
        "reconcile.html",
        422 if problems else 200,
        report=report or {"onlyHere": [], "onlyThere": []},
        conflicts=nodes(conflicts),
        cursor=next_cursor(conflicts),
        problems=problems,
        wrong=wrong,
        form=visit.form,
        is_partial=reply.is_partial,
    )


async def settle(visit: Visit) -> Response:
    """Take a conflict off the list, with what was done about it."""
    id_, problems = visit.request.path_params["id"], Problems()
    field = f"comment-{id_}"
    if not visit.text("comment"):
        problems.add(field, "Say what was done about it.")
    else:
        sent = {"conflictId": id_, "comment": visit.text("comment")}
        fields = {"comment": field, "conflictId": field}
        await change(visit, "SettleConflict", sent, problems, fields)
    return await _shown(visit, problems, id_) if problems else visit.go(HOME, "settled")
