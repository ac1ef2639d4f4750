"""Meetings of the work group: the agenda as whoever looks may see it now, and who must step out."""

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.views.people import full_name
from gateway.web.console.visit import Visit


async def listed(visit: Visit) -> Response:
    """Show the meetings that the person has to do with."""
    connection, reply = await visit.ask_needed("Conferences", visit.paged(), root="owgMeetings")
    return visit.page(
        "conferences.html",
        rows=nodes(connection),
        cursor=next_cursor(connection),
        is_partial=reply.is_partial,
    )


async def shown(visit: Visit) -> Response:
    """Show a meeting and its agenda; a partner sees none of it before the pledge."""
    prepares = visit.standing.role in roles.PREPARING
    variables = {"id": visit.request.path_params["id"], "prepares": prepares}
    meeting, reply = await visit.ask_needed("Conference", variables, root="owgMeeting")
    if meeting is None:
        return visit.page("unknown.html", 404)
    items = [
        {**item, "called": full_name(item["participant"]) if _is_named(item) else ""}
        for item in nodes(reply.data.get("owgAgenda"))
    ]
    invitation = meeting["myInvitation"]
    return visit.page(
        "conference.html",
        meeting=meeting,
        items=items,
        prepares=prepares,
        has_to_pledge=invitation is not None and invitation["pledgedAt"] is None,
        is_partial=reply.is_partial,
    )


def _is_named(item: dict[str, object]) -> bool:
    participant = item["participant"]
    return isinstance(participant, dict) and participant.get("name") is not None


async def pledge(visit: Visit) -> Response:
    """Sign the pledge of confidentiality for a meeting."""
    id_, version = visit.request.path_params["id"], visit.text("version", 60)
    sent = {"meetingId": id_, "pledgeVersion": version, "idempotencyKey": f"pledge:{id_}:{version}"}
    reply = await visit.ask("SignPledge", {"input": sent})
    wrong = reply.data["signPledge"]["userErrors"]
    return visit.go(f"/console/conferences/{id_}", "not_moved" if wrong else "pledged")
