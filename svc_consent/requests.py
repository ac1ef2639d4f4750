"""What the internal endpoints share: who may call, JSON in, one answer for each failure."""

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.errors import GoldenThreadError
from infra.identity_token import IdentityTokenError
from infra.subgraph_app import Chassis, refusal
from infra.telemetry import metrics, traces
from svc_consent.hot_pool import AuthorityUnavailableError

_PROGRAM = "consent"
MAX_BODY_BYTES = 16 * 1024 * 1024

Answer = Callable[[Request, str], Awaitable[Response]]


class MalformedRequestError(GoldenThreadError):
    """The body or the parameters are not of the agreed form."""

    code = "BAD_REQUEST"


async def body_of(request: Request) -> dict[str, Any]:
    """Return the JSON object in a request's body.

    Raises:
        MalformedRequestError: too large, no JSON, no object.
    """
    raw = await request.body()
    if len(raw) > MAX_BODY_BYTES:
        raise MalformedRequestError("the body is too large")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise MalformedRequestError("the body is not JSON") from None
    if not isinstance(body, dict):
        raise MalformedRequestError("the body is not an object")
    return body


def endpoint(
    chassis: Chassis,
    method: str,
    path: str,
    issuers: frozenset[str],
    answer: Answer,
    refused: dict[type[GoldenThreadError], int] | None = None,
) -> Route:
    """Return a route that only these issuers may call.

    Args:
        chassis: verifies the bearer token.
        method: GET or POST.
        path: where.
        issuers: who may have signed the token.
        answer: gets the request and the issuer.
        refused: further errors and the HTTP status that each stands for.
    """
    statuses: dict[type[GoldenThreadError], int] = {
        IdentityTokenError: 401,
        MalformedRequestError: 400,
        AuthorityUnavailableError: 503,
        **(refused or {}),
    }

    async def answered(request: Request) -> Response:
        try:
            issuer = chassis.authenticate(request, issuers).issuer
            return await answer(request, issuer)
        except tuple(statuses) as error:
            status = next(s for kind, s in statuses.items() if isinstance(error, kind))
            return refusal(status, error.code)

    name = path.rpartition("/")[2]

    async def handle(request: Request) -> Response:
        started = perf_counter()
        with traces.span(f"{_PROGRAM}.{name}", carrier=request.headers):
            response = await answered(request)
        metrics.REQUESTS.labels(_PROGRAM, name, str(response.status_code)).inc()
        if "wait" not in request.query_params:  # a held answer says nothing about speed
            metrics.REQUEST_SECONDS.labels(_PROGRAM, name).observe(perf_counter() - started)
        return response

    return Route(path, handle, methods=[method])
