"""Plain ASGI middleware: fixed security headers on every answer, and a request id."""

from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


MAX_BODY_BYTES = 65_536
MAX_UPLOAD_BYTES = 2 * 1024 * 1024
_UPLOADS = "/console/"
_LIMITED_BY_ITSELF = "/graphql"


class BodyLimit:
    """Ends a request whose body is larger than any door takes, before it is kept in memory."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] == _LIMITED_BY_ITSELF:
            await self._app(scope, receive, send)
            return
        most = MAX_UPLOAD_BYTES if scope["path"].startswith(_UPLOADS) else MAX_BODY_BYTES
        size = 0

        async def receive_within() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_within, send)


class SecurityHeaders:
    """Adds what each answer must carry; a page may state a content security policy of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid4().hex
        # Every log line of this request carries the id that the client is given.
        structlog.contextvars.bind_contextvars(correlation_id=request_id)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("content-security-policy", _POLICY)
                headers.setdefault("cache-control", "no-store")
                headers.setdefault("referrer-policy", "no-referrer")
                headers.setdefault("vary", "Authorization, Cookie, Accept")
            await send(message)

        await self._app(scope, receive, send_with_headers)
