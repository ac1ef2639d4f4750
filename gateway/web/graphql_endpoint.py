"""``POST /graphql``: GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/).

Only ``application/json`` bodies, so that no plain HTML form can send an operation; no batching.
Nothing that leaves may be stored: ``Cache-Control: no-store``.
"""

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from gateway.errors import RequestRefusedError, error
from gateway.exact_json import read_json, write_json
from gateway.identity.possession import Possession
from gateway.persisted.documents import read_document_request
from gateway.pipeline import Answer, GraphQLRequest, Pipeline
from gateway.web.credentials import CHALLENGE, CredentialsReader
from gateway.web.storable import document_has_nul
from infra.telemetry import logs, metrics

RESPONSE_TYPE = "application/graphql-response+json"
JSON_TYPE = "application/json"
MAX_VARIABLES_DEPTH = 16
MAX_VARIABLES_VALUES = 10_000
_log = structlog.get_logger(__name__)


class GraphQLEndpoint:
    """Reads requests, hands them to the pipeline, writes answers."""

    def __init__(
        self,
        pipeline: Pipeline,
        max_body_bytes: int,
        credentials: CredentialsReader | None = None,
        *,
        shows_plans: bool = False,
    ) -> None:
        """Make the endpoint.

        Args:
            pipeline: answers requests.
            max_body_bytes: largest request body.
            credentials: reads who asks.
            shows_plans: answers carry the query plan where a request asks for it; for developers,
                never in production, since a plan tells what the services are and have.
        """
        self._shows_plans = shows_plans
        self._pipeline = pipeline
        self._credentials = credentials or CredentialsReader()
        self._max_body_bytes = max_body_bytes

    async def __call__(self, request: Request) -> Response:
        """Answer one POST."""
        started = perf_counter()
        media_type = _negotiate(request.headers.get("accept"))
        try:
            self._credentials.admit(request)
            answer = await self._pipeline.answer(await self._read(request, media_type))
        except RequestRefusedError as refused:
            metrics.REFUSALS.labels(refused.code).inc()
            answer = Answer(refused.status, {"errors": refused.errors}, headers=refused.headers)
        except ClientDisconnect:
            raise
        except Exception as failure:
            answer = _failed(failure)
        try:
            response = _respond(answer, media_type or JSON_TYPE)
        except orjson.JSONEncodeError as failure:  # nested deeper than can be written
            answer = _failed(failure)
            response = _respond(answer, media_type or JSON_TYPE)
        metrics.REQUESTS.labels("gateway", "graphql", str(answer.status)).inc()
        metrics.REQUEST_SECONDS.labels("gateway", "graphql").observe(perf_counter() - started)
        return response

    async def read(self, request: Request) -> GraphQLRequest:
        """Read a request whose answer has another media type than GraphQL's own.

        Raises:
            RequestRefusedError: it is not acceptable.
        """
        self._credentials.admit(request)
        return await self._read(request, JSON_TYPE)

    async def _read(self, request: Request, media_type: str | None) -> GraphQLRequest:
        if media_type is None:
            raise RequestRefusedError(406, "NOT_ACCEPTABLE")
        token, shown = self._credentials.read(request)
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != JSON_TYPE or request.headers.get("content-encoding"):
            raise RequestRefusedError(415, "UNSUPPORTED_MEDIA_TYPE")
        body = await self._body(request)
        try:
            payload = read_json(body)
        except orjson.JSONDecodeError:
            raise RequestRefusedError(400, "BAD_REQUEST") from None
        asked = read_operation(payload, token, request.headers, shown)
        return asked if self._shows_plans else replace(asked, wants_plan=False)

    async def _body(self, request: Request) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > self._max_body_bytes:
                raise RequestRefusedError(413, "BODY_TOO_LARGE")
            chunks.append(chunk)
        return b"".join(chunks)


