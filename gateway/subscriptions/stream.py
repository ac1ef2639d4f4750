"""One stream of answers, whatever carries it.

Whenever something that is watched may have changed, the operation runs again as a request of its
own: token, directory, consent, gate and record, with an internal token made for it. Only news is
sent. What consent took away is no news: the stream stays silent, as it does for somebody who never
saw it. A role that is gone or a token that has ended ends the stream (decision 13).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from gateway.errors import RequestRefusedError
from gateway.exchange import Answer, Event, GraphQLRequest, Visitor
from gateway.subscriptions.fields import StreamField
from gateway.subscriptions.hub import ChangeHub, Interest, Watcher
from gateway.subscriptions.lasting import BUSY, RETRY_SECONDS, End, end_of, next_call
from infra import clock

_MAX_RETRIES: Final = 30
_OUTAGE: Final = "SERVICE_UNAVAILABLE"

Ask = Callable[[GraphQLRequest], Awaitable[Answer]]
Check = Callable[[GraphQLRequest], Awaitable[Visitor]]
Emit = Callable[[Mapping[str, Any]], None]


def interest_in(visitor: Visitor, watched: tuple[str, ...], rule: StreamField | None) -> Interest:
    """Return what wakes a stream.

    Args:
        visitor: whose it is, and on what.
        watched: participants, for a query that is asked again.
        rule: of the subscription's field; None for a query.
    """
    changing = {f"participant:{each}" for each in watched}
    if rule is not None and rule.is_state:
        # What stands for this person rests on what is visible to the agency, and on own grounds.
        changing = {f"subject:{visitor.subject}", f"visible:{visitor.agency_id}"}
    return Interest(
        ending=frozenset(visitor.keys),
        changing=frozenset(changing),
        events=frozenset((visitor.field, key) for key in rule.keys_of(visitor)) if rule else
        frozenset(),
        is_urgent=rule is not None and rule.is_urgent,
        until=visitor.until,
        valid_until=visitor.valid_until,
    )  # fmt: skip


@dataclass(slots=True)
class Stream:
    """One stream: its operation, and what it has told so far.

    Attributes:
        request: as the client sent it; what it showed beside its token was checked when the stream
            began and is not asked for again.
        seen: what the last answer held, for streams that tell what stands.
        is_state: what stands is told when there is more of it; otherwise each event is told.
        is_due: look at once.
    """

    ask: Ask
    check: Check
    hub: ChangeHub
    watcher: Watcher
    request: GraphQLRequest
    seen: Any = None
    is_state: bool = True
    is_due: bool = False
    failures: int = 0

    def __post_init__(self) -> None:
        """Make of the client's request what is asked from now on."""
        self.request = replace(self.request, is_proven=True, is_look=True)

    async def run(self, emit: Emit) -> End:
        """Tell news until the stream ends; returns why it did."""
        while True:
            if self.is_due:
                end = await self._look(None, emit)
                if end is not None:
                    return end
                continue
            call = await next_call(self.watcher, partial(self.check, self.request))
            if isinstance(call, End):
                return await self._ended(call, emit)
            if self.is_state:
                # An event says to such a stream that it should look, and no more.
                self.is_due = call.must_look or bool(call.events)
                continue
            for event in call.events:
                end = await self._tell_of(event, emit)
                if end is not None:
                    return end

    async def _tell_of(self, event: Event, emit: Emit) -> End | None:
        for _ in range(_MAX_RETRIES):
            end = await self._look(event, emit)
            if end is not None or not self.is_due:
                return end
        self.is_due = False
        return None

    async def _look(self, event: Event | None, emit: Emit) -> End | None:
        """Look once; afterwards ``is_due`` says whether to look again for want of an answer."""
        async with self.hub.looking(self.watcher):
            answer = await self.ask(replace(self.request, event=event))
        self.is_due = answer.status in BUSY or _is_outage(answer)
        if self.is_due:
            end = await self._pause()
            return None if end is None else await self._ended(end, emit)
        if answer.status != 200:
            return await self._ended(end_of(answer.status), emit)
        found = answer.body.get("data")
        if self.is_state:
            is_news = has_news(self.seen, found)
            self.seen = found
        else:
            is_news = has_news(None, found)
        if is_news:
            emit(answer.body)
        return None

    async def _ended(self, end: End, emit: Emit) -> End:
        """Return why it ends; where a fresh sign-in would do, that is told (RFC 9470)."""
        if end is End.TOKEN:
            try:
                await self.check(self.request)
            except RequestRefusedError as refused:
                if refused.code == "STEP_UP_REQUIRED":
                    emit({"errors": refused.errors})
                    return End.SIGN_IN
        return end

    async def _pause(self) -> End | None:
        """Wait before looking again; a stream that is to end does not."""
        await asyncio.sleep(RETRY_SECONDS)
        if self.watcher.is_over:
            return End.STOPPING
        return End.TOKEN if clock.epoch_seconds() >= self.watcher.interest.until else None


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


def _is_outage(answer: Answer) -> bool:
    """Return whether nothing is known because a service does not answer."""
    data = answer.body.get("data")
    if data is not None and any(value is not None for value in data.values()):
        return False
    codes = (each.get("extensions", {}).get("code") for each in answer.body.get("errors", ()))
    return _OUTAGE in codes
