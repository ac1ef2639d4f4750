"""Courses and sessions as everybody on the staff sees them, and the own training."""

from typing import Any

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.changing import form_key
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.problems import Problems
from gateway.web.console.searching import search
from gateway.web.console.training_steps import NOT_REGISTERED, cancelling
from gateway.web.console.views.home import coming_since, upcoming, with_time_left
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole
from infra import clock


async def courses(visit: Visit) -> Response:
    """Show the catalogue, searched, with the dates that are still to come."""
    rows, reply = await whole(visit, "Courses", "courses")
    sessions, _ = await whole(visit, "ComingSessions", "sessions", since=coming_since())
    question = visit.queried("q")
    dates: dict[str, list[Any]] = {}
    for each in upcoming(sessions):
        dates.setdefault(each["course"]["id"], []).append(each)
    found = search(question, rows, _searched)
    facts: dict[str, Any] = {
        "found": found,
        "dates": dates,
        "question": question,
        "is_partial": reply.is_partial,
    }
    template = "_courses.html" if visit.is_fragment else "courses.html"
    return visit.page(template, total=len(rows), **facts)


def _searched(course: Any) -> str:
    parts = [course["number"], course["title"], *course["audience"], *course["authority"]]
    return " ".join([*parts, course["description"]])


async def course(visit: Visit) -> Response:
    """Show one course with its sessions."""
    number = visit.request.path_params["number"]
    sessions, reply = await whole(visit, "CourseDetail", "sessions", number=number)
    found = reply.data["course"]
    if found is None:
        return visit.page("unknown.html", 404)
    coming = upcoming(sessions)
    return visit.page(
        "course.html",
        course=found,
        coming=coming,
        asked=reply.data["prerequisites"] or [],
        past=[each for each in sessions if each not in coming],
        is_partial=reply.is_partial,
    )


async def session(visit: Visit) -> Response:
    """Show one session; a training manager sees who of the agency is on it."""
    number = visit.request.path_params["number"]
    has_roster = visit.standing.role in roles.TRAINING
    name = "SessionRoster" if has_roster else "SessionDetail"
    variables = {"number": number}
    if has_roster and visit.queried("after", 2000):
        variables["after"] = visit.queried("after", 2000)
    found, reply = await visit.ask_needed(name, variables, root="session")
    if found is None:
        return visit.page("unknown.html", 404)
    roster = reply.data.get("roster")
    rows, now = nodes(roster), clock.now()
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["status"]] = counts.get(row["status"], 0) + 1
    return visit.page(
        "session.html",
        session=found,
        has_roster=has_roster,
        roster=rows,
        counts=counts,
        counted=reply.data.get("placesTaken"),
        cancelling={row["id"]: cancelling(row["status"], found, now) for row in rows},
        total=(roster or {}).get("totalCount"),
        cursor=next_cursor(roster),
        is_part=bool(next_cursor(roster) or visit.queried("after", 2000)),
        is_over=not upcoming([found]),
        is_partial=reply.is_partial,
    )


async def mine(visit: Visit) -> Response:
    """Show what the person is assigned to."""
    return await own_page(visit, Problems())


async def own_page(visit: Visit, problems: Problems) -> Response:
    """Show the person's training, with what is wrong with a document that was handed in."""
    connection, reply = await visit.ask_needed("MyTraining", visit.paged(), root="myAssignments")
    rows = nodes(connection)
    return visit.page(
        "my_training.html",
        422 if problems else 200,
        rows=with_time_left(rows, visit.standing.time_zone),
        to_show=_to_show(rows),
        standings=reply.data["myCompliance"] or [],
        records=nodes(reply.data["myTrainingRecords"]),
        cursor=next_cursor(connection),
        problems=problems,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


def _to_show(rows: list[Any]) -> list[Any]:
    """Return assignments with the documents that the person has yet to hand in, each once."""
    found: dict[tuple[str, str], Any] = {}
    for row in rows:
        for each in row["prerequisites"] if row["status"] in NOT_REGISTERED else ():
            wanted = each["prerequisite"]
            if each["status"] == "UNMET" and wanted["kind"] == "DOCUMENT":
                found.setdefault((row["personnel"]["id"], wanted["id"]), (row, wanted))
    return list(found.values())
