"""Which other origins' pages may call the API from a browser (CORS, https://fetch.spec.whatwg.org).

Exact origins from the settings and nothing else: no wildcard, no suffix, no reflection. Never with
cookies, so that a page of another origin can use a token that it holds and nothing that the
browser holds. The console's session is out of reach: its paths are not offered here.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.settings import SettingsError

PATHS: Final = frozenset({"/graphql", "/schema.graphql", "/subscriptions"})
_METHODS: Final = "GET, POST"
_ASKED: Final = "authorization, content-type, accept, purpose-of-use, acting-grant, dpop"
_SHOWN: Final = "x-request-id, www-authenticate, dpop-nonce, retry-after"


def parse_origins(text: str | None) -> frozenset[str]:
    """Read ``GT_CORS_ORIGINS``: origins with spaces between them.

    Raises:
        SettingsError: one is not exactly ``scheme://host[:port]``, or a pattern.
    """
    origins = frozenset((text or "").split())
    for origin in origins:
        parts = urlsplit(origin)
        is_exact = parts.scheme in ("https", "http") and bool(parts.hostname)
        if not is_exact or "*" in origin or origin != f"{parts.scheme}://{parts.netloc}".lower():
            raise SettingsError(f"GT_CORS_ORIGINS: {origin} is no origin like https://host[:port]")
    return origins


class CrossOrigin:
    """Answers preflights of known origins, and lets their pages read answers."""

    def __init__(self, app: ASGIApp, origins: Iterable[str] = ()) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        origin = self._known_origin(scope)
        if origin is None:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            allowed = {
                "access-control-allow-origin": origin,
                "access-control-allow-methods": _METHODS,
                "access-control-allow-headers": _ASKED,
                "access-control-max-age": "600",
                "vary": "Origin",
            }
            await Response(status_code=204, headers=allowed)(scope, receive, send)
            return

        async def send_readable(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer["access-control-allow-origin"] = origin
                answer["access-control-expose-headers"] = _SHOWN
                answer["vary"] = "Authorization, Cookie, Accept, Origin"
            await send(message)

        await self._app(scope, receive, send_readable)

    def _known_origin(self, scope: Scope) -> str | None:
        if scope["type"] != "http" or scope["path"] not in PATHS or not self._origins:
            return None
        given = Headers(scope=scope).getlist("origin")
        return given[0] if len(given) == 1 and given[0] in self._origins else None
