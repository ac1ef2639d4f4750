"""Meetings of the work group: the agenda as whoever looks may see it now, and who must step out."""

from typing import Any, Final
from uuid import uuid4

from starlette.responses import Response

from gateway.web.console import conference_steps as steps
from gateway.web.console import roles
from gateway.web.console.changing import change, form_key, need
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import moment_of
from gateway.web.console.views.people import full_name
from gateway.web.console.visit import Visit

HOME: Final = "/console/conferences"
LEAST_ASKED: Final = 2
"""Letters of a name that the search wants."""


async def listed(visit: Visit) -> Response:
    """Show the meetings that the person has to do with."""
    return await _listed(visit, Problems())


async def _listed(visit: Visit, problems: Problems) -> Response:
    connection, reply = await visit.ask_needed("Conferences", visit.paged(), root="owgMeetings")
    return visit.page(
        "conferences.html",
        422 if problems else 200,
        rows=nodes(connection),
        cursor=next_cursor(connection),
        chairs=visit.standing.role in roles.CHAIRING,
        problems=problems,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


async def schedule(visit: Visit) -> Response:
    """Schedule a meeting at a day and time of the site (chair)."""
    problems = Problems()
    need(visit, problems, {"place": "Say where."})
    starts_at = moment_of(visit, "starts_at", problems)
    if problems or starts_at is None:
        return await _listed(visit, problems)
    sent = {"startsAt": starts_at.isoformat(), "place": visit.text("place")}
    fields = {"startsAt": "starts_at", "place": "place"}
    payload = await change(visit, "ScheduleMeeting", sent, problems, fields)
    if problems:
        return await _listed(visit, problems)
    return visit.go(f"{HOME}/{payload['meeting']['id']}", "meeting_scheduled")


async def shown(visit: Visit) -> Response:
    """Show a meeting and its agenda; a partner sees none of it before the pledge."""
    return await page(visit, Problems())


async def page(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    """Show a meeting with the forms that are for this person now.

    Args:
        problems: with the form that was posted.
        wrong: which form that was; it keeps what was written.
    """
    role = visit.standing.role
    prepares, notes = role in roles.PREPARING, role in roles.NOTING
    variables = {"id": visit.request.path_params["id"], "prepares": prepares, "notes": notes}
    meeting, reply = await visit.ask_needed("Conference", variables, root="owgMeeting")
    if meeting is None:
        return visit.page("unknown.html", 404)
    invitation, chairs = meeting["myInvitation"], role in roles.CHAIRING
    proposes = prepares and meeting["status"] == steps.PROPOSING
    question = visit.queried("q", 100) if proposes else ""
    return visit.page(
        "conference.html",
        422 if problems else 200,
        meeting=meeting,
        items=[_as_shown(visit, meeting, each) for each in nodes(reply.data.get("owgAgenda"))],
        agencies=_at_the_table(meeting),
        prepares=prepares,
        notes=notes,
        chairs=chairs,
        proposes=proposes,
        question=question,
        found=await _found(visit, question),
        topics=steps.TOPICS,
        closings=steps.CLOSINGS,
        next_step=steps.MEETING_STEPS.get(meeting["status"], "") if chairs else "",
        brings_minutes=steps.MEETING_STEPS.get(meeting["status"]) in steps.WITH_MINUTES,
        writes=meeting["status"] in steps.WRITING,
        is_over=meeting["status"] == steps.OVER,
        has_to_pledge=invitation is not None and invitation["pledgedAt"] is None,
        problems=problems,
        wrong=wrong,
        form=visit.form,
        new_key=lambda: uuid4().hex,
        is_partial=reply.is_partial,
    )


def _as_shown(visit: Visit, meeting: Any, item: Any) -> dict[str, Any]:
    """Return an item with whom it is about, and what this person can do about it now."""
    standing = visit.standing
    is_written = meeting["status"] in steps.WRITING and item["status"] in steps.ON_SCREEN
    return {
        **item,
        "called": full_name(item["participant"]) if _is_named(item) else "",
        "steps": steps.item_steps(item["status"], meeting["status"], standing.role),
        "is_written": is_written,
        "actions": [
            {
                **each,
                "closes": each["status"] == "OPEN"
                and (standing.role in roles.CHAIRING or _took(each, standing.agency_id)),
            }
            for each in item["actions"] or []
        ],
    }


def _is_named(item: dict[str, object]) -> bool:
    participant = item["participant"]
    return isinstance(participant, dict) and participant.get("name") is not None


def _took(action: Any, agency_id: str) -> bool:
    """Say whether an agency has taken an action upon itself."""
    agency = action["responsibleAgency"]
    return agency is not None and agency["id"] == agency_id


def _at_the_table(meeting: Any) -> dict[str, str]:
    """Return the agencies that are invited, name by id: only they can take something on."""
    return {
        each["agency"]["id"]: each["agency"]["name"]
        for each in meeting["attendees"] or []
        if each["agency"]
    }


async def _found(visit: Visit, question: str) -> list[tuple[str, str]]:
    """Return who is like what was looked for; without a question nobody's name is read."""
    if len(question) < LEAST_ASKED:
        return []
    connection, _ = await visit.ask_needed(
        "AgendaPeople", {"text": question}, root="searchParticipants"
    )
    return [(each["id"], full_name(each)) for each in nodes(connection)]


async def pledge(visit: Visit) -> Response:
    """Sign the pledge of confidentiality for a meeting."""
    id_, version = visit.request.path_params["id"], visit.text("version", 60)
    sent = {"meetingId": id_, "pledgeVersion": version, "idempotencyKey": f"pledge:{id_}:{version}"}
    reply = await visit.ask("SignPledge", {"input": sent})
    wrong = reply.data["signPledge"]["userErrors"]
    return visit.go(f"{HOME}/{id_}", "not_moved" if wrong else "pledged")
