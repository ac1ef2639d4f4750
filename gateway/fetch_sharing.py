"""Equal fetches that are under way at the same time are sent once.

Equal means: the same bytes to the same service under the same internal token, that is the same
subject, grant, agency, purpose, access, policy version and least revision. Only queries; only what
a service answered, never a released answer: every request parses, fences and gates on its own. A
mutation ends what could be joined, so that whoever asks after its answer reads what it wrote.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.executor import Transport
from infra.http_client import HttpResponse, HttpTimeoutError
from infra.telemetry import metrics

_TRACE: Final = frozenset({"traceparent", "tracestate", "baggage"})
"""Headers that say which request a fetch belongs to and decide nothing about its answer."""

Identity = tuple[tuple[str, str], ...]


def identity_of(headers: Mapping[str, str]) -> Identity:
    """All that a service can tell callers apart by."""
    if _TRACE.isdisjoint(headers):
        return tuple(headers.items())
    return tuple(item for item in headers.items() if item[0] not in _TRACE)


@dataclass(slots=True, eq=False)
class _Flight:
    """A fetch under way, and those who joined it."""

    body: bytes
    joined: list["asyncio.Future[HttpResponse | None]"] = field(default_factory=list)

    def land(self, response: HttpResponse | None) -> None:
        """Give those who joined the response; None sends each of them off on its own."""
        for one in self.joined:
            if not one.done():
                one.set_result(response)


class FetchSharing:
    """The fetches under way of one gateway, by service and identity."""

    def __init__(self) -> None:
        self._flights: dict[tuple[str, Identity], list[_Flight]] = {}

    def over(self, name: str, transport: Transport) -> Transport:
        """Return a transport to a service that shares through here."""
        return _SharedTransport(self, name, transport)

    def find(self, key: tuple[str, Identity], body: bytes) -> _Flight | None:
        """The equal fetch that is under way."""
        for flight in self._flights.get(key, ()):
            if flight.body == body:
                return flight
        return None

    def begin(self, key: tuple[str, Identity], body: bytes) -> _Flight:
        """Note a fetch that begins."""
        flight = _Flight(body)
        self._flights.setdefault(key, []).append(flight)
        return flight

    def end(self, key: tuple[str, Identity], flight: _Flight) -> None:
        """Note that a fetch is over: nobody joins it any more."""
        flights = self._flights.get(key)
        if flights is not None and flight in flights:
            flights.remove(flight)
            if not flights:
                del self._flights[key]

    def forget(self) -> None:
        """Let nobody join what is under way now; those who have joined stay."""
        self._flights.clear()


class _SharedTransport:
    __slots__ = ("_name", "_sharing", "_transport")

    def __init__(self, sharing: FetchSharing, name: str, transport: Transport) -> None:
        self._sharing = sharing
        self._name = name
        self._transport = transport

    async def post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout_seconds: float,
        idempotent: bool,
    ) -> HttpResponse:
        """Send a request body, or wait for an equal one that is under way."""
        sharing, post = self._sharing, self._transport.post
        if not idempotent:
            sharing.forget()
            try:
                return await post(body, headers, timeout_seconds=timeout_seconds, idempotent=False)
            finally:
                sharing.forget()
        key = (self._name, identity_of(headers))
        flight = sharing.find(key, body)
        if flight is not None:
            started = asyncio.get_running_loop().time()
            response = await _join(flight, timeout_seconds)
            if response is not None:
                return response
            timeout_seconds -= asyncio.get_running_loop().time() - started
        flight = sharing.begin(key, body)
        response = None
        try:
            response = await post(body, headers, timeout_seconds=timeout_seconds, idempotent=True)
            return response
        finally:
            # Whoever went first may have failed or gone away: the others then ask for themselves.
            sharing.end(key, flight)
            flight.land(response)


async def _join(flight: _Flight, timeout_seconds: float) -> HttpResponse | None:
    waiting: asyncio.Future[HttpResponse | None] = asyncio.get_running_loop().create_future()
    flight.joined.append(waiting)
    metrics.SHARED_FETCHES.inc()
    try:
        async with asyncio.timeout(timeout_seconds):
            return await waiting
    except TimeoutError:
        raise HttpTimeoutError("no answer in time") from None
