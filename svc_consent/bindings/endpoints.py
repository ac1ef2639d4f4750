"""HTTP for the gateway: a login that nobody knows yet uses its one-time code."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from infra.identity_token import GATEWAY_ISSUER
from infra.subgraph_app import Chassis, json_response
from svc_consent.bindings.commands import CodeRefusedError, use_code
from svc_consent.requests import MalformedRequestError, body_of, endpoint

_MAX_LENGTH = 500


def routes(chassis: Chassis) -> list[BaseRoute]:
    """Return the route on which codes are used."""

    async def bind(request: Request, _issuer: str) -> Response:
        body = await body_of(request)
        words = [body.get(name) for name in ("issuer", "subject", "code")]
        if not all(isinstance(word, str) and 0 < len(word) <= _MAX_LENGTH for word in words):
            raise MalformedRequestError("issuer, subject and code are needed")
        issuer, subject, code = (str(word) for word in words)
        try:
            await use_code(chassis.database, issuer, subject, code)
        except CodeRefusedError:
            return json_response(200, {"bound": False})
        return json_response(200, {"bound": True})

    gateway = frozenset({GATEWAY_ISSUER})
    return [endpoint(chassis, "POST", "/internal/bindings/use", gateway, bind)]
