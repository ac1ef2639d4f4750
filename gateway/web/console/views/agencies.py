"""Agencies: who holds which role at the own one, giving and taking roles, the directory of all."""

from typing import Any
from uuid import uuid4

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.asking import Reply
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.problems import Problems
from gateway.web.console.searching import search
from gateway.web.console.site_days import end_of_day
from gateway.web.console.views.role_requests import just_added
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole
from gateway.web.console.wording import catalogue

_GRANT_FIELDS = {
    "accountId": "account",
    "role": "role",
    "reason": "reason",
    "liaison": "liaison",
    "validTo": "valid_to",
}


async def _own(visit: Visit) -> tuple[list[Any], Reply, str]:
    """Return a page of grants with its reply, and where the next one begins; all for a search."""
    agency_id = visit.standing.agency_id
    if visit.queried("q"):
        return *await _all(visit), ""
    variables = visit.paged(agencyId=agency_id)
    connection, reply = await visit.ask_needed("OwnAgency", variables, root="agencyGrants")
    return nodes(connection), reply, next_cursor(connection)


async def _all(visit: Visit) -> tuple[list[Any], Reply]:
    """Return every grant of the own agency, and the first reply with the rest."""
    agency_id = visit.standing.agency_id
    return await whole(visit, "OwnAgency", "agencyGrants", agencyId=agency_id)


def _agency(visit: Visit, reply: Reply) -> Any:
    own = [grant["agency"] for grant in nodes(reply.data["myGrants"]) if grant["agency"]]
    return next((each for each in own if each["id"] == visit.standing.agency_id), None)


def _own_accounts(reply: Reply) -> set[str]:
    return {each["account"]["id"] for each in nodes(reply.data["myGrants"]) if each["account"]}


async def own(visit: Visit) -> Response:
    """Show the own agency: agreements, people and their roles, what was taken away."""
    grants, reply, cursor = await _own(visit)
    live = [each for each in grants if each["status"] in ("ACTIVE", "SCHEDULED")]
    question = visit.queried("q")
    live = search(
        question,
        live,
        lambda each: f"{(each['account'] or {}).get('name')} {_role_name(each['role'])}",
    )
    facts: dict[str, Any] = {
        "people": _by_person(live),
        "question": question,
        "by_platform": roles.BY_PLATFORM,
        "mine": _own_accounts(reply),
    }
    if visit.is_fragment:
        return visit.page("_people.html", **facts)
    return visit.page(
        "agency.html",
        agency=_agency(visit, reply),
        ended=[each for each in grants if each["status"] not in ("ACTIVE", "SCHEDULED")],
        cursor=cursor,
        **facts,
    )


def _role_name(code: str) -> str:
    return str(catalogue("en")["roles"].get(code, code))


def _by_person(grants: list[Any]) -> list[tuple[Any, list[Any]]]:
    people: dict[str, tuple[Any, list[Any]]] = {}
    for grant in grants:
        account = grant["account"] or {"id": grant["id"], "name": None, "isBlocked": False}
        people.setdefault(account["id"], (account, []))[1].append(grant)
    return sorted(people.values(), key=lambda each: each[0]["name"] or "")


async def grant(visit: Visit) -> Response:
    """Give somebody of the own agency a role."""
    problems = Problems()
    if visit.request.method == "POST":
        await _granted(visit, problems)
        if not problems:
            return visit.go("/console/agency", "role_given")
    return await grant_page(visit, problems, just_added(visit), visit.text("key", 200))


async def grant_page(
    visit: Visit, problems: Problems, added: list[tuple[str, str]], key: str
) -> Response:
    """Show the form that gives a role, also to somebody who was added a moment ago."""
    grants, reply = await _all(visit)
    agency, mine = _agency(visit, reply), _own_accounts(reply)
    known = {each["account"]["id"]: each["account"] for each in grants if each["account"]}
    chosen = added[0][0] if added else visit.text("account", 100) or visit.queried("account")
    return visit.page(
        "grant.html",
        422 if problems else 200,
        agency=agency,
        accounts=sorted(
            (
                (id_, account["name"] or id_)
                for id_, account in known.items()
                if id_ not in mine  # nobody gives a role to themselves
            ),
            key=lambda choice: choice[1],
        )
        + added,
        added=added,
        offered=sorted(
            ((code, _role_name(code)) for code in (agency or {}).get("grantableRoles") or ()),
            key=lambda choice: choice[1],
        ),
        chosen=chosen,
        problems=problems,
        form=visit.form,
        key=key or uuid4().hex,
    )


async def _granted(visit: Visit, problems: Problems) -> None:
    for name, sentence in (
        ("account", "Choose who gets the role."),
        ("role", "Choose a role."),
        ("reason", "Say why; it is kept with the grant."),
    ):
        if not visit.text(name):
            problems.add(name, sentence)
    ends_at = end_of_day(visit, "valid_to", problems)
    if problems:
        return
    reply = await visit.ask(
        "GrantAgencyRole",
        {
            "input": {
                "accountId": visit.text("account", 100),
                "role": visit.text("role", 10),
                "reason": visit.text("reason"),
                "liaison": visit.text("liaison") == "yes",
                "validTo": ends_at.isoformat() if ends_at else None,
                "idempotencyKey": visit.text("key", 200) or uuid4().hex,
            }
        },
    )
    problems.take(reply.data["grantRole"]["userErrors"], _GRANT_FIELDS)


async def revoke(visit: Visit) -> Response:
    """Take a role of the own agency away, with a reason."""
    id_ = visit.request.path_params["id"]
    problems = Problems()
    if visit.request.method == "POST":
        version = visit.text("version", 9)
        if not visit.text("reason"):
            problems.add("reason", "Say why; it is kept with the grant.")
        else:
            reply = await visit.ask(
                "RevokeAgencyRole",
                {
                    "input": {
                        "grantId": id_,
                        "expectedVersion": int(version) if version.isdigit() else 0,
                        "reason": visit.text("reason"),
                        "idempotencyKey": visit.text("key", 200) or uuid4().hex,
                    }
                },
            )
            problems.take(reply.data["revokeRole"]["userErrors"], {"reason": "reason"})
        if not problems:
            return visit.go("/console/agency", "role_taken")
    grants, _ = await _all(visit)
    found = next((each for each in grants if each["id"] == id_), None)
    if found is None:
        return visit.page("unknown.html", 404)
    return visit.page(
        "revoke_role.html",
        422 if problems else 200,
        grant=found,
        problems=problems,
        form=visit.form,
        key=visit.text("key", 200) or uuid4().hex,
    )


async def directory(visit: Visit) -> Response:
    """Show all agencies that take part."""
    connection, reply = await visit.ask_needed("AgencyDirectory", visit.paged(), root="agencies")
    question = visit.queried("q")
    kinds = catalogue("en")["agency_types"]
    found = search(
        question, nodes(connection), lambda each: f"{each['name']} {kinds.get(each['type'], '')}"
    )
    facts: dict[str, Any] = {
        "found": found,
        "question": question,
        "total": connection["totalCount"],
    }
    if visit.is_fragment:
        return visit.page("_agencies.html", **facts)
    return visit.page(
        "agencies.html",
        sites=reply.data["sites"] or [],
        cursor=next_cursor(connection),
        is_partial=reply.is_partial,
        **facts,
    )
