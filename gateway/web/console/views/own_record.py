"""The own record: what was signed, who saw it, and how to take it back."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.moments import local_day, read_moment
from gateway.web.console.problems import Problems
from gateway.web.console.views.releases import take_back as run_take_back
from gateway.web.console.visit import Visit
from gateway.web.console.wording import say
from infra import clock

CHART_WEEKS = 12


async def _own(visit: Visit) -> tuple[Any, bool]:
    """Return the own record with its releases, and whether something may be missing."""
    connection, reply = await visit.ask_needed("OwnReleases", root="participants")
    people = nodes(connection)
    return (people[0] if people else None), reply.is_partial


async def signed(visit: Visit) -> Response:
    """Show what the person has signed."""
    person, is_partial = await _own(visit)
    releases = nodes(person["releases"]) if person else []
    return visit.page(
        "record.html",
        person=person,
        active=[each for each in releases if each["status"] == "ACTIVE"],
        past=[each for each in releases if each["status"] != "ACTIVE"],
        is_partial=is_partial,
    )


async def take_back(visit: Visit) -> Response:
    """Take one release back."""
    person, _ = await _own(visit)
    release_id = visit.request.path_params["release"]
    releases = nodes(person["releases"]) if person else []
    release = next((each for each in releases if each["id"] == release_id), None)
    if release is None:
        return visit.page("unknown.html", 404)
    problems = Problems()
    if visit.request.method == "POST":
        sentence = say(visit.language, "record.reason_missing")
        await run_take_back(visit, release_id, problems, sentence)
        if not problems:
            return visit.go("/console/record", "taken_back")
    return visit.page(
        "record_revoke.html",
        422 if problems else 200,
        release=release,
        problems=problems,
        form=visit.form,
        key=visit.text("key", 200) or uuid4().hex,
    )


async def seen(visit: Visit) -> Response:
    """Show who saw the person's record."""
    connection, reply = await visit.ask_needed("OwnSeen", visit.paged(), root="participants")
    people = nodes(connection)
    accounting = people[0]["accounting"] if people else None
    rows = nodes(accounting)
    recent = nodes(people[0]["recent"]) if people else []
    return visit.page(
        "record_seen.html",
        rows=rows,
        total=(accounting or {}).get("totalCount"),
        cursor=next_cursor(accounting),
        chart=weekly(recent, visit.standing.time_zone),
        is_partial=reply.is_partial,
    )


def weekly(rows: list[Any], zone: str) -> list[tuple[str, int]]:
    """Return how often others were told something, week by week, the oldest first.

    A week is named by its Monday.
    """
    today = local_day(clock.now(), zone)
    monday = today - timedelta(days=today.weekday())
    counts: Counter[str] = Counter()
    for row in rows:
        if row["kind"] == "DISCLOSURE" and row["at"]:
            day = local_day(read_moment(row["at"]), zone)
            counts[(day - timedelta(days=day.weekday())).isoformat()] += 1
    weeks = [monday - timedelta(weeks=back) for back in reversed(range(CHART_WEEKS))]
    return [(week.isoformat(), counts[week.isoformat()]) for week in weeks]
