"""HTTP for the gateway, which does the sending: what may leave now, and what became of it."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from infra.identity_token import GATEWAY_ISSUER
from infra.subgraph_app import Chassis, json_response
from svc_consent.hot_pool import HotPool
from svc_consent.requests import MalformedRequestError, body_of, endpoint
from svc_consent.webhooks.key import webhook_key
from svc_consent.webhooks.sending import Message, Webhooks


def routes(chassis: Chassis, pool: HotPool) -> list[BaseRoute]:
    """Return the routes of webhooks."""
    webhooks = Webhooks(
        chassis.database,
        pool,
        webhook_key(chassis.settings.cursor_key),
        f"webhooks-{chassis.settings.instance}",
    )

    async def claim(_request: Request, _issuer: str) -> Response:
        return json_response(200, {"messages": [_told(each) for each in await webhooks.claim()]})

    async def settle(request: Request, _issuer: str) -> Response:
        body = await body_of(request)
        status = body.get("status")
        if status is not None and type(status) is not int:
            raise MalformedRequestError("a status is a number")
        try:
            delivery_id, claim_id = UUID(body["deliveryId"]), UUID(body["claimId"])
        except (KeyError, TypeError, ValueError, AttributeError):
            raise MalformedRequestError("deliveryId and claimId are needed") from None
        await webhooks.settle(delivery_id, claim_id, status)
        return json_response(200, {})

    gateway = frozenset({GATEWAY_ISSUER})
    return [
        endpoint(chassis, "POST", "/internal/webhooks/claim", gateway, claim),
        endpoint(chassis, "POST", "/internal/webhooks/settle", gateway, settle),
    ]


def _told(message: Message) -> dict[str, Any]:
    return {
        "deliveryId": str(message.delivery_id),
        "claimId": str(message.claim_id),
        "url": message.url,
        "headers": message.headers,
        "body": message.body.decode(),
    }
