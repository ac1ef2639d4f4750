"""Statements on court orders, narrowed by what the caller may see of the participant."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, false, select

from infra.authority.predicate import visible
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages
from infra.vocabulary import Category
from svc_consent.orders.tables import CourtOrder
from svc_consent.safeguards.repository import MAX_ROWS, is_staff, serving_agency

__all__ = ["MAX_ROWS", "OrdersOfParticipants", "by_id", "for_update", "serving_agency"]


def _visible(caller: Caller) -> ColumnElement[bool]:
    return visible(caller, Category.AUDIT, CourtOrder.participant_id)


class OrdersOfParticipants(OwnerPages[CourtOrder]):
    """Orders about participants, newest first."""

    row = CourtOrder
    owner = CourtOrder.participant_id
    order: ClassVar[Order] = Order((CourtOrder.admitted_at, CourtOrder.id), is_descending=True)

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Return the condition that an order must meet for this caller."""
        # An order may come with one not to tell, so the person hears of it from counsel.
        return _visible(caller) if is_staff(caller) else false()


async def is_in_force(session: WriteSession, participant_id: UUID, now: datetime) -> bool:
    """Return whether any order about a participant is in force."""
    found = await session.scalar(
        select(CourtOrder.id)
        .where(
            CourtOrder.participant_id == participant_id,
            CourtOrder.ended_at.is_(None),
            CourtOrder.expires_at > now,
        )
        .limit(1)
    )
    return found is not None


async def by_id(session: AnySession, caller: Caller, row_id: UUID) -> CourtOrder | None:
    """Return one order, as far as the caller may see it."""
    row: CourtOrder | None = await session.scalar(
        select(CourtOrder).where(CourtOrder.id == row_id, _visible(caller))
    )
    return row


async def for_update(session: WriteSession, caller: Caller, row_id: UUID) -> CourtOrder | None:
    """Return one order that the caller may see, locked."""
    row: CourtOrder | None = await session.scalar(
        select(CourtOrder).where(CourtOrder.id == row_id, _visible(caller)).with_for_update()
    )
    return row