def read_operation(
    payload: Any, token: str, headers: Mapping[str, str], shown: Possession | None
) -> GraphQLRequest:
    """Return the operation of a JSON body, whatever carried it.

    Raises:
        RequestRefusedError: 400, not of the form, or its variables are too much.
    """
    wanted = read_document_request(payload) if isinstance(payload, dict) else None
    if wanted is None:
        raise RequestRefusedError(400, "BAD_REQUEST")
    variables, name = payload.get("variables"), payload.get("operationName")
    extensions = payload.get("extensions")
    acceptable = (
        isinstance(variables, dict | None)
        and isinstance(name, str | None)
        and isinstance(extensions, dict | None)
    )
    if not acceptable or document_has_nul(wanted.text or ""):
        raise RequestRefusedError(400, "BAD_REQUEST")
    _check_variables(variables)
    return GraphQLRequest(
        token=token,
        query=wanted.text,
        document_id=wanted.document_id,
        variables=variables,
        operation_name=name,
        purpose=headers.get("purpose-of-use"),
        acting_grant=headers.get("acting-grant"),
        headers={"traceparent": headers["traceparent"]} if "traceparent" in headers else {},
        possession=shown,
        wants_plan=(extensions or {}).get("queryPlan") is True,
        wants_cost=(extensions or {}).get("cost") is True,
        watched=_watched((extensions or {}).get("watch")),
    )


def _watched(given: object) -> tuple[str, ...]:
    """Return the ids of ``extensions.watch.participants``."""
    participants = given.get("participants") if isinstance(given, dict) else None
    if not isinstance(participants, list):
        return ()
    return tuple(each for each in participants if isinstance(each, str))


def _check_variables(variables: object) -> None:
    """Refuse variables that nest too deeply, are too many, or hold a NUL, which no database takes.

    Walked without recursion: the JSON parser takes a thousand levels, and so must this.

    Raises:
        RequestRefusedError: 400 ``VARIABLES_LIMIT`` or ``BAD_REQUEST``.
    """
    count, level = 0, [variables]
    for _ in range(MAX_VARIABLES_DEPTH + 1):
        inner: list[object] = []
        for value in level:
            if isinstance(value, str):
                if "\0" in value:
                    raise RequestRefusedError(400, "BAD_REQUEST")
            elif isinstance(value, dict):
                inner.extend(value.values())
                if any("\0" in key for key in value):
                    raise RequestRefusedError(400, "BAD_REQUEST")
            elif isinstance(value, list):
                inner.extend(value)
        count += len(inner)
        if count > MAX_VARIABLES_VALUES:
            break
        if not inner:
            return
        level = inner
    raise RequestRefusedError(400, "VARIABLES_LIMIT")


def _negotiate(accept: str | None) -> str | None:
    """Return the media type to answer in, or None when neither is acceptable."""
    if accept is None or not accept.strip():
        return JSON_TYPE
    offered: dict[str, float] = {}
    for part in accept.split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        offered[media.lower()] = quality
    best: str | None = None
    best_quality = 0.0
    for candidate in (RESPONSE_TYPE, JSON_TYPE):
        quality = offered.get(candidate, offered.get("application/*", offered.get("*/*", 0.0)))
        if candidate == RESPONSE_TYPE and candidate not in offered:
            quality = min(quality, 0.0)  # wildcards get plain JSON, as older clients expect
        if quality > best_quality:
            best, best_quality = candidate, quality
    return best


def _failed(failure: Exception) -> Answer:
    _log.error("request_failed", error_chain=logs.error_chain(failure))
    said = error("INTERNAL", correlationId=logs.correlation_id())
    return Answer(500, {"errors": [said]})


def _respond(answer: Answer, media_type: str) -> Response:
    status = answer.status
    is_request_error = status == 400 and media_type == JSON_TYPE and _is_about_operation(answer)
    if is_request_error:
        status = 200  # the specification's rule for application/json and well-formed requests
    headers = {"content-type": f"{media_type}; charset=utf-8", "cache-control": "no-store"}
    if status == 401:
        headers |= CHALLENGE
    headers.update(answer.headers)
    return Response(write_json(answer.body), status, headers)


_ABOUT_OPERATION = frozenset(
    {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "OPERATION_RESOLUTION_FAILURE"}
)


def _is_about_operation(answer: Answer) -> bool:
    errors = answer.body.get("errors") or [{}]
    return errors[0].get("extensions", {}).get("code") in _ABOUT_OPERATION
