"""What the chair does about a meeting itself: its next step, minutes, invitations, attendance."""

from typing import Any, Final

from starlette.responses import Response

from gateway.web.console import conference_steps as steps
from gateway.web.console import roles
from gateway.web.console.changing import change, form_key, need, posted_version
from gateway.web.console.connection import nodes
from gateway.web.console.problems import Problems
from gateway.web.console.views import conferences
from gateway.web.console.visit import Visit

MAX_WRITTEN: Final = 10_000
"""More than the service takes, so that it refuses what is too long and nothing is cut."""
CAME: Final = {"yes": True, "no": False}


def _address(visit: Visit) -> str:
    return f"{conferences.HOME}/{visit.request.path_params['id']}"


async def move(visit: Visit) -> Response:
    """Bring the meeting to its next step, with the minutes that go with it."""
    problems, status = Problems(), visit.text("status", 30)
    minutes = visit.text("minutes", MAX_WRITTEN)
    if status not in steps.MEETING_STEPS.values():
        problems.add("step", "Choose what comes next.")
    if status == steps.OVER and not minutes:
        problems.add("minutes", "Write the minutes: how the group worked, without names.")
    if not problems:
        sent = {
            "meetingId": visit.request.path_params["id"],
            "status": status,
            "expectedVersion": posted_version(visit),
            "minutes": (minutes or None) if status in steps.WITH_MINUTES else None,
        }
        fields = {"minutes": "minutes", "status": "step", "expectedVersion": "step"}
        await change(visit, "MoveMeeting", sent, problems, fields)
    if problems:
        return await conferences.page(visit, problems, "move")
    return visit.go(_address(visit), "meeting_moved")


async def attend(visit: Visit) -> Response:
    """Record whether somebody came, or take an invitation back."""
    id_, problems, what = visit.request.path_params["attendee"], Problems(), visit.text("what", 10)
    field = f"attendee-{id_}"
    sent = {
        "meetingId": visit.request.path_params["id"],
        "attendeeId": id_,
        "expectedVersion": posted_version(visit),
    }
    fields = dict.fromkeys(("attendeeId", "meetingId", "hasAttended", "expectedVersion"), field)
    if what in CAME:
        came = {**sent, "hasAttended": CAME[what]}
        await change(visit, "RecordAttendance", came, problems, fields)
    elif what == "uninvite":
        await change(visit, "RemoveAttendee", sent, problems, fields)
    else:
        problems.add(field, "Choose one of the two.")
    if problems:
        return await conferences.page(visit, problems, field)
    return visit.go(_address(visit), "attendance_noted" if what in CAME else "attendee_uninvited")


async def invite(visit: Visit) -> Response:
    """Invite somebody: of the own agency, who came before, or by the number of an account."""
    problems = Problems()
    if visit.request.method == "POST":
        await _invited(visit, problems)
        if not problems:
            return visit.go(_address(visit), "attendee_invited")
    id_, own = visit.request.path_params["id"], visit.standing.agency_id
    variables = {"id": id_, "agencyId": own}
    meeting, reply = await visit.ask_needed("WhomToInvite", variables, root="owgMeeting")
    if meeting is None:
        return visit.page("unknown.html", 404)
    return visit.page(
        "conference_invite.html",
        422 if problems else 200,
        meeting=meeting,
        choices=_choices(visit, meeting, reply.data),
        agencies=[(each["id"], each["name"]) for each in nodes(reply.data["agencies"])],
        roles_offered=[(each, roles.title(each)) for each in sorted(roles.CONFERRING)],
        problems=problems,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


def _choices(visit: Visit, meeting: Any, data: Any) -> list[tuple[str, str]]:
    """Return who can be chosen: the own agency by name, others by agency and role.

    The directory names people to their own agency only. Who was at the table before is known by
    the account, so that two of one agency and role are told apart by its last digits.
    """
    invited = {each["accountId"] for each in meeting["attendees"] or []}
    found: dict[str, str] = {}
    for grant in nodes(data["agencyGrants"]):
        account, role = grant["account"], grant["role"]
        if account and grant["status"] == "ACTIVE" and role in roles.CONFERRING:
            value = f"{account['id']}:{role}:{visit.standing.agency_id}"
            found[value] = f"{account['name']}, {roles.title(role)}"
    own = {value.partition(":")[0] for value in found}
    for former in nodes(data["owgMeetings"]):
        for each in former["attendees"] or []:
            if each["agency"] and each["accountId"] not in own:
                value = f"{each['accountId']}:{each['role']}:{each['agency']['id']}"
                found[value] = f"{each['agency']['name']}, {roles.title(each['role'])}"
    shown = list(found.values())
    return [
        (value, text if shown.count(text) == 1 else f"{text} (account …{_last_digits(value)})")
        for value, text in sorted(found.items(), key=lambda each: each[1])
        if value.partition(":")[0] not in invited
    ]


def _last_digits(value: str) -> str:
    return value.partition(":")[0][-4:]


async def _invited(visit: Visit, problems: Problems) -> None:
    chosen = visit.text("who", 200)
    if chosen:
        parts = chosen.split(":")
        if len(parts) != 3:
            problems.add("who", "Choose somebody of the list.")
            return
        account, role, agency = parts
        fields = dict.fromkeys(("accountId", "role", "agencyId"), "who")
    else:
        account, role = visit.text("account", 64), visit.text("role", 10)
        agency = visit.text("agency", 64)
        if not (account or role or agency):
            problems.add("who", "Choose somebody, or say below which account it is.")
            return
        wanted = {
            "account": "Write the account's number.",
            "agency": "Choose the agency that they come from.",
            "role": "Choose the role that they come in.",
        }
        need(visit, problems, wanted)
        fields = {"accountId": "account", "role": "role", "agencyId": "agency"}
    if problems:
        return
    sent = {
        "meetingId": visit.request.path_params["id"],
        "accountId": account,
        "role": role,
        "agencyId": agency,
    }
    await change(visit, "InviteAttendee", sent, problems, fields)
