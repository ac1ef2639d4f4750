"""One HTTP call to one subgraph: within its deadline, which travels along, and not to a dead one.

A subgraph has its own pool (`max_connections`, and a bounded queue before it), so that one that is
slow takes nothing from the others. One that failed several times in a row is left alone for a
while; then a single call tries it. A query whose instance went away or is behind is asked once
more (`infra.http_retry`); a mutation only where the service says that it has not begun.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import structlog

from infra import clock, http_retry
from infra.http_client import (
    BUDGET_HEADER,
    HttpClient,
    HttpClientError,
    HttpResponse,
    HttpTimeoutError,
)
from infra.http_retry import NotCalledError, RetryBudget

FAILURES_TO_OPEN: Final = 5
COOL_OFF_SECONDS: Final = 0.5
FAIR_SECONDS: Final = 1.0
"""Whoever had less time than this and got no answer says nothing about the service."""

_log = structlog.get_logger(__name__)

_CONTENT: Final = {
    "content-type": "application/json",
    "accept": "application/graphql-response+json, application/json",
}


class CircuitBreaker:
    """Says whether a service may be called: closed, open for a while, then one call to try.

    Args:
        name: of the service, for the log.
        failures: in a row, that open it.
        cool_off_seconds: how long it stays open before one call may try.
    """

    def __init__(
        self,
        name: str,
        failures: int = FAILURES_TO_OPEN,
        cool_off_seconds: float = COOL_OFF_SECONDS,
    ) -> None:
        self._name = name
        self._failures_to_open = failures
        self._cool_off_seconds = cool_off_seconds
        self._failures = 0
        self._try_at: float | None = None
        self._is_trying = False

    @property
    def is_open(self) -> bool:
        """Whether calls are refused, but for the one that tries."""
        return self._try_at is not None

    def admits(self) -> bool:
        """Whether a call may be made now; who gets True must report how it went."""
        if self._try_at is None:
            return True
        if self._is_trying or clock.monotonic() < self._try_at:
            return False
        self._is_trying = True
        return True

    def succeeded(self) -> None:
        """Note an answer, whatever it says."""
        if self._try_at is not None:
            _log.info("circuit_closed", subgraph=self._name)
        self._failures, self._try_at, self._is_trying = 0, None, False

    def failed(self) -> None:
        """Note a call without an answer."""
        self._failures += 1
        if self._is_trying or (self._try_at is None and self._failures >= self._failures_to_open):
            if self._try_at is None:
                _log.warning("circuit_opened", subgraph=self._name)
            self._try_at = clock.monotonic() + self._cool_off_seconds
        self._is_trying = False

    def gave_up(self) -> None:
        """Note a call that says nothing: its caller went away or had little time."""
        self._is_trying = False


class SubgraphClient:
    """Posts GraphQL requests to one subgraph over its own bounded pool.

    Args:
        url: `http://host[:port]/path` as in the supergraph.
        address: where to connect instead (`unix:/path` or `tcp:host:port`), with `url`'s path.
        breaker: decides whether to call at all; by default one of its own.
    """

    def __init__(
        self,
        url: str,
        *,
        address: str | None = None,
        breaker: CircuitBreaker | None = None,
        max_connections: int = 64,
        max_response_bytes: int = 16 * 1024 * 1024,
    ) -> None:
        parts = urlsplit(url)
        self._breaker = breaker or CircuitBreaker(address or parts.netloc)
        path = parts.path or "/"
        self._path = f"{path}?{parts.query}" if parts.query else path
        self._retries = RetryBudget()
        self._client = HttpClient(
            address or f"{parts.scheme}://{parts.netloc}",
            max_connections=max_connections,
            max_response_bytes=max_response_bytes,
        )

    async def post(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        timeout_seconds: float,
        idempotent: bool,
    ) -> HttpResponse:
        """Send one request body; HttpClientError if no whole answer comes in time."""

        async def send(seconds: float) -> HttpResponse:
            return await self._try(body, headers, seconds, idempotent=idempotent)

        return await http_retry.ask(
            send, self._retries, timeout_seconds=timeout_seconds, idempotent=idempotent
        )

    async def _try(
        self, body: bytes, headers: Mapping[str, str], timeout_seconds: float, *, idempotent: bool
    ) -> HttpResponse:
        if not self._breaker.admits():
            raise NotCalledError("the service is left alone for a while")
        try:
            response = await self._client.request(
                "POST",
                self._path,
                {**_CONTENT, BUDGET_HEADER: str(max(0, int(timeout_seconds * 1000))), **headers},
                body,
                timeout_seconds=timeout_seconds,
                idempotent=idempotent,
            )
        except HttpClientError as error:
            if isinstance(error, HttpTimeoutError) and timeout_seconds < FAIR_SECONDS:
                self._breaker.gave_up()
            else:
                self._breaker.failed()
            raise
        except BaseException:
            self._breaker.gave_up()
            raise
        self._breaker.succeeded()
        return response

    async def close(self) -> None:
        """Drop all connections."""
        await self._client.close()
