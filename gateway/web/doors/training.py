"""Doors of training over HTTP: calendar, CSV and badges, each an operation of its caller.

``GET /training/sessions.ics``, ``GET /training/{table}.csv``, ``GET /training/badges/{id}``, and
``GET /training/badge-keys`` (public keys; nothing about anybody).
"""

from collections.abc import Mapping
from importlib import resources
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.errors import RequestRefusedError
from gateway.identity.possession import Possession
from gateway.pipeline import GraphQLRequest, Pipeline
from gateway.web.doors import badges, calendar_text, tables_out
from gateway.web.doors.routes import credentials_of
from infra import clock
from infra.signing_keys import SigningKeys

MAX_PAGES = 60
_OPERATIONS = (
    "TrainingBadge",
    "TrainingSessions",
    *(table.operation for table in tables_out.TABLES.values()),
)


class TrainingDoors:
    """Routes that give training data in the formats of other programs."""

    def __init__(self, pipeline: Pipeline, keys: SigningKeys) -> None:
        """Make the doors.

        Args:
            pipeline: runs every operation.
            keys: sign badges, and nothing else.
        """
        self._pipeline = pipeline
        self._keys = keys
        folder = resources.files("gateway.web.doors") / "operations"
        self._documents = {
            name: (folder / f"{name}.graphql").read_text(encoding="utf-8") for name in _OPERATIONS
        }

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        return [
            Route("/training/sessions.ics", self._calendar, methods=["GET"]),
            Route("/training/badges/{id}", self._badge, methods=["GET"]),
            Route("/training/badge-keys", self._badge_keys, methods=["GET"]),
            Route("/training/{table}.csv", self._table, methods=["GET"]),
        ]

    async def _run(
        self, request: Request, name: str, variables: Mapping[str, Any]
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
            )
        )
        errors = answer.body.get("errors") or []
        if answer.status != 200 or errors:  # half a file would read as the whole
            code = (errors[0].get("extensions") or {}).get("code") if errors else None
            status = answer.status if answer.status != 200 else 403
            raise RequestRefusedError(status, str(code or "FORBIDDEN"))
        return answer.body.get("data") or {}

    async def _pages(
        self, request: Request, name: str, field: str, variables: Mapping[str, Any]
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """Read pages to the end; returns the nodes, and where to go on when there are too many."""
        nodes: list[Mapping[str, Any]] = []
        after: str | None = request.query_params.get("after")
        for _ in range(MAX_PAGES):
            data = await self._run(request, name, {**variables, "after": after})
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
            return _refusal(refused)
        text = calendar_text.calendar_of(nodes, made_at=clock.now())
        return _file(text, calendar_text.CALENDAR_TYPE, "sessions.ics", None)

    async def _table(self, request: Request) -> Response:
        name = request.path_params["table"]
        table = tables_out.TABLES.get(name)
        if table is None:
            return Response(status_code=404)
        try:
            nodes, after = await self._pages(request, table.operation, "rows", {})
        except RequestRefusedError as refused:
            return _refusal(refused)
        text = tables_out.csv_of(table, nodes)
        return _file(text, tables_out.CSV_TYPE, f"{name}.csv", after)

    async def _badge(self, request: Request) -> Response:
        try:
            data = await self._run(request, "TrainingBadge", {"id": request.path_params["id"]})
        except RequestRefusedError as refused:
            return _refusal(refused)
        record = data.get("trainingRecord")
        if not record or record["outcome"] != "COMPLETED":
            return Response(status_code=404)
        issuer = str(request.base_url).rstrip("/") + "/training"
        credential = badges.credential_of(record, issuer)
        text = badges.signed(credential, self._keys, clock.epoch_seconds())
        return _file(text, badges.BADGE_TYPE, "badge.jwt", None)

    async def _badge_keys(self, _request: Request) -> Response:
        public = self._keys.current().private.as_dict(private=False)
        return Response(orjson.dumps({"keys": [public]}), media_type="application/jwk-set+json")


def _refusal(refused: RequestRefusedError) -> Response:
    headers = {"www-authenticate": 'Bearer realm="goldenthread"'} if refused.status == 401 else {}
    body = orjson.dumps({"errors": refused.errors})
    return Response(body, refused.status, headers, media_type="application/json")


def _file(text: str, media_type: str, name: str, after: str | None) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }
    if after is not None:
        headers["x-next-cursor"] = after
    return Response(text.encode("utf-8"), 200, headers, media_type=media_type)
