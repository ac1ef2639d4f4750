"""Calls to the scene: who is on call, and each handoff from the call until they met."""

from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.changing import change, form_key, need, posted_version
from gateway.web.console.connection import nodes
from gateway.web.console.moments import read_moment
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import moment_of, now_text
from gateway.web.console.visit import Visit
from infra import clock

HOME: Final = "/console/on-call"
STEPS: Final = ("HANDOFF_EN_ROUTE", "HANDOFF_MET", "HANDOFF_FAILED")
REASONS: Final = (
    "PERSON_LEFT", "PERSON_DECLINED", "NOBODY_AVAILABLE", "NOT_SAFE", "TAKEN_TO_HOSPITAL",
)  # fmt: skip


async def shown(visit: Visit) -> Response:
    """Show calls that wait and who is on call; a script looks again every few seconds."""
    return await _shown(visit, Problems())


async def _shown(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    calls, reply = await visit.ask_needed("OnCallBoard", root="handoffCalls")
    is_supervisor = visit.standing.role in roles.SUPERVISING
    template = "_calls.html" if visit.is_fragment else "on_call.html"
    now = clock.now()
    return visit.page(
        template,
        422 if problems else 200,
        calls=nodes(calls),
        shifts=[
            {**each, "is_own": each["agencyId"] == visit.standing.agency_id}
            for each in reply.data["onCall"] or []
        ],
        rota=[] if visit.is_fragment else await _rota(visit, now),
        is_supervisor=is_supervisor,
        reasons=REASONS,
        looked_at=now,
        problems=problems,
        wrong=wrong,
        form=visit.form,
        is_partial=reply.is_partial,
    )


async def _rota(visit: Visit, now: datetime) -> list[dict[str, Any]]:
    """Return the agency's shifts that are not over, each with the name of who has it."""
    reply = await visit.ask("Rota")
    names = {each["accountId"]: each["name"] for each in reply.data["caseManagers"] or []}
    return [
        {
            **each,
            "name": names.get(each["accountId"]),
            "is_now": read_moment(each["startsAt"]) <= now,
        }
        for each in reply.data["rota"] or []
    ]


async def move(visit: Visit) -> Response:
    """Record how far a handoff is."""
    id_, problems, state = visit.request.path_params["id"], Problems(), visit.text("state", 30)
    reason, field = visit.text("failure", 30), f"call-{visit.request.path_params['id']}"
    if state not in STEPS:
        problems.add(field, "Choose what has happened.")
    if state == "HANDOFF_FAILED" and reason not in REASONS:
        problems.add(field, "Say why nobody met the person.")
    if not problems:
        sent = {
            "handoffId": id_,
            "expectedVersion": posted_version(visit),
            "state": state,
            "happenedAt": clock.now().isoformat(),
            "failureReason": reason if state == "HANDOFF_FAILED" else None,
        }
        fields = dict.fromkeys(("handoffId", "state", "happenedAt", "failureReason"), field)
        await change(visit, "MoveHandoff", sent, problems, fields)
    return await _shown(visit, problems, id_) if problems else visit.go(HOME, "call_moved")


async def put_on(visit: Visit) -> Response:
    """Put somebody of the agency on call (supervisor)."""
    problems = Problems()
    if visit.request.method == "POST":
        await _put_on(visit, problems)
        if not problems:
            return visit.go(HOME, "put_on_call")
    found, reply = await visit.ask_needed("Colleagues", root="caseManagers")
    return visit.page(
        "on_call_new.html",
        422 if problems else 200,
        colleagues=[(each["accountId"], each["name"]) for each in found or []],
        now=now_text(visit, clock.now()),
        problems=problems,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


async def _put_on(visit: Visit, problems: Problems) -> None:
    need(visit, problems, {"account": "Choose who is on call.", "phone": "Write the number."})
    starts_at = moment_of(visit, "starts_at", problems)
    ends_at = moment_of(visit, "ends_at", problems)
    if problems or starts_at is None or ends_at is None:
        return
    sent = {
        "accountId": visit.text("account", 64),
        "dutyPhone": visit.text("phone", 40),
        "startsAt": starts_at.isoformat(),
        "endsAt": ends_at.isoformat(),
    }
    fields = {
        "accountId": "account",
        "dutyPhone": "phone",
        "startsAt": "starts_at",
        "endsAt": "ends_at",
    }
    await change(visit, "PutOnCall", sent, problems, fields)


async def take_off(visit: Visit) -> Response:
    """End a shift of the agency now (supervisor)."""
    problems = Problems()
    sent = {"shiftId": visit.request.path_params["id"], "expectedVersion": posted_version(visit)}
    await change(visit, "TakeOffCall", sent, problems, {})
    return await _shown(visit, problems) if problems else visit.go(HOME, "taken_off_call")
