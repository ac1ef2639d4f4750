"""The first page of each role: what waits, and where to go."""

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.asking import Reply
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.moments import days_until, read_moment
from gateway.web.console.reminders import days_left
from gateway.web.console.views import home_figures
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import MAX_PAGES
from infra import clock

SOON_DAYS = 60
"""How long before its end a release counts as ending soon."""
LONGEST = timedelta(days=8)
"""A session that has begun longer ago is over: a planned one lasts seven days at most."""


async def show(visit: Visit) -> Response:
    """Show the start page of the person's role."""
    role = visit.standing.role
    if role in roles.OWN_RECORD:
        return await _own(visit)
    if role in roles.CARE:
        return await _care(visit)
    if role in roles.TRAINING:
        return await _training(visit)
    if role in roles.ADMIN:
        return await _agency(visit)
    coming, _count, reply = await _coming(visit, "StaffHome", 5)
    return visit.page(
        "home_staff.html",
        offers=await home_figures.offered(visit),
        coming=coming,
        assignments=open_assignments(nodes(reply.data["myAssignments"]), visit.standing.time_zone),
        knows_assignments=reply.data["myAssignments"] is not None,
        is_partial=reply.is_partial,
    )


async def _own(visit: Visit) -> Response:
    reply = await visit.ask("RecordHome")
    people = nodes(reply.data["participants"])
    person = people[0] if people else None
    active = 0
    rows: list[Any] = []
    if person is not None:
        active = sum(1 for each in nodes(person["releases"]) if each["status"] == "ACTIVE")
        rows = nodes(person["accounting"])
    return visit.page(
        "home_own.html", person=person, active=active, rows=rows, is_partial=reply.is_partial
    )


async def _care(visit: Visit) -> Response:
    is_supervisor = visit.standing.role in roles.SUPERVISING
    reply = await visit.ask("AgencyCareHome" if is_supervisor else "CareHome")
    served = reply.data["participants" if is_supervisor else "caseload"]
    people = nodes(served)
    return visit.page(
        "home_care.html",
        total=(served or {}).get("totalCount"),
        ending=ending_soon(people, visit.standing.time_zone),
        without=[person for person in people if not has_release(person)],
        assignments=open_assignments(nodes(reply.data["myAssignments"]), visit.standing.time_zone),
        is_partial=reply.is_partial,
    )


async def _training(visit: Visit) -> Response:
    coming, count, reply = await _coming(visit, "TrainingHome", 6)
    late = reply.data["complianceSummary"]
    return visit.page(
        "home_training.html",
        coming=coming,
        count=count,
        courses=(reply.data["courses"] or {}).get("totalCount"),
        people=(reply.data["personnel"] or {}).get("totalCount"),
        late=None if late is None else sum(each["overdue"] for each in late),
        is_partial=reply.is_partial,
    )


async def _agency(visit: Visit) -> Response:
    agency_id = visit.standing.agency_id
    reply = await visit.ask("AgencyHome", {"agencyId": agency_id})
    grants = nodes(reply.data["agencyGrants"])
    live = [grant for grant in grants if grant["status"] == "ACTIVE"]
    own = [grant["agency"] for grant in nodes(reply.data["myGrants"]) if grant["agency"]]
    found = next((agency for agency in own if agency["id"] == agency_id), None)
    return visit.page(
        "home_agency.html",
        live=live,
        holders=len({grant["account"]["id"] for grant in live if grant["account"]}),
        latest=sorted(grants, key=lambda grant: grant["grantedAt"] or "", reverse=True)[:5],
        memberships=(found or {}).get("memberships") or [],
        reviews=open_reviews(nodes(reply.data["accessReviews"])),
        is_partial=reply.is_partial,
    )


async def _coming(visit: Visit, name: str, enough: int) -> tuple[list[Any], int | None, Reply]:
    """Run a start page's operation; returns the next sessions, how many come in all, the reply.

    The list begins with what may still go on. When that fills a page, further ones are read until
    one ends with what is still to begin: then nothing that is over comes after it.
    """
    since = coming_since()
    reply = first = await visit.ask(name, {"since": since})
    rows: list[Any] = []
    for _ in range(MAX_PAGES):
        connection = reply.data["sessions"]
        rows += nodes(connection)
        cursor = next_cursor(connection)
        coming = upcoming(rows)
        if not cursor or (len(coming) >= enough and _is_to_begin(rows[-1])):
            break
        reply = await visit.ask("ComingSessions", {"since": since, "after": cursor})
    total = (first.data["sessions"] or {}).get("totalCount")
    count = None if total is None else total - (len(rows) - len(coming))
    return coming[:enough], count, first


def coming_since() -> str:
    """Return from which start on sessions are asked for, to have all that have not ended."""
    return (clock.now() - LONGEST).isoformat()


def _is_to_begin(session: Any) -> bool:
    return read_moment(session["startsAt"]) > clock.now()


def upcoming(sessions: list[Any]) -> list[Any]:
    """Return the sessions that have not ended, soonest first."""
    now = clock.now() - timedelta(hours=1)
    return [each for each in sessions if read_moment(each["endsAt"]) > now]


def open_reviews(reviews: list[Any]) -> list[dict[str, Any]]:
    """Return the reviews that are open, the soonest deadline first, with what is undecided.

    What nobody keeps by the deadline counts no longer, so it is told before.
    """
    now = clock.now()
    found = [
        {
            "review": each,
            "left": (each["total"] or 0) - (each["decided"] or 0),
            "is_over": read_moment(each["deadlineAt"]) <= now,
            "is_mine": each["reviewer"] in roles.ADMIN,
        }
        for each in reviews
        if not each["closedAt"] and each["deadlineAt"]
    ]
    return sorted(found, key=lambda each: read_moment(each["review"]["deadlineAt"]))


CLOSED = frozenset(
    {
        "DENIED",
        "NO_SHOW",
        "CANCELLED",
        "LATE_CANCELLED",
        "COMPLETED",
        "INCOMPLETE",
        "FAILED",
        "CREDITED",
        "EXPIRED",
    }
)
"""Statuses of an assignment after which nobody waits for anything."""


def open_assignments(assignments: list[Any], zone: str) -> list[Any]:
    """Return the assignments that still want something of the person, with what is left of time."""
    return [each for each in with_time_left(assignments, zone) if each["status"] not in CLOSED]


def with_time_left(assignments: list[Any], zone: str) -> list[Any]:
    """Return assignments with ``left``: the days until each is due, where that is to be said."""
    now = clock.now()
    return [
        {**each, "left": None if each["status"] in CLOSED else days_left(each, zone, now)}
        for each in assignments
    ]


def has_release(person: Any) -> bool:
    """Say whether a participant has a release in force; unknown counts as yes."""
    releases = person["releases"]
    return releases is None or any(each["status"] == "ACTIVE" for each in nodes(releases))


def ending_soon(people: list[Any], zone: str) -> list[Any]:
    """Return person, release and days left of each release that ends soon, soonest first."""
    found = [
        {"person": person, "release": release, "days": _days(release, zone)}
        for person in people
        for release in nodes(person["releases"])
        if release["status"] == "ACTIVE" and release["expiresAt"]
    ]
    return sorted(
        (each for each in found if each["days"] <= SOON_DAYS), key=lambda each: each["days"]
    )


def _days(release: Any, zone: str) -> int:
    return days_until(read_moment(release["expiresAt"]), zone, clock.now())
