"""Statements about access reviews, dormant accounts, and who holds what in an agency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, cast, exists, func, not_, or_, select
from sqlalchemy.dialects.postgresql import insert

from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Role
from svc_consent.agencies.repository.directory import visible_grants
from svc_consent.agencies.tables import RoleGrant
from svc_consent.governance.repository.requests import administers
from svc_consent.governance.tables import AccountActivity, ReviewCampaign, ReviewItem

ORDER = Order((ReviewCampaign.opened_at, ReviewCampaign.id), is_descending=True)
ITEM_ORDER = Order((ReviewItem.grant_id,))
GRANT_ORDER = Order((RoleGrant.granted_at, RoleGrant.id))


def _live(caller: Caller, agency_id: UUID, now: datetime) -> Select[RoleGrant]:
    return select(RoleGrant).where(
        RoleGrant.agency_id == agency_id,
        administers(caller, RoleGrant.agency_id),
        RoleGrant.site_id == parse_id(caller.site_id),
        RoleGrant.revoked_at.is_(None),
        RoleGrant.starts_at <= now,
        or_(RoleGrant.counts_until.is_(None), RoleGrant.counts_until > now),
    )


async def live_grants(
    session: AnySession, caller: Caller, agency_id: UUID, now: datetime
) -> list[RoleGrant]:
    """Return the grants of an agency that count now."""
    return list(await session.scalars(_live(caller, agency_id, now)))


async def page_of_campaigns(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[ReviewCampaign]:
    """Return the site's reviews of the agencies that the caller administers, newest first."""
    rows = select(ReviewCampaign).where(
        administers(caller, ReviewCampaign.agency_id),
        ReviewCampaign.site_id == parse_id(caller.site_id),
    )
    return await page(session, rows, ORDER, request)


async def campaign(
    session: AnySession, caller: Caller, row_id: UUID, *, lock: bool = False
) -> ReviewCampaign | None:
    """Return a review that the caller may see."""
    rows = select(ReviewCampaign).where(
        ReviewCampaign.id == row_id,
        administers(caller, ReviewCampaign.agency_id),
        ReviewCampaign.site_id == parse_id(caller.site_id),
    )
    return await session.scalar(rows.with_for_update() if lock else rows)


async def page_of_items(
    session: ReadSession, request: PageRequest, campaign_id: UUID
) -> Page[ReviewItem]:
    """Return the grants of a review; the caller was found to see it."""
    rows = select(ReviewItem).where(ReviewItem.campaign_id == campaign_id)
    return await page(session, rows, ITEM_ORDER, request)


async def items(session: AnySession, campaign_id: UUID) -> list[ReviewItem]:
    """Return all grants of a review."""
    rows = await session.scalars(select(ReviewItem).where(ReviewItem.campaign_id == campaign_id))
    return list(rows)


async def item(session: WriteSession, campaign_id: UUID, grant_id: UUID) -> ReviewItem | None:
    """Return one grant of a review, locked."""
    return await session.scalar(
        select(ReviewItem)
        .where(ReviewItem.campaign_id == campaign_id, ReviewItem.grant_id == grant_id)
        .with_for_update()
    )


async def reviewed_grant(
    session: WriteSession, caller: Caller, row: ReviewCampaign, grant_id: UUID
) -> RoleGrant | None:
    """Return a grant of the agency and site of a review, as far as visible, locked."""
    return await session.scalar(
        select(RoleGrant)
        .where(
            RoleGrant.id == grant_id,
            RoleGrant.agency_id == row.agency_id,
            RoleGrant.site_id == row.site_id,
            visible_grants(caller),
        )
        .with_for_update()
    )


async def progress(
    session: ReadSession, campaign_ids: Sequence[UUID]
) -> dict[UUID, tuple[int, int]]:
    """Return how many grants reviews have, and how many are decided."""
    rows = await session.execute(
        select(
            ReviewItem.campaign_id,
            func.count(),
            cast(func.count(ReviewItem.decision), Integer),
        )
        .where(ReviewItem.campaign_id.in_(campaign_ids))
        .group_by(ReviewItem.campaign_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


@dataclass(frozen=True, slots=True)
class RoleCount:
    """How many people of an agency hold a role now."""

    role: Role
    is_liaison: bool
    service_field: str | None
    people: int


async def role_counts(
    session: ReadSession, caller: Caller, agency_id: UUID, now: datetime
) -> list[RoleCount]:
    """Return which roles an agency's people hold now."""
    live = _live(caller, agency_id, now).subquery()
    rows = await session.execute(
        select(
            live.c.role,
            live.c.is_liaison,
            live.c.service_field,
            func.count(live.c.account_id.distinct()),
        )
        .group_by(live.c.role, live.c.is_liaison, live.c.service_field)
        .order_by(live.c.role, live.c.is_liaison)
    )
    return [RoleCount(Role(row[0]), row[1], row[2], row[3]) for row in rows]


async def page_of_dormant(
    session: ReadSession,
    caller: Caller,
    request: PageRequest,
    agency_id: UUID,
    now: datetime,
    since: date,
) -> Page[RoleGrant]:
    """Return grants that count now although their account was not used since a day."""
    # Looked up for each of the agency's grants: who signs in anywhere in the state is not read.
    is_used = exists().where(
        AccountActivity.account_id == RoleGrant.account_id, AccountActivity.last_seen_on >= since
    )
    rows = _live(caller, agency_id, now).where(
        not_(is_used), func.date(RoleGrant.granted_at) < since
    )
    return await page(session, rows, GRANT_ORDER, request)


class LastSeen(BatchLoader[date]):
    """The last day on which accounts were used, as far as it is known.

    Not narrowed: asked for accounts of grants only that the caller was given.
    """

    def statement(self, _caller: Caller) -> AnySelect:
        """The days."""
        return select(AccountActivity).where(AccountActivity.account_id == IDS)

    def collect(self, rows: Iterable[Any]) -> dict[UUID, date]:
        """By account."""
        return {row.account_id: row.last_seen_on for (row,) in rows}


async def add_items(session: WriteSession, campaign_id: UUID, grant_ids: Sequence[UUID]) -> None:
    """Store the grants that a review is about."""
    rows = [{"campaign_id": campaign_id, "grant_id": each} for each in grant_ids]
    await session.execute(insert(ReviewItem), rows)
