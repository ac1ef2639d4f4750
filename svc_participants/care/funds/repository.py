"""All statements about flexible funds, narrowed by INCOME; limits are the site's."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order
from infra.vocabulary import Category
from svc_participants.care.funds.rules import COUNTED, YEAR_DAYS
from svc_participants.care.funds.tables import FundLimitRow, FundSpendRow
from svc_participants.care.history.repository import moves_of
from svc_participants.care.keeping import loader_of, pages_of
from svc_participants.people.repository import holding
from svc_participants.people.tables import ParticipantRow

NEWEST_FIRST = Order((FundSpendRow.asked_on, FundSpendRow.id), is_descending=True)


def spend_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this spending"."""
    return holding(
        caller,
        Category.INCOME,
        FundSpendRow.participant_id,
        FundSpendRow.agency_id,
        FundSpendRow.asked_on,
    )


SpendLoader = loader_of(FundSpendRow, spend_visible)
SpendsOfParticipant = pages_of(FundSpendRow, spend_visible, NEWEST_FIRST)
MovesOfSpend = moves_of(FundSpendRow, spend_visible)


async def limits_on(session: AnySession, site_id: UUID, day: date) -> FundLimitRow | None:
    """Return the limits of a site that are in force on a day."""
    row: FundLimitRow | None = await session.scalar(
        select(FundLimitRow)
        .where(FundLimitRow.site_id == site_id, FundLimitRow.effective_on <= day)
        .order_by(FundLimitRow.effective_on.desc(), FundLimitRow.number.desc())
        .limit(1)
    )
    return row


async def site_of(session: WriteSession, participant_id: UUID) -> UUID:
    """Return the site of a participant about whom the caller may write; checked before."""
    found: UUID = (
        await session.scalars(
            select(ParticipantRow.site_id).where(ParticipantRow.id == participant_id)
        )
    ).one()
    return found


async def counted_cents(session: WriteSession, participant_id: UUID, day: date) -> int:
    """Return what counts against the year's limit on a day, of all agencies of the site.

    The participant is locked, so that two requests cannot both take what is left.
    """
    found = await session.scalar(
        select(func.coalesce(func.sum(FundSpendRow.amount_cents), 0)).where(
            FundSpendRow.participant_id == participant_id,
            FundSpendRow.state.in_([each.value for each in COUNTED]),
            FundSpendRow.asked_on > day - timedelta(days=YEAR_DAYS),
        )
    )
    return int(found or 0)


async def latest_limits(session: AnySession, site_id: UUID) -> FundLimitRow | None:
    """Return the newest version of a site's limits, in force or ahead."""
    row: FundLimitRow | None = await session.scalar(
        select(FundLimitRow)
        .where(FundLimitRow.site_id == site_id)
        .order_by(FundLimitRow.number.desc())
        .limit(1)
    )
    return row


async def take_turn_of_site(session: WriteSession, site_id: UUID) -> None:
    """Wait for others who set the limits of this site at the same moment."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"fund:{site_id}"))))
