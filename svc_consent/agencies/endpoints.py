"""HTTP for other programs: who a token's subject is and what they hold now; who serves where."""

from datetime import date
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from infra import clock
from infra.authority.directory import SERVING_PATH
from infra.entity_references import parse_id
from infra.identity_token import GATEWAY_ISSUER
from infra.subgraph_app import Chassis, json_response
from infra.telemetry import metrics
from svc_consent.agencies.claims import read_claims
from svc_consent.agencies.repository import colleagues
from svc_consent.agencies.repository.claims import note_mismatches
from svc_consent.agencies.repository.principal import note_seen, read_principal
from svc_consent.hot_pool import HotPool
from svc_consent.requests import MalformedRequestError, body_of, endpoint

_LINKING: Final = frozenset({"training"})
"""Who links what it keeps to accounts."""


def routes(chassis: Chassis, pool: HotPool) -> list[BaseRoute]:
    """Return the routes of the directory."""

    seen: dict[str, date] = {}

    async def principal(request: Request, _issuer: str) -> Response:
        body = await body_of(request)
        issuer, subject = body.get("issuer"), body.get("subject")
        if not isinstance(issuer, str) or not isinstance(subject, str):
            raise MalformedRequestError("issuer and subject are needed")
        try:
            claimed = read_claims(body.get("claims", []))
        except ValueError as error:
            raise MalformedRequestError(str(error)) from None
        async with pool.connection() as connection:
            found = await read_principal(connection, issuer, subject, claimed)
            today = clock.now().date()
            # Once a day and account: whether an account is dormant needs no more.
            if found.subject is not None and seen.get(found.subject) != today:
                await note_seen(connection, found.subject, today)
                seen[found.subject] = today
            if found.unconfirmed:
                metrics.CLAIM_MISMATCHES.labels(issuer).inc(len(found.unconfirmed))
                if found.subject is not None:
                    await note_mismatches(connection, found.subject, issuer, found.unconfirmed)
        return json_response(200, found.presented())

    async def serving(request: Request, _issuer: str) -> Response:
        body = await body_of(request)
        account, agency = parse_id(body.get("account")), parse_id(body.get("agency"))
        # An account has one written form: in another one it would be no account's to others.
        if account is None or agency is None or str(account) != body["account"]:
            return json_response(200, {"serves": False})
        async with chassis.database.read() as session:
            serves = await colleagues.is_serving(session, account, agency)
        return json_response(200, {"serves": serves})

    gateway = frozenset({GATEWAY_ISSUER})
    return [
        endpoint(chassis, "POST", "/internal/directory/principal", gateway, principal),
        endpoint(chassis, "POST", SERVING_PATH, _LINKING, serving),
    ]
