"""Statements on court orders, narrowed by what the caller may see of the participant."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from infra.authority.predicate import visible
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category, Role
from svc_consent.orders.tables import CourtOrder
from svc_consent.safeguards.repository import serving_agency

__all__ = ["about", "by_id", "for_update", "serving_agency"]

_MAX_ROWS = 100


def _visible(caller: Caller) -> ColumnElement[bool]:
    return visible(caller, Category.AUDIT, CourtOrder.participant_id)


async def about(session: AnySession, caller: Caller, participant_id: UUID) -> Sequence[CourtOrder]:
    """Return the newest orders about a participant, as far as the caller may see them.

    An order may come with one not to tell, so the person hears of it from counsel.
    """
    if caller.role in (Role.PAR, Role.REP):
        return []
    rows = await session.scalars(
        select(CourtOrder)
        .where(CourtOrder.participant_id == participant_id, _visible(caller))
        .order_by(CourtOrder.admitted_at.desc(), CourtOrder.id.desc())
        .limit(_MAX_ROWS)
    )
    return rows.all()


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
