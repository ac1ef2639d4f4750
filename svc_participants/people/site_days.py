"""Which day it is at a site: the one that people there type, and read.

The zone is what the site has settled (``changeSiteSettings``); its row is read by name, since the
table belongs to a slice above this one.
"""

from datetime import date
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import column, select, table

from infra import clock
from infra.database import AnySession
from infra.entity_references import parse_id
from infra.identity_token import Caller

DEFAULT_ZONE: Final = "America/Los_Angeles"
"""Of a site that has settled nothing yet."""

_SITES = table("site_program", column("site_id"), column("time_zone"))


async def zone_of_site(session: AnySession, site_id: UUID | None) -> ZoneInfo:
    """Return the zone of a site, the usual one for a caller without a site."""
    name = None
    if site_id is not None:
        name = await session.scalar(select(_SITES.c.time_zone).where(_SITES.c.site_id == site_id))
    return ZoneInfo(name or DEFAULT_ZONE)


async def today_at(session: AnySession, caller: Caller) -> date:
    """Return the calendar day at the site for which the caller acts."""
    return clock.day_in(await zone_of_site(session, parse_id(caller.site_id)))
