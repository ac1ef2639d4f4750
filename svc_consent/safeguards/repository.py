"""Statements on safeguards, narrowed by what the caller may see of the participant."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from infra.authority.predicate import visible
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category, Role
from svc_consent.releases.repository import may_see, serving_agency
from svc_consent.safeguards.tables import AmendmentRequest, Handout, Incident, LegalDemand

__all__ = ["may_see", "serving_agency"]

Row = TypeVar("Row", Incident, LegalDemand, AmendmentRequest, Handout)
_WHEN: dict[type[Any], Any] = {
    Incident: Incident.reported_at,
    LegalDemand: LegalDemand.recorded_at,
    AmendmentRequest: AmendmentRequest.requested_at,
    Handout: Handout.recorded_at,
}
_MAX_ROWS = 100


def _visible(caller: Caller, kind: type[Row]) -> ColumnElement[bool]:
    return visible(caller, Category.AUDIT, kind.participant_id)


def _for_staff_only(kind: type[Row], caller: Caller) -> bool:
    # A demand may come with an order not to tell, and is counsel's to explain.
    return kind is LegalDemand and caller.role in (Role.PAR, Role.REP)


async def about(
    session: AnySession, caller: Caller, kind: type[Row], participant_id: UUID
) -> Sequence[Row]:
    """Return the newest rows of a kind about a participant, as far as the caller may see them."""
    if _for_staff_only(kind, caller):
        return []
    rows = await session.scalars(
        select(kind)
        .where(kind.participant_id == participant_id, _visible(caller, kind))
        .order_by(_WHEN[kind].desc(), kind.id.desc())
        .limit(_MAX_ROWS)
    )
    return rows.all()


async def by_id(session: AnySession, caller: Caller, kind: type[Row], row_id: UUID) -> Row | None:
    """Return one row, as far as the caller may see it."""
    row: Row | None = await session.scalar(
        select(kind).where(kind.id == row_id, _visible(caller, kind))
    )
    return row


async def for_update(
    session: WriteSession, caller: Caller, kind: type[Row], row_id: UUID
) -> Row | None:
    """Return one row that the caller may see, locked."""
    row: Row | None = await session.scalar(
        select(kind).where(kind.id == row_id, _visible(caller, kind)).with_for_update()
    )
    return row


async def open_holds(session: AnySession, participant_id: UUID) -> int:
    """Return how many demands hold the deletion of what is known of a participant."""
    count = await session.scalar(
        select(func.count())
        .select_from(LegalDemand)
        .where(LegalDemand.participant_id == participant_id, LegalDemand.hold_ended_at.is_(None))
    )
    return count or 0
