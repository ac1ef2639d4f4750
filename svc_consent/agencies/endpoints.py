"""HTTP for the gateway: who a token's subject is, and what they hold now."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from infra.identity_token import GATEWAY_ISSUER
from infra.subgraph_app import Chassis, json_response
from svc_consent.agencies.repository.principal import read_principal
from svc_consent.hot_pool import HotPool
from svc_consent.requests import MalformedRequestError, body_of, endpoint


def routes(chassis: Chassis, pool: HotPool) -> list[BaseRoute]:
    """Return the route of the directory."""

    async def principal(request: Request, _issuer: str) -> Response:
        body = await body_of(request)
        issuer, subject = body.get("issuer"), body.get("subject")
        if not isinstance(issuer, str) or not isinstance(subject, str):
            raise MalformedRequestError("issuer and subject are needed")
        async with pool.connection() as connection:
            found = await read_principal(connection, issuer, subject)
        return json_response(200, found.presented())

    gateway = frozenset({GATEWAY_ISSUER})
    return [endpoint(chassis, "POST", "/internal/directory/principal", gateway, principal)]
