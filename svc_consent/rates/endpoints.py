"""HTTP for the gateways: what they let through, and a token that must be had before an answer."""

import hashlib
import hmac
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from infra import clock
from infra.identity_token import GATEWAY_ISSUER
from infra.settings import Secret
from infra.subgraph_app import Chassis, json_response
from svc_consent.hot_pool import HotPool
from svc_consent.rates import repository
from svc_consent.rates.rules import MAX_USES, Use, read_use
from svc_consent.requests import MalformedRequestError, body_of, endpoint

_SWEEP_SECONDS: Final = 60.0
_MAX_INSTANCE: Final = 100


def routes(chassis: Chassis, pool: HotPool) -> list[BaseRoute]:
    """Return the routes of shared rates."""
    secret = _secret(chassis.settings.cursor_key)
    swept_at = [clock.monotonic()]

    async def settle(request: Request, _issuer: str) -> Response:
        body = await body_of(request)
        instance, given = body.get("instance"), body.get("uses")
        if not isinstance(instance, str) or not 0 < len(instance) <= _MAX_INSTANCE:
            raise MalformedRequestError("instance is needed")
        if not isinstance(given, list) or len(given) > MAX_USES:
            raise MalformedRequestError("uses are a list")
        uses = [_read(each) for each in given]
        names = [use.name(secret) for use in uses]
        if len(set(names)) < len(names):
            raise MalformedRequestError("a bucket is named once")
        async with pool.connection() as connection:
            peers = await repository.seen(connection, instance)
            found = await repository.settle(connection, list(zip(names, uses, strict=True)))
            if clock.monotonic() - swept_at[0] > _SWEEP_SECONDS:
                swept_at[0] = clock.monotonic()
                await repository.sweep(connection)
        return json_response(200, {"peers": peers, "levels": [found[name] for name in names]})

    async def take(request: Request, _issuer: str) -> Response:
        use = _read((await body_of(request)).get("use"))
        async with pool.connection() as connection:
            is_taken, left = await repository.take(connection, use.name(secret), use)
        return json_response(200, {"isTaken": is_taken, "level": left})

    gateway = frozenset({GATEWAY_ISSUER})
    return [
        endpoint(chassis, "POST", "/internal/rates/settle", gateway, settle),
        endpoint(chassis, "POST", "/internal/rates/take", gateway, take),
    ]


def _read(given: object) -> Use:
    try:
        return read_use(given)
    except ValueError as error:
        raise MalformedRequestError(str(error)) from None


def _secret(platform_key: Secret) -> bytes:
    """Return the key of the buckets' names, the same in every instance of the service."""
    return hmac.new(platform_key.reveal().encode(), b"goldenthread rates", hashlib.sha256).digest()
