"""``POST /subscriptions``: an event stream (graphql-sse, distinct connections mode).

A ``subscription`` operation, or the query of ``/graphql`` that is answered again whenever there is
news of the participants in ``extensions.watch``. What is on the wire between two events is the same
whatever happens to others: a comment at each beat, counted from when the stream began.
Source: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.errors import RequestRefusedError, error
from gateway.exact_json import write_json
from gateway.pipeline import GraphQLRequest
from gateway.subscriptions import Stream, StreamOpener
from gateway.web.credentials import CHALLENGE
from gateway.web.graphql_endpoint import GraphQLEndpoint
from infra.telemetry import metrics

KEEP_ALIVE_SECONDS: Final = 15.0
_KEEP_ALIVE: Final = b":\n\n"
_COMPLETE: Final = b"event: complete\ndata:\n\n"


class EventStreamEndpoint:
    """Opens streams and closes them."""

    def __init__(self, reader: GraphQLEndpoint, opener: StreamOpener) -> None:
        """Make the endpoint."""
        self._reader = reader
        self._opener = opener

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
        stream = await self._opener.open(asked)
        first = await self._opener.first(stream, asked)
        if first is not None and (first.status != 200 or "data" not in first.body):
            return _refusal(first.status, first.body, first.headers)
        beginning = [] if first is None else [first.body]
        return _Stream(written(stream, beginning), lambda: self._opener.hub.close(stream.watcher))


async def written(
    stream: Stream, beginning: list[Mapping[str, Any]], every_seconds: float = KEEP_ALIVE_SECONDS
) -> AsyncIterator[bytes]:
    """Yield a stream as bytes until it ends.

    Args:
        stream: what is told.
        beginning: answers that it begins with.
        every_seconds: between two beats, whatever is told meanwhile.
    """
    told: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()
    for answer in beginning:
        told.put_nowait(answer)
    running = asyncio.create_task(stream.run(told.put_nowait), name="stream")
    running.add_done_callback(lambda _ended: told.put_nowait(None))
    loop = asyncio.get_running_loop()
    beat = loop.time() + every_seconds
    try:
        while True:
            try:
                async with asyncio.timeout_at(beat):
                    answer_or_end = await told.get()
            except TimeoutError:
                beat += every_seconds
                yield _KEEP_ALIVE
                continue
            if answer_or_end is None:
                yield _COMPLETE
                return
            yield _next(answer_or_end)
    finally:
        running.cancel()


def _next(body: Mapping[str, Any]) -> bytes:
    """Return one event; its id is random and says nothing."""
    return b"event: next\nid: %s\ndata: %s\n\n" % (uuid4().hex.encode("ascii"), write_json(body))


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
    challenge = CHALLENGE if status == 401 else {}
    given = {**challenge, **headers, "cache-control": "no-store"}
    shown = body if "errors" in body else {"errors": [error("INTERNAL")]}
    return JSONResponse(dict(shown), status, given)
