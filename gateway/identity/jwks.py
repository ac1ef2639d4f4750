"""Keeps one issuer's keys at hand: fetched over HTTP, renewed by age, bounded in every direction.

- Younger than ``RENEW_AFTER_SECONDS``: used as they are. Older: renewed in the background.
- Older than ``STALE_AFTER_SECONDS`` while the issuer answers: renewed before they are used, so
  that a key that was taken away is refused within a minute.
- While the issuer does not answer they serve until ``HARD_AGE_SECONDS``; then nobody gets in.
- An unknown key id causes one fetch per ``COOLDOWN_SECONDS`` at most, whoever asks how often; a
  failed fetch never takes a known key away.
"""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import structlog

from gateway.identity.issuers import IssuerSettings
from gateway.identity.key_set import KeySetError, VerificationKey, parse_key_set
from infra import clock
from infra.http_client import HttpClient, HttpClientError, HttpResponse

RENEW_AFTER_SECONDS: Final = 30.0
STALE_AFTER_SECONDS: Final = 55.0
HARD_AGE_SECONDS: Final = 3600.0
COOLDOWN_SECONDS: Final = 5.0
FIRST_COOLDOWN_SECONDS: Final = 0.5
FIRST_WAIT_SECONDS: Final = 1.0
FETCH_TIMEOUT_SECONDS: Final = 2.0
MAX_BODY_BYTES: Final = 64 * 1024

_NEVER = float("-inf")

_log = structlog.get_logger(__name__)


class KeySource:
    """The keys of one issuer."""

    def __init__(self, issuer: IssuerSettings) -> None:
        self._issuer = issuer
        self._client = HttpClient(
            issuer.jwks_address, max_connections=1, max_response_bytes=MAX_BODY_BYTES
        )
        self._keys: Mapping[str, VerificationKey] = MappingProxyType({})
        self._fetched_at = _NEVER
        self._tried_at = _NEVER
        self._missed_at = _NEVER
        self._has_failed = False
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> VerificationKey | None:
        """Return the key of an id, or None when the issuer has none that may be used now."""
        before = self._fetched_at
        await self._freshen()
        key = self._current().get(kid)
        is_of_this_instant = self._fetched_at != before
        if key is None and not is_of_this_instant and self._may_look_for_unknown():
            self._missed_at = clock.monotonic()
            await self._fetch()
            key = self._current().get(kid)
        return key

    async def still_has(self, kid: str, thumbprint: str) -> bool:
        """Return whether a key that verified a token earlier is still the issuer's."""
        await self._freshen()
        key = self._current().get(kid)
        return key is not None and key.thumbprint == thumbprint

    async def has_keys(self) -> bool:
        """Say whether there are keys that may be used now; begin to fetch the first ones.

        Whoever asks waits a moment at most; while there never were any, two fetches a second.
        """
        if self._fetched_at == _NEVER:
            if clock.monotonic() - self._tried_at >= FIRST_COOLDOWN_SECONDS:
                self._start()
            if self._fetching is not None:
                await asyncio.wait([self._fetching], timeout=FIRST_WAIT_SECONDS)
        return bool(self._current())

    async def close(self) -> None:
        """Stop fetching and drop the connection."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])
        await self._client.close()

    def _current(self) -> Mapping[str, VerificationKey]:
        if clock.monotonic() - self._fetched_at > HARD_AGE_SECONDS:
            return MappingProxyType({})
        return self._keys

    async def _freshen(self) -> None:
        age = clock.monotonic() - self._fetched_at
        if age <= RENEW_AFTER_SECONDS:
            return
        is_resting = clock.monotonic() - self._tried_at < COOLDOWN_SECONDS
        if age > HARD_AGE_SECONDS:
            if not is_resting or self._fetching is not None:
                await self._fetch()
        elif age > STALE_AFTER_SECONDS and not self._has_failed:
            await self._fetch()
        elif not is_resting:
            self._start()

    def _may_look_for_unknown(self) -> bool:
        latest = max(self._missed_at, self._tried_at if self._has_failed else _NEVER)
        return clock.monotonic() - latest >= COOLDOWN_SECONDS

    def _start(self) -> asyncio.Task[None]:
        if self._fetching is None:
            self._tried_at = clock.monotonic()
            self._fetching = asyncio.create_task(self._renew(), name="jwks-fetch")
            self._fetching.add_done_callback(self._done)
        return self._fetching

    def _done(self, _task: asyncio.Task[None]) -> None:
        self._fetching = None

    async def _fetch(self) -> None:
        # Shielded: one request that goes away must not take the fetch from the others.
        await asyncio.shield(self._start())

    async def _renew(self) -> None:
        try:
            response = await self._client.request(
                "GET",
                self._issuer.jwks_path,
                {"accept": "application/json"},
                timeout_seconds=FETCH_TIMEOUT_SECONDS,
            )
            self._keys = _read_answer(response)
        except (HttpClientError, KeySetError, OSError) as error:
            self._has_failed = True
            _log.warning(
                "jwks_fetch_failed", issuer=self._issuer.alias, error_type=type(error).__name__
            )
            return
        self._has_failed = False
        self._fetched_at = clock.monotonic()


def _read_answer(response: HttpResponse) -> Mapping[str, VerificationKey]:
    if response.status != 200:
        raise KeySetError("the issuer answered with another status than 200")
    return parse_key_set(response.body)
