"""What a caller can see of the product from outside: status, headers, body, lengths, in steps.

Cursors are sealed with fresh randomness, so they are compared by where they lead: each page that
says there is more is followed. Correlation ids are the only other thing that may differ.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from gateway.web.graphql_endpoint import GraphQLEndpoint
from gateway.web.middleware import SecurityHeaders
from tests.fixtures.token_issuer import token
from tests.proof.house import Gateway
from tests.proof.pairs import Asking

_MAX_PAGES = 3
_CORRELATION = re.compile(rb'"correlationId":"[0-9a-f]+"')
_FRESH_HEADERS = frozenset({"x-request-id"})  # random for each request; only the length counts
_ATTEMPTS = 8


@dataclass(frozen=True)
class Step:
    """One request; ``follow`` names the root field whose next pages are asked for too."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    follow: str | None = None


@dataclass(frozen=True)
class Observation:
    """One response as a caller compares it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    length: int


class Client:
    """One caller of one gateway, over HTTP in the same process."""

    def __init__(self, gateway: Gateway) -> None:
        endpoint = GraphQLEndpoint(gateway.pipeline, 65_536)
        app = Starlette(
            routes=[Route("/graphql", endpoint.__call__, methods=["POST"])],
            middleware=[Middleware(SecurityHeaders)],
        )
        self._http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://gateway.test"
        )
        self._tokens: dict[str, str] = {}

    async def close(self) -> None:
        """Drop the client."""
        await self._http.aclose()

    async def observe(self, asking: Asking, steps: Sequence[Step]) -> list[Observation]:
        """Take the steps in order, next pages included."""
        seen: list[Observation] = []
        for step in steps:
            variables = {
                name: uuid4().hex if value == "FRESH KEY" else value
                for name, value in step.variables.items()
            }
            for _ in range(_MAX_PAGES):
                response, body = await self._patiently(asking, step.query, variables)
                seen.append(_observation(response, body))
                cursor = _next(body, step.follow)
                if cursor is None:
                    break
                variables = {**variables, "after": cursor}
        return seen

    async def _patiently(
        self, asking: Asking, query: str, variables: dict[str, Any]
    ) -> tuple[httpx2.Response, Any]:
        """Ask again after an outage of our own making; one that lasts is an observation."""
        for _ in range(_ATTEMPTS):
            response = await self._http.post(
                "/graphql",
                content=orjson.dumps({"query": query, "variables": variables}),
                headers=self._headers(asking),
            )
            body = orjson.loads(response.content)
            codes = {each["extensions"]["code"] for each in body.get("errors", ())}
            if "SERVICE_UNAVAILABLE" not in codes:
                break
        return response, body

    def _headers(self, asking: Asking) -> dict[str, str]:
        if asking.subject not in self._tokens:
            self._tokens[asking.subject] = token(sub=asking.subject)
        headers = {
            "authorization": f"Bearer {self._tokens[asking.subject]}",
            "content-type": "application/json",
        }
        if asking.purpose is not None:
            headers["purpose-of-use"] = asking.purpose
        return headers


def _next(body: Any, root: str | None) -> str | None:
    found = (body.get("data") or {}).get(root) if root else None
    if not found or not found["pageInfo"]["hasNextPage"]:
        return None
    return str(found["pageInfo"]["endCursor"])


def _observation(response: httpx2.Response, body: Any) -> Observation:
    cursors: list[str] = []
    _collect_cursors(body, cursors)
    content = _CORRELATION.sub(b'"correlationId":""', response.content)
    for number, cursor in enumerate(cursors):
        content = content.replace(cursor.encode(), f"cursor {number}".encode())
    return Observation(
        response.status_code,
        tuple(
            (name, str(len(value)) if name in _FRESH_HEADERS else value)
            for name, value in sorted(response.headers.items())
        ),
        content,
        len(response.content),
    )


def _collect_cursors(value: Any, found: list[str]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("cursor", "endCursor", "startCursor") and isinstance(inner, str):
                if inner not in found:
                    found.append(inner)
            else:
                _collect_cursors(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _collect_cursors(inner, found)
