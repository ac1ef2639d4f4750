"""The gateway's side of the internal door of personal calendars; see ``infra/decisions``.

There is no caller: whoever has an address is told what it shows, and nothing else can be asked.
Only the hash of the secret leaves the gateway.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from infra.calendar_address import PATH, digest
from infra.errors import GoldenThreadError
from infra.http_client import HttpClient, HttpClientError
from infra.identity_token import TokenMinter

AUDIENCE = "training"
_TIMEOUT_SECONDS = 5.0


class CalendarUnavailableError(GoldenThreadError):
    """Nobody says now what an address shows."""

    code = "SERVICE_UNAVAILABLE"


class CalendarClient:
    """Asks the service that owns sessions what an address shows."""

    def __init__(self, client: HttpClient, minter: TokenMinter) -> None:
        self._client = client
        self._minter = minter

    async def sessions(self, secret: str) -> list[Mapping[str, Any]] | None:
        """Return the sessions of an address; None where it is not good, or no more.

        Raises:
            CalendarUnavailableError: nobody says.
        """
        headers = {
            "authorization": f"Bearer {self._minter.for_service(AUDIENCE)}",
            "content-type": "application/json",
        }
        body = orjson.dumps({"digest": digest(secret)})
        try:
            response = await self._client.request(
                "POST", PATH, headers, body, timeout_seconds=_TIMEOUT_SECONDS
            )
            if response.status == 404:
                return None
            if response.status != 200:
                raise CalendarUnavailableError(f"calendar: {response.status}")
            found: list[Mapping[str, Any]] = orjson.loads(response.body)["sessions"]
        except (HttpClientError, ValueError, KeyError, TypeError) as error:
            raise CalendarUnavailableError("the calendar cannot be read") from error
        return found

    async def close(self) -> None:
        """Drop the connections."""
        await self._client.close()
