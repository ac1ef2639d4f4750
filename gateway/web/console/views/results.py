"""Attendance and credit of a session: one row for each person of the agency who is on it."""

import re
from typing import Any

from starlette.responses import Response

from gateway.web.console.changing import change, form_key
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.moments import read_moment
from gateway.web.console.problems import Problems
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole
from infra import clock

ATTENDANCES = ("PRESENT", "PARTIAL", "ABSENT")
OUTCOMES = ("COMPLETED", "INCOMPLETE", "FAILED")
_NUMBER = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,2})?")


async def record(visit: Visit) -> Response:
    """Show who is on a session with what is recorded of them, or record it."""
    number, problems, said = visit.request.path_params["number"], Problems(), None
    if visit.request.method == "POST":
        results = _read(visit, problems)
        if not results and not problems:
            problems.add("", "Say of at least one person whether he or she was there.")
        if not problems:
            sent = {"sessionNumber": number, "results": results}
            payload = await change(visit, "RecordResults", sent, problems, {})
            said = {each["personnelId"]: each["outcome"] for each in payload["outcomes"]}
    variables = visit.paged(number=number)
    found, reply = await visit.ask_needed("SessionResults", variables, root="session")
    if found is None:
        return visit.page("unknown.html", 404)
    recorded, _ = await whole(visit, "SessionRecords", "trainingRecords", number=number)
    records = {row["personnel"]["id"]: row for row in recorded}
    rows = nodes(reply.data["roster"])
    return visit.page(
        "results.html",
        422 if problems else 200,
        session=found,
        rows=[(row, records.get(row["personnel"]["id"])) for row in rows],
        cursor=next_cursor(reply.data["roster"]),
        attendances=ATTENDANCES,
        outcomes=OUTCOMES,
        said=said or {},
        problems=problems,
        form=visit.form,
        key=form_key(visit) if said is None else "",
        has_begun=read_moment(found["startsAt"]) <= clock.now(),
        is_partial=reply.is_partial,
    )


def _read(visit: Visit, problems: Problems) -> list[dict[str, Any]]:
    results = []
    for id_ in visit.texts("person", 100):
        attendance = visit.text(f"attendance-{id_}", 20)
        if attendance not in ATTENDANCES:
            continue  # nothing is said of this person
        outcome = visit.text(f"outcome-{id_}", 20)
        hours, score = visit.text(f"hours-{id_}", 8), visit.text(f"score-{id_}", 8)
        if attendance == "PARTIAL" and not hours:
            problems.add(f"hours-{id_}", "Write the hours to credit for a part.")
        for name, text, example in (
            (f"hours-{id_}", hours, "Write hours as a number, for example 4 or 1.5."),
            (f"score-{id_}", score, "Write the score as a number, for example 80."),
        ):
            if text and not _NUMBER.fullmatch(text):
                problems.add(name, example)
        if problems:
            continue
        results.append(
            {
                "personnelId": id_,
                "attendance": attendance,
                "outcome": outcome if outcome in OUTCOMES else None,
                "hoursCredited": float(hours) if hours else None,
                "score": float(score) if score else None,
            }
        )
    return results
