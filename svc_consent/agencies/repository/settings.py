"""Statements on a site's own settings."""

from uuid import UUID

from sqlalchemy import select

from infra.database import AnySession
from svc_consent.agencies.site_settings import SiteSettings, settings_with
from svc_consent.agencies.tables import Site


async def settings_of_site(session: AnySession, site_id: UUID) -> SiteSettings:
    """Return the settings that hold at a site; the safe ones where it has none of its own.

    Raises:
        SiteSettingError: the site has a value that is none.
    """
    return settings_with(await session.scalar(select(Site.settings).where(Site.id == site_id)))
