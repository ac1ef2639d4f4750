"""Who waits for which change: keys of the authority order, events of services, and nothing else.

The change feed of ``svc_consent`` says which keys a revision moved; the services' event feeds say
what happened and whom it may concern. A stream that watches one of these is woken, and looks for
itself what it may see now.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from gateway.errors import RequestRefusedError
from gateway.exchange import Event
from infra import clock

TICK_SECONDS = 0.5
"""How late the end of a token or of a grant may be noticed."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How many streams one gateway process keeps open.

    Attributes:
        watched: participants of one stream.
        of_connection: streams of one WebSocket.
        connections: WebSockets of one person.
        of_subject: streams of one person.
        of_client: streams of one application.
        open: streams in all.
        waiting: events that one stream may be behind; the oldest are dropped.
        looks: streams that look at the same time.
        urgent_looks: looks at urgent events at the same time, beside those.
    """

    watched: int = 20
    of_connection: int = 20
    connections: int = 6
    of_subject: int = 24
    of_client: int = 200
    open: int = 1_000
    waiting: int = 100
    looks: int = 16
    urgent_looks: int = 8


@dataclass(frozen=True, slots=True)
class Interest:
    """What a stream is woken by.

    Attributes:
        ending: keys of the authority order whose change may end the stream.
        changing: keys of the authority order after whose change the stream looks again.
        events: field and key of events.
        is_urgent: looked at before all else.
        until: when the token ends, seconds since the epoch.
        valid_until: when time alone may end the grant.
    """

    ending: frozenset[str]
    changing: frozenset[str] = frozenset()
    events: frozenset[tuple[str, str]] = frozenset()
    is_urgent: bool = False
    until: float = float("inf")
    valid_until: datetime | None = None


@dataclass(slots=True)
class Call:
    """Why a stream was woken, and what it has to do.

    Attributes:
        must_check: whether its person may still have it is to be asked.
        must_look: what it watches may have changed.
        events: what happened, oldest first.
    """

    must_check: bool = False
    must_look: bool = False
    events: list[Event] = field(default_factory=list)


class Watcher:
    """One open stream.

    Attributes:
        is_over: the process stops; the stream is to end.
    """

    def __init__(self, subject: str, client: str, interest: Interest, most: int = 100) -> None:
        self.subject = subject
        self.client = client
        self.interest = interest
        self.is_over = False
        self._most = most
        self._call = Call()
        self._woken = asyncio.Event()

    def tell(self, event: Event) -> None:
        """Say that something happened; what is told twice before it is looked at counts once."""
        alike = (event.field, event.entity_id)
        waiting = [each for each in self._call.events if (each.field, each.entity_id) != alike]
        self._call.events = [*waiting, event][-self._most :]
        self._woken.set()

    def wake(self, *, must_check: bool = False, must_look: bool = False) -> None:
        """Say that something may have changed."""
        self._call.must_check |= must_check
        self._call.must_look |= must_look
        self._woken.set()

    async def called(self) -> Call:
        """Wait until there is something to do, and return all of it."""
        await self._woken.wait()
        return self.take()

    def take(self) -> Call:
        """Return what there is to do; it is forgotten here, so call it before looking."""
        call, self._call = self._call, Call()
        if not self.is_over:
            self._woken.clear()
        return call

    @property
    def is_called(self) -> bool:
        """Whether there is something to do."""
        return self._woken.is_set()


class ChangeHub:
    """The open streams of one gateway process.

    Attributes:
        looked: how many looks of streams have ended.
    """

    def __init__(self, limits: StreamLimits | None = None) -> None:
        self.limits = limits or StreamLimits()
        self.looked = 0
        self._watchers: dict[object, set[Watcher]] = {}
        self._open: set[Watcher] = set()
        self._of_subject: Counter[str] = Counter()
        self._of_client: Counter[str] = Counter()
        self._connections: Counter[str] = Counter()
        self._looks = asyncio.Semaphore(self.limits.looks)
        self._urgent = asyncio.Semaphore(self.limits.urgent_looks)
        self._ticking: asyncio.Task[None] | None = None
        self._is_stopping = False

    def __len__(self) -> int:
        """Return how many streams are open."""
        return len(self._open)

    def start(self) -> None:
        """Begin to notice that tokens and grants end."""
        self._ticking = asyncio.create_task(self._tick(), name="stream-ticks")

    async def stop(self) -> None:
        """Stop noticing."""
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking

    def open(self, subject: str, client: str, interest: Interest) -> Watcher:
        """Begin to watch.

        Args:
            subject: whose stream it is, for the limit.
            client: which application's.
            interest: what it is woken by.

        Raises:
            RequestRefusedError: 429, a limit is reached; 503, the process stops.
        """
        limits = self.limits
        self._check_running()
        is_beyond = (
            sum(key.startswith("participant:") for key in interest.changing) > limits.watched
            or len(self._open) >= limits.open
            or self._of_subject[subject] >= limits.of_subject
            or self._of_client[client] >= limits.of_client
        )
        if is_beyond:
            raise RequestRefusedError(429, "STREAM_LIMIT")
        watcher = Watcher(subject, client, interest, limits.waiting)
        self._open.add(watcher)
        self._of_subject[subject] += 1
        self._of_client[client] += 1
        for key in self._keys(watcher):
            self._watchers.setdefault(key, set()).add(watcher)
        return watcher

    def close(self, watcher: Watcher) -> None:
        """Stop watching; may be called twice."""
        if watcher not in self._open:
            return
        self._open.discard(watcher)
        _count_down(self._of_subject, watcher.subject)
        _count_down(self._of_client, watcher.client)
        for key in self._keys(watcher):
            left = self._watchers[key]
            left.discard(watcher)
            if not left:
                del self._watchers[key]

    def connect(self, subject: str) -> None:
        """Count a connection of a person.

        Raises:
            RequestRefusedError: 429, there are enough; 503, the process stops.
        """
        self._check_running()
        if self._connections[subject] >= self.limits.connections:
            raise RequestRefusedError(429, "STREAM_LIMIT")
        self._connections[subject] += 1

    def disconnect(self, subject: str) -> None:
        """Forget a connection that was counted."""
        _count_down(self._connections, subject)

    def changed(self, keys: Iterable[str] | None) -> None:
        """Wake who watches one of these keys; None wakes all, after a gap in the feed."""
        if keys is None:
            for watcher in self._open:
                watcher.wake(must_check=True, must_look=bool(watcher.interest.changing))
            return
        for key in keys:
            for watcher in self._watchers.get(key, ()):
                interest = watcher.interest
                watcher.wake(must_check=key in interest.ending, must_look=key in interest.changing)

    def happened(self, event: Event, keys: Iterable[str]) -> None:
        """Tell an event to those whom it may concern."""
        found = {each for key in keys for each in self._watchers.get((event.field, key), ())}
        for watcher in found:
            watcher.tell(event)

    def missed(self, field_names: Iterable[str]) -> None:
        """Wake the streams of some fields that look at what stands: events were lost."""
        names = frozenset(field_names)
        for watcher in self._open:
            if any(name in names for name, _ in watcher.interest.events):
                watcher.wake(must_look=bool(watcher.interest.changing))

    @asynccontextmanager
    async def looking(self, watcher: Watcher) -> AsyncIterator[None]:
        """Hold one of the few places of streams that look; urgent ones have their own."""
        async with self._urgent if watcher.interest.is_urgent else self._looks:
            try:
                yield
            finally:
                self.looked += 1

    def end_streams(self) -> None:
        """End all streams and open no more."""
        self._is_stopping = True
        for watcher in self._open:
            watcher.is_over = True
            watcher.wake()

    def tick(self) -> None:
        """Wake the streams whose token or grant has come to its end."""
        now, at = clock.epoch_seconds(), clock.now()
        for watcher in self._open:
            valid_until = watcher.interest.valid_until
            if now >= watcher.interest.until or (valid_until is not None and at >= valid_until):
                watcher.wake(must_check=True)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.tick()

    def _check_running(self) -> None:
        if self._is_stopping:
            raise RequestRefusedError(503, "OVERLOADED", headers={"retry-after": "1"})

    @staticmethod
    def _keys(watcher: Watcher) -> set[object]:
        interest = watcher.interest
        return {*interest.ending, *interest.changing, *interest.events}


def _count_down(counter: Counter[str], name: str) -> None:
    counter[name] -= 1
    if counter[name] <= 0:
        del counter[name]
