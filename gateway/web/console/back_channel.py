"""``POST /console/backchannel-logout``: the issuer says that somebody's session there has ended.

OpenID Connect Back-Channel Logout 1.0. Nobody signs in here: the signed token is all that counts,
and whatever is wrong with it, the answer is the same.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.web.console.oidc import Provider, SignInError
from gateway.web.console.session import SessionKeeper

PATH: Final = "/console/backchannel-logout"
MAX_BODY_BYTES: Final = 16_384
_FORM = "application/x-www-form-urlencoded"
_HEADERS = {"cache-control": "no-store"}


class Notice(Protocol):
    """Whose session has ended, as a token says that was checked."""

    @property
    def issuer(self) -> str:
        """Who says so."""

    @property
    def subject(self) -> str | None:
        """Whose."""

    @property
    def sid(self) -> str | None:
        """Which session."""


Verify = Callable[[str], Awaitable[Notice | None]]


class BackChannel:
    """Takes logout tokens."""

    def __init__(self, provider: Provider, keeper: SessionKeeper, verify: Verify) -> None:
        """Make the endpoint; ``verify`` checks a token, and returns None for one that is wrong."""
        self._provider = provider
        self._keeper = keeper
        self._verify = verify

    async def __call__(self, request: Request) -> Response:
        """End what a good token names; 400 for any other request, and where not all have heard.

        An issuer that sends the token again then ends it everywhere; this process tells the others
        with its next question in any case.
        """
        token = await _token(request)
        notice = None if token is None else await self._verify(token)
        if notice is None or not await self._is_ours(notice):
            return JSONResponse({"error": "invalid_request"}, 400, _HEADERS)
        if not await self._keeper.end_at_issuer(notice.subject, notice.sid):
            return JSONResponse({"error": "invalid_request"}, 400, _HEADERS)
        return Response(None, 200, _HEADERS)

    async def _is_ours(self, notice: Notice) -> bool:
        """Say whether it comes from the issuer at which people sign in to the console."""
        try:
            return bool((await self._provider.metadata())["issuer"] == notice.issuer)
        except SignInError:
            return False


async def _token(request: Request) -> str | None:
    """Return the one logout token of a form of acceptable size."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    length = request.headers.get("content-length", "")
    if kind != _FORM or not length.isdigit() or int(length) > MAX_BODY_BYTES:
        return None
    try:
        text = (await request.body()).decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=8)
    except ValueError:
        return None
    tokens = [value for name, value in pairs if name == "logout_token"]
    return tokens[0] if len(tokens) == 1 else None
