"""Planning a session of a course by hand, and keeping its places and deadlines."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from gateway.web.console.changing import change, form_key, need, posted_version
from gateway.web.console.moments import read_moment
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import moment_of, now_text
from gateway.web.console.visit import Visit
from gateway.web.console.whole_lists import whole
from gateway.web.console.wording import catalogue

MODES: Final = ("IN_PERSON", "VIRTUAL", "HYBRID")
_NUMBERS: Final = {"capacity": "capacity", "waitlist": "waitlistCapacity"}
_DEADLINES: Final = {
    "opens_at": "registrationOpensAt",
    "closes_at": "registrationClosesAt",
    "cancel_by_at": "cancelByAt",
}
_PLACES: Final = {sent: field for field, sent in (*_NUMBERS.items(), *_DEADLINES.items())}
_SESSION: Final = {
    "number": "number",
    "title": "title",
    "startsAt": "starts_at",
    "endsAt": "ends_at",
    "locationMode": "mode",
    "place": "place",
    "hours": "hours",
}


async def plan(visit: Visit) -> Response:
    """Put a session of a course into the catalogue."""
    problems = Problems()
    number = visit.request.path_params["number"]
    sessions, reply = await whole(visit, "CourseTitle", "sessions", number=number)
    course = reply.data["course"]
    if course is None:
        return visit.page("unknown.html", 404)
    if visit.request.method == "POST":
        planned = await _planned(visit, problems)
        if not problems:
            return visit.go(f"/console/training/sessions/{planned}", "session_planned")
    named = catalogue("en")["modes"]
    numbers = [each["number"] for each in sessions]
    return visit.page(
        "session_new.html",
        422 if problems else 200,
        course=course,
        said=visit.form or {"number": _next_number(course["number"], numbers)},
        choices=[(code, str(named.get(code, code))) for code in MODES],
        problems=problems,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


def _next_number(course: str, numbers: list[str]) -> str:
    """Return the number after the highest that a course's sessions have."""
    running = [int(number.rpartition("-")[2]) for number in numbers]
    return f"{course}-{max(running, default=0) + 1}"


async def _planned(visit: Visit, problems: Problems) -> str:
    need(
        visit,
        problems,
        {
            "number": "Write the session's number.",
            "title": "Write a title.",
            "mode": "Choose how it is attended.",
        },
    )
    starts_at = moment_of(visit, "starts_at", problems)
    ends_at = moment_of(visit, "ends_at", problems)
    hours = _hours(visit, problems)
    places = _places(visit, problems)
    if problems or starts_at is None or ends_at is None:
        return ""
    sent = {
        "number": visit.text("number", 20),
        "title": visit.text("title", 300),
        "startsAt": starts_at.isoformat(),
        "endsAt": ends_at.isoformat(),
        "timeZone": visit.standing.time_zone,
        "locationMode": visit.text("mode", 20),
        "place": visit.text("place", 300),
        "hours": hours,
        **places,
    }
    payload = await change(visit, "PlanSession", sent, problems, {**_SESSION, **_PLACES})
    return "" if problems else str(payload["session"]["number"])


async def places(visit: Visit) -> Response:
    """Set how many places a session has, and until when they are given and given up."""
    problems, number = Problems(), visit.request.path_params["number"]
    found, reply = await visit.ask_needed("SessionPlaces", {"number": number}, root="session")
    if found is None:
        return visit.page("unknown.html", 404)
    if visit.request.method == "POST":
        sent = _places(visit, problems)
        if not problems:
            named = {"number": number, "expectedVersion": posted_version(visit)}
            fields = {**_PLACES, "expectedVersion": "capacity"}
            await change(visit, "ChangePlaces", {**named, **sent}, problems, fields)
        if not problems:
            return visit.go(f"/console/training/sessions/{number}", "places_kept")
    return visit.page(
        "session_places.html",
        422 if problems else 200,
        session=found,
        said=visit.form or _as_it_stands(visit, found),
        problems=problems,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


def _as_it_stands(visit: Visit, session: Mapping[str, Any]) -> dict[str, str]:
    said = {field: str(session[name] or "") for field, name in _NUMBERS.items()}
    for field, name in _DEADLINES.items():
        said[field] = now_text(visit, read_moment(session[name])) if session[name] else ""
    return said


def _places(visit: Visit, problems: Problems) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for field, name in _NUMBERS.items():
        text = visit.text(field, 10)
        if text and not text.isdecimal():
            problems.add(field, "Write a whole number, or leave it empty for no limit.")
        sent[name] = int(text) if text.isdecimal() else None
    for field, name in _DEADLINES.items():
        moment: datetime | None = None
        if visit.text(field, 16):
            moment = moment_of(visit, field, problems)
        sent[name] = moment.isoformat() if moment else None
    return sent


def _hours(visit: Visit, problems: Problems) -> float | None:
    text = visit.text("hours", 10).replace(",", ".")
    if not text:
        return None
    if not text.replace(".", "", 1).isdecimal():
        problems.add("hours", "Write hours, for example 1.5, or leave it empty.")
        return None
    return float(text)
