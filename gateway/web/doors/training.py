"""Doors of training over HTTP: calendar, CSV, xAPI and badges, each an operation of its caller.

``GET /training/sessions.ics``, ``GET /training/{table}.csv``, ``GET /training/results.xapi.json``
and ``assignments.xapi.json``, ``GET /training/badges/{id}``, and ``GET /training/badge-keys``
(public keys; nothing about anybody).
"""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.errors import RequestRefusedError
from gateway.pipeline import Pipeline
from gateway.web.credentials import CredentialsReader
from gateway.web.doors import badges, calendar_text, statements, tables_out
from gateway.web.doors.committed import CommittedOperations
from gateway.web.doors.responses import JSON_TYPE, file_of, refusal_of
from infra import clock
from infra.signing_keys import SigningKeys

MAX_PAGES = 60
_OPERATIONS = (
    "TrainingBadge",
    "TrainingSessions",
    *(table.operation for table in tables_out.TABLES.values()),
    *(file.operation for file in statements.FILES.values()),
)


class TrainingDoors:
    """Routes that give training data in the formats of other programs."""

    def __init__(
        self, pipeline: Pipeline, credentials: CredentialsReader, keys: SigningKeys
    ) -> None:
        """Make the doors.

        Args:
            pipeline: runs every operation.
            credentials: reads who asks.
            keys: sign badges, and nothing else.
        """
        self._operations = CommittedOperations(pipeline, credentials, _OPERATIONS)
        self._keys = keys

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/training/sessions.ics", self._calendar, methods=["GET"]),
            Route("/training/badges/{id}", self._badge, methods=["GET"]),
            Route("/training/badge-keys", self._badge_keys, methods=["GET"]),
            Route("/training/{table}.csv", self._table, methods=["GET"]),
            Route("/training/assignments.xapi.json", self._registrations, methods=["GET"]),
            Route("/training/results.xapi.json", self._results, methods=["GET"]),
        ]

    async def _pages(
        self, request: Request, name: str, field: str, variables: Mapping[str, Any]
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """Read pages to the end; returns the nodes, and where to go on when there are too many."""
        nodes: list[Mapping[str, Any]] = []
        after: str | None = request.query_params.get("after")
        for _ in range(MAX_PAGES):
            data = await self._operations.whole(request, name, {**variables, "after": after})
            page = data.get(field) or {}
            nodes += [edge["node"] for edge in page.get("edges") or () if edge.get("node")]
            info = page.get("pageInfo") or {}
            if not info.get("hasNextPage"):
                return nodes, None
            after = info.get("endCursor")
        return nodes, after

    async def _calendar(self, request: Request) -> Response:
        try:
            course = {"course": request.query_params.get("course")}
            nodes, _ = await self._pages(request, "TrainingSessions", "sessions", course)
        except RequestRefusedError as refused:
            return refusal_of(refused)
        text = calendar_text.calendar_of(nodes, made_at=clock.now())
        return file_of(text.encode(), calendar_text.CALENDAR_TYPE, "sessions.ics")

    async def _table(self, request: Request) -> Response:
        name = request.path_params["table"]
        table = tables_out.TABLES.get(name)
        if table is None:
            return Response(status_code=404)
        try:
            nodes, after = await self._pages(request, table.operation, "rows", {})
        except RequestRefusedError as refused:
            return refusal_of(refused)
        text = tables_out.csv_of(table.columns, nodes)
        return file_of(text.encode(), tables_out.CSV_TYPE, f"{name}.csv", _more(after))

    async def _registrations(self, request: Request) -> Response:
        return await self._statements(request, "assignments")

    async def _results(self, request: Request) -> Response:
        return await self._statements(request, "results")

    async def _statements(self, request: Request, name: str) -> Response:
        try:
            operation = statements.FILES[name].operation
            nodes, after = await self._pages(request, operation, "rows", {})
        except RequestRefusedError as refused:
            return refusal_of(refused)
        said = statements.statements_of(name, nodes, _issuer(str(request.base_url)))
        return file_of(orjson.dumps(said), JSON_TYPE, f"{name}.xapi.json", _more(after))

    async def _badge(self, request: Request) -> Response:
        try:
            data = await self._operations.whole(
                request, "TrainingBadge", {"id": request.path_params["id"]}
            )
        except RequestRefusedError as refused:
            return refusal_of(refused)
        record = data.get("trainingRecord")
        if not record or record["outcome"] != "COMPLETED":
            return Response(status_code=404)
        text = self.badge_of(record, str(request.base_url))
        return file_of(text.encode(), badges.BADGE_TYPE, "badge.jwt")

    def badge_of(self, record: Mapping[str, Any], base_url: str) -> str:
        """Return the signed badge of a completed record, as this gateway's address issues it."""
        credential = badges.credential_of(record, _issuer(base_url))
        return badges.signed(credential, self._keys, clock.epoch_seconds())

    async def _badge_keys(self, _request: Request) -> Response:
        public = self._keys.current().private.as_dict(private=False)
        return Response(orjson.dumps({"keys": [public]}), media_type="application/jwk-set+json")


def _issuer(base_url: str) -> str:
    return base_url.rstrip("/") + "/training"


def _more(after: str | None) -> dict[str, str]:
    return {} if after is None else {"x-next-cursor": after}
