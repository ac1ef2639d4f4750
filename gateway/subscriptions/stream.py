"""One stream of events (``text/event-stream``; graphql-sse, distinct connections).

Whenever something that is watched may have changed, the operation runs again as a request of its
own: token, directory, consent, gate and record. Only news is sent. What consent took away is no
news: the stream stays silent, as it does for somebody who never saw it. A role that is gone or a
token that has ended ends the stream. Source: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import orjson

from gateway.pipeline import Answer, GraphQLRequest
from gateway.subscriptions.hub import Watcher
from infra import clock

KEEP_ALIVE_SECONDS: Final = 15.0
_RETRY_SECONDS: Final = 1.0
_BUSY: Final = (429, 503)
_KEEP_ALIVE: Final = b":\n\n"
_COMPLETE: Final = b"event: complete\ndata:\n\n"

Ask = Callable[[GraphQLRequest], Awaitable[Answer]]


async def events(
    ask: Ask, request: GraphQLRequest, first: Answer, watcher: Watcher, expires_at: int
) -> AsyncIterator[bytes]:
    """Yield the events of one stream until it ends.

    Args:
        ask: answers a request; the pipeline.
        request: as the client sent it; what it showed beside its token was checked for the first
            answer and is not asked for again.
        first: the answer that the stream begins with.
        watcher: wakes the stream; opened before ``first`` was made, so that no change is missed.
        expires_at: end of the token, seconds since the epoch.
    """
    again = replace(request, is_proven=True)
    seen = _data(first)
    yield _next(first)
    is_due = False
    while True:
        left = expires_at - clock.epoch_seconds()
        if left <= 0:
            yield _COMPLETE
            return
        if is_due:
            await asyncio.sleep(_RETRY_SECONDS)
        elif not await watcher.wait(min(KEEP_ALIVE_SECONDS, left)):
            yield _KEEP_ALIVE
            continue
        if watcher.is_over:
            yield _COMPLETE
            return
        watcher.settle()
        answer = await ask(again)
        is_due = answer.status in _BUSY
        if is_due:
            continue
        if answer.status != 200:
            yield _COMPLETE
            return
        found = _data(answer)
        if has_news(seen, found):
            yield _next(answer)
        seen = found


def has_news(before: Any, after: Any) -> bool:
    """Return whether ``after`` holds a value that ``before`` did not hold at its place.

    A value that is gone is no news, nor is a list that has lost members.
    """
    if after is None:
        return False
    if isinstance(after, Mapping):
        known = before if isinstance(before, Mapping) else {}
        return any(has_news(known.get(name), value) for name, value in after.items())
    if isinstance(after, list):
        members = before if isinstance(before, list) else []
        return any(all(has_news(one, each) for one in members) for each in after)
    return bool(after != before)


def _data(answer: Answer) -> Any:
    return answer.body.get("data")


def _next(answer: Answer) -> bytes:
    """Return one event; its id is random and says nothing."""
    return b"event: next\nid: %s\ndata: %s\n\n" % (
        uuid4().hex.encode("ascii"),
        orjson.dumps(answer.body),
    )
