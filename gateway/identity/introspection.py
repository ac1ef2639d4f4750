"""Opaque access tokens: the issuer is asked what they are worth (RFC 7662).

An answer is kept for a short time and never past the token's end, so that a token that the issuer
revoked stops working within ``KEEP_SECONDS``. Requests with one token share one question. While the
issuer does not answer nobody gets in with such a token.
"""

import asyncio
import base64
import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote_plus, urlencode, urlsplit

import structlog

from gateway.identity.claims import AccessTokenError, VerifiedAccessToken, read_introspection
from gateway.identity.issuers import IssuerSettings
from gateway.identity.strict_json import StrictJsonError, parse_strictly
from infra import clock
from infra.errors import bug
from infra.http_client import HttpClient, HttpClientError

KEEP_SECONDS: Final = 15.0
KEEP_REFUSED_SECONDS: Final = 5.0
TIMEOUT_SECONDS: Final = 2.0
MAX_CHARACTERS: Final = 1024
MAX_KEPT: Final = 8192
_MAX_BODY_BYTES = 64 * 1024
_MAX_QUESTIONS = 8
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{16,}=*\Z")  # RFC 6750, 2.1; long enough to be no guess

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    token: VerifiedAccessToken | None
    until: float


class Introspection:
    """Asks one issuer about tokens, as a client that the issuer knows."""

    def __init__(self, issuer: IssuerSettings) -> None:
        if issuer.introspection is None:
            bug("the issuer has no introspection")
        self._issuer = issuer
        self._asked_with = issuer.introspection
        parts = urlsplit(self._asked_with.endpoint)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._client = HttpClient(
            f"{parts.scheme}://{parts.netloc}",
            max_connections=_MAX_QUESTIONS,
            max_response_bytes=_MAX_BODY_BYTES,
        )
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[VerifiedAccessToken | None]] = {}

    async def verify(self, token: str) -> VerifiedAccessToken:
        """Return what a token says, if the issuer holds it good.

        Raises:
            AccessTokenError: it does not, or does not answer; never says why.
        """
        if len(token) > MAX_CHARACTERS or not _TOKEN.match(token):
            raise AccessTokenError
        digest = hashlib.sha256(token.encode("ascii")).digest()
        kept = self._kept.get(digest)
        if kept is not None and clock.monotonic() < kept.until:
            found = kept.token
        else:
            found = await self._share(digest, token)
        if found is None or clock.epoch_seconds() >= found.expires_at:
            raise AccessTokenError
        return found

    async def close(self) -> None:
        """Drop the connections."""
        for task in list(self._asking.values()):
            task.cancel()
        await self._client.close()

    async def _share(self, digest: bytes, token: str) -> VerifiedAccessToken | None:
        task = self._asking.get(digest)
        if task is None:
            task = asyncio.create_task(self._ask(digest, token), name="introspection")
            self._asking[digest] = task
            task.add_done_callback(lambda _: self._asking.pop(digest, None))
        # Shielded: one request that goes away must not take the question from the others.
        return await asyncio.shield(task)

    async def _ask(self, digest: bytes, token: str) -> VerifiedAccessToken | None:
        who = self._asked_with
        pair = f"{quote_plus(who.client_id)}:{quote_plus(who.client_secret.reveal())}"
        headers = {
            "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        body = urlencode({"token": token, "token_type_hint": "access_token"}).encode()
        try:
            response = await self._client.request(
                "POST", self._path, headers, body, timeout_seconds=TIMEOUT_SECONDS
            )
        except (HttpClientError, OSError) as error:
            self._say(type(error).__name__)
            return None  # not kept: the next request asks again
        if response.status != 200:
            self._say(f"status {response.status // 100}xx")
            return None
        try:
            found = read_introspection(
                parse_strictly(response.body), self._issuer, clock.epoch_seconds()
            )
        except StrictJsonError:
            self._say("StrictJsonError")
            return None
        except AccessTokenError:
            self._keep(digest, _Kept(None, clock.monotonic() + KEEP_REFUSED_SECONDS))
            return None
        left = found.expires_at - clock.epoch_seconds()
        self._keep(digest, _Kept(found, clock.monotonic() + min(KEEP_SECONDS, left)))
        return found

    def _keep(self, digest: bytes, kept: _Kept) -> None:
        self._kept[digest] = kept
        self._kept.move_to_end(digest)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)

    def _say(self, error_type: str) -> None:
        _log.warning("introspection_failed", issuer=self._issuer.alias, error_type=error_type)
