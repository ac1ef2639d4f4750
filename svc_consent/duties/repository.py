"""Statements on duties, narrowed by what the caller may see of the participant."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, false, select

from infra.authority.predicate import visible
from infra.database import AnySession, ReadSession, WriteSession
from infra.identity_token import Caller
from infra.owner_pages import Order, OwnerPages, PageRequest, page
from infra.pagination import Page
from infra.vocabulary import Category, Role
from svc_consent.agencies.site_settings import SiteSettings
from svc_consent.duties.rules import DutyKind, due_at
from svc_consent.duties.tables import Duty

DUTY_ORDER = Order((Duty.due_at, Duty.id))
_STAFF = frozenset({Role.CM, Role.SUP, Role.PRV})


def narrowed(caller: Caller) -> ColumnElement[bool]:
    """Return the condition that a duty must meet for this caller: staff who see the record."""
    if caller.role not in _STAFF:
        return false()
    return visible(caller, Category.AUDIT, Duty.participant_id)


class DutiesOfParticipants(OwnerPages[Duty]):
    """Pages of the duties about participants, the most urgent first."""

    row = Duty
    owner = Duty.participant_id
    order: ClassVar[Order] = DUTY_ORDER

    def narrowed(self, caller: Caller) -> ColumnElement[bool]:
        """Return the condition that a duty must meet for this caller."""
        return narrowed(caller)


async def page_of_open(session: ReadSession, caller: Caller, request: PageRequest) -> Page[Duty]:
    """Return one page of what is still to be done, the most urgent first."""
    rows = select(Duty).where(Duty.done_at.is_(None), narrowed(caller))
    return await page(session, rows, DUTY_ORDER, request)


async def duties_by_id(
    session: AnySession, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, Duty]:
    """Return these duties, as far as the caller may see them."""
    rows = await session.scalars(select(Duty).where(Duty.id.in_(ids), narrowed(caller)))
    return {row.id: row for row in rows}


async def duty_for_update(session: WriteSession, caller: Caller, duty_id: UUID) -> Duty | None:
    """Return a duty that the caller may see, locked."""
    row: Duty | None = await session.scalar(
        select(Duty).where(Duty.id == duty_id, narrowed(caller)).with_for_update()
    )
    return row


def raise_duties(
    session: WriteSession,
    about: tuple[UUID, UUID, UUID],
    kinds: Iterable[DutyKind],
    settings: SiteSettings,
    now: datetime,
) -> None:
    """Add duties in the transaction of what raises them.

    Args:
        session: the transaction.
        about: site, participant, and what raised them.
        kinds: which.
        settings: of the site; they say how long each may take.
        now: the database's clock.
    """
    site_id, participant_id, about_id = about
    session.add_all(
        Duty(
            id=uuid5(about_id, kind.value), site_id=site_id, participant_id=participant_id,
            kind=kind.value, about_id=about_id, raised_at=now, due_at=due_at(kind, now, settings),
        )
        for kind in kinds
    )  # fmt: skip
