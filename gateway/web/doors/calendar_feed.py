"""``GET /training/calendar/SECRET.ics``: the own sessions, for calendar programs that look again.

They cannot sign in: the secret in the address is all they show. What is unknown, what has ended
and what can be no secret are answered alike. The path is written down nowhere: this door logs
nothing, and counts by the template of its path.
"""

import hashlib
from time import perf_counter
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.calendar_client import CalendarClient, CalendarUnavailableError
from gateway.limits.rate import Rate, TokenBuckets
from gateway.limits.shared_rates import SharedRates
from gateway.web.doors import calendar_text
from infra.calendar_address import digest, is_secret
from infra.telemetry import metrics, traces

TEMPLATE: Final = "/training/calendar/{secret}.ics"
LOOKS: Final = Rate(1 / 60, 12)
"""Of one address: programs look every few minutes at most."""
COMERS: Final = Rate(10.0, 300)
"""Of one network: many people may sit behind one, or behind a proxy of ours."""
_KIND: Final = "calendar"


class CalendarFeed:
    """Shows what an address gives."""

    def __init__(self, client: CalendarClient, shared: SharedRates | None = None) -> None:
        """Make the door.

        Args:
            client: says what an address shows.
            shared: makes the rate of a network hold for all gateways. What is looked at is counted
                in each alone: nobody else is told of an address.
        """
        self._client = client
        self._comers = TokenBuckets(COMERS, kind="calendar-comer")
        self._looks = TokenBuckets(LOOKS)
        if shared is not None:
            shared.follow(self._comers)

    def routes(self) -> list[BaseRoute]:
        """Return the route."""
        return [Route(TEMPLATE, self._show, methods=["GET"])]

    async def _show(self, request: Request) -> Response:
        started = perf_counter()
        with traces.span("gateway.calendar"):
            answer = await self._answer(request)
        metrics.REQUESTS.labels("gateway", _KIND, str(answer.status_code)).inc()
        metrics.REQUEST_SECONDS.labels("gateway", _KIND).observe(perf_counter() - started)
        return answer

    async def _answer(self, request: Request) -> Response:
        secret = request.path_params["secret"]
        if wait := self._comers.take(request.client.host if request.client else ""):
            return _later(429, wait)
        if not is_secret(secret):
            return _nothing()
        if wait := self._looks.take(digest(secret)):
            return _later(429, wait)
        try:
            sessions = await self._client.sessions(secret)
        except CalendarUnavailableError:
            return _later(503, 60)
        if sessions is None:
            return _nothing()
        content = calendar_text.own_calendar_of(sessions).encode()
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {"etag": tag, "cache-control": "private, no-cache"}
        if _has(request.headers.get("if-none-match", ""), tag):
            return Response(None, 304, headers)
        said = {**headers, "content-type": f"{calendar_text.CALENDAR_TYPE}; charset=utf-8"}
        return Response(content, 200, said)


def _has(named: str, tag: str) -> bool:
    """Return whether a reader has this version (RFC 9110, weak comparison)."""
    return any(each.strip().removeprefix("W/") in (tag, "*") for each in named.split(","))


def _nothing() -> Response:
    return Response(None, 404, {"cache-control": "no-store"})


def _later(status: int, seconds: int) -> Response:
    return Response(None, status, {"cache-control": "no-store", "retry-after": str(seconds)})
