"""What a training manager does: people, assignments with an undo, the import of course pages."""

import re
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from starlette.datastructures import UploadFile
from starlette.responses import Response

from gateway.web.console import choosing
from gateway.web.console.asking import Reply
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.moments import local_day
from gateway.web.console.problems import Problems
from gateway.web.console.searching import score, search, words
from gateway.web.console.site_days import posted_day
from gateway.web.console.views import batches
from gateway.web.console.views.roster_person import Logins, chosen_login, logins
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole
from infra import clock

MAX_PAGE_BYTES = 131_072
TOO_LARGE: Final = (
    f"This is too large: a course page has at most {MAX_PAGE_BYTES:,} bytes. Leave out what is not"
    " of this course."
)
MAX_UNDONE = 200
MAX_AT_ONCE: Final = 1000
"""As many people as the service assigns in one action."""
MAX_ALIKE: Final = 100
"""People who are listed because something in their names is like what was asked."""
FREE_AGAIN: Final = frozenset(
    {
        "DENIED",
        "NO_SHOW",
        "CANCELLED",
        "LATE_CANCELLED",
        "INCOMPLETE",
        "FAILED",
        "RECERT_DUE",
        "EXPIRED",
    }
)
"""Statuses of an assignment after which the person may be assigned to the session once more."""
_PART = 3
_PAIR = re.compile(r"([0-9a-zA-Z-]{1,64}):([0-9]{1,9})")
_ASSIGN_FIELDS = {
    "category": "category",
    "dueOn": "due_on",
    "reminderDays": "reminder_days",
    "personnelIds": "people",
    "wholeAgency": "people",
}
_PERSON_FIELDS = {
    "givenName": "given_name",
    "familyName": "family_name",
    "appointmentType": "appointment_type",
    "email": "email",
    "externalId": "external_id",
    "accountId": "account",
}


async def assign(visit: Visit) -> Response:
    """Choose people for a session, or assign those who were chosen."""
    problems = Problems()
    if not choosing.shown_of(visit).is_looking:
        payload = await _assigned(visit, problems)
        if payload is not None and "batch" in payload:
            return visit.go(f"/console/training/batches/{payload['batch']}")
        if payload is not None:
            return _outcomes(visit, payload)
    return await _choices(visit, problems)


async def _assigned(visit: Visit, problems: Problems) -> Any:
    """Run the assignment; returns the payload, or None with the problems noted."""
    whole = visit.text("whole") == "yes"
    people = visit.texts("people")
    if not whole and not people:
        problems.add("people", "Choose at least one person, or the whole agency.")
    category = visit.text("category", 60)
    if not category:
        problems.add("category", "Say which training category this counts for.")
    due_on = posted_day(visit, "due_on", problems)
    reminder = visit.text("reminder_days", 5)
    if reminder and not reminder.isdigit():
        problems.add("reminder_days", "Write a number of days, for example 14.")
    if problems:
        return None
    sent = {
        "sessionNumber": visit.request.path_params["number"],
        "category": category,
        "wholeAgency": whole,
        "personnelIds": None if whole else people,
        "dueOn": due_on.isoformat() if due_on else None,
        "reminderDays": int(reminder) if reminder else None,
        "idempotencyKey": visit.text("key", 200) or uuid4().hex,
    }
    if whole:
        batch_id = await batches.begin(visit, sent, problems)
        return None if batch_id is None else {"batch": batch_id}
    payload = (await visit.ask("AssignPeople", {"input": sent})).data["assignSession"]
    problems.take(payload["userErrors"], _ASSIGN_FIELDS)
    return None if problems else payload


def _outcomes(visit: Visit, payload: Any) -> Response:
    groups: dict[str, list[Any]] = {}
    for each in payload["outcomes"]:
        groups.setdefault(each["outcome"], []).append(each)
    undoable = [
        f"{each['assignment']['id']}:{each['assignment']['version']}"
        for each in groups.get("ASSIGNED", [])
        if each["assignment"]
    ]
    return visit.page(
        "assigned.html",
        number=visit.request.path_params["number"],
        groups=groups,
        total=len(payload["outcomes"]),
        place=_place(visit),
        undoable=undoable[:MAX_UNDONE],
    )


