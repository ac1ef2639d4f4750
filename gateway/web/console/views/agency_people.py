"""An agency's people as the platform's administrator sees them.

He shuts accounts out, and takes away the roles that no agency gives.
"""

from typing import Any

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.changing import change, form_key, posted_version
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.problems import Problems
from gateway.web.console.visit import Visit


async def listed(visit: Visit) -> Response:
    """Show who holds or has held a role at an agency."""
    return await _listed(visit, Problems())


async def _listed(visit: Visit, problems: Problems, wrong: str = "") -> Response:
    id_ = visit.request.path_params["id"]
    variables = visit.paged(agencyId=id_)
    connection, reply = await visit.ask_needed("AgencyPeople", variables, root="agencyGrants")
    rows = nodes(connection)
    people: dict[str, tuple[Any, list[Any]]] = {}
    for row in rows:
        if row["account"]:
            people.setdefault(row["account"]["id"], (row["account"], []))[1].append(row)
    agency = next((row["agency"] for row in rows if row["agency"]), None)
    return visit.page(
        "agency_people.html",
        422 if problems else 200,
        agency=agency,
        agency_id=id_,
        base=f"/console/agencies/{id_}",
        people=sorted(people.values(), key=lambda each: each[0]["name"] or ""),
        removable=_removable(visit, rows, nodes(reply.data["myGrants"])),
        cursor=next_cursor(connection),
        problems=problems,
        wrong=wrong,
        form=visit.form,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


def _removable(visit: Visit, rows: list[Any], mine: list[Any]) -> set[str]:
    """Return the grants to take away: of the own site, live, no agency's to take, not one's own."""
    acting = next((each for each in mine if each["id"] == visit.standing.grant_id), None)
    if acting is None or not acting["site"] or not acting["account"]:
        return set()
    return {
        each["id"]
        for each in rows
        if each["role"] in roles.BY_PLATFORM
        and each["status"] in ("ACTIVE", "SCHEDULED")
        and each["site"] == acting["site"]
        and each["account"]
        and each["account"]["id"] != acting["account"]["id"]
    }


async def take_away(visit: Visit) -> Response:
    """Take the role of an administrator or privacy officer away, at once."""
    grant_id, problems = visit.request.path_params["grant"], Problems()
    field = f"reason-{grant_id}"
    if not visit.text("reason"):
        problems.add(field, "Say why; it is kept with the grant.")
    else:
        sent = {
            "grantId": grant_id,
            "expectedVersion": posted_version(visit),
            "reason": visit.text("reason"),
        }
        await change(visit, "RevokeAgencyRole", sent, problems, dict.fromkeys(sent, field))
    if problems:
        return await _listed(visit, problems, grant_id)
    return visit.go(f"/console/agencies/{visit.request.path_params['id']}", "role_taken")


async def block(visit: Visit) -> Response:
    """Shut an account out with its next request, or let it in again."""
    account_id, problems = visit.request.path_params["account"], Problems()
    field = f"reason-{account_id}"
    if not visit.text("reason"):
        problems.add(field, "Say why; it is kept in the history.")
    is_blocked = visit.text("blocked") == "yes"
    if not problems:
        sent = {
            "accountId": account_id,
            "blocked": is_blocked,
            "expectedVersion": posted_version(visit),
            "reason": visit.text("reason"),
        }
        fields = dict.fromkeys(("reason", "accountId", "expectedVersion"), field)
        await change(visit, "SetAccountBlocked", sent, problems, fields)
    if problems:
        return await _listed(visit, problems, account_id)
    back = f"/console/agencies/{visit.request.path_params['id']}"
    return visit.go(back, "blocked" if is_blocked else "unblocked")
