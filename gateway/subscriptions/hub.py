"""Who waits for which change: keys of the authority order, and nothing else.

The change feed of ``svc_consent`` says which keys a revision moved. A stream that watches one of
them is woken, and looks for itself what it may see now.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.errors import RequestRefusedError


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How many streams one gateway process keeps open.

    Attributes:
        watched: participants of one stream.
        of_subject: streams of one person.
        of_client: streams of one application.
        open: streams in all.
    """

    watched: int = 20
    of_subject: int = 4
    of_client: int = 200
    open: int = 1_000


class Watcher:
    """One open stream.

    Attributes:
        is_over: the process stops; the stream is to end.
    """

    def __init__(self, subject: str, client: str, keys: frozenset[str]) -> None:
        self.subject = subject
        self.client = client
        self.keys = keys
        self.is_over = False
        self._changed = asyncio.Event()

    def wake(self) -> None:
        """Say that something may have changed."""
        self._changed.set()

    def settle(self) -> None:
        """Forget what was said so far; call it before looking, so that nothing is missed."""
        if not self.is_over:
            self._changed.clear()

    async def wait(self, seconds: float) -> bool:
        """Wait for a change; return whether there was one in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True


class ChangeHub:
    """The open streams of one gateway process."""

    def __init__(self, limits: StreamLimits | None = None) -> None:
        self._limits = limits or StreamLimits()
        self._watchers: dict[str, set[Watcher]] = {}
        self._open: set[Watcher] = set()
        self._of_subject: Counter[str] = Counter()
        self._of_client: Counter[str] = Counter()
        self._is_stopping = False

    def __len__(self) -> int:
        """Return how many streams are open."""
        return len(self._open)

    def open(
        self, subject: str, client: str, own_keys: Iterable[str], participants: Iterable[str]
    ) -> Watcher:
        """Begin to watch.

        Args:
            subject: whose stream it is, for the limit.
            client: which application's.
            own_keys: keys whose change may end the stream.
            participants: ids of those who are watched.

        Raises:
            RequestRefusedError: 429, a limit is reached; 503, the process stops.
        """
        watched, limits = frozenset(participants), self._limits
        if self._is_stopping:
            raise RequestRefusedError(503, "OVERLOADED", headers={"retry-after": "1"})
        is_beyond = (
            len(watched) > limits.watched
            or len(self._open) >= limits.open
            or self._of_subject[subject] >= limits.of_subject
            or self._of_client[client] >= limits.of_client
        )
        if is_beyond:
            raise RequestRefusedError(429, "STREAM_LIMIT")
        keys = frozenset(own_keys) | {f"participant:{each}" for each in watched}
        watcher = Watcher(subject, client, keys)
        self._open.add(watcher)
        self._of_subject[subject] += 1
        self._of_client[client] += 1
        for key in keys:
            self._watchers.setdefault(key, set()).add(watcher)
        return watcher

    def close(self, watcher: Watcher) -> None:
        """Stop watching; may be called twice."""
        if watcher not in self._open:
            return
        self._open.discard(watcher)
        for counter, name in (
            (self._of_subject, watcher.subject),
            (self._of_client, watcher.client),
        ):
            counter[name] -= 1
            if not counter[name]:
                del counter[name]
        for key in watcher.keys:
            left = self._watchers[key]
            left.discard(watcher)
            if not left:
                del self._watchers[key]

    def changed(self, keys: Iterable[str] | None) -> None:
        """Wake who watches one of these keys; None wakes all, after a gap in the feed."""
        if keys is None:
            found = set(self._open)
        else:
            found = {watcher for key in keys for watcher in self._watchers.get(key, ())}
        for watcher in found:
            watcher.wake()

    def stop(self) -> None:
        """End all streams and open no more."""
        self._is_stopping = True
        for watcher in self._open:
            watcher.is_over = True
            watcher.wake()
