"""The internal door of personal calendars: the gateway asks by the hash of an address's secret.

A calendar program signs in as nobody, so there is no caller for whom an operation could run
(``infra/decisions``). What is told is the owner's own sessions, and at each asking only while the
owner serves the agency; an address whose owner does not ends here for good.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from infra import clock
from infra.authority.directory import Directory, DirectoryError
from infra.calendar_address import PATH, is_digest
from infra.identity_token import GATEWAY_ISSUER, IdentityTokenError
from infra.subgraph_app import Chassis, json_response, refusal
from svc_training.assignments.rules import AssignmentStatus
from svc_training.assignments.tables import Assignment
from svc_training.calendars import repository
from svc_training.calendars.rules import SHOWN_BACK, EndedWhy, Step, sequence, standing
from svc_training.calendars.tables import CalendarSubscription
from svc_training.sessions.rules import SessionStatus

_GATEWAY = frozenset({GATEWAY_ISSUER})
_ITSELF = f"service:{GATEWAY_ISSUER}"
MAX_BODY_BYTES = 1024


class CalendarDoor:
    """One endpoint: what an address shows now."""

    def __init__(self, chassis: Chassis) -> None:
        self._chassis = chassis
        self._directory = Directory(chassis.consent_client, chassis.minter)

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route(PATH, self._tell, methods=["POST"])]

    async def _tell(self, request: Request) -> Response:
        try:
            token = self._chassis.authenticate(request, _GATEWAY)
        except IdentityTokenError as error:
            return refusal(401, error.code)
        if token.claims.get("sub") != _ITSELF:
            return refusal(401, IdentityTokenError.code)
        body = await request.body()
        try:
            digest = orjson.loads(body[:MAX_BODY_BYTES])["digest"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return refusal(400, "BAD_REQUEST")
        if not is_digest(digest):
            return refusal(400, "BAD_REQUEST")
        try:
            events = await self.events(digest)
        except DirectoryError as error:
            return refusal(503, error.code)
        return refusal(404, "NOT_FOUND") if events is None else json_response(200, events)

    async def events(self, digest: str) -> dict[str, Any] | None:
        """Return what the address of a hash shows; None where there is none that is good.

        Raises:
            DirectoryError: nobody says whether its owner still serves the agency.
        """
        database, now = self._chassis.database, clock.now()
        async with database.read() as session:
            found = await repository.live(session, digest)
            if found is None:
                return None
            owner, agency = found.account_id, found.agency_id
            is_there = found.is_manager or await repository.has_entry(session, owner, agency)
            rows = await repository.own_assignments(session, owner, agency, now - SHOWN_BACK)
        if is_there and await self._directory.is_serving(owner, agency):
            return {"sessions": _shown(rows)}
        await self._end(found)
        return None

    async def _end(self, left: CalendarSubscription) -> None:
        async with self._chassis.database.write() as session:
            await repository.end(
                session, left.account_id, EndedWhy.LEFT, clock.now(), left.secret_hash
            )


def _shown(rows: Sequence[Assignment]) -> list[dict[str, Any]]:
    """Return the sessions of assignments that come ordered by session."""
    return [_event(list(same)) for _, same in groupby(rows, key=lambda row: row.session_id)]


def _event(rows: Sequence[Assignment]) -> dict[str, Any]:
    held = rows[0].session
    steps = [Step(AssignmentStatus(row.status), row.version, row.updated_at) for row in rows]
    changed = max(held.updated_at, held.course.updated_at, *(step.changed_at for step in steps))
    return {
        "id": str(held.id),
        "number": held.number,
        "course": held.course.title,
        "startsAt": held.starts_at.isoformat(),
        "endsAt": held.ends_at.isoformat(),
        "zone": held.zone,
        "mode": held.location_mode,
        "platform": held.location_platform,
        "status": standing(SessionStatus(held.status), steps).value,
        "sequence": sequence(held.version, steps),
        "changedAt": changed.isoformat(),
    }
