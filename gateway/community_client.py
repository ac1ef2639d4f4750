"""The gateway's side of the community form's internal door; see ``infra/decisions``.

The one write for which there is no caller. It carries the form in and brings nothing out.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from infra.errors import GoldenThreadError
from infra.http_client import HttpClient, HttpClientError
from infra.identity_token import TokenMinter

AUDIENCE = "participants"
_TIMEOUT_SECONDS = 5.0


class CommunityUnavailableError(GoldenThreadError):
    """The form cannot be handed on now."""

    code = "SERVICE_UNAVAILABLE"


class CommunityClient:
    """Hands community forms on to the service that owns referrals."""

    def __init__(self, client: HttpClient, minter: TokenMinter) -> None:
        self._client = client
        self._minter = minter

    async def sites(self) -> list[tuple[str, str]]:
        """Return id and name of the sites that take the form.

        Raises:
            CommunityUnavailableError: they cannot be asked for.
        """
        status, body = await self._call("GET", "/internal/referrals/sites", b"")
        if status != 200:
            raise CommunityUnavailableError(f"sites: {status}")
        return [(str(each["id"]), str(each["name"])) for each in body["sites"]]

    async def submit(self, form: Mapping[str, Any]) -> bool:
        """Hand a form on; return whether it can be read as it is.

        Raises:
            CommunityUnavailableError: it cannot be handed on now.
        """
        path = "/internal/referrals/community"
        status, _ = await self._call("POST", path, orjson.dumps(dict(form)))
        if status not in (202, 400, 422):
            raise CommunityUnavailableError(f"form: {status}")
        return status == 202

    async def _call(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        headers = {
            "authorization": f"Bearer {self._minter.for_service(AUDIENCE)}",
            "content-type": "application/json",
        }
        try:
            response = await self._client.request(
                method, path, headers, body, timeout_seconds=_TIMEOUT_SECONDS
            )
            return response.status, orjson.loads(response.body)
        except (HttpClientError, ValueError, KeyError, TypeError) as error:
            raise CommunityUnavailableError("the form cannot be handed on") from error

    async def close(self) -> None:
        """Drop the connections."""
        await self._client.close()