async def _choices(visit: Visit, problems: Problems) -> Response:
    number = visit.request.path_params["number"]
    place = choosing.shown_of(visit)
    question = place.question
    variables = {"number": number, "search": question or None, "after": place.after or None}
    found, reply = await visit.ask_needed("AssignChoices", variables, root="session")
    if found is None:
        return visit.page("unknown.html", 404)
    people, matches, cursor = await _found(visit, question, reply, place.after)
    facts = {
        "session": found,
        "people": people,
        "matches": matches,
        "cursor": cursor,
        "on_it": await _on_it(visit, number, people),
        "question": question,
        "chosen": set(visit.texts("people")),
        "kept": await choosing.kept(visit, {each["id"] for each in people}, problems),
        "after": place.after,
        "is_partial": reply.is_partial,
    }
    if visit.is_fragment:
        return visit.page("_pick_people.html", problems=problems, **facts)
    return visit.page(
        "assign.html",
        422 if problems else 200,
        problems=problems,
        total=(reply.data["everybody"] or {}).get("totalCount"),
        most=MAX_AT_ONCE,
        form=visit.form,
        key=visit.text("key", 200) or uuid4().hex,
        today=local_day(clock.now(), visit.standing.time_zone).isoformat(),
        **facts,
    )


def _place(visit: Visit) -> str:
    """Return the part of an address that says which page of which people this is."""
    shown = choosing.shown_of(visit)
    parts = {"q": shown.question, "after": shown.after}
    return urlencode({name: value for name, value in parts.items() if value})


async def _found(
    visit: Visit, question: str, reply: Reply, after: str = ""
) -> tuple[list[Any], int | None, str]:
    """Return who of the roster answers, best first, how many do, and where the next page begins.

    The service finds the words as they stand, on all pages. Only where nobody has them is it asked
    for people with the beginning or the end of the longest word, and the search that forgives looks
    among these.
    """
    connection = reply.data["personnel"]
    rows = nodes(connection)
    asked = words(question)
    if rows or not asked or after or visit.queried("after", 2000):
        ranked = sorted(rows, key=lambda each: -score(question, _searched(each)))
        return ranked, (connection or {}).get("totalCount"), next_cursor(connection)
    alike: dict[str, Any] = {}
    longest = max(asked, key=len)
    for part in {longest[:_PART], longest[-_PART:]}:
        rows, _ = await whole(visit, "Roster", "personnel", search=part)
        alike |= {each["id"]: each for each in rows}
    found = search(question, list(alike.values()), _searched)[:MAX_ALIKE]
    return found, len(found), ""


def _searched(person: Any) -> str:
    return " ".join(person[part] or "" for part in ("name", "email", "externalId"))


async def _on_it(visit: Visit, number: str, people: list[Any]) -> dict[str, str]:
    """Return which of these people are on a session, with their status."""
    if not people:
        return {}
    ids = [each["id"] for each in people]
    rows, _ = await whole(visit, "AssignedAlready", "roster", number=number, people=ids)
    return {
        row["personnel"]["id"]: row["status"] for row in rows if row["status"] not in FREE_AGAIN
    }


async def undo(visit: Visit) -> Response:
    """Cancel what one action has just assigned; who has moved on meanwhile stays."""
    number = visit.request.path_params["number"]
    left = 0
    for pair in visit.texts("assignment", MAX_UNDONE):
        found = _PAIR.fullmatch(pair)
        if found is None:
            continue
        payload = await _moved(visit, found[1], int(found[2]), "CANCELLED", "Undone.")
        left += bool(payload["userErrors"])
    note = "undone_partly" if left else "undone"
    return visit.go(f"/console/training/sessions/{number}", note)


async def move(visit: Visit) -> Response:
    """Move one assignment a step on."""
    number = visit.text("number", 40)
    version = visit.text("version", 9)
    payload = await _moved(
        visit,
        visit.request.path_params["id"],
        int(version) if version.isdigit() else 0,
        visit.text("status", 40),
        visit.text("comment") or None,
    )
    codes = {each["code"] for each in payload["userErrors"]}
    note = "not_moved" if codes else "moved"
    if "NO_PLACE_LEFT" in codes:
        note = "no_place_left"
    elif "ORDER_REASON_MISSING" in codes:
        note = "not_their_turn"
    return visit.go(f"/console/training/sessions/{number}", note)


