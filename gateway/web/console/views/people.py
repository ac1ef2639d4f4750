"""The people whom a case manager works with, their releases, and who saw their record."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.asking import Reply
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.searching import search
from gateway.web.console.views.home import ending_soon, has_release
from gateway.web.console.visit import Visit


def full_name(person: Any) -> str:
    """Return what a participant is called, as far as it may be known."""
    name = person["name"] or {}
    first = name.get("preferred") or name.get("given")
    return " ".join(part for part in (first, name.get("family")) if part)


async def _whom(visit: Visit, variables: Mapping[str, Any] | None = None) -> tuple[Any, Reply]:
    """Return those whom a case manager works with, or a supervisor's whole agency does."""
    if visit.standing.role in roles.SUPERVISING:
        return await visit.ask_needed("AgencyCaseload", variables, root="participants")
    return await visit.ask_needed("Caseload", variables, root="caseload")


async def caseload(visit: Visit) -> Response:
    """Show the caseload, searched."""
    connection, reply = await _whom(visit, visit.paged())
    question = visit.queried("q")
    people = search(question, nodes(connection), full_name)
    rows = [(person, full_name(person), has_release(person)) for person in people]
    facts = {"rows": rows, "question": question, "total": connection["totalCount"]}
    if visit.is_fragment:
        return visit.page("_caseload.html", **facts)
    return visit.page(
        "caseload.html", cursor=next_cursor(connection), is_partial=reply.is_partial, **facts
    )


async def person(visit: Visit) -> Response:
    """Show one participant's releases."""
    id_ = visit.request.path_params["id"]
    found, reply = await visit.ask_needed("PersonReleases", {"id": id_}, root="participant")
    if found is None:
        return visit.page("unknown.html", 404)
    return visit.page(
        "person.html",
        person=found,
        called=full_name(found),
        releases=nodes(found["releases"]),
        knows_releases=found["releases"] is not None,
        is_partial=reply.is_partial,
    )


async def seen(visit: Visit) -> Response:
    """Show who used or was told what of a participant's record."""
    variables = visit.paged(id=visit.request.path_params["id"])
    found, reply = await visit.ask_needed("Seen", variables, root="participant")
    if found is None:
        return visit.page("unknown.html", 404)
    return visit.page(
        "person_seen.html",
        person=found,
        called=full_name(found),
        rows=nodes(found["accounting"]),
        total=(found["accounting"] or {}).get("totalCount"),
        cursor=next_cursor(found["accounting"]),
        is_partial=reply.is_partial,
    )


async def expiring(visit: Visit) -> Response:
    """Show the releases that end soon, and who has none in force."""
    connection, reply = await _whom(visit)
    people = nodes(connection)
    return visit.page(
        "expiring.html",
        ending=[
            {**each, "called": full_name(each["person"])}
            for each in ending_soon(people, visit.standing.time_zone)
        ],
        without=[(each, full_name(each)) for each in people if not has_release(each)],
        cursor=next_cursor(connection),
        is_partial=reply.is_partial,
    )
