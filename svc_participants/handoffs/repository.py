"""Statements about handoffs, narrowed by REFERRAL, and about the rota."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from infra.authority.predicate import account_of, agency_of, visible
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, ReadSession, WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.owner_pages import Order, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Category, Role
from svc_participants.handoffs import rules
from svc_participants.handoffs.tables import HandoffRow, OnCallShiftRow
from svc_participants.people.repository import may_write
from svc_participants.referrals.repository import form_visible
from svc_participants.referrals.tables import ReferralRow

NEWEST_FIRST = Order((HandoffRow.requested_at, HandoffRow.id), is_descending=True)
_OPEN = sorted(each.value for each in rules.OPEN)


def handoff_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this handoff": who asked, or who works on it."""
    of_referral = (
        select(ReferralRow.id)
        .where(ReferralRow.id == HandoffRow.referral_id, form_visible(caller))
        .exists()
    )
    own = or_(
        HandoffRow.requested_by == account_of(caller),
        HandoffRow.provider_agency_id == agency_of(caller),
        visible(caller, Category.ELIGIBILITY, HandoffRow.participant_id),
    )
    return and_(of_referral, own)


class HandoffsOfReferral(BatchLoader[list[HandoffRow]]):
    """Handoffs by referral, newest first."""

    def statement(self, caller: Caller) -> AnySelect:
        """Those that the caller may see."""
        return (
            select(HandoffRow)
            .where(HandoffRow.referral_id == IDS, handoff_visible(caller))
            .order_by(*NEWEST_FIRST.clauses())
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[HandoffRow]]:
        """By referral."""
        grouped: dict[UUID, list[HandoffRow]] = {}
        for (row,) in rows:
            grouped.setdefault(row.referral_id, []).append(row)
        return grouped


async def calls_page(
    session: ReadSession, caller: Caller, request: PageRequest
) -> Page[HandoffRow]:
    """Return a page of the open calls: the own ones, for a supervisor those of the agency."""
    return await page(session, _calls(caller), NEWEST_FIRST, request)


def _calls(caller: Caller) -> Select[HandoffRow]:
    whose = HandoffRow.on_call_account == caller.subject
    if caller.role is Role.SUP:
        whose = HandoffRow.provider_agency_id == parse_id(caller.agency_id)
    return select(HandoffRow).where(
        HandoffRow.state.in_(_OPEN),
        whose,
        may_write(caller, Category.REFERRAL, HandoffRow.participant_id),
    )


async def call_by_id(session: AnySession, caller: Caller, handoff_id: UUID) -> HandoffRow | None:
    """Return an open call that is the caller's, for a supervisor one of the agency's."""
    row: HandoffRow | None = await session.scalar(_calls(caller).where(HandoffRow.id == handoff_id))
    return row


async def by_id(session: AnySession, caller: Caller, handoff_id: UUID) -> HandoffRow | None:
    """Return a handoff that the caller may see."""
    row: HandoffRow | None = await session.scalar(
        select(HandoffRow).where(HandoffRow.id == handoff_id, handoff_visible(caller))
    )
    return row


async def answer_by_id(session: AnySession, caller: Caller, handoff_id: UUID) -> HandoffRow | None:
    """Return a handoff of which the caller is told: who asked for it, or the agency that comes."""
    told = or_(
        HandoffRow.requested_by == account_of(caller),
        HandoffRow.provider_agency_id == agency_of(caller),
    )
    row: HandoffRow | None = await session.scalar(
        select(HandoffRow).where(HandoffRow.id == handoff_id, told, handoff_visible(caller))
    )
    return row


async def own_referral(
    session: WriteSession, caller: Caller, referral_id: UUID
) -> ReferralRow | None:
    """Return a referral that the caller has written, locked."""
    row: ReferralRow | None = await session.scalar(
        select(ReferralRow)
        .where(
            ReferralRow.id == referral_id,
            ReferralRow.author_subject == caller.subject,
            form_visible(caller),
        )
        .with_for_update(of=ReferralRow)
    )
    return row


async def open_for_update(session: WriteSession, referral_id: UUID) -> HandoffRow | None:
    """Return the open handoff of a referral, locked; the right to the referral was checked."""
    row: HandoffRow | None = await session.scalar(
        select(HandoffRow)
        .where(HandoffRow.referral_id == referral_id, HandoffRow.state.in_(_OPEN))
        .with_for_update(of=HandoffRow)
    )
    return row


async def for_update(session: WriteSession, caller: Caller, handoff_id: UUID) -> HandoffRow | None:
    """Return a handoff of the caller's agency, locked, that the caller may write about."""
    agency = parse_id(caller.agency_id)
    row: HandoffRow | None = await session.scalar(
        select(HandoffRow)
        .where(
            HandoffRow.id == handoff_id,
            false() if agency is None else HandoffRow.provider_agency_id == agency,
            may_write(caller, Category.REFERRAL, HandoffRow.participant_id),
        )
        .with_for_update(of=HandoffRow)
    )
    return row


async def on_call_now(
    session: AnySession, site_id: UUID, agency_id: UUID | None = None
) -> Sequence[OnCallShiftRow]:
    """Return who is on call at a site now; the shift that began last first."""
    now = func.statement_timestamp()
    rows = select(OnCallShiftRow).where(
        OnCallShiftRow.site_id == site_id,
        OnCallShiftRow.starts_at <= now,
        OnCallShiftRow.ends_at > now,
    )
    if agency_id is not None:
        rows = rows.where(OnCallShiftRow.agency_id == agency_id)
    found = await session.scalars(rows.order_by(OnCallShiftRow.starts_at.desc(), OnCallShiftRow.id))
    return found.all()


async def rota(session: ReadSession, caller: Caller) -> Sequence[OnCallShiftRow]:
    """Return the shifts of the caller's agency at the site that are not over, the next first."""
    agency, site_id = parse_id(caller.agency_id), parse_id(caller.site_id)
    if caller.role not in rules.MAY_RECORD or agency is None or site_id is None:
        return ()
    found = await session.scalars(
        select(OnCallShiftRow)
        .where(
            OnCallShiftRow.site_id == site_id,
            OnCallShiftRow.agency_id == agency,
            OnCallShiftRow.ends_at > func.statement_timestamp(),
            OnCallShiftRow.ends_at > OnCallShiftRow.starts_at,  # else it was taken off beforehand
        )
        .order_by(OnCallShiftRow.starts_at, OnCallShiftRow.id)
        .limit(rules.MAX_ROTA)
    )
    return found.all()


async def own_shift(session: WriteSession, caller: Caller, shift_id: UUID) -> OnCallShiftRow | None:
    """Return a shift of the caller's agency, locked."""
    row: OnCallShiftRow | None = await session.scalar(
        select(OnCallShiftRow)
        .where(
            OnCallShiftRow.id == shift_id,
            OnCallShiftRow.agency_id == parse_id(caller.agency_id),
        )
        .with_for_update()
    )
    return row
