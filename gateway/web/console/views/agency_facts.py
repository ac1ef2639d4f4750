"""What an agency's people can see, who has not used a role lately, and what was done."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.asking import RefusedError
from gateway.web.console.connection import next_cursor, nodes
from gateway.web.console.views.agreements import agency_id_of, base_of
from gateway.web.console.visit import Visit

DORMANT_DAYS: Final = 90
CHOICES: Final = (30, 60, 90, 180, 365)
_ORDER: Final = ("W", "O", "C", "E", "S", "P", "D", "A", "N")


async def dormant(visit: Visit) -> Response:
    """Show roles that count although nobody has used the account for a time."""
    asked = visit.queried("days", 4)
    days = int(asked) if asked.isdigit() and int(asked) in CHOICES else DORMANT_DAYS
    variables = {"agencyId": agency_id_of(visit), "days": days}
    connection, reply = await visit.ask_needed(
        "DormantGrants", visit.paged(**variables), root="dormantGrants"
    )
    return visit.page(
        "dormant.html",
        rows=nodes(connection),
        total=(connection or {}).get("totalCount"),
        cursor=next_cursor(connection),
        days=days,
        choices=CHOICES,
        by_platform=roles.BY_PLATFORM,
        base=base_of(visit),
        is_partial=reply.is_partial,
    )


async def history(visit: Visit) -> Response:
    """Show what was done about an agency, newest first."""
    variables = visit.paged(agencyId=agency_id_of(visit))
    connection, reply = await visit.ask_needed("AgencyHistory", variables, root="agencyHistory")
    if connection is None:
        return visit.page("unknown.html", 404)
    return visit.page(
        "agency_history.html",
        rows=nodes(connection),
        total=connection["totalCount"],
        cursor=next_cursor(connection),
        base=base_of(visit),
        is_partial=reply.is_partial,
    )


async def access(visit: Visit) -> Response:
    """Show which roles an agency's people hold, and what each role can see of a participant."""
    agency, reply = await visit.ask_needed(
        "AgencyRoleCounts", {"id": agency_id_of(visit)}, root="agency"
    )
    if agency is None:
        return visit.page("unknown.html", 404)
    counts = reply.data["agencyRoleCounts"]
    if counts is None and reply.codes:
        raise RefusedError(reply.refusal)
    return visit.page(
        "agency_access.html",
        agency=agency,
        held=[(each, _groups(_cells(visit, each))) for each in counts or []],
        base=base_of(visit),
        is_partial=reply.is_partial,
    )


def _cells(visit: Visit, held: Mapping[str, Any]) -> Mapping[str, str]:
    return visit.client.agreement(
        held["role"], is_liaison=bool(held["liaison"]), service_field=held["serviceField"]
    )


def _groups(cells: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Return the categories of each kind of access, the widest first."""
    by_kind: dict[str, list[str]] = {}
    for category, kind in cells.items():
        by_kind.setdefault(kind, []).append(category)
    return [(kind, by_kind[kind]) for kind in _ORDER if kind in by_kind]
