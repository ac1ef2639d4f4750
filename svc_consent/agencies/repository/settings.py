"""Statements on a site's own settings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from infra.database import AnySession, WriteSession
from svc_consent.agencies.site_settings import SiteSettings, settings_with
from svc_consent.agencies.tables import Site


async def settings_of_site(session: AnySession, site_id: UUID) -> SiteSettings:
    """Return the settings that hold at a site; the safe ones where it has none of its own.

    Raises:
        SiteSettingError: the site has a value that is none.
    """
    return settings_with(await session.scalar(select(Site.settings).where(Site.id == site_id)))


async def settings_and_now(session: AnySession, site_id: UUID) -> tuple[SiteSettings, datetime]:
    """Return the settings of a site and the one clock that decisions go by, in one statement.

    Raises:
        SiteSettingError: the site has a value that is none.
    """
    own = select(Site.settings).where(Site.id == site_id).scalar_subquery()
    row = (await session.execute(select(own, func.clock_timestamp()))).one()
    return settings_with(row[0]), row[1]


async def settings_version(session: AnySession, site_id: UUID) -> int:
    """Return how often a site has changed its settings."""
    return await session.scalar(select(Site.settings_version).where(Site.id == site_id)) or 0


async def site_for_update(session: WriteSession, site_id: UUID) -> Site | None:
    """Return a site, locked."""
    return await session.scalar(select(Site).where(Site.id == site_id).with_for_update())
