"""The people whom a case manager works with, their releases, and who saw their record."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.asking import Reply
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.moments import local_day
from gateway.web.console.searching import search
from gateway.web.console.views.home import ending_soon, has_release
from gateway.web.console.visit import Visit
from infra import clock


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


SILENT_DAYS: Final = 30
"""Days without a contact after which somebody shows among those who have had none."""
SHOWN: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "": ("Everybody", {}),
    "silent": (f"No contact for {SILENT_DAYS} days, longest first", {}),
    "intake": ("Intake under way", {"status": "PENDING_INTAKE"}),
    "active": ("Enrolled and in touch", {"status": "ENROLLED_ACTIVE"}),
    "away": ("Out of touch", {"status": "ENROLLED_INACTIVE"}),
    "custody": ("In custody", {"inactiveReason": "CUSTODY"}),
    "hospital": ("In hospital", {"inactiveReason": "HOSPITAL"}),
    "ended": ("Ended", {"status": "EXITED"}),
    "unassigned": ("Without a case manager", {"isAssigned": False}),
}
"""What the list can show, by its name in the address: as it is called, and what is asked for."""
_OF_SUPERVISORS: Final = frozenset({"unassigned"})


def _offered(visit: Visit) -> list[tuple[str, str]]:
    is_supervising = visit.standing.role in roles.SUPERVISING
    return [
        (name, called)
        for name, (called, _) in SHOWN.items()
        if is_supervising or name not in _OF_SUPERVISORS
    ]


async def _shown(visit: Visit, show: str) -> tuple[Any, Reply]:
    """Return those of ``_whom`` of whom something is so; each asks for no more than it needs."""
    is_supervising = visit.standing.role in roles.SUPERVISING
    root = "participants" if is_supervising else "caseload"
    if show == "silent":
        today = local_day(clock.now(), visit.standing.time_zone)
        before = today - timedelta(days=SILENT_DAYS)
        operation = "AgencyCaseloadByContact" if is_supervising else "CaseloadByContact"
        return await visit.ask_needed(operation, visit.paged(before=before.isoformat()), root=root)
    if show:
        operation = "AgencyCaseloadByStage" if is_supervising else "CaseloadByStage"
        return await visit.ask_needed(operation, visit.paged(**SHOWN[show][1]), root=root)
    return await _whom(visit, visit.paged())


async def caseload(visit: Visit) -> Response:
    """Show the caseload, chosen by where people stand, and searched."""
    offered, show = _offered(visit), visit.queried("show")
    if show not in dict(offered):
        show = ""
    connection, reply = await _shown(visit, show)
    question = visit.queried("q")
    people = search(question, nodes(connection), full_name)
    rows = [(person, full_name(person), has_release(person)) for person in people]
    facts = {
        "rows": rows,
        "question": question,
        "total": connection["totalCount"],
        "show": show,
        "offered": offered,
    }
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
