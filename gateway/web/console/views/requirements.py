"""What training is required: the law's as it is, the agency's own kept by its training manager."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gateway.web.console.changing import change, form_key, need, posted_version
from gateway.web.console.problems import Problems
from gateway.web.console.site_days import posted_day
from gateway.web.console.views.roster_person import APPOINTMENTS
from gateway.web.console.visit import Visit
from gateway.web.console.wording import catalogue

HOME: Final = "/console/training/requirements"
_NUMBERS: Final = {"due_days": "dueDays", "renew_months": "renewMonths"}
_FIELDS: Final = {
    "title": "title",
    "courseNumbers": "courses",
    "appointmentTypes": "types",
    "inForceOn": "in_force_on",
    "dueOn": "due_on",
    "dueDays": "due_days",
    "renewMonths": "renew_months",
    "key": "title",
    "expectedVersion": "title",
}


async def listed(visit: Visit) -> Response:
    """Show all requirements, or add one of the agency's own."""
    problems = Problems()
    if visit.request.method == "POST":
        await _set(visit, problems, {})
        if not problems:
            return visit.go(HOME, "required")
    rows, is_partial = await _all(visit)
    return visit.page(
        "requirements.html",
        422 if problems else 200,
        own=[row for row in rows if row["isAgencyPolicy"]],
        others=[row for row in rows if not row["isAgencyPolicy"]],
        said=_posted(visit),
        choices=_choices(),
        problems=problems,
        key=form_key(visit),
        is_partial=is_partial,
    )


async def changed(visit: Visit) -> Response:
    """Show one requirement of the agency's own to be changed or ended, or change it."""
    problems, row, is_partial = Problems(), *await _own(visit)
    if row is None:
        return visit.page("unknown.html", 404)
    if visit.request.method == "POST":
        named = {"key": row["key"], "expectedVersion": posted_version(visit)}
        await _set(visit, problems, named)
        if not problems:
            return visit.go(HOME, "required")
    return _page(visit, row, problems, is_partial)


async def ended(visit: Visit) -> Response:
    """Take a requirement of the agency's own out of force."""
    problems, row, is_partial = Problems(), *await _own(visit)
    if row is None:
        return visit.page("unknown.html", 404)
    sent = {"key": row["key"], "expectedVersion": posted_version(visit)}
    await change(visit, "EndRequirement", sent, problems, {})
    if problems:
        return _page(visit, row, problems, is_partial)
    return visit.go(HOME, "required_no_more")


def _page(visit: Visit, row: Any, problems: Problems, is_partial: bool) -> Response:
    return visit.page(
        "requirement.html",
        422 if problems else 200,
        requirement=row,
        said=_posted(visit) if visit.text("title") or visit.text("courses") else _as_it_stands(row),
        choices=_choices(),
        problems=problems,
        key=form_key(visit),
        is_partial=is_partial,
    )


async def _all(visit: Visit) -> tuple[list[Any], bool]:
    rows, reply = await visit.ask_needed("Requirements", root="trainingRequirements")
    return rows or [], reply.is_partial


async def _own(visit: Visit) -> tuple[Any, bool]:
    rows, is_partial = await _all(visit)
    key = visit.request.path_params["key"]
    own = (row for row in rows if row["key"] == key and row["isAgencyPolicy"])
    return next(own, None), is_partial


def _choices() -> list[tuple[str, str]]:
    named = catalogue("en")["appointments"]
    return [(code, str(named[code])) for code in APPOINTMENTS]


def _as_it_stands(row: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {
        field: "" if row[name] is None else str(row[name])
        for name, field in _FIELDS.items()
        if name in row and field != "title"
    }
    return said | {
        "title": row["title"],
        "courses": ", ".join(row["courseNumbers"]),
        "types": set(row["appointmentTypes"]),
    }


def _posted(visit: Visit) -> dict[str, Any]:
    said: dict[str, Any] = {name: visit.text(name, 300) for name in set(_FIELDS.values())}
    return said | {"types": set(visit.texts("types", 10))}


async def _set(visit: Visit, problems: Problems, named: Mapping[str, Any]) -> None:
    need(
        visit,
        problems,
        {
            "title": "Write what is required.",
            "courses": "Name the courses of which one is to be completed.",
            "in_force_on": "Choose the first day.",
        },
    )
    days = {name: posted_day(visit, name, problems) for name in ("in_force_on", "due_on")}
    numbers: dict[str, int | None] = {}
    for field, name in _NUMBERS.items():
        text = visit.text(field, 6)
        if text and not text.isdecimal():
            problems.add(field, "Write a whole number, or leave it empty.")
        numbers[name] = int(text) if text.isdecimal() else None
    in_force_on, due_on = days["in_force_on"], days["due_on"]
    if problems or in_force_on is None:
        return
    sent = {
        **named,
        "title": visit.text("title", 300),
        "courseNumbers": visit.text("courses", 300).replace(",", " ").split(),
        "appointmentTypes": visit.texts("types", 10) or None,
        "inForceOn": in_force_on.isoformat(),
        "dueOn": due_on.isoformat() if due_on else None,
        **numbers,
    }
    await change(visit, "SetRequirement", sent, problems, _FIELDS)
