"""Who somebody acts as: found at sign-in, chosen where there are several grants."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.web.console.asking import Client, RefusedError
from gateway.web.console.render import DEFAULT_ZONE
from gateway.web.console.session import Session, Standing

OPERATION = "OwnStanding"


async def find_standing(client: Client, session: Session, grant_id: str | None) -> Standing:
    """Return what one grant of a person is called.

    Args:
        grant_id: which; None where the person holds one only.

    Raises:
        SignedOutError: the access token is not accepted.
        RefusedError: GRANT_AMBIGUOUS with the grants in its error, GRANT_REQUIRED and the like.
    """
    reply = await client.run(session, OPERATION, purpose=None, grant_id=grant_id)
    found = reply.answer.standing
    if found is None:
        raise RefusedError("SERVICE_UNAVAILABLE")
    sites = {site["id"]: site for site in reply.data.get("sites") or ()}
    site: Mapping[str, Any] = sites.get(found.site_id, {})
    return Standing(
        grant_id=found.grant_id,
        role=found.role.value,
        agency_id=found.agency_id,
        agency=_agency_name(reply.data, found.agency_id),
        site=site.get("name", ""),
        time_zone=site.get("timeZone", DEFAULT_ZONE),
    )


async def find_choices(client: Client, session: Session) -> list[Standing]:
    """Return all that a person may act as. Raises as `find_standing`."""
    session = replace(session, standing=None)  # the grant of before may be gone
    try:
        return [await find_standing(client, session, None)]
    except RefusedError as refused:
        if refused.code != "GRANT_AMBIGUOUS":
            raise
        grants = refused.errors[0]["extensions"].get("grants", ())
    return [await find_standing(client, session, grant["id"]) for grant in grants]


def _agency_name(data: Mapping[str, Any], agency_id: str) -> str:
    edges = (data.get("agencies") or {}).get("edges", ())
    for edge in edges:
        if edge["node"] and edge["node"]["id"] == agency_id:
            return str(edge["node"]["name"])
    for edge in (data.get("myGrants") or {}).get("edges", ()):
        agency = edge["node"] and edge["node"]["agency"]
        if agency and agency["id"] == agency_id:
            return str(agency["name"])
    return ""
