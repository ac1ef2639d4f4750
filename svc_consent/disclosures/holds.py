"""Tells other services whose record must stay, before they purge it.

By the same rules as the ledger's own retention: a legal demand holds, an accounting is suspended
and has yet to be given, or a release or a ground is in force.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from infra.subgraph_app import Chassis, json_response
from svc_consent.requests import MalformedRequestError, body_of, endpoint

MOST_AT_ONCE: Final = 500
_ASKING: Final = frozenset({"participants", "cases"})

KEPT: Final = """
select p.id from unnest(cast(:people as uuid[])) p (id)
where exists (
    select from legal_demand d where d.participant_id = p.id and d.hold_ended_at is null)
  or exists (
    select from accounting_suspension s
    where s.participant_id = p.id and s.ends_at > clock_timestamp())
  or exists (
    select from release r where r.participant_id = p.id and r.status = 'ACTIVE'
      and (r.expires_at is null or r.expires_at > clock_timestamp()))
  or exists (
    select from authority_visibility v
    where v.participant_id = p.id and v.effect = 'permit'
      and (v.ends_at is null or v.ends_at > clock_timestamp()))
"""


def routes(chassis: Chassis) -> list[BaseRoute]:
    """Return the route by which services ask."""

    async def kept(request: Request, _issuer: str) -> Response:
        people = _people((await body_of(request)).get("participants"))
        async with chassis.database.read() as session:
            found = await session.scalars(text(KEPT), {"people": people})
            return json_response(200, {"kept": [str(each) for each in found]})

    return [endpoint(chassis, "POST", "/internal/retention/kept", _ASKING, kept)]


def _people(given: object) -> list[UUID]:
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_AT_ONCE:
        raise MalformedRequestError(f"participants must be 1 to {MOST_AT_ONCE}")
    try:
        return [UUID(each) for each in given]
    except (TypeError, ValueError, AttributeError):
        raise MalformedRequestError("a participant is not an id") from None
