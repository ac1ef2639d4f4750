"""What would a recipient see, and why: for the case manager's talk, and for the privacy officer.

The privacy officer opens a record with a reason first; it closes by itself, and both are recorded.
"""

from collections import Counter
from typing import Any, Final
from uuid import uuid4

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.asking import RefusedError
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.problems import Problems
from gateway.web.console.recipients import ROLES_OF, asker
from gateway.web.console.release_form import PURPOSES
from gateway.web.console.views.people import full_name
from gateway.web.console.visit import Visit

COORDINATES: Final = (
    ("Participant.name", "Name"),
    ("Participant.contact", "How to reach the person"),
    ("Participant.enrollment", "That the person takes part"),
    ("Participant.goals", "Goals and plan"),
    ("Participant.progressSummary", "Approved summary of progress"),
    ("Participant.notes", "Case notes"),
    ("Participant.housing", "Housing"),
    ("Participant.legalCases", "Court cases"),
    ("Participant.releases", "Releases"),
)
"""What people ask about, with its field."""


def _choices(agencies: list[Any]) -> list[tuple[str, str]]:
    """Return value and name of each role at each agency, as one list to choose from."""
    return [
        (f"{agency['id']}:{role}:{agency['type']}", f"{agency['name']}: {roles.title(role)}")
        for agency in agencies
        for role in ROLES_OF.get(agency["type"], ())
    ]


def _subject(chosen: str) -> dict[str, Any] | None:
    parts = chosen.split(":")
    if len(parts) != 3 or parts[1] not in ROLES_OF.get(parts[2], ()):
        return None
    return {"agencyId": parts[0], **asker(parts[2], parts[1])}


def _asked(visit: Visit) -> tuple[str, dict[str, Any] | None, str]:
    """Return the choice, the recipient in it, and the purpose that was asked for."""
    chosen = visit.queried("who")
    subject = _subject(chosen)
    offered = PURPOSES.get(chosen.rpartition(":")[2], ())
    purpose = visit.queried("purpose", 60)
    if purpose not in offered:
        purpose = offered[0] if offered else ""
    return chosen, subject, purpose


async def preview(visit: Visit) -> Response:
    """Show the case manager what somebody at a partner would see of a participant."""
    id_ = visit.request.path_params["id"]
    found, reply = await visit.ask_needed("ReleaseForm", {"id": id_}, root="participant")
    if found is None:
        return visit.page("unknown.html", 404)
    chosen, subject, purpose = _asked(visit)
    shown = None
    if subject is not None:
        variables = {"id": found["id"], "subject": subject, "purpose": purpose}
        shown, _ = await visit.ask_needed("PreviewRecord", variables, root="preview")
    return visit.page(
        "preview.html",
        person=found,
        called=full_name(found),
        choices=_choices(nodes(reply.data["agencies"])),
        chosen=chosen,
        purpose=purpose,
        purposes=PURPOSES.get(chosen.rpartition(":")[2], ()),
        shown=shown,
        problems=Problems(),
        is_partial=reply.is_partial,
    )


async def attempts(visit: Visit) -> Response:
    """Show what was asked about a record and not told, newest first."""
    id_, after = visit.request.path_params["id"], visit.queried("after", 2000)
    variables = {"id": id_, "after": after or None, "isFirst": not after}
    person, reply = await visit.ask_needed("RecordAttempts", variables, root="participant")
    if person is None:
        return visit.page("unknown.html", 404)
    rows = nodes(person["accounting"])
    asked = Counter((row["recipient"] or {}).get("name") or "The participant" for row in rows)
    return visit.page(
        "attempts.html",
        person=person,
        called=full_name(person),
        rows=rows,
        by_recipient=asked.most_common(),
        total=(person["accounting"] or {}).get("totalCount"),
        cursor=next_cursor(person["accounting"]),
        is_partial=reply.is_partial,
    )


async def start(visit: Visit) -> Response:
    """Let the privacy officer open a record, with a reason."""
    problems = Problems()
    if visit.request.method == "POST":
        id_ = visit.text("participant", 64)
        if not id_:
            problems.add("participant", "Write the id of the record.")
        if not visit.text("reason"):
            problems.add("reason", "Say why; it is kept with the review.")
        if not problems:
            sent = {
                "participantId": id_,
                "reason": visit.text("reason"),
                "idempotencyKey": visit.text("key", 200) or uuid4().hex,
            }
            try:
                opened = (await visit.ask("OpenReview", {"input": sent})).data["openReview"]
            except RefusedError as refused:
                if refused.code != "BAD_USER_INPUT":
                    raise
                opened = {"userErrors": [{"message": "This is no id.", "field": ["participantId"]}]}
            fields = {"participantId": "participant", "reason": "reason"}
            problems.take(opened["userErrors"], fields)
        if not problems:
            return visit.go(f"/console/privacy/{id_}", "review_open")
    return visit.page(
        "privacy.html",
        422 if problems else 200,
        problems=problems,
        form=visit.form,
        key=visit.text("key", 200) or uuid4().hex,
    )


async def review(visit: Visit) -> Response:
    """Show an opened record's accounting and incidents, and explain a field of it."""
    id_ = visit.request.path_params["id"]
    variables = visit.paged(id=id_)
    found, reply = await visit.ask_needed("ReviewedRecord", variables, root="participant")
    if found is None:
        return visit.page("unknown.html", 404)
    chosen, subject, purpose = _asked(visit)
    coordinate = visit.queried("coordinate")
    explained = None
    if subject is not None and coordinate:
        asked = {"id": id_, "coordinate": coordinate, "subject": subject, "purpose": purpose}
        explained, _ = await visit.ask_needed("ExplainField", asked, root="explain")
    return visit.page(
        "review.html",
        person=found,
        called=full_name(found),
        releases=nodes(found["releases"]),
        incidents=found["incidents"] or [],
        rows=nodes(found["accounting"]),
        total=(found["accounting"] or {}).get("totalCount"),
        cursor=next_cursor(found["accounting"]),
        choices=_choices(nodes(reply.data["agencies"])),
        coordinates=COORDINATES,
        chosen=chosen,
        purpose=purpose,
        coordinate=coordinate or COORDINATES[0][0],
        explained=explained,
        problems=Problems(),
        is_partial=reply.is_partial,
    )


async def ledger(visit: Visit) -> Response:
    """Walk the ledger and show what that finds, with the heads that were signed last."""
    found, reply = await visit.ask_needed("LedgerVerification", root="ledgerVerification")
    return visit.page("ledger.html", found=found, is_partial=reply.is_partial)
