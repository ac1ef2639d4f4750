"""The liaison prosecutor's workbench: matched cases to decide, requests to answer."""

from typing import Final

from starlette.responses import Response

from gateway.web.console.changing import change, posted_version
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import posted_day
from gateway.web.console.views.people import full_name
from gateway.web.console.visit import Visit

HOME: Final = "/console/liaison"
KINDS: Final = ("TO_DECIDE", "REQUESTED", "HELD", "OPEN_CASES")
DECISIONS: Final = ("UNDER_REVIEW", "HELD_FOR_LEAD", "DECLINED", "FILED")
ANSWERS: Final = ("GRANTED", "NOT_GRANTED", "NOTED")


async def queue(visit: Visit) -> Response:
    """Show the office's matched cases of one kind."""
    return await _queue(visit, Problems())


async def _queue(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    kind = visit.queried("kind", 20) or visit.text("kind", 20)
    kind = kind if kind in KINDS else KINDS[0]
    variables = visit.paged(kind=kind)
    connection, reply = await visit.ask_needed("LiaisonQueue", variables, root="liaisonQueue")
    return visit.page(
        "liaison.html",
        422 if problems else 200,
        rows=[
            {**each, "called": full_name(each["participant"]) if _is_named(each) else ""}
            for each in nodes(connection)
        ],
        total=(connection or {}).get("totalCount"),
        cursor=next_cursor(connection),
        kind=kind,
        kinds=KINDS,
        decisions=DECISIONS,
        answers=ANSWERS,
        problems=problems,
        wrong=wrong,
        form=visit.form,
        is_partial=reply.is_partial,
    )


def _is_named(link: dict[str, object]) -> bool:
    participant = link["participant"]
    return isinstance(participant, dict) and participant.get("name") is not None


async def decide(visit: Visit) -> Response:
    """Record a filing decision with its reason; filing needs a source that stands without LEAD."""
    id_, problems, decision = visit.request.path_params["id"], Problems(), visit.text("decision")

    if not visit.text("reason"):
        problems.add(f"reason-{id_}", "Say why; it is kept with the decision.")
    if decision not in DECISIONS:
        problems.add(f"decision-{id_}", "Choose a decision.")
    filed_on = posted_day(visit, "filed_on", problems)
    if not problems:
        sent = {
            "linkId": id_,
            "decision": decision,
            "reason": visit.text("reason"),
            "expectedVersion": posted_version(visit),
            "filedOn": filed_on.isoformat() if filed_on else None,
            "independentSource": visit.text("source") or None,
        }
        fields = {
            "reason": f"reason-{id_}",
            "decision": f"decision-{id_}",
            "filedOn": f"filed_on-{id_}",
            "independentSource": f"source-{id_}",
        }
        await change(visit, "DecideFiling", sent, problems, fields)
    if problems:
        return await _queue(visit, problems, id_)
    return visit.go(HOME, "decided", kind=visit.text("kind", 20))


async def answer(visit: Visit) -> Response:
    """Answer what a case manager or counsel has asked the office."""
    id_, problems, status = visit.request.path_params["request"], Problems(), visit.text("status")
    if status not in ANSWERS:
        problems.add(f"answer-{id_}", "Choose an answer.")
    if not visit.text("answer"):
        problems.add(f"answer-{id_}", "Write the answer in a sentence.")
    if not problems:
        sent = {
            "requestId": id_,
            "status": status,
            "answer": visit.text("answer"),
            "expectedVersion": posted_version(visit),
        }
        fields = dict.fromkeys(("answer", "status", "requestId"), f"answer-{id_}")
        await change(visit, "AnswerRequest", sent, problems, fields)
    if problems:
        return await _queue(visit, problems, id_)
    return visit.go(HOME, "answered", kind=visit.text("kind", 20))
