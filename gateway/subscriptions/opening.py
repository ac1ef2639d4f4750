"""Opens a stream: who asks, whether their role may have it, what it is woken by, and the caps."""

from collections.abc import Mapping
from typing import Final

from gateway.errors import RequestRefusedError
from gateway.exchange import Answer, GraphQLRequest, Visitor
from gateway.pipeline import Pipeline
from gateway.subscriptions.fields import StreamField
from gateway.subscriptions.hub import ChangeHub
from gateway.subscriptions.sources import EventSources
from gateway.subscriptions.stream import Stream, interest_in

WATCHING: Final = frozenset({"CM", "PAR", "REP"})
"""Who may have a query asked again about a person: the person, and who works with them. Police,
prosecution, probation and court get no push about anybody."""


class StreamOpener:
    """What the doors of streams share."""

    def __init__(
        self,
        pipeline: Pipeline,
        hub: ChangeHub,
        fields: Mapping[str, StreamField],
        sources: EventSources | None = None,
    ) -> None:
        """Make the opener; without ``sources`` somebody else tells the hub what happens."""
        self.pipeline = pipeline
        self.hub = hub
        self._fields = fields
        self._sources = sources

    async def open(self, asked: GraphQLRequest) -> Stream:
        """Open a stream for a subscription, or for a query that watches participants.

        Raises:
            RequestRefusedError: as for an operation; 403 for another role, 429 beyond the caps.
        """
        visitor = await self.pipeline.visitor(asked)
        if visitor.kind == "subscription":
            return await self._subscription(asked, visitor)
        return await self._watch(asked, visitor)

    async def _subscription(self, asked: GraphQLRequest, visitor: Visitor) -> Stream:
        rule = self._fields[visitor.field]
        watcher = self.hub.open(visitor.person, visitor.client, interest_in(visitor, (), rule))
        try:
            if self._sources is not None:
                await self._sources.heard(rule.source)
        except BaseException:
            self.hub.close(watcher)
            raise
        pipeline = self.pipeline
        return Stream(
            pipeline.answer, pipeline.visitor, self.hub, watcher, asked,
            is_state=rule.is_state, is_due=rule.is_state,
        )  # fmt: skip

    async def _watch(self, asked: GraphQLRequest, visitor: Visitor) -> Stream:
        if not asked.watched or visitor.kind != "query":
            raise RequestRefusedError(400, "BAD_REQUEST")
        if visitor.column not in WATCHING:
            raise RequestRefusedError(403, "STREAM_NOT_ALLOWED")
        interest = interest_in(visitor, asked.watched, None)
        # Opened before the first answer is made, so that no change is missed.
        watcher = self.hub.open(visitor.person, visitor.client, interest)
        pipeline = self.pipeline
        return Stream(pipeline.answer, pipeline.visitor, self.hub, watcher, asked)

    async def first(self, stream: Stream, asked: GraphQLRequest) -> Answer | None:
        """Return the answer that a watching query begins with; None for subscriptions.

        The stream is closed where that answer is none to begin with.
        """
        if not asked.watched:
            return None
        answer: Answer | None = None
        try:
            answer = await self.pipeline.answer(asked)
        finally:
            if answer is None or answer.status != 200 or "data" not in answer.body:
                self.hub.close(stream.watcher)
        stream.seen = answer.body.get("data")
        return answer
