"""How a course counts: its category, how long a certificate holds, whether it is still offered."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gateway.web.console.changing import change, form_key, posted_version
from gateway.web.console.problems import Problems
from gateway.web.console.visit import Visit

VERSION_CONFLICT: Final = "VERSION_CONFLICT"
_MOST_DIGITS: Final = 6
_FIELDS: Final = {"trainingCategory": "category", "validityMonths": "months"}


async def changed(visit: Visit) -> Response:
    """Show how a course counts, or change it."""
    problems, number = Problems(), visit.request.path_params["number"]
    found, reply = await visit.ask_needed("CourseTerms", {"number": number}, root="course")
    if found is None:
        return visit.page("unknown.html", 404)
    said = _as_it_stands(found)
    if visit.request.method == "POST":
        is_stale = await _change(visit, number, problems)
        said = said if is_stale else _as_posted(visit)
        if not problems:
            return visit.go(f"/console/training/courses/{number}", "course_changed")
    return visit.page(
        "course_change.html",
        422 if problems else 200,
        course=found,
        said=said,
        problems=problems,
        key=form_key(visit),
        is_partial=reply.is_partial,
    )


async def _change(visit: Visit, number: str, problems: Problems) -> bool:
    """Send what was posted; says whether the course has changed since it was looked at."""
    months = visit.text("months", _MOST_DIGITS)
    if months and not (months.isascii() and months.isdecimal()):
        problems.add("months", "Write a whole number of months, or leave it empty.")
        return False
    sent = {
        "number": number,
        "expectedVersion": posted_version(visit),
        "trainingCategory": visit.text("category", 300) or None,
        "validityMonths": int(months) if months else None,
        "isActive": visit.text("is_active", 3) == "yes",
    }
    payload = await change(visit, "ChangeCourse", sent, problems, _FIELDS)
    return any(each["code"] == VERSION_CONFLICT for each in payload["userErrors"])


def _as_it_stands(course: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "category": course["trainingCategory"] or "",
        "months": "" if course["validityMonths"] is None else str(course["validityMonths"]),
        "is_active": course["isActive"],
    }


def _as_posted(visit: Visit) -> dict[str, Any]:
    return {
        "category": visit.text("category", 300),
        "months": visit.text("months", _MOST_DIGITS),
        "is_active": visit.text("is_active", 3) == "yes",
    }
