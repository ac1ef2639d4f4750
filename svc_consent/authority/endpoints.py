"""HTTP for other programs: decisions for the gateway, the change feed, hand-overs of facts."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from infra.identity_token import GATEWAY_ISSUER
from infra.subgraph_app import Chassis, json_response
from svc_consent.authority import repository, rules
from svc_consent.authority.commands import accept_facts
from svc_consent.authority.decision import Asker, Decider, Decision, compiled
from svc_consent.authority.feed import ChangeFeed
from svc_consent.authority.repository import Wanted
from svc_consent.authority.rules import FactsForbiddenError, FactsMalformedError
from svc_consent.hot_pool import HotPool
from svc_consent.requests import MalformedRequestError, body_of, endpoint

_GATEWAY = frozenset({GATEWAY_ISSUER})
_SERVICES = frozenset({"participants", "cases", "training"})
MAX_PARTICIPANTS = 5000


def read_asker(body: Mapping[str, Any]) -> Asker:
    """Read who asks from a request's body.

    Raises:
        MalformedRequestError: a part is missing or of another kind.
    """
    purpose, access = body.get("purpose"), body.get("access")
    texts = [body.get(name) for name in ("subject", "agencyId", "role")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(access, dict):
        raise MalformedRequestError("subject, agencyId, role and access are needed")
    if purpose is not None and not isinstance(purpose, str):
        raise MalformedRequestError("purpose must be a code or null")
    try:
        for grounds in access.values():
            compiled(grounds)
    except (ValueError, TypeError, AttributeError):
        raise MalformedRequestError("access must map categories to expressions") from None
    subject, agency_id, role = (str(text) for text in texts)
    site_id = body.get("siteId", "")
    if not isinstance(site_id, str):
        raise MalformedRequestError("siteId must be a text")
    return Asker(subject, agency_id, role, purpose, access, site_id)


def well_formed(participant_id: object) -> str | None:
    """Return a participant id in its one spelling, None for what is no id."""
    try:
        return str(UUID(str(participant_id)))
    except ValueError:
        return None


def _presented(participant_id: object, decision: Decision) -> dict[str, Any]:
    until = decision.valid_until
    return {
        "participant": participant_id,
        "categories": decision.categories,
        "validUntil": until.isoformat() if until else None,
        "sources": decision.sources,
        "kind": decision.kind,
    }


class AuthorityEndpoints:
    """The routes of this slice."""

    def __init__(self, chassis: Chassis, pool: HotPool, feed: ChangeFeed) -> None:
        self._chassis = chassis
        self._pool = pool
        self._feed = feed

    def routes(self) -> list[BaseRoute]:
        """Return the routes, each of which authenticates for itself."""
        refused = {FactsMalformedError: 400, FactsForbiddenError: 403}
        path = "/internal/authority"
        return [
            endpoint(self._chassis, "POST", f"{path}/decisions", _GATEWAY, self._decisions),
            endpoint(self._chassis, "GET", f"{path}/changes", _GATEWAY | _SERVICES, self._changes),
            endpoint(self._chassis, "POST", f"{path}/facts", _SERVICES, self._facts, refused),
        ]

    async def _decisions(self, request: Request, _issuer: str) -> Response:
        body = await body_of(request)
        asker, asked = read_asker(body), body.get("participants")
        if not isinstance(asked, list) or len(asked) > MAX_PARTICIPANTS:
            raise MalformedRequestError(f"participants must be at most {MAX_PARTICIPANTS} ids")
        ids = {each: well_formed(each) for each in asked if isinstance(each, str)}
        known = sorted({each for each in ids.values() if each is not None})
        async with self._pool.connection() as connection:
            facts = await repository.read_facts(
                connection,
                Wanted(
                    participants=known,
                    holders=asker.holders,
                    agencies=[asker.agency_id],
                    purposes=[asker.purpose] if asker.purpose is not None else [],
                ),
            )
        decider = Decider(asker, facts.windows, facts.now)
        decided = {each: decider.decide(facts.grounds.get(each, ())) for each in known}
        return json_response(
            200,
            {
                "revision": facts.revision,
                "decisions": [
                    _presented(each, decided.get(_spelled(ids, each), Decision())) for each in asked
                ],
            },
        )

    async def _changes(self, request: Request, issuer: str) -> Response:
        try:
            after = int(request.query_params.get("after", "0"))
            wait_seconds = float(request.query_params.get("wait", "0"))
        except ValueError:
            raise MalformedRequestError("after and wait must be numbers") from None
        if after < 0 or not 0 <= wait_seconds < 3600:
            raise MalformedRequestError("after and wait must not be negative")
        head, entries = await self._feed.read(after, wait_seconds)
        told = [rules.part_for(issuer, entry) for entry in entries]
        return json_response(
            200,
            {
                "revision": head,
                "changes": [
                    {
                        "revision": entry.revision,
                        "keys": entry.keys,
                        "operations": orjson.Fragment(entry.operations),
                    }
                    for entry in told
                ],
            },
        )

    async def _facts(self, request: Request, issuer: str) -> Response:
        body = await body_of(request)
        try:
            hand_over = UUID(str(body.get("id")))
        except ValueError:
            raise MalformedRequestError("id must be a UUID") from None
        revision = await accept_facts(
            self._chassis.database, issuer, hand_over, body.get("operations")
        )
        return json_response(200, {"revision": revision})


def _spelled(ids: Mapping[str, str | None], each: object) -> str:
    return (ids.get(each) if isinstance(each, str) else None) or ""
