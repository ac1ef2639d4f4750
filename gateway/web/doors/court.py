"""Doors of the legal side: court dates as a calendar, and letters that are handed to a court.

``GET /cases/court-dates.ics`` gives the caller's own people's court dates, without names.
``POST /cases/letters/{id}`` hands a letter over: the release to the court goes through the gate as
the court's own and stands in the ledger before anything else happens; then the delivery is
recorded with the document's hash; then the caller gets the document. A court has no query, and
whoever repeats the request with the same key hands nothing over twice.
"""

import hashlib
from collections.abc import Mapping
from importlib import resources
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.errors import RequestRefusedError
from gateway.identity.possession import Possession
from gateway.pipeline import GraphQLRequest, Pipeline, StatedRecipient
from gateway.web.doors.calendar_text import CALENDAR_TYPE, court_dates_of
from gateway.web.doors.letter_document import PDF_TYPE, letter_of
from gateway.web.doors.routes import credentials_of
from infra import clock
from infra.vocabulary import Purpose, Role

MAX_PAGES = 20
MAX_DAYS = 366
_MAX_BODY = 4096
_OPERATIONS = (
    "CourtCalendar", "CourtLetterToDeliver", "CourtLetterDocument", "DeliverCourtLetter",
)  # fmt: skip
_GIVEN = ("recipientName", "method", "idempotencyKey")


class CourtDoors:
    """Routes that give the legal side in the formats of other programs."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Make the doors.

        Args:
            pipeline: runs every operation.
        """
        self._pipeline = pipeline
        folder = resources.files("gateway.web.doors") / "operations"
        self._documents = {
            name: (folder / f"{name}.graphql").read_text(encoding="utf-8") for name in _OPERATIONS
        }

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/cases/court-dates.ics", self._calendar, methods=["GET"]),
            Route("/cases/letters/{id}", self._hand_over, methods=["POST"]),
        ]

    async def _run(
        self,
        request: Request,
        name: str,
        variables: Mapping[str, Any],
        recipient: StatedRecipient | None = None,
    ) -> Mapping[str, Any]:
        """Run an operation as the caller; returns its data.

        Raises:
            RequestRefusedError: it was refused, in whole or in the part that was wanted.
        """
        scheme, token = credentials_of(request)
        shown = Possession(
            scheme, request.method, request.url.path, tuple(request.headers.getlist("dpop"))
        )
        answer = await self._pipeline.answer(
            GraphQLRequest(
                token=token,
                query=self._documents[name],
                variables=variables,
                purpose=request.headers.get("purpose-of-use"),
                acting_grant=request.headers.get("acting-grant"),
                possession=shown,
                recipient=recipient,
                is_door=True,
            )
        )
        errors = answer.body.get("errors") or []
        if answer.status != 200 or errors:  # half a file would read as the whole
            code = (errors[0].get("extensions") or {}).get("code") if errors else None
            status = answer.status if answer.status != 200 else 403
            raise RequestRefusedError(status, str(code or "FORBIDDEN"), errors or None)
        return answer.body.get("data") or {}

    async def _calendar(self, request: Request) -> Response:
        nodes: list[Mapping[str, Any]] = []
        after: str | None = None
        try:
            days = min(max(int(request.query_params.get("days", "60")), 1), MAX_DAYS)
            for _ in range(MAX_PAGES):
                data = await self._run(request, "CourtCalendar", {"days": days, "after": after})
                page = data.get("courtCalendar") or {}
                nodes += [edge["node"] for edge in page.get("edges") or () if edge.get("node")]
                info = page.get("pageInfo") or {}
                after = info.get("endCursor")
                if not info.get("hasNextPage"):
                    break
        except ValueError:
            return _json(400, "BAD_REQUEST")
        except RequestRefusedError as refused:
            return _refusal(refused)
        text = court_dates_of(nodes, made_at=clock.now())
        return _file(text.encode("utf-8"), CALENDAR_TYPE, "court-dates.ics")

    async def _hand_over(self, request: Request) -> Response:
        letter_id = request.path_params["id"]
        try:
            given = orjson.loads((await request.body())[:_MAX_BODY])
            asked = {name: str(given[name]) for name in _GIVEN}
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return _json(400, "BAD_REQUEST")
        try:
            data = await self._run(request, "CourtLetterToDeliver", {"id": letter_id})
            letter = data.get("courtLetter")
            if not letter:
                return Response(status_code=404)
            if letter["status"] != "APPROVED":
                return _json(409, "LETTER_NOT_APPROVED")
            if not letter["isCourtNamed"]:
                return _json(409, "RECIPIENT_NOT_NAMED")
            court = StatedRecipient(letter["courtAgencyId"], Role.CRT, Purpose.LEAD_LEGAL_COORD)
            told = await self._run(request, "CourtLetterDocument", {"id": letter_id}, court)
            document = letter_of(told["courtLetter"])
            digest = hashlib.sha256(document).hexdigest()
            delivery = {
                **asked,
                "letterId": letter_id,
                "documentSha256": digest,
                "expectedVersion": letter["version"],
            }
            done = await self._run(request, "DeliverCourtLetter", {"input": delivery})
        except RequestRefusedError as refused:
            return _refusal(refused)
        wrong = done["deliverCourtLetter"]["userErrors"]
        if wrong:
            return _json(422, wrong[0]["code"])
        return _file(document, PDF_TYPE, f"letter-{letter_id}.pdf", {"x-document-sha256": digest})


def _json(status: int, code: str) -> Response:
    body = orjson.dumps({"code": code})
    headers = {"cache-control": "no-store"}
    return Response(body, status, headers, media_type="application/json")


def _refusal(refused: RequestRefusedError) -> Response:
    headers = {"www-authenticate": 'Bearer realm="goldenthread"'} if refused.status == 401 else {}
    body = orjson.dumps({"errors": refused.errors})
    return Response(body, refused.status, headers, media_type="application/json")


def _file(
    content: bytes, media_type: str, name: str, more: Mapping[str, str] | None = None
) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
        **(more or {}),
    }
    return Response(content, 200, headers, media_type=media_type)
