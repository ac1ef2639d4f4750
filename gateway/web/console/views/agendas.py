"""What is done about an agenda: who is put on it and taken off, notes, actions and their end."""

from typing import Final

from starlette.responses import Response

from gateway.web.console import conference_steps as steps
from gateway.web.console.changing import change, need, posted_version
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import posted_day
from gateway.web.console.views import conferences
from gateway.web.console.visit import Visit

MAX_WRITTEN: Final = 3000
"""More than the service takes, so that it refuses what is too long and nothing is cut."""


async def _answered(visit: Visit, problems: Problems, form: str, note: str) -> Response:
    """Return to the meeting; with problems, show it again with the form as it was posted."""
    if problems:
        return await conferences.page(visit, problems, form)
    return visit.go(f"{conferences.HOME}/{visit.request.path_params['id']}", note)


async def propose(visit: Visit) -> Response:
    """Propose somebody for the agenda (chair, or who works with the person)."""
    problems = Problems()
    need(
        visit,
        problems,
        {"person": "Choose somebody.", "question": "Write what the group is asked."},
    )
    if visit.text("topic", 30) not in steps.TOPICS:
        problems.add("topic", "Choose why.")
    if not problems:
        sent = {
            "meetingId": visit.request.path_params["id"],
            "participantId": visit.text("person", 64),
            "topic": visit.text("topic", 30),
            "question": visit.text("question", MAX_WRITTEN),
        }
        fields = {"participantId": "person", "topic": "topic", "question": "question"}
        await change(visit, "ProposeItem", sent, problems, fields)
    return await _answered(visit, problems, "propose", "item_proposed")


async def move(visit: Visit) -> Response:
    """Bring an item to its next step; who works with the person only takes it off."""
    id_, problems, status = visit.request.path_params["item"], Problems(), visit.text("status", 30)
    field = f"item-{id_}"
    if status not in steps.ITEM_STEP_WHILE:
        problems.add(field, "Choose what becomes of it.")
    else:
        sent = {"itemId": id_, "status": status, "expectedVersion": posted_version(visit)}
        fields = dict.fromkeys(sent, field)
        await change(visit, "MoveItem", sent, problems, fields)
    note = "item_taken_off" if status in steps.OFF_AGENDA else "item_moved"
    return await _answered(visit, problems, field, note)


async def note(visit: Visit) -> Response:
    """Write down what was said about an item."""
    id_, problems = visit.request.path_params["item"], Problems()
    field, body = f"note-{id_}", visit.text("body", MAX_WRITTEN)
    if not body:
        problems.add(field, "Write what was said.")
    else:
        fields = dict.fromkeys(("itemId", "body"), field)
        await change(visit, "AddNote", {"itemId": id_, "body": body}, problems, fields)
    return await _answered(visit, problems, field, "note_kept")


async def act(visit: Visit) -> Response:
    """Record what an agency at the table takes upon itself (chair)."""
    id_, problems = visit.request.path_params["item"], Problems()
    what, agency = visit.text("what", MAX_WRITTEN), visit.text("agency", 64)
    fields = {
        "itemId": f"what-{id_}",
        "what": f"what-{id_}",
        "responsibleAgencyId": f"agency-{id_}",
        "dueOn": f"due_on-{id_}",
    }
    if not what:
        problems.add(fields["what"], "Write what is to be done.")
    if not agency:
        problems.add(fields["responsibleAgencyId"], "Choose who does it.")
    due_on = None
    if visit.text("due_on", 10):
        posted = Problems()
        due_on = posted_day(visit, "due_on", posted)
        for _field, sentence in posted.listed():
            problems.add(fields["dueOn"], sentence)
    if not problems:
        sent = {
            "itemId": id_,
            "what": what,
            "responsibleAgencyId": agency,
            "dueOn": due_on.isoformat() if due_on else None,
        }
        await change(visit, "AddAction", sent, problems, fields)
    return await _answered(visit, problems, f"act-{id_}", "action_kept")


async def close(visit: Visit) -> Response:
    """Record that an action is done or not needed (chair, or the agency that took it)."""
    id_, problems = visit.request.path_params["action"], Problems()
    field, status = f"action-{id_}", visit.text("status", 20)
    if status not in steps.CLOSINGS:
        problems.add(field, "Choose whether it is done.")
    else:
        sent = {"actionId": id_, "status": status, "expectedVersion": posted_version(visit)}
        fields = dict.fromkeys(sent, field)
        await change(visit, "CloseAction", sent, problems, fields)
    return await _answered(visit, problems, field, "action_closed")
