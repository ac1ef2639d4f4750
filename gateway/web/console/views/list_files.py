"""Lists of the console as CSV that have no door of their own: what their page shows, whole."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from gateway.web.console.asking import RefusedError
from gateway.web.console.views.library import narrowed
from gateway.web.console.views.training_files import kept_file, rows_of
from gateway.web.console.visit import Visit
from gateway.web.doors.tables_out import CSV_TYPE, columns, csv_of

Row = Mapping[str, Any]
_COLUMNS: Final = {
    "requirements": columns(
        "key", "title", "authority", "isAgencyPolicy", "courseNumbers", "appointmentTypes",
        "inForceOn", "dueOn", "dueDays", "renewMonths",
    ),
    "exemptions": columns(
        "personnel.externalId", "personnel.name", "requirement.key", "requirement.title", "reason",
        "exemptUntil",
    ),
    "outside": columns(
        "title", "description", "startsOn", "endsOn", "category", "hours", "instructionProvider",
        "people", "status", "comment", "submittedAt", "decidedAt",
    ),
    "differences": columns(
        "kind", "name", "personExternalId", "sessionNumber", "status", "ours", "theirs", "foundAt",
    ),
    "prerequisites": columns("course", "title", "kind", "requiredCourseNumber"),
    "statewide": columns(
        "requirement.key", "requirement.title", "requirement.authority", "agency.name", "people",
        "met", "due", "overdue", "exempt",
    ),
    "library": columns(
        "slug", "title", "summary", "category", "tags", "isPrintable", "link", "lastUpdatedOn",
        "version",
    ),
}  # fmt: skip


async def requirements(visit: Visit) -> Response:
    """Send what the law and the agency require."""
    return _sent(visit, "requirements", await _plain(visit, "Requirements", "trainingRequirements"))


async def exemptions(visit: Visit) -> Response:
    """Send who is exempt from what, why and until when."""
    return _sent(visit, "exemptions", await rows_of(visit, "Exemptions", "compliance", {}))


async def outside(visit: Visit) -> Response:
    """Send reports of training elsewhere, with who took part."""
    rows = await rows_of(visit, "OutsideTrainings", "outsideTrainings", {})
    named = [{**each, "people": [who["name"] for who in each["people"] or ()]} for each in rows]
    return _sent(visit, "outside", named)


async def differences(visit: Visit) -> Response:
    """Send conflicts with the academy's system, and what only one side has."""
    conflicts = await rows_of(visit, "Reconcile", "exchangeConflicts", {})
    found = await _plain(visit, "Reconcile", "reconcileReport")
    sides = [
        {**each, "kind": kind}
        for kind, field in (("ONLY_HERE", "onlyHere"), ("ONLY_THERE", "onlyThere"))
        for each in found[field] or ()
    ]
    return _sent(visit, "differences", [*conflicts, *sides])


async def prerequisites(visit: Visit) -> Response:
    """Send what a course asks for beforehand."""
    number = visit.request.path_params["number"]
    rows = await _plain(visit, "CoursePrerequisites", "prerequisites", number=number)
    return _sent(visit, "prerequisites", [{**each, "course": number} for each in rows])


async def statewide(visit: Visit) -> Response:
    """Send counts of each requirement at each agency."""
    return _sent(visit, "statewide", await _plain(visit, "Statewide", "statewideCompliance"))


async def library(visit: Visit) -> Response:
    """Send the library's list, narrowed as the page that offered it."""
    return _sent(visit, "library", await rows_of(visit, "Library", "library", narrowed(visit)))


async def _plain(visit: Visit, name: str, root: str, **variables: Any) -> Any:
    """Return what is not read page by page; a part that reads as the whole is refused.

    Raises:
        RefusedError: the role may not see it, or a service is away.
    """
    reply = await visit.ask_as_door(name, variables)
    found = reply.data.get(root)
    if found is None or reply.codes:
        raise RefusedError(reply.refusal or "SERVICE_UNAVAILABLE")
    return found


def _sent(visit: Visit, name: str, rows: Sequence[Row]) -> Response:
    said = [{key: _one_cell(value) for key, value in row.items()} for row in rows]
    return kept_file(visit, csv_of(_COLUMNS[name], said), CSV_TYPE, f"{name}.csv")


def _one_cell(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list) else value
