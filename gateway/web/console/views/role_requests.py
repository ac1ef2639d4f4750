"""Sensitive roles: one person asks, another decides."""

from typing import Any

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.changing import change, form_key, need
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.moments import local_day
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import beginning_of, end_of_day, posted_day
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole
from infra import clock

BY_PLATFORM = ("AGA", "PRV")
"""What the platform's administrator asks for: nobody inside an agency makes another one."""
_FIELDS = {
    "accountId": "account",
    "agencyId": "account",
    "role": "role",
    "reason": "reason",
    "liaison": "liaison",
    "validFrom": "valid_from",
    "validTo": "valid_to",
}


def home(visit: Visit) -> str:
    """Return where the requests of this role's are."""
    return "/console/agency/requests" if visit.standing.role in roles.ADMIN else "/console/requests"


async def listed(visit: Visit) -> Response:
    """Show requests, those that wait first."""
    return await _listed(visit, Problems())


async def _listed(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    connection, reply = await visit.ask_needed("RoleRequests", visit.paged(), root="roleRequests")
    rows = nodes(connection)
    return visit.page(
        "role_requests.html",
        422 if problems else 200,
        waiting=[each for each in rows if each["status"] == "REQUESTED"],
        done=[each for each in rows if each["status"] != "REQUESTED"],
        cursor=next_cursor(connection),
        home=home(visit),
        problems=problems,
        wrong=wrong,
        form=visit.form,
        is_partial=reply.is_partial,
    )


async def decide(visit: Visit) -> Response:
    """Approve or decline a request; who asked, and who would get it, cannot."""
    id_, decision, problems = visit.request.path_params["id"], visit.text("decision"), Problems()
    field = f"reason-{id_}"
    if not visit.text("reason"):
        problems.add(field, "Say why; it is kept with the request.")
    if decision not in ("approve", "decline"):
        problems.add(field, "Choose whether to approve or to decline it.")
    if not problems:
        sent = {
            "requestId": id_,
            "approve": decision == "approve",
            "reason": visit.text("reason"),
        }
        fields = {"reason": field, "requestId": field}
        await change(visit, "DecideRoleRequest", sent, problems, fields)
    if problems:
        return await _listed(visit, problems, id_)
    return visit.go(home(visit), "role_given" if decision == "approve" else "declined")


async def ask(visit: Visit) -> Response:
    """Ask for a role for somebody of an agency."""
    agency_id = str(visit.request.path_params.get("id") or visit.standing.agency_id)
    problems = Problems()
    if visit.request.method == "POST":
        await _asked(visit, agency_id, problems)
        if not problems:
            return visit.go(home(visit), "role_asked")
    return await ask_page(visit, problems, just_added(visit), form_key(visit))


async def ask_page(
    visit: Visit, problems: Problems, added: list[tuple[str, str]], key: str
) -> Response:
    """Show the form that asks for a role, also for somebody who was added a moment ago."""
    agency_id = str(visit.request.path_params.get("id") or visit.standing.agency_id)
    grants, _ = await whole(visit, "AgencyPeople", "agencyGrants", agencyId=agency_id)
    return visit.page(
        "role_request.html",
        422 if problems else 200,
        accounts=_accounts(grants, visit.session.name) + added,
        offered=_offered(visit, grants),
        chosen=added[0][0] if added else visit.text("account", 100) or visit.queried("account"),
        added=added,
        action=_action(visit),
        home=home(visit),
        problems=problems,
        form=visit.form,
        key=key,
    )


def _action(visit: Visit) -> str:
    id_ = visit.request.path_params.get("id")
    return f"/console/agencies/{id_}/ask" if id_ else "/console/agency/requests/new"


def just_added(visit: Visit) -> list[tuple[str, str]]:
    """Return who was added a moment ago, by the form that followed: no role says yet who it is."""
    id_, name = visit.text("account", 64), visit.text("added_name", 200)
    return [(id_, name)] if id_ and name else []


def _accounts(grants: list[Any], own_name: str) -> list[tuple[str, str]]:
    known = {each["account"]["id"]: each["account"]["name"] for each in grants if each["account"]}
    named = ((id_, name or id_) for id_, name in known.items() if name != own_name)
    return sorted(named, key=lambda choice: str(choice[1]))


def _offered(visit: Visit, grants: list[Any]) -> list[tuple[str, str]]:
    """Return what may be asked for: the platform's two roles, or the agency's under its ceiling."""
    agency: dict[str, Any] = next((each["agency"] for each in grants if each["agency"]), {})
    own = [*agency.get("requestableRoles", ()), *agency.get("grantableRoles", ())]
    codes = BY_PLATFORM if visit.standing.role in roles.PLATFORM else own
    return sorted(((code, roles.title(code)) for code in codes), key=lambda choice: choice[1])


async def _asked(visit: Visit, agency_id: str, problems: Problems) -> None:
    need(
        visit,
        problems,
        {
            "account": "Choose who would get the role.",
            "role": "Choose a role.",
            "reason": "Say why; the second person reads it.",
        },
    )
    starts_on = posted_day(visit, "valid_from", problems)
    zone, now = visit.standing.time_zone, clock.now()
    if starts_on and starts_on < local_day(now, zone):
        problems.add(
            "valid_from", "The first day is over: choose a day to come, or leave it empty."
        )
    ends_at = end_of_day(visit, "valid_to", problems)
    starts_at = beginning_of(starts_on, zone) if starts_on else None
    if starts_at and ends_at and ends_at <= starts_at:
        problems.add("valid_to", "The last day is before the first.")
    if visit.text("role", 10) not in roles.STAFF and not problems.of("role"):
        problems.add("role", "Choose a role of the list.")
    if problems:
        return
    sent = {
        "agencyId": agency_id,
        "accountId": visit.text("account", 100),
        "role": visit.text("role", 10),
        "reason": visit.text("reason"),
        "liaison": visit.text("liaison") == "yes",
        "validFrom": starts_at.isoformat() if starts_at and starts_at > now else None,
        "validTo": ends_at.isoformat() if ends_at else None,
    }
    await change(visit, "RequestRole", sent, problems, _FIELDS)
