"""Statements about the waiting list and about what other rules would have said."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from infra.database import AnySession, ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import PageRequest, page
from infra.pagination import Page
from svc_participants.referrals.repository import BY_PRIORITY as BY_PRIORITY
from svc_participants.referrals.repository import as_screener, outcome_visible
from svc_participants.referrals.rules import ReferralStatus
from svc_participants.referrals.tables import ReferralEventRow, ReferralRow, SiteProgramRow

PREVIEWED = 1000


async def waitlist_page(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[ReferralRow]:
    """Return a page of the waiting list that the caller screens, by the protocol's rule."""
    rows = select(ReferralRow).where(
        ReferralRow.status == ReferralStatus.WAITLISTED.value,
        outcome_visible(as_screener(caller)),
    )
    return await page(session, rows, BY_PRIORITY, request)


async def judged(session: ReadSession, caller: Caller) -> Sequence[ReferralRow]:
    """Return the newest judged referrals of the caller's site, as far as the caller sees them."""
    found = await session.scalars(
        select(ReferralRow)
        .where(
            ReferralRow.site_id == parse_id(caller.site_id),
            ReferralRow.judgement.has_key("facts"),
            outcome_visible(as_screener(caller)),
        )
        .order_by(ReferralRow.submitted_at.desc(), ReferralRow.id.desc())
        .limit(PREVIEWED)
    )
    return found.all()


async def status_before_duplicate(session: AnySession, referral_id: UUID) -> str | None:
    """Return where a referral stood when it was marked; the right to it was checked before."""
    status: str | None = await session.scalar(
        select(ReferralEventRow.from_status)
        .where(
            ReferralEventRow.referral_id == referral_id,
            ReferralEventRow.to_status == ReferralStatus.DUPLICATE.value,
        )
        .order_by(ReferralEventRow.happened_at.desc())
        .limit(1)
    )
    return status


async def earliest_of(session: AnySession, referral_id: UUID) -> ReferralRow | None:
    """Return the referral with the earliest place among those marked as this one's duplicates."""
    row: ReferralRow | None = await session.scalar(
        select(ReferralRow)
        .where(ReferralRow.duplicate_of_id == referral_id)
        .order_by(ReferralRow.submitted_at)
        .limit(1)
    )
    return row


async def program_for_update(session: WriteSession, site_id: UUID) -> SiteProgramRow | None:
    """Return a site's settings, locked."""
    row: SiteProgramRow | None = await session.scalar(
        select(SiteProgramRow).where(SiteProgramRow.site_id == site_id).with_for_update()
    )
    return row
