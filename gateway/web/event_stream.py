"""``POST /subscriptions``: the same body as ``/graphql``, answered again whenever there is news."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.errors import RequestRefusedError, error
from gateway.generations import Generations
from gateway.pipeline import GraphQLRequest
from gateway.subscriptions import ChangeHub, events
from gateway.web.graphql_endpoint import GraphQLEndpoint
from infra.telemetry import metrics

COLUMNS: Final = frozenset({"CM", "PAR", "REP"})
"""Who may be told of changes about a person: the person, and who works with them. Police,
prosecution, probation and court get no push about anybody."""


class EventStreamEndpoint:
    """Opens streams and closes them."""

    def __init__(self, reader: GraphQLEndpoint, pipeline: Generations, hub: ChangeHub) -> None:
        self._reader = reader
        self._pipeline = pipeline
        self._hub = hub

    async def __call__(self, request: Request) -> Response:
        """Answer one POST with a stream, or with why there is none."""
        try:
            _check_accepted(request)
            asked = await self._reader.read(request)
            return await self._open(asked)
        except RequestRefusedError as refused:
            metrics.REFUSALS.labels(refused.code).inc()
            return _refusal(refused.status, {"errors": refused.errors}, refused.headers)

    async def _open(self, asked: GraphQLRequest) -> Response:
        if not asked.watched:
            raise RequestRefusedError(400, "BAD_REQUEST")
        visitor = await self._pipeline.visitor(asked)
        if visitor.column not in COLUMNS:
            raise RequestRefusedError(403, "STREAM_NOT_ALLOWED")
        watcher = self._hub.open(visitor.person, visitor.client, visitor.keys, asked.watched)
        try:
            first = await self._pipeline.answer(asked)
        except BaseException:
            self._hub.close(watcher)
            raise
        if first.status != 200 or "data" not in first.body:
            self._hub.close(watcher)
            return _refusal(first.status, first.body, first.headers)
        stream = events(self._pipeline.answer, asked, first, watcher, visitor.expires_at)
        return _Stream(stream, lambda: self._hub.close(watcher))


class _Stream(StreamingResponse):
    """A stream that is given up when the client goes away, wherever it stands then."""

    def __init__(self, stream: AsyncIterator[bytes], close: Callable[[], None]) -> None:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(stream, headers=headers, media_type="text/event-stream")
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._close()


def _check_accepted(request: Request) -> None:
    if "text/event-stream" not in request.headers.get("accept", "").lower():
        raise RequestRefusedError(406, "NOT_ACCEPTABLE")


def _refusal(status: int, body: Mapping[str, object], headers: Mapping[str, str]) -> Response:
    given = {**headers, "cache-control": "no-store"}
    if status == 401:
        given.setdefault("www-authenticate", 'Bearer realm="goldenthread"')
    shown = body if "errors" in body else {"errors": [error("INTERNAL")]}
    return JSONResponse(dict(shown), status, given)
