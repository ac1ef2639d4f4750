"""HTTP for the gateways: what has ended, and whether a session has."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from infra import clock
from infra.identity_token import GATEWAY_ISSUER
from infra.subgraph_app import Chassis, json_response
from svc_consent.hot_pool import HotPool
from svc_consent.requests import MalformedRequestError, body_of, endpoint
from svc_consent.sign_outs import repository

MAX_NAMES: Final = 1_000
NAME_BYTES: Final = 16
_LATEST: Final = 253_402_300_799
_SWEEP_SECONDS: Final = 60.0


def routes(chassis: Chassis, pool: HotPool) -> list[BaseRoute]:
    """Return the route of ended sessions."""
    swept_at = [clock.monotonic()]

    async def answer(request: Request, _issuer: str) -> Response:
        body = await body_of(request)
        told, asked = _names(body.get("ended")), _names(body.get("session"))
        started_at = body.get("startedAt")
        if isinstance(started_at, bool) or not isinstance(started_at, int):
            raise MalformedRequestError("startedAt is a number of seconds")
        if not 0 <= started_at <= _LATEST:
            raise MalformedRequestError("startedAt is a moment")
        async with pool.connection() as connection:
            if told:
                await repository.end(connection, told)
            has_ended = await repository.has_ended(connection, asked, started_at)
            if clock.monotonic() - swept_at[0] > _SWEEP_SECONDS:
                swept_at[0] = clock.monotonic()
                await repository.sweep(connection)
        return json_response(200, {"hasEnded": has_ended})

    gateway = frozenset({GATEWAY_ISSUER})
    return [endpoint(chassis, "POST", "/internal/sessions", gateway, answer)]


def _names(given: object) -> list[bytes]:
    if not isinstance(given, list) or len(given) > MAX_NAMES:
        raise MalformedRequestError("names are a list")
    try:
        names = [bytes.fromhex(each) for each in given]
    except (TypeError, ValueError):
        raise MalformedRequestError("a name is hexadecimal") from None
    if any(len(name) != NAME_BYTES for name in names):
        raise MalformedRequestError(f"a name has {NAME_BYTES} bytes")
    return names
