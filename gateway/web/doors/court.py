"""Doors of the legal side: court dates as a calendar, and letters that are handed to a court.

``GET /cases/court-dates.ics`` gives the caller's own people's court dates, without names.
``POST /cases/letters/{id}`` hands a letter over (``letter_handover``) and answers with the
document. A court has no query, and whoever repeats the request with the same key hands nothing
over twice.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.errors import RequestRefusedError
from gateway.pipeline import Pipeline, StatedRecipient
from gateway.web.credentials import CredentialsReader
from gateway.web.doors.calendar_text import CALENDAR_TYPE, court_dates_of
from gateway.web.doors.committed import CommittedOperations
from gateway.web.doors.letter_document import PDF_TYPE
from gateway.web.doors.letter_handover import (
    OPERATIONS,
    Ask,
    Delivery,
    LetterRefusedError,
    hand_over,
)
from gateway.web.doors.responses import file_of, json_of, refusal_of
from infra import clock

MAX_PAGES = 20
MAX_DAYS = 366
_MAX_BODY = 4096
_GIVEN = ("participantId", "recipientName", "method", "idempotencyKey")


class CourtDoors:
    """Routes that give the legal side in the formats of other programs."""

    def __init__(self, pipeline: Pipeline, credentials: CredentialsReader) -> None:
        """Make the doors.

        Args:
            pipeline: runs every operation.
            credentials: reads who asks.
        """
        self._operations = CommittedOperations(
            pipeline, credentials, ("CourtCalendar", *OPERATIONS)
        )

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/cases/court-dates.ics", self._calendar, methods=["GET"]),
            Route("/cases/letters/{id}", self._hand_over, methods=["POST"]),
        ]

    async def _calendar(self, request: Request) -> Response:
        nodes: list[Mapping[str, Any]] = []
        after: str | None = None
        try:
            days = min(max(int(request.query_params.get("days", "60")), 1), MAX_DAYS)
            for _ in range(MAX_PAGES):
                data = await self._operations.whole(
                    request, "CourtCalendar", {"days": days, "after": after}
                )
                page = data.get("courtCalendar") or {}
                nodes += [edge["node"] for edge in page.get("edges") or () if edge.get("node")]
                info = page.get("pageInfo") or {}
                after = info.get("endCursor")
                if not info.get("hasNextPage"):
                    break
        except ValueError:
            return json_of(400, {"code": "BAD_REQUEST"})
        except RequestRefusedError as refused:
            return refusal_of(refused)
        text = court_dates_of(nodes, made_at=clock.now())
        return file_of(text.encode("utf-8"), CALENDAR_TYPE, "court-dates.ics")

    async def _hand_over(self, request: Request) -> Response:
        letter_id = request.path_params["id"]
        try:
            await self._operations.knock(request)
            given = orjson.loads((await request.body())[:_MAX_BODY])
            asked = {name: str(given[name]) for name in _GIVEN}
        except RequestRefusedError as refused:
            return refusal_of(refused)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return json_of(400, {"code": "BAD_REQUEST"})
        delivery = Delivery(letter_id, *(asked[name] for name in _GIVEN))
        try:
            done = await hand_over(self._ask(request), delivery)
        except RequestRefusedError as refused:
            return refusal_of(refused)
        except LetterRefusedError as refused:
            if refused.code == "NOT_FOUND":
                return Response(status_code=404)
            return json_of(409, {"code": refused.code})
        if done.user_errors:
            return json_of(422, {"code": done.user_errors[0]["code"]})
        headers = {"x-document-sha256": done.sha256}
        return file_of(done.paper, PDF_TYPE, f"letter-{letter_id}.pdf", headers)

    def _ask(self, request: Request) -> Ask:
        async def ask(
            name: str, variables: Mapping[str, Any], recipient: StatedRecipient | None
        ) -> Mapping[str, Any]:
            return await self._operations.whole(request, name, variables, recipient=recipient)

        return ask
