"""Follows the services' event feeds, and tells what happened to the streams of this process.

An event is told once this gateway knows the authority facts of before it. A service that is away
is asked on from where its feed was left; after a gap, streams that tell what stands look again.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
import structlog

from gateway.errors import RequestRefusedError
from gateway.exchange import Event
from gateway.release.feed import ChangeFeed
from gateway.subscriptions.fields import StreamField
from gateway.subscriptions.hub import ChangeHub
from infra.http_client import HttpClient, HttpClientError
from infra.identity_token import TokenMinter

_PATH: Final = "/internal/events"
_POLL_SECONDS: Final = 2
_PAUSE_SECONDS: Final = 0.5
_CATCH_UP_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 3.0

_log = structlog.get_logger(__name__)


class EventSourceError(Exception):
    """A feed does not answer as it should."""


class EventSources:
    """Background tasks of one gateway process, one for each service that has events."""

    def __init__(
        self,
        clients: Mapping[str, HttpClient],
        minter: TokenMinter,
        feed: ChangeFeed,
        hub: ChangeHub,
        fields: Mapping[str, StreamField],
    ) -> None:
        """Make the followers; those services are followed that ``fields`` names."""
        self._minter = minter
        self._feed = feed
        self._hub = hub
        self._fields = fields
        used = {rule.source for rule in fields.values()}
        self._clients = {name: client for name, client in clients.items() if name in used}
        self._begun = {name: asyncio.Event() for name in self._clients}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to follow."""
        self._tasks = [
            asyncio.create_task(self._follow(name), name=f"events-{name}") for name in self._clients
        ]

    async def stop(self) -> None:
        """Stop following, and drop the connections."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        for client in self._clients.values():
            await client.close()

    async def heard(self, name: str) -> None:
        """Wait until events of a service from now on are heard of.

        Raises:
            RequestRefusedError: 503, the service does not say what happens.
        """
        begun = self._begun.get(name)
        try:
            if begun is not None:
                await asyncio.wait_for(begun.wait(), _PATIENCE_SECONDS)
        except TimeoutError:
            raise RequestRefusedError(503, "SERVICE_UNAVAILABLE") from None

    async def _follow(self, name: str) -> None:
        cursor, was_lost = "", False
        while True:
            try:
                batch = await self._read(name, cursor)
                if batch["hasGap"]:
                    self._hub.missed(self._fields_of(name))
                cursor = str(batch["cursor"])
                self._begun[name].set()
                await self._tell(batch)
                was_lost = False
            except (EventSourceError, HttpClientError, KeyError, ValueError, TypeError) as error:
                if not was_lost:  # once, not at every attempt
                    _log.warning("event_feed_lost", service=name, error_type=type(error).__name__)
                was_lost = True
                await asyncio.sleep(_PAUSE_SECONDS)

    def _fields_of(self, name: str) -> Iterable[str]:
        return [field for field, rule in self._fields.items() if rule.source == name]

    async def _read(self, name: str, cursor: str) -> Any:
        after = f"after={cursor}&" if cursor else ""
        response = await self._clients[name].request(
            "GET",
            f"{_PATH}?{after}wait={_POLL_SECONDS}",
            {"authorization": f"Bearer {self._minter.for_service(name)}"},
            b"",
            timeout_seconds=_POLL_SECONDS + 5,
        )
        if response.status != 200:
            raise EventSourceError(f"the feed answered {response.status}")
        return orjson.loads(response.body)

    async def _tell(self, batch: Any) -> None:
        revision = int(batch["revision"])
        if batch["events"]:
            # Whoever is woken must not decide from what was cached before the event.
            await self._feed.wait_for(revision, _CATCH_UP_SECONDS)
        for each in batch["events"]:
            event = Event(str(each["field"]), str(each["id"]), revision)
            self._hub.happened(event, [str(key) for key in each["keys"]])
