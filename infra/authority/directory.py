"""Asks ``svc_consent`` whether an account serves an agency: it alone knows who does."""

from typing import Final

import orjson

from infra.authority.follower import CONSENT_AUDIENCE
from infra.errors import GoldenThreadError
from infra.http_client import HttpClient, HttpClientError
from infra.identity_token import TokenMinter

SERVING_PATH: Final = "/internal/directory/serving"
_TIMEOUT_SECONDS: Final = 3.0


class DirectoryError(GoldenThreadError):
    """``svc_consent`` does not say who serves where; nobody is taken at their word then."""

    code = "SERVICE_UNAVAILABLE"


class Directory:
    """Asks for one account at a time, as a service does before it links something to it."""

    def __init__(self, client: HttpClient, minter: TokenMinter) -> None:
        self._client = client
        self._minter = minter

    async def is_serving(self, account_id: str, agency_id: str) -> bool:
        """Return whether the account may sign in for the agency now; unknown ones may not.

        Raises:
            DirectoryError: it gave no answer.
        """
        headers = {
            "authorization": f"Bearer {self._minter.for_service(CONSENT_AUDIENCE)}",
            "content-type": "application/json",
        }
        body = orjson.dumps({"account": account_id, "agency": agency_id})
        try:
            response = await self._client.request(
                "POST", SERVING_PATH, headers, body, timeout_seconds=_TIMEOUT_SECONDS
            )
        except HttpClientError as error:
            raise DirectoryError("the consent service cannot be reached") from error
        if response.status != 200:
            raise DirectoryError(f"the consent service answered {response.status}")
        return orjson.loads(response.body)["serves"] is True