async def _moved(visit: Visit, id_: str, version: int, status: str, comment: str | None) -> Any:
    reply = await visit.ask(
        "MoveAssignment",
        {
            "input": {
                "assignmentId": id_,
                "expectedVersion": version,
                "status": status,
                "comment": comment,
                "idempotencyKey": f"{id_}:{version}:{status}",
            }
        },
    )
    return reply.data["changeAssignmentStatus"]


async def people(visit: Visit) -> Response:
    """Show the agency's roster, or add a person to it."""
    problems = Problems()
    offered = [] if visit.is_fragment else await logins(visit)
    if visit.request.method == "POST":
        await _add(visit, offered, problems)
        if not problems:
            return visit.go("/console/training/people", "person_added")
    question = visit.queried("q")
    variables = visit.paged(search=question or None)
    _, reply = await visit.ask_needed("Roster", variables, root="personnel")
    found, matches, cursor = await _found(visit, question, reply)
    facts = {"found": found, "question": question, "matches": matches, "cursor": cursor}
    if visit.is_fragment:
        return visit.page("_roster.html", **facts)
    return visit.page(
        "roster.html",
        422 if problems else 200,
        total=(reply.data["everybody"] or {}).get("totalCount"),
        problems=problems,
        form=visit.form,
        logins=offered,
        key=visit.text("key", 200) or uuid4().hex,
        is_partial=reply.is_partial,
        **facts,
    )


async def _add(visit: Visit, offered: Logins, problems: Problems) -> None:
    for name, sentence in (
        ("given_name", "Write the given name."),
        ("family_name", "Write the family name."),
        ("appointment_type", "Choose what the person serves as."),
    ):
        if not visit.text(name, 100):
            problems.add(name, sentence)
    account = chosen_login(visit, offered, problems)
    if problems:
        return
    reply = await visit.ask(
        "AddPerson",
        {
            "input": {
                "givenName": visit.text("given_name", 100),
                "familyName": visit.text("family_name", 100),
                "appointmentType": visit.text("appointment_type", 40),
                "isCertified": visit.text("certified") == "yes",
                "email": visit.text("email", 200) or None,
                "externalId": visit.text("external_id", 100) or None,
                "accountId": account,
                "idempotencyKey": visit.text("key", 200) or uuid4().hex,
            }
        },
    )
    problems.take(reply.data["addPersonnel"]["userErrors"], _PERSON_FIELDS)


async def import_page(visit: Visit) -> Response:
    """Say line by line what a course page would do, as copied or as a file; then store it."""
    problems = Problems()
    payload = None
    # A form sends lines with ends of their own, so that what was looked at would come back longer.
    text = visit.text("text", 2 * MAX_PAGE_BYTES).replace("\r\n", "\n")
    is_trial = visit.text("step", 10) != "import"
    if visit.request.method == "POST":
        upload = visit.form.get("file")
        if isinstance(upload, UploadFile) and upload.size:
            text = await _page_text(upload, problems)
        elif len(text.encode()) > MAX_PAGE_BYTES:
            problems.add("text", TOO_LARGE)
        if "\x00" in text:
            text = ""
            problems.add("file", "This is no plain text in UTF-8: save the page as text first.")
        if problems:
            pass
        elif not text:
            problems.add("text", "Paste the page's text, or choose a file.")
        else:
            sent = {"text": text, "dryRun": is_trial, "idempotencyKey": uuid4().hex}
            reply = await visit.ask("ImportPage", {"input": sent})
            payload = reply.data["importCoursePage"]
            problems.take(payload["userErrors"], {"text": "text"})
    return visit.page(
        "import.html",
        422 if problems else 200,
        problems=problems,
        payload=payload,
        text=text,
        is_trial=is_trial,
    )


async def _page_text(upload: UploadFile, problems: Problems) -> str:
    """Return the text of a file as a whole, or an empty one with the problem noted."""
    raw = await upload.read(MAX_PAGE_BYTES + 1)
    if len(raw) > MAX_PAGE_BYTES:
        problems.add("file", TOO_LARGE)
        return ""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        problems.add("file", "This is no plain text in UTF-8: save the page as text first.")
        return ""
