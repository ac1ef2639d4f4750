"""What an agency's withdrawal from the caller's site would stop, counted."""

from uuid import UUID

from sqlalchemy import Date, cast, func, or_, select

from infra.database import ReadSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from svc_consent.agencies.repository.directory import may_see_agency_roles
from svc_consent.agencies.tables import Membership, Mou, RoleGrant, Site
from svc_consent.governance.rules import Leaving, RequestStatus
from svc_consent.governance.tables import RoleRequest, Seat


async def leaving(session: ReadSession, caller: Caller, agency_id: UUID) -> Leaving | None:
    """Return what would stop and what would stay, None where the caller may not see the agency."""
    site_id = parse_id(caller.site_id)
    if site_id is None or not may_see_agency_roles(caller, agency_id):
        return None
    now = func.clock_timestamp()
    zone = select(Site.time_zone).where(Site.id == site_id).scalar_subquery()
    today = cast(func.timezone(zone, now), Date)  # a seat's last day is one of the site's
    grants = (
        RoleGrant.agency_id == agency_id,
        RoleGrant.site_id == site_id,
        RoleGrant.revoked_at.is_(None),
        or_(RoleGrant.counts_until.is_(None), RoleGrant.counts_until > now),
    )
    agreements = (
        select(func.count())
        .select_from(Mou)
        .join(Membership, Membership.id == Mou.membership_id)
        .where(
            Membership.agency_id == agency_id,
            Membership.site_id == site_id,
            or_(Mou.ends_at.is_(None), Mou.ends_at > now),
        )
    )
    requests = select(func.count()).where(
        RoleRequest.agency_id == agency_id,
        RoleRequest.site_id == site_id,
        RoleRequest.status == RequestStatus.REQUESTED.value,
    )
    seats = select(func.count()).where(
        Seat.agency_id == agency_id,
        Seat.site_id == site_id,
        or_(Seat.ends_on.is_(None), Seat.ends_on >= today),
    )
    found = await session.execute(
        select(
            select(func.count()).where(*grants).scalar_subquery(),
            select(func.count(RoleGrant.account_id.distinct())).where(*grants).scalar_subquery(),
            agreements.scalar_subquery(),
            requests.scalar_subquery(),
            seats.scalar_subquery(),
        )
    )
    roles, people, memoranda, waiting, seated = found.one()
    return Leaving(roles, people, memoranda, waiting, seated)
