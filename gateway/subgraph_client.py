"""One HTTP call to one subgraph."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from infra.http_client import HttpClient, HttpResponse

_CONTENT: Final = {
    "content-type": "application/json",
    "accept": "application/graphql-response+json, application/json",
}


class SubgraphClient:
    """Posts GraphQL requests to one subgraph over its own bounded pool.

    Args:
        url: `http://host[:port]/path` as in the supergraph.
        address: where to connect instead (`unix:/path` or `tcp:host:port`), with `url`'s path.
    """

    def __init__(
        self,
        url: str,
        *,
        address: str | None = None,
        max_connections: int = 64,
        max_response_bytes: int = 16 * 1024 * 1024,
    ) -> None:
        parts = urlsplit(url)
        path = parts.path or "/"
        self._path = f"{path}?{parts.query}" if parts.query else path
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
        return await self._client.request(
            "POST",
            self._path,
            {**_CONTENT, **headers},
            body,
            timeout_seconds=timeout_seconds,
            idempotent=idempotent,
        )

    async def close(self) -> None:
        """Drop all connections."""
        await self._client.close()
