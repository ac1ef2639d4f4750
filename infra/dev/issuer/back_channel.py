"""Tells a client that its session has ended: OpenID Connect Back-Channel Logout 1.0.

A client that does not answer is not told again: its session ends with the access token, since
nothing is refreshed any more.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import structlog
from joserfc import jwt

from infra import clock
from infra.dev.issuer.clients import Client
from infra.dev.issuer.server import IssuerServer
from infra.http_client import HttpClient, HttpClientError

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_LIFE_SECONDS = 120
_TIMEOUT_SECONDS = 5.0

_log = structlog.get_logger(__name__)


def logout_token(server: IssuerServer, client_id: str, hint: Mapping[str, Any]) -> str:
    """Return the token that tells a client of the end of the session in an id token."""
    now = clock.epoch_seconds()
    key = server.keys.current()
    named = {name: hint[name] for name in ("sub", "sid") if name in hint}
    claims = {
        "iss": server.settings.issuer,
        "aud": client_id,
        "iat": now,
        "exp": now + _LIFE_SECONDS,
        "jti": uuid4().hex,
        "events": {EVENT: {}},
        **named,
    }
    return jwt.encode({"alg": "RS256", "typ": "logout+jwt", "kid": key.kid}, claims, key)


async def tell(server: IssuerServer, client: Client, hint: Mapping[str, Any]) -> None:
    """Send a logout token to the client whose session it was, if it wants to know."""
    if client.back_channel_uri is None:
        return
    parts = urlsplit(client.back_channel_uri)
    body = urlencode({"logout_token": logout_token(server, client.client_id, hint)})
    http = HttpClient(f"{parts.scheme}://{parts.netloc}", max_connections=1)
    try:
        await http.request(
            "POST",
            parts.path,
            {"content-type": "application/x-www-form-urlencoded"},
            body.encode("ascii"),
            timeout_seconds=_TIMEOUT_SECONDS,
            idempotent=False,
        )
    except HttpClientError as error:
        _log.warning("logout_not_told", error_type=type(error).__name__)
    finally:
        await http.close()
