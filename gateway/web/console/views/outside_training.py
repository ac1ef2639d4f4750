"""Training completed elsewhere: reported by one training manager, decided by another."""

import re
from typing import Any

from starlette.responses import Response

from gateway.web.console.changing import change, form_key, need
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import posted_day
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole

HOME = "/console/training/outside"
_NUMBER = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,2})?")
_FIELDS = {
    "title": "title",
    "description": "description",
    "startsOn": "starts_on",
    "endsOn": "ends_on",
    "category": "category",
    "hours": "hours",
    "instructionProvider": "provider",
    "personnelIds": "people",
    "courseNumber": "course",
}


async def listed(visit: Visit) -> Response:
    """Show reports, those that wait first, or send one."""
    problems = Problems()
    if visit.request.method == "POST" and visit.text("step") != "find":
        await _submitted(visit, problems)
        if not problems:
            return visit.go(HOME, "outside_sent")
    return await _listed(visit, problems)


async def _listed(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    question, chosen = visit.text("who", 200), visit.texts("people")
    connection, reply = await visit.ask_needed(
        "OutsideTrainings", visit.paged(search=question or None), root="outsideTrainings"
    )
    courses, _ = await whole(visit, "CourseChoices", "courses")
    rows, listed = nodes(connection), nodes(reply.data["personnel"])
    return visit.page(
        "outside_training.html",
        422 if problems else 200,
        waiting=[each for each in rows if each["status"] == "SUBMITTED_FOR_APPROVAL"],
        decided=[each for each in rows if each["status"] != "SUBMITTED_FOR_APPROVAL"],
        people=await _with_chosen(visit, listed, chosen),
        question=question,
        others=((reply.data["personnel"] or {}).get("totalCount") or 0) - len(listed),
        courses=[(each["number"], f"{each['number']} {each['title']}") for each in courses],
        chosen=set(chosen),
        cursor=next_cursor(connection),
        problems=problems,
        wrong=wrong,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


async def _with_chosen(visit: Visit, listed: list[Any], chosen: list[str]) -> list[tuple[str, str]]:
    """Return whom to offer: those who were chosen before stay, whatever was looked for since."""
    offered = {each["id"]: each["name"] for each in listed}
    kept: dict[str, str] = {}
    if any(each not in offered for each in chosen):
        everybody, _ = await whole(visit, "RosterNames", "personnel")
        kept = {each["id"]: each["name"] for each in everybody if each["id"] in chosen}
    return list((kept | offered).items())


async def _submitted(visit: Visit, problems: Problems) -> None:
    need(
        visit,
        problems,
        {
            "title": "Write the title of the course.",
            "description": "Say what it was about.",
            "category": "Say which training category it counts for.",
            "provider": "Write who taught it.",
            "starts_on": "Choose the first day.",
            "ends_on": "Choose the last day.",
        },
    )
    starts_on = posted_day(visit, "starts_on", problems)
    ends_on = posted_day(visit, "ends_on", problems)
    hours = visit.text("hours", 8)
    if not _NUMBER.fullmatch(hours):
        problems.add("hours", "Write a number of hours, for example 4 or 1.5.")
    if not visit.texts("people"):
        problems.add("people", "Choose who took part.")
    if problems or starts_on is None or ends_on is None:
        return
    sent = {
        "title": visit.text("title", 300),
        "description": visit.text("description", 4000),
        "startsOn": starts_on.isoformat(),
        "endsOn": ends_on.isoformat(),
        "category": visit.text("category", 60),
        "hours": float(hours),
        "instructionProvider": visit.text("provider", 300),
        "personnelIds": visit.texts("people"),
        "courseNumber": visit.text("course", 40) or None,
    }
    await change(visit, "SubmitOutsideTraining", sent, problems, _FIELDS)


async def decide(visit: Visit) -> Response:
    """Approve or reject a report; who sent it, and who took part, cannot."""
    id_, problems = visit.request.path_params["id"], Problems()
    field, decision = f"comment-{id_}", visit.text("decision", 10)
    if decision not in ("approve", "reject"):
        problems.add(field, "Choose whether to approve or to reject it.")
    elif decision == "reject" and not visit.text("comment"):
        problems.add(field, "Say why it does not count.")
    if not problems:
        sent: dict[str, Any] = {
            "outsideTrainingId": id_,
            "approve": decision == "approve",
            "comment": visit.text("comment") or None,
        }
        fields = {"comment": field, "outsideTrainingId": field}
        await change(visit, "DecideOutsideTraining", sent, problems, fields)
    if problems:
        return await _listed(visit, problems, id_)
    return visit.go(HOME, "outside_approved" if decision == "approve" else "outside_rejected")
