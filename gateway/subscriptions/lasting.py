"""How long a stream lasts: to the end of its token, of its person's role, or of the process."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import Final

from gateway.errors import RequestRefusedError
from gateway.exchange import Visitor
from gateway.subscriptions.hub import Call, Watcher
from infra import clock

RETRY_SECONDS: Final = 1.0
BUSY: Final = (429, 503)
"""Answers that say nothing about whoever asks."""


class End(StrEnum):
    """Why a stream has ended."""

    TOKEN = "TOKEN"  # noqa: S105 - it has ended or is not accepted any more
    SIGN_IN = "SIGN_IN"  # too long ago for what is watched, while the token is good
    ROLE = "ROLE"
    STOPPING = "STOPPING"


async def next_call(watcher: Watcher, check: Callable[[], Awaitable[Visitor]]) -> Call | End:
    """Wait until a stream has something to do, and return that; or why it is to end.

    Where nobody can say whether the person may still have it, that is asked again a little later;
    until then each answer is a release of its own, and refused by itself.

    Args:
        watcher: of the stream.
        check: asks whether this person may still have it.
    """
    call = await watcher.called()
    if watcher.is_over:
        return End.STOPPING
    if clock.epoch_seconds() >= watcher.interest.until:
        return End.TOKEN
    if not call.must_check:
        return call
    try:
        visitor = await check()
    except RequestRefusedError as refused:
        if refused.status not in BUSY:
            return end_of(refused.status)
        again = partial(watcher.wake, must_check=True)
        asyncio.get_running_loop().call_later(RETRY_SECONDS, again)
    else:
        watcher.interest = replace(watcher.interest, valid_until=visitor.valid_until)
    return call


def end_of(status: int) -> End:
    """Return why a stream ends that is refused with a status."""
    return End.TOKEN if status == 401 else End.ROLE
